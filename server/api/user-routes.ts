import { z } from "@hono/zod-openapi";
import { DirectoryId, Email, Name, groupsPerUserMax } from "../directory/directory.ts";
import { ImportRow, importColumns, importRowsMax, parseImportCsv } from "../directory/import-csv.ts";
import { importUsers } from "../directory/import.ts";
import { changeUser, createUser } from "../directory/users.ts";
import { termsStatus, type UserRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { DeviceView, viewDevice } from "./device-view.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { Flag, Time, missing, timeOf } from "./fields.ts";
import { InstallationView, viewInstallation } from "./installation-view.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

/** A user has few phones and a phone few apps; a page of each is all of them, short of an abuse. */
const relatedMax = 200;
const importBytesMax = 10 * 1024 * 1024;

const userFields = {
  id: z.string(),
  name: z.string(),
  email: z.string(),
  groupIds: z.array(z.string()),
  createdAt: Time,
  terms: z.strictObject({
    status: z.enum(["notInvited", "invited", "accepted", "retired"]),
    checkedAt: Time.nullable().openapi({ description: "When Apple last told: the age of this status." }),
    invitedAt: Time.nullable(),
    inviteCount: z.number().int(),
    acceptedAt: Time.nullable(),
  }),
};
export const UserView = z.strictObject(userFields).openapi("User");
const UserDetail = z
  .strictObject({
    ...userFields,
    devices: z.array(DeviceView),
    installations: z.array(InstallationView),
  })
  .openapi("UserDetail");

/** The invitation's address stays inside: whoever has it can join in the person's place. */
export function viewUser(user: UserRecord): z.infer<typeof UserView> {
  const { id, name, email, groupIds, vpp } = user;
  return {
    id,
    name,
    email,
    groupIds,
    createdAt: timeOf(user.createdAt),
    terms: {
      status: termsStatus(vpp),
      checkedAt: timeOf(vpp.checkedAt),
      invitedAt: timeOf(vpp.invitedAt),
      inviteCount: vpp.inviteCount,
      acceptedAt: timeOf(vpp.acceptedAt),
    },
  };
}

const tag = "People";
const GroupIds = z.array(DirectoryId).max(groupsPerUserMax);
const UserParams = z.strictObject({ userId: DirectoryId });

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
  const { store, push, licensing } = dependencies;
  return [
    endpoint({
      method: "get",
      path: "/api/v1/users",
      role: "read-only",
      tag,
      summary: "Lists users, of a group or with a terms status",
      query: z.strictObject({
        ...pageQuery,
        groupId: DirectoryId.optional(),
        terms: z.enum(["notInvited", "invited", "accepted", "retired"]).optional(),
        email: z.string().max(254).optional(),
      }),
      answer: { status: 200, schema: pageOf(UserView) },
      async handle({ query: { groupId, terms, email, limit, cursor } }) {
        const lowerEmail = email?.toLowerCase();
        const [index, partition] =
          lowerEmail !== undefined
            ? (["byEmail", lowerEmail] as const)
            : groupId !== undefined
              ? (["byGroup", groupId] as const)
              : terms !== undefined
                ? (["byTerms", terms] as const)
                : (["all", ""] as const);
        const filter = (user: UserRecord) =>
          (lowerEmail === undefined || user.email.toLowerCase() === lowerEmail) &&
          (groupId === undefined || user.groupIds.includes(groupId)) &&
          (terms === undefined || termsStatus(user.vpp) === terms);
        const page = await store.read((reader) =>
          readPage(reader, { collection: "users", index, partitions: [partition], limit, cursor, filter }),
        );
        return { items: page.records.map(viewUser), nextCursor: page.nextCursor };
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
        return viewUser(await createUser(dependencies, body, cause));
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/users/import",
      role: "operator",
      tag,
      summary: "Imports users by id, all or none, from CSV or JSON",
      description:
        `CSV has the header \`${importColumns.join(",")}\`, with group names separated by semicolons. ` +
        "The groups named replace those a user had; groups that don't exist are created. Importing the same again changes nothing.",
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
          created: z.number().int(),
          updated: z.number().int(),
          unchanged: z.number().int(),
          groupsCreated: z.number().int(),
        }),
      },
      refusals: ["malformed_csv", "limit_exceeded"],
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
      summary: "One user, with phones and installations",
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
          return {
            ...viewUser(user),
            devices: devices.map((device) => viewDevice(device, push.isConnected(device.id))),
            installations: installations.map(viewInstallation),
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
        return viewUser(await changeUser(dependencies, params.userId, body, cause));
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/users/{userId}/invitation",
      role: "operator",
      tag,
      summary: "Sends the invitation to the program again",
      params: UserParams,
      answer: { status: 204 },
      refusals: ["not_found", "conflict"],
      async handle({ params, cause }) {
        await licensing.resendInvitation(params.userId, cause);
      },
    }),
  ];
}
