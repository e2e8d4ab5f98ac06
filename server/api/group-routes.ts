import { z } from "@hono/zod-openapi";
import { DirectoryId, GroupName } from "../directory/directory.ts";
import { addMember, createGroup, removeMember } from "../directory/groups.ts";
import type { GroupRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { Time, missing, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const groupFields = { id: z.string(), name: z.string(), createdAt: Time };
const Group = z.strictObject(groupFields).openapi("Group");
const GroupDetail = z
  .strictObject({
    ...groupFields,
    memberCount: z.number().int().openapi({ description: "Who they are: /api/v1/users?groupId=…" }),
  })
  .openapi("GroupDetail");

function viewGroup({ id, name, createdAt }: GroupRecord): z.infer<typeof Group> {
  return { id, name, createdAt: timeOf(createdAt) };
}

const tag = "People";
const Membership = z.strictObject({ groupId: DirectoryId, userId: DirectoryId });

export function groupRoutes(dependencies: ApiDependencies): Endpoint[] {
  const { store } = dependencies;
  return [
    endpoint({
      method: "get",
      path: "/api/v1/groups",
      role: "read-only",
      tag,
      summary: "Lists groups",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(Group) },
      async handle({ query }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "groups", index: "all", ...query }),
        );
        return { items: page.records.map(viewGroup), nextCursor: page.nextCursor };
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
      params: z.strictObject({ groupId: DirectoryId }),
      answer: { status: 200, schema: GroupDetail },
      refusals: ["not_found"],
      async handle({ params: { groupId } }) {
        return await store.read(async (reader) => {
          const group = await reader.get("groups", groupId);
          if (!group) throw missing("group", groupId);
          return { ...viewGroup(group), memberCount: await reader.count("users", "byGroup", groupId) };
        });
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
