import { z } from "@hono/zod-openapi";
import { deploymentsOfGroup, DirectoryId, findGroup, GroupName } from "../directory/directory.ts";
import {
  addMember,
  createGroup,
  membersMax,
  removeMember,
  renameGroup,
  replaceMembers,
} from "../directory/groups.ts";
import type { GroupRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { Flag, Time, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const groupFields = { id: z.string(), name: z.string(), createdAt: Time };
const Group = z.strictObject(groupFields).openapi("Group");
export type Group = z.infer<typeof Group>;
const GroupDetail = z
  .strictObject({
    ...groupFields,
    memberCount: z.number().int().openapi({ description: "Who they are: /api/v1/users?groupId=…" }),
    deploymentCount: z
      .number()
      .int()
      .openapi({ description: "Which they are: /api/v1/deployments?groupId=…" }),
  })
  .openapi("GroupDetail");
export type GroupDetail = z.infer<typeof GroupDetail>;

function viewGroup({ id, name, createdAt }: GroupRecord): z.infer<typeof Group> {
  return { id, name, createdAt: timeOf(createdAt) };
}

async function viewDetail(reader: Reader, group: GroupRecord): Promise<GroupDetail> {
  const memberCount = await reader.count("users", "byGroup", group.id);
  const deploymentCount = (await deploymentsOfGroup(reader, group.id)).length;
  return { ...viewGroup(group), memberCount, deploymentCount };
}

const tag = "People";
/** Room for the longest ids. */
const membersBytesMax = 2 * 1024 * 1024;
const GroupParams = z.strictObject({ groupId: DirectoryId });
const Membership = z.strictObject({ groupId: DirectoryId, userId: DirectoryId });

export function groupRoutes(dependencies: ApiDependencies): Endpoint[] {
  const { store, people } = dependencies;
  return [
    endpoint({
      method: "get",
      path: "/api/v1/groups",
      role: "read-only",
      tag,
      summary: "Lists groups, with how many are in each",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(GroupDetail) },
      async handle({ query }) {
        return await store.read(async (reader) => {
          const page = await readPage(reader, { collection: "groups", index: "all", ...query });
          const items: GroupDetail[] = [];
          for (const group of page.records) items.push(await viewDetail(reader, group));
          return { items, nextCursor: page.nextCursor };
        });
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/groups",
      role: "operator",
      tag,
      summary: "Creates a group; its name must be new, without regard to case",
      creates: true,
      body: z.strictObject({ id: DirectoryId.optional(), name: GroupName }),
      requestExample: { id: "sales", name: "Sales" },
      answer: { status: 201, schema: Group },
      refusals: ["already_exists", "limit_exceeded"],
      async handle({ body, cause }) {
        return viewGroup(await createGroup(dependencies, body, cause));
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/groups/{groupId}",
      role: "read-only",
      tag,
      summary: "One group, with how many are in it",
      params: GroupParams,
      answer: { status: 200, schema: GroupDetail },
      refusals: ["not_found"],
      async handle({ params: { groupId } }) {
        return await store.read(async (reader) => viewDetail(reader, await findGroup(reader, groupId)));
      },
    }),
    endpoint({
      method: "patch",
      path: "/api/v1/groups/{groupId}",
      role: "operator",
      tag,
      summary: "Renames a group",
      params: GroupParams,
      body: z.strictObject({ name: GroupName }),
      requestExample: { name: "Field sales" },
      answer: { status: 200, schema: Group },
      refusals: ["not_found", "already_exists"],
      async handle({ params, body, cause }) {
        return viewGroup(await renameGroup(dependencies, params.groupId, body.name, cause));
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/groups/{groupId}",
      role: "operator",
      tag,
      summary: "Deletes a group; asks for confirmation where members or deployments are concerned",
      description:
        "Its deployments are withdrawn: what is installed stays, what was under way is watched to its end. Its members leave it and " +
        "remain users.",
      params: GroupParams,
      query: z.strictObject({ confirm: Flag }),
      answer: { status: 204 },
      refusals: ["not_found", "confirmation_required"],
      async handle({ params, query, cause }) {
        await people.removeGroup(params.groupId, { confirm: query.confirm === "true" }, cause);
      },
    }),
    endpoint({
      method: "put",
      path: "/api/v1/groups/{groupId}/members",
      role: "operator",
      tag,
      summary: "Replaces the members of a group as a whole, all or nothing",
      params: GroupParams,
      bodyBytesMax: membersBytesMax,
      body: z.strictObject({ userIds: z.array(DirectoryId).max(membersMax) }),
      requestExample: { userIds: ["anna", "bruno"] },
      answer: {
        status: 200,
        schema: z.strictObject({
          added: z.number().int(),
          removed: z.number().int(),
          unchanged: z.number().int(),
        }),
      },
      refusals: ["not_found", "limit_exceeded"],
      async handle({ params, body, cause }) {
        return await replaceMembers(dependencies, params.groupId, body.userIds, cause);
      },
    }),
    endpoint({
      method: "put",
      path: "/api/v1/groups/{groupId}/members/{userId}",
      role: "operator",
      tag,
      summary: "Puts a user into a group",
      params: Membership,
      answer: { status: 204 },
      refusals: ["not_found", "limit_exceeded"],
      async handle({ params, cause }) {
        await addMember(dependencies, params.groupId, params.userId, cause);
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/groups/{groupId}/members/{userId}",
      role: "operator",
      tag,
      summary: "Takes a user out of a group",
      params: Membership,
      answer: { status: 204 },
      refusals: ["not_found"],
      async handle({ params, cause }) {
        await removeMember(dependencies, params.groupId, params.userId, cause);
      },
    }),
  ];
}
