import { z } from "@hono/zod-openapi";
import { DirectoryId, Email, Name, groupsPerUserMax } from "../directory/directory.ts";
import { accountRefusals } from "../licensing/account.ts";
import { ImportRow, importColumns, importRowsMax, parseImportCsv } from "../directory/import-csv.ts";
import { importChangesMax, importUsers } from "../directory/import.ts";
import { changeUser, createUser } from "../directory/users.ts";
import { termsStatus, type UserRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { DeviceView, viewDevice } from "./device-view.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { Flag, Time, missing, timeOf } from "./fields.ts";
import { InstallationView, viewInstallations } from "./installation-view.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";
import {
  StoreAccount,
  TermsStatusField,
  UserView,
  userFields,
  viewStoreAccount,
  viewUser,
  viewUsers,
} from "./user-view.ts";

/** A user has few phones and a phone few apps; a page of each is all of them, short of an abuse. */
const relatedMax = 200;
const importBytesMax = 10 * 1024 * 1024;

const UserDetail = z
  .strictObject({
    ...userFields,
    devices: z.array(DeviceView),
    storeAccounts: z
      .array(StoreAccount)
      .openapi({ description: "Of each phone: is the Apple ID on it the one that holds the licences?" }),
    seats: z.array(
      z.strictObject({
        adamId: z.string(),
        state: z.enum(["associating", "held", "disassociating"]),
        since: Time,
      }),
    ),
    installations: z.array(InstallationView),
  })
  .openapi("UserDetail");
export type UserDetail = z.infer<typeof UserDetail>;

const tag = "People";
const GroupIds = z.array(DirectoryId).max(groupsPerUserMax);
const UserParams = z.strictObject({ userId: DirectoryId });
/** Of what has to be told to Apple. */
const tokenRefusals = [
  "token_missing",
  "token_expired",
  "token_revoked",
  "token_unknown",
  "token_claimed_elsewhere",
] as const;

const ImportBody = z
  .strictObject({
    users: z
      .array(ImportRow)
      .max(importRowsMax)
      .superRefine((users, check) => {
        const seen = new Set<string>();
        for (const [index, { id }] of users.entries()) {
          if (seen.has(id))
            check.addIssue({ code: "custom", path: [index, "id"], message: "expected each id once" });
          seen.add(id);
        }
      }),
  })
  // Left out when the body is CSV.
  .optional();

export function userRoutes(dependencies: ApiDependencies): Endpoint[] {
  const { store, world, push, people } = dependencies;

  /** As it is after an act. */
  async function present(userId: string): Promise<UserView> {
    return await store.read(async (reader) => {
      const user = await reader.get("users", userId);
      if (!user) throw missing("user", userId);
      return await viewUser(reader, user, world.now());
    });
  }

  return [
    endpoint({
      method: "get",
      path: "/api/v1/users",
      role: "read-only",
      tag,
      summary:
        "Lists users: all, of a group, with a terms status, or by a part of the name or e-mail address",
      query: z.strictObject({
        ...pageQuery,
        groupId: DirectoryId.optional(),
        termsStatus: TermsStatusField.optional(),
        email: z.string().max(254).optional().openapi({ description: "The whole address, in any case." }),
        search: z.string().trim().min(1).max(100).optional().openapi({
          description:
            "A part of the name or the e-mail address, in any case. A page may be short and still have a next one.",
        }),
      }),
      answer: { status: 200, schema: pageOf(UserView) },
      async handle({ query: { groupId, termsStatus: terms, email, search, limit, cursor } }) {
        const lowerEmail = email?.toLowerCase();
        const [index, partition] =
          lowerEmail !== undefined
            ? (["byEmail", lowerEmail] as const)
            : groupId !== undefined
              ? (["byGroup", groupId] as const)
              : terms !== undefined
                ? (["byTerms", terms] as const)
                : (["all", ""] as const);
        const part = search?.toLowerCase();
        const filter = (user: UserRecord) =>
          (part === undefined ||
            user.name.toLowerCase().includes(part) ||
            user.email.toLowerCase().includes(part)) &&
          (lowerEmail === undefined || user.email.toLowerCase() === lowerEmail) &&
          (groupId === undefined || user.groupIds.includes(groupId)) &&
          (terms === undefined || termsStatus(user.vpp) === terms);
        return await store.read(async (reader) => {
          const partitions = [partition];
          const page = await readPage(reader, {
            collection: "users",
            index,
            partitions,
            limit,
            cursor,
            filter,
          });
          const items = await viewUsers(reader, page.records, world.now());
          return { items, nextCursor: page.nextCursor };
        });
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/users",
      role: "operator",
      tag,
      summary: "Creates a user",
      creates: true,
      body: z.strictObject({ id: DirectoryId, name: Name, email: Email, groupIds: GroupIds.default([]) }),
      requestExample: {
        id: "anna",
        name: "Anna Bianchi",
        email: "anna@orchard.example",
        groupIds: ["sales"],
      },
      answer: { status: 201, schema: UserView },
      refusals: ["already_exists", "not_found", "limit_exceeded"],
      async handle({ body, cause }) {
        const { id } = await createUser(dependencies, body, cause);
        return await present(id);
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/users/import",
      role: "operator",
      tag,
      summary: "Imports users by id, all or none, from CSV or JSON",
      description:
        `CSV has the header \`${importColumns.join(",")}\` in any order, is UTF-8, and separates group names with semicolons. ` +
        "The groups named replace those a user had (without a column or field `groups` they stay), and groups that don't exist are " +
        "created. Importing the same again changes nothing. When anything is wrong nothing is imported, and the refusal names each " +
        "error: of CSV as `lines` with line and column, of JSON as `errors` with the index in the path.",
      creates: true,
      bodyBytesMax: importBytesMax,
      textTypes: ["text/csv"],
      query: z.strictObject({
        dryRun: Flag.openapi({ description: "true: only say what would happen." }),
      }),
      body: ImportBody,
      requestExample: {
        users: [{ id: "anna", name: "Anna Bianchi", email: "anna@orchard.example", groups: ["Sales"] }],
      },
      answer: {
        status: 200,
        schema: z.strictObject({
          dryRun: z.boolean(),
          created: z.number().int(),
          updated: z.number().int(),
          unchanged: z.number().int(),
          groupsCreated: z.number().int(),
          changes: z
            .array(
              z.strictObject({
                id: z.string(),
                change: z.enum(["created", "updated"]),
                fields: z.array(z.enum(["name", "email", "groups"])),
              }),
            )
            .openapi({ description: `Who is new or different, the first ${importChangesMax}.` }),
          groups: z.array(z.string()).openapi({ description: "Names of the groups that are new." }),
        }),
      },
      refusals: ["malformed_csv", "limit_exceeded", "conflict"],
      async handle({ query, body, text, cause }) {
        const rows = text === undefined ? (body?.users ?? []) : parseImportCsv(text);
        return await importUsers(dependencies, rows, { dryRun: query.dryRun === "true" }, cause);
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/users/{userId}",
      role: "read-only",
      tag,
      summary: "One user, with phones, licences and installations",
      params: UserParams,
      answer: { status: 200, schema: UserDetail },
      refusals: ["not_found"],
      async handle({ params: { userId } }) {
        const related = { index: "byUser", partition: userId, limit: relatedMax } as const;
        return await store.read(async (reader) => {
          const user = await reader.get("users", userId);
          if (!user) throw missing("user", userId);
          const devices = await reader.list("devices", related);
          const installations = await reader.list("installations", related);
          const seats = await reader.list("assignments", related);
          return {
            ...(await viewUser(reader, user, world.now())),
            devices: devices.map((device) => viewDevice(device, push.isConnected(device.id))),
            storeAccounts: devices.map((device) => viewStoreAccount(user, device)),
            seats: seats.map(({ adamId, state, since }) => ({ adamId, state, since: timeOf(since) })),
            installations: await viewInstallations(reader, installations),
          };
        });
      },
    }),
    endpoint({
      method: "patch",
      path: "/api/v1/users/{userId}",
      role: "operator",
      tag,
      summary: "Changes a user; group ids replace those the user had",
      params: UserParams,
      body: z
        .strictObject({ name: Name, email: Email, groupIds: GroupIds })
        .partial()
        .refine((change) => Object.keys(change).length > 0, "expected name, email or groupIds"),
      requestExample: { groupIds: ["sales", "field"] },
      answer: { status: 200, schema: UserView },
      refusals: ["not_found", "limit_exceeded"],
      async handle({ params, body, cause }) {
        await changeUser(dependencies, params.userId, body, cause);
        return await present(params.userId);
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/users/{userId}",
      role: "operator",
      tag,
      summary: "Deletes a user; asks for confirmation where licences or phones are concerned",
      description:
        "Whom Apple knows is retired there first, which returns the licences; until Apple was told, the user stays and `deleted` is " +
        "false. Phones stay managed and belong to nobody, with what is installed on them.",
      params: UserParams,
      query: z.strictObject({ confirm: Flag }),
      answer: { status: 202, schema: z.strictObject({ deleted: z.boolean() }) },
      refusals: ["not_found", "confirmation_required", ...tokenRefusals],
      async handle({ params, query, cause }) {
        return await people.removeUser(params.userId, { confirm: query.confirm === "true" }, cause);
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/users/{userId}/invitation",
      role: "operator",
      tag,
      summary: "Sends the invitation to the program again",
      description:
        "To the phone heard of last among those that wait for an app. Also when the person cancelled.",
      params: UserParams,
      answer: { status: 204 },
      refusals: ["not_found", "conflict"],
      async handle({ params, cause }) {
        await people.resendInvitation(params.userId, cause);
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/users/{userId}/retire",
      role: "operator",
      tag,
      summary: "Retires the user at Apple: the licences come back, nobody is invited again",
      description:
        "What is installed stays on the phones. While Apple can't be told, `terms.pending` is `retire`. Repeating it is harmless.",
      params: UserParams,
      answer: { status: 202, schema: UserView },
      refusals: ["not_found", "conflict", ...tokenRefusals],
      async handle({ params, cause }) {
        await people.retire(params.userId, cause);
        return await present(params.userId);
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/users/{userId}/reinstate",
      role: "operator",
      tag,
      summary: "Takes a retired user into the program again",
      description:
        "Registers the user with Apple anew and, where there is an app to be had, invites once more. Licences are taken anew after the " +
        "person has accepted. While Apple can't be told, `terms.pending` is `reinstate`.",
      params: UserParams,
      answer: { status: 202, schema: UserView },
      refusals: ["not_found", "conflict", ...tokenRefusals],
      async handle({ params, cause }) {
        await people.reinstate(params.userId, cause);
        return await present(params.userId);
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/users/{userId}/refresh",
      role: "operator",
      tag,
      summary: "Asks Apple now whether the user has accepted the terms",
      params: UserParams,
      answer: { status: 200, schema: UserView },
      refusals: ["not_found", "conflict", ...accountRefusals],
      async handle({ params, cause }) {
        await people.refresh(params.userId, cause);
        return await present(params.userId);
      },
    }),
  ];
}
