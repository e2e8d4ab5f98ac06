/** Roll-ups: the volume-purchased apps with their licences and installs (R42, R43), one app by phone and by user, one user by app. */
import { z } from "@hono/zod-openapi";
import { licenseTypeOf, ownSeatOf, phonesOfHolder } from "../deployments/holders.ts";
import { perOwnerMax } from "../deployments/installations.ts";
import { DirectoryId } from "../directory/directory.ts";
import { accountId } from "../licensing/account.ts";
import {
  addTo,
  countUsers,
  lineOf,
  listUsersOfApp,
  type AppLine,
  type UserOfApp,
} from "../monitoring/roll-up.ts";
import { countByLabel, installationLabels, labelOfUser, noCounts } from "../monitoring/labels.ts";
import { findInstallations } from "../monitoring/find-installations.ts";
import { termsStatus, type InstallationRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { AdamId, Flag, LicenseTypeName, Time, missing, timeOf } from "./fields.ts";
import { InstallationView, statusFields, viewInstallations, viewStatus } from "./installation-view.ts";
import { pageOf, pageQuery } from "./paging.ts";
import { decodePlace, encodePlace } from "./place-cursor.ts";
import { lastToldAt } from "./user-view.ts";

const tag = "Monitoring";
const count = z.number().int();
const Label = z.enum(installationLabels);
/** Apps looked at for one page of those that fit a filter. */
const appsScanMax = 1_000;

const countFields = {
  installed: count,
  failed: count,
  pending: count,
  notInstalled: count,
  notApplicable: count,
};
const Counts = z.strictObject(countFields);

const appLineFields = {
  adamId: z.string(),
  name: z.string(),
  bundleId: z.string(),
  owned: count.openapi({ description: "Licences, by Apple's count." }),
  used: count.openapi({ description: "Licences in use, whoever assigned them." }),
  available: count,
  syncedAt: Time.openapi({ description: "The age of these three." }),
  actions: z
    .array(z.enum(["required", "available", "uninstall", "notApplicable"]))
    .openapi({ description: "What the deployments ask for; empty when the app is not deployed." }),
  devices: Counts.openapi({ description: "Phones, by what became of the app on them." }),
};
const AppLineView = z.strictObject(appLineFields).openapi("AppStatus");
export type AppStatus = z.infer<typeof AppLineView>;
const AppSummary = z
  .strictObject({
    ...appLineFields,
    held: count.openapi({ description: "Licences with a user or a phone, by our records." }),
    users: z.strictObject({ ...countFields, complete: z.boolean() }).openapi({
      description:
        "Users, each counted once: failed when any phone failed; pending when any is pending and none failed; installed when all " +
        "succeeded; not applicable when it is so to all. `complete` is false when there were too many to count.",
    }),
  })
  .openapi("AppSummary");
export type AppSummary = z.infer<typeof AppSummary>;

const UserOfAppView = z
  .strictObject({
    userId: z.string(),
    name: z.string().nullable().openapi({ description: "Null when the directory has the user no more." }),
    terms: z.enum(["notInvited", "invited", "accepted", "retired"]).nullable(),
    termsCheckedAt: Time.nullable().openapi({ description: "When Apple last told: the age of `terms`." }),
    licensed: z.boolean().openapi({ description: "Whether the user holds a licence of the app." }),
    licensedDevices: count.openapi({ description: "Phones of the user that hold a licence themselves." }),
    label: Label,
    devices: Counts,
    attempts: count,
  })
  .openapi("UserInstallStatus");
export type UserOfAppView = z.infer<typeof UserOfAppView>;

const DeviceOfAppView = z
  .strictObject({
    installationId: z.string(),
    udid: z.string(),
    serialNumber: z.string().nullable(),
    userId: z.string().nullable(),
    userName: z.string().nullable(),
    productName: z.string().nullable(),
    osVersion: z.string().nullable(),
    lastSeenAt: Time.nullable(),
    licenseType: LicenseTypeName,
    ...statusFields,
  })
  .openapi("DeviceInstallStatus");
export type DeviceOfAppView = z.infer<typeof DeviceOfAppView>;

const UserSummary = z
  .strictObject({
    userId: z.string(),
    name: z.string(),
    terms: z.enum(["notInvited", "invited", "accepted", "retired"]),
    apps: z.array(
      z.strictObject({
        adamId: z.string(),
        name: z.string().nullable(),
        licensed: z.boolean(),
        licensedDevices: count,
        label: Label,
        devices: Counts,
      }),
    ),
    counts: Counts.openapi({ description: "Apps, each counted once by its label." }),
  })
  .openapi("UserSummary");
export type UserSummary = z.infer<typeof UserSummary>;

function viewLine({ app, actions, devices }: AppLine): z.infer<typeof AppLineView> {
  return {
    adamId: app.id,
    name: app.name,
    bundleId: app.bundleId,
    owned: app.total,
    used: app.assigned,
    available: app.available,
    syncedAt: timeOf(app.syncedAt),
    actions: actions as z.infer<typeof AppLineView>["actions"],
    devices,
  };
}

async function isLicensed(reader: Reader, userId: string, adamId: string): Promise<boolean> {
  return (await reader.get("assignments", `${userId} ${adamId}`))?.state === "held";
}

async function countLicensedDevices(reader: Reader, userId: string, adamId: string): Promise<number> {
  let count = 0;
  for (const { device } of await phonesOfHolder(reader, { userId, adamId }))
    if ((await ownSeatOf(reader, { adamId }, device))?.state === "held") count += 1;
  return count;
}

async function viewUserOfApp(
  reader: Reader,
  adamId: string,
  { userId, phones, attempts }: UserOfApp,
): Promise<z.infer<typeof UserOfAppView>> {
  const user = await reader.get("users", userId);
  const confirmedAt = (await reader.get("accounts", accountId))?.usersConfirmedAt ?? 0;
  return {
    userId,
    name: user?.name ?? null,
    terms: user ? termsStatus(user.vpp) : null,
    termsCheckedAt: timeOf(user ? lastToldAt(user, { confirmedAt }) : null),
    licensed: await isLicensed(reader, userId, adamId),
    licensedDevices: await countLicensedDevices(reader, userId, adamId),
    label: labelOfUser(phones),
    devices: phones,
    attempts,
  };
}

async function viewDeviceOfApp(
  reader: Reader,
  record: InstallationRecord,
): Promise<z.infer<typeof DeviceOfAppView>> {
  const device = await reader.get("devices", record.udid);
  const user = record.userId === null ? undefined : await reader.get("users", record.userId);
  return {
    installationId: `${record.udid}:${record.adamId}`,
    udid: record.udid,
    serialNumber: device?.serialNumber ?? null,
    userId: record.userId,
    userName: user?.name ?? null,
    productName: device?.productName ?? null,
    osVersion: device?.osVersion ?? null,
    lastSeenAt: timeOf(device?.lastSeenAt ?? null),
    licenseType: await licenseTypeOf(reader, record),
    ...viewStatus(record),
  };
}

async function summariseUser(reader: Reader, userId: string): Promise<z.infer<typeof UserSummary>> {
  const user = await reader.get("users", userId);
  if (!user) throw missing("user", userId);
  const own = await reader.list("installations", {
    index: "byUser",
    partition: userId,
    limit: perOwnerMax,
  });
  const phonesByApp = new Map<string, ReturnType<typeof noCounts>>();
  for (const record of own) {
    const phones = phonesByApp.get(record.adamId) ?? noCounts();
    phonesByApp.set(record.adamId, phones);
    addTo(phones, record);
  }
  const counts = noCounts();
  const apps: z.infer<typeof UserSummary>["apps"] = [];
  for (const adamId of [...phonesByApp.keys()].sort()) {
    const devices = phonesByApp.get(adamId) ?? noCounts();
    const label = labelOfUser(devices);
    counts[countByLabel[label]] += 1;
    const name = (await reader.get("apps", adamId))?.name ?? null;
    const licensed = await isLicensed(reader, userId, adamId);
    const licensedDevices = await countLicensedDevices(reader, userId, adamId);
    apps.push({ adamId, name, licensed, licensedDevices, label, devices });
  }
  return { userId, name: user.name, terms: termsStatus(user.vpp), apps, counts };
}

/** The next apps that fit, from an id on. */
async function pageOfApps(
  reader: Reader,
  fits: (line: AppLine) => boolean,
  limit: number,
  from: string | undefined,
): Promise<{ lines: AppLine[]; next: string[] | null }> {
  const lines: AppLine[] = [];
  let last = from;
  for (let scanned = 0; scanned < appsScanMax;) {
    const apps = await reader.list("apps", {
      index: "all",
      partition: "",
      limit: limit + 1,
      ...(last === undefined ? {} : { after: [last, last] as const }),
    });
    for (const app of apps) {
      if (lines.length === limit) return { lines, next: [last ?? ""] };
      const line = await lineOf(reader, app);
      last = app.id;
      scanned += 1;
      if (fits(line)) lines.push(line);
    }
    if (apps.length <= limit) return { lines, next: null };
  }
  return { lines, next: [last ?? ""] };
}

export function summaryRoutes({ store }: ApiDependencies): Endpoint[] {
  const AppParams = z.strictObject({ adamId: AdamId });
  const UserParams = z.strictObject({ userId: DirectoryId });

  async function readApp(reader: Reader, adamId: string): Promise<AppLine> {
    const app = await reader.get("apps", adamId);
    if (!app) throw missing("app", adamId);
    return lineOf(reader, app);
  }

  return [
    endpoint({
      method: "get",
      path: "/api/v1/summary/apps",
      role: "read-only",
      tag,
      summary:
        "The volume-purchased apps: licences in use, deployments, and what became of them on the phones",
      query: z.strictObject({
        ...pageQuery,
        deployed: Flag.openapi({ description: "true: only those that are deployed." }),
        label: Label.optional().openapi({ description: "Only those of which a phone has this label." }),
      }),
      answer: { status: 200, schema: pageOf(AppLineView) },
      async handle({ query: { limit, cursor, deployed, label } }) {
        const fits = ({ actions, devices }: AppLine) =>
          (deployed === "false" || actions.length > 0) &&
          (label === undefined || devices[countByLabel[label]] > 0);
        const from = decodePlace(cursor)?.[0];
        const { lines, next } = await store.read((reader) => pageOfApps(reader, fits, limit, from));
        return { items: lines.map(viewLine), nextCursor: encodePlace(next) };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/apps/{adamId}/summary",
      role: "read-only",
      tag,
      summary: "One app: licences, and what became of it by phone and by user",
      params: AppParams,
      answer: { status: 200, schema: AppSummary },
      refusals: ["not_found"],
      async handle({ params: { adamId } }) {
        const { line, held } = await store.read(async (reader) => ({
          line: await readApp(reader, adamId),
          held: await reader.count("assignments", "byApp", adamId),
        }));
        return { ...viewLine(line), held, users: await countUsers(store, adamId) };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/apps/{adamId}/users",
      role: "read-only",
      tag,
      summary: "The users an app concerns, each with one label for all phones",
      params: AppParams,
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(UserOfAppView) },
      refusals: ["not_found"],
      async handle({ params: { adamId }, query: { limit, cursor } }) {
        const from = decodePlace(cursor)?.[0];
        return await store.read(async (reader) => {
          await readApp(reader, adamId);
          const { users, next } = await listUsersOfApp(reader, adamId, limit, from);
          const items: z.infer<typeof UserOfAppView>[] = [];
          for (const user of users) items.push(await viewUserOfApp(reader, adamId, user));
          return { items, nextCursor: encodePlace(next === null ? null : [next]) };
        });
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/apps/{adamId}/devices",
      role: "read-only",
      tag,
      summary: "The phones an app concerns, with what became of it on each",
      params: AppParams,
      query: z.strictObject({ ...pageQuery, label: Label.optional() }),
      answer: { status: 200, schema: pageOf(DeviceOfAppView) },
      refusals: ["not_found"],
      async handle({ params: { adamId }, query: { limit, cursor, label } }) {
        const from = decodePlace(cursor);
        return await store.read(async (reader) => {
          await readApp(reader, adamId);
          const page = await findInstallations(reader, { adamId, label }, limit, from);
          const items: z.infer<typeof DeviceOfAppView>[] = [];
          for (const record of page.records) items.push(await viewDeviceOfApp(reader, record));
          return { items, nextCursor: encodePlace(page.next) };
        });
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/users/{userId}/summary",
      role: "read-only",
      tag,
      summary: "One user: every app with one label for all phones",
      params: UserParams,
      answer: { status: 200, schema: UserSummary },
      refusals: ["not_found"],
      async handle({ params: { userId } }) {
        return await store.read((reader) => summariseUser(reader, userId));
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/users/{userId}/installations",
      role: "read-only",
      tag,
      summary: "One user's installations on all phones",
      params: UserParams,
      query: z.strictObject({ ...pageQuery, label: Label.optional() }),
      answer: { status: 200, schema: pageOf(InstallationView) },
      refusals: ["not_found"],
      async handle({ params: { userId }, query: { limit, cursor, label } }) {
        const from = decodePlace(cursor);
        return await store.read(async (reader) => {
          if (!(await reader.get("users", userId))) throw missing("user", userId);
          const page = await findInstallations(reader, { userId, label }, limit, from);
          const items = await viewInstallations(reader, page.records);
          return { items, nextCursor: encodePlace(page.next) };
        });
      },
    }),
  ];
}
