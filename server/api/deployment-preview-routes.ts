import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import { previewDeployment } from "../deployments/preview.ts";
import { DirectoryId } from "../directory/directory.ts";
import { accountId, accountState } from "../licensing/account.ts";
import { installationReasons } from "../monitoring/error-codes.ts";
import { readPolicies } from "../policies.ts";
import type { Reader } from "../store/store.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { AdamId, LicenseTypeName, Time, TimeInput, missing, timeOf } from "./fields.ts";

const count = z.number().int();
const Action = z.enum(["required", "available", "uninstall", "notApplicable"]);
const groupsMax = 50;

const GroupIds = z
  .string()
  .transform((text) => [...new Set(text.split(","))])
  .pipe(z.array(DirectoryId).min(1).max(groupsMax))
  .openapi({
    type: "string",
    description: `One group or up to ${groupsMax}, with commas between.`,
    example: "sales,field",
  });

const DeploymentPreviewView = z
  .strictObject({
    adamId: z.string(),
    action: Action,
    licenseType: LicenseTypeName,
    deadline: Time.nullable(),
    groups: z.array(
      z.strictObject({
        groupId: z.string(),
        name: z.string(),
        members: count,
        deploymentId: z
          .string()
          .nullable()
          .openapi({ description: "The group's deployment of the app, which would be changed." }),
        action: Action.nullable().openapi({ description: "What that one asks for now." }),
      }),
    ),
    users: z.strictObject({
      total: count.openapi({ description: "Members of the groups, each counted once." }),
      withoutPhone: count,
      mustAccept: count.openapi({ description: "Who has to accept the program's terms first." }),
      invitedAlready: count.openapi({ description: "Of those." }),
    }),
    phones: z.strictObject({
      total: count.openapi({
        description: "Managed phones of theirs; each is in one of the next five, or in `refused`.",
      }),
      install: count,
      offer: count.openapi({ description: "The person may install it in the company portal." }),
      remove: count,
      keep: count.openapi({ description: "It is there, and stays." }),
      untouched: count.openapi({ description: "It is not there, and nothing is done." }),
      refused: z
        .array(z.strictObject({ reason: z.enum(installationReasons), count }))
        .openapi({ description: "It is to be there and won't be: `dep-enrolled`, for one." }),
      outweighed: count.openapi({ description: "Phones on which another deployment of the app counts." }),
    }),
    licenses: z.strictObject({
      owned: count,
      free: count,
      needed: count.openapi({ description: "For phones that it is pushed to." }),
      ifAllAsk: count.openapi({ description: "Beside them, if everybody installs what is offered." }),
      short: count.openapi({ description: "How many of `needed` there are too few." }),
      returning: count.openapi({ description: "Given back once removals are done." }),
    }),
    account: z.enum(["usable", "unusable", "missing"]),
    complete: z.boolean().openapi({ description: "False when there were too many users to look at." }),
  })
  .openapi("DeploymentPreview");
export type DeploymentPreviewView = z.infer<typeof DeploymentPreviewView>;

export function deploymentPreviewRoutes(dependencies: ApiDependencies): Endpoint[] {
  const { store, world } = dependencies;

  async function viewGroup(reader: Reader, adamId: string, groupId: string) {
    const group = await reader.get("groups", groupId);
    const deployments = await reader.list("deployments", {
      index: "byGroup",
      partition: groupId,
      limit: 1_000,
    });
    const present = deployments.find((deployment) => deployment.adamId === adamId && !deployment.removed);
    return {
      groupId,
      name: group?.name ?? groupId,
      members: await reader.count("users", "byGroup", groupId),
      deploymentId: present?.id ?? null,
      action: present?.action ?? null,
    };
  }

  return [
    endpoint({
      method: "get",
      path: "/api/v1/deployments/preview",
      role: "read-only",
      tag: "Deployments",
      summary: "What a deployment would do: phones, people and licences it takes",
      description:
        "Decided as the deployment itself would be, other deployments of the app included; nothing is changed. Where a group has a " +
        "deployment of the app, the answer is about changing that one. With a deadline it is seen as of then.",
      query: z
        .strictObject({
          adamId: AdamId,
          groupIds: GroupIds,
          action: Action,
          licenseType: LicenseTypeName.default("user"),
          deadline: TimeInput.optional(),
        })
        .refine(({ action, deadline }) => deadline === undefined || action === "required", {
          path: ["deadline"],
          error: "expected a deadline only with the action required",
        }),
      answer: { status: 200, schema: DeploymentPreviewView },
      refusals: ["not_found", "device_licensing_off"],
      async handle({ query: { adamId, groupIds, action, licenseType, deadline } }) {
        const plan = {
          adamId,
          groupIds,
          action,
          licenseType,
          deadline: deadline ? Date.parse(deadline) : null,
        };
        await store.read(async (reader) => {
          if (!(await reader.get("apps", adamId))) throw missing("app", adamId);
          if (licenseType === "device" && (await readPolicies(reader)).licensing === "user")
            throw new PippinError("device_licensing_off", "By policy licences go to users alone.");
        });
        const { users, phones, refused, outweighed, licenses, complete } = await previewDeployment(
          dependencies,
          plan,
        );
        return await store.read(async (reader) => {
          const app = await reader.get("apps", adamId);
          if (!app) throw missing("app", adamId);
          const taking = await reader.count("assignments", "associating", adamId);
          const free = Math.max(0, app.available - taking);
          const groups: z.infer<typeof DeploymentPreviewView>["groups"] = [];
          for (const groupId of groupIds) groups.push(await viewGroup(reader, adamId, groupId));
          return {
            ...{ adamId, action, licenseType, deadline: timeOf(plan.deadline), groups, users, complete },
            phones: {
              ...phones,
              refused: [...refused].map(([reason, many]) => ({ reason, count: many })),
              outweighed,
            },
            licenses: { owned: app.total, free, ...licenses, short: Math.max(0, licenses.needed - free) },
            account: accountState(await reader.get("accounts", accountId), world.now()),
          };
        });
      },
    }),
  ];
}
