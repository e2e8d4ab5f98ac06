import { z } from "@hono/zod-openapi";
import { DirectoryId } from "../directory/directory.ts";
import type { DeploymentRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { AdamId, LicenseTypeName, RecordId, Time, TimeInput, missing, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const tag = "Deployments";
const Action = z.enum(["required", "available", "uninstall", "notApplicable"]);
const AskedLicenseType = LicenseTypeName.openapi({
  description:
    "Whose licence the app gets: one of the user, for all phones of theirs, or one of each phone, which asks for no Apple ID. `device` " +
    "needs the policy `licensing: user-and-device`.",
});
const DeploymentParams = z.strictObject({ deploymentId: RecordId });
const Deadline = TimeInput.nullable().openapi({
  description:
    "Of a required app: until then it is offered in the company portal, from then on it is pushed. Null, or a time that has passed: " +
    "pushed at once.",
});

const Deployment = z
  .strictObject({
    id: z.string(),
    adamId: z.string(),
    groupId: z.string(),
    action: Action,
    licenseType: LicenseTypeName,
    deadline: Time.nullable(),
    createdAt: Time,
    updatedAt: Time,
    expanding: z.boolean().openapi({ description: "True until every phone concerned has been looked at." }),
  })
  .openapi("Deployment");
export type Deployment = z.infer<typeof Deployment>;

function viewDeployment(record: DeploymentRecord): z.infer<typeof Deployment> {
  return {
    id: record.id,
    adamId: record.adamId,
    groupId: record.groupId,
    action: record.action,
    licenseType: record.licenseType ?? "user",
    deadline: timeOf(record.deadline),
    createdAt: timeOf(record.createdAt),
    updatedAt: timeOf(record.updatedAt),
    expanding: record.expandAfter !== null,
  };
}

export function deploymentRoutes({ store, deployments }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/deployments",
      role: "read-only",
      tag,
      summary: "Lists deployments",
      query: z.strictObject({ ...pageQuery, adamId: AdamId.optional(), groupId: DirectoryId.optional() }),
      answer: { status: 200, schema: pageOf(Deployment) },
      async handle({ query: { adamId, groupId, limit, cursor } }) {
        const [index, partition] =
          adamId !== undefined
            ? (["byApp", adamId] as const)
            : groupId !== undefined
              ? (["byGroup", groupId] as const)
              : (["all", ""] as const);
        // One that was withdrawn stays until every phone was told; to an admin it is gone.
        const filter = (record: DeploymentRecord) =>
          !record.removed && (groupId === undefined || record.groupId === groupId);
        const page = await store.read((reader) =>
          readPage(reader, {
            collection: "deployments",
            index,
            partitions: [partition],
            limit,
            cursor,
            filter,
          }),
        );
        return { items: page.records.map(viewDeployment), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/deployments",
      role: "operator",
      tag,
      summary: "Says what should be true of an app for a group",
      creates: true,
      body: z
        .strictObject({
          adamId: AdamId,
          groupId: DirectoryId,
          action: Action,
          licenseType: AskedLicenseType.default("user"),
          deadline: Deadline.default(null),
        })
        .refine((body) => body.deadline === null || body.action === "required", {
          path: ["deadline"],
          error: "expected a deadline only with the action required",
        }),
      requestExample: { adamId: "361309726", groupId: "sales", action: "required" },
      answer: { status: 201, schema: Deployment },
      refusals: ["not_found", "already_exists", "device_licensing_off"],
      async handle({ body, cause }) {
        const { adamId, groupId, action, licenseType } = body;
        const deadline = milliseconds(body.deadline);
        const type = licenseType === "device" ? { licenseType } : {};
        return viewDeployment(
          await deployments.create({ adamId, groupId, action, deadline, ...type }, cause),
        );
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/deployments/{deploymentId}",
      role: "read-only",
      tag,
      summary: "One deployment",
      params: DeploymentParams,
      answer: { status: 200, schema: Deployment },
      refusals: ["not_found"],
      async handle({ params: { deploymentId } }) {
        const record = await store.read((reader) => reader.get("deployments", deploymentId));
        if (!record || record.removed) throw missing("deployment", deploymentId);
        return viewDeployment(record);
      },
    }),
    endpoint({
      method: "patch",
      path: "/api/v1/deployments/{deploymentId}",
      role: "operator",
      tag,
      summary: "Changes the action, the deadline or the licence type",
      description:
        "With another action than required the deadline goes. From users' licences to those of phones apps move where they are, without " +
        "a reinstall; back only after the action was uninstall.",
      params: DeploymentParams,
      body: z
        .strictObject({ action: Action, deadline: Deadline, licenseType: AskedLicenseType })
        .partial()
        .refine((change) => Object.keys(change).length > 0, "expected action, deadline or licenseType"),
      requestExample: { action: "uninstall" },
      answer: { status: 200, schema: Deployment },
      refusals: ["not_found", "device_licensing_off", "license_type_fixed"],
      async handle({ params, body: { action, deadline, licenseType }, cause }) {
        const change = {
          ...(action === undefined ? {} : { action }),
          ...(deadline === undefined ? {} : { deadline: milliseconds(deadline) }),
          ...(licenseType === undefined ? {} : { licenseType }),
        };
        return viewDeployment(await deployments.change(params.deploymentId, change, cause));
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/deployments/{deploymentId}",
      role: "operator",
      tag,
      summary: "Withdraws a deployment; what is installed stays",
      params: DeploymentParams,
      answer: { status: 204 },
      refusals: ["not_found"],
      async handle({ params, cause }) {
        await deployments.remove(params.deploymentId, cause);
      },
    }),
  ];
}

function milliseconds(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
