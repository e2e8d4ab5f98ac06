/** What an admin does, through the server's API. */
import { z } from "zod";
import { ApiError } from "../../json-client.ts";
import { Duration } from "../duration.ts";
import { Nothing, step, type StepKind } from "../step.ts";
import type { References } from "../vocabulary.ts";
import { groupIdOf } from "../world-plan.ts";

const json = "application/json";

/** Either one of the two or both, or explicitly everything. */
function licenceScope({ app, person }: References) {
  return z
    .strictObject({ app: app.optional(), person: person.optional(), all: z.literal(true).optional() })
    .superRefine((scope, context) => {
      const isNamed = scope.app !== undefined || scope.person !== undefined;
      if (isNamed === (scope.all === true))
        context.addIssue({ code: "custom", message: "expected an app, a person, both, or `all: true`" });
    });
}

export function adminSteps(names: References): [string, StepKind][] {
  const { app, group, person, phone, phones } = names;
  const Installation = z.strictObject({ phone, app });
  const Membership = z.strictObject({ person, group });

  function licenceVerb(verb: "revoke" | "reclaim"): StepKind {
    return step(licenceScope(names), async ({ lab }, { app: adamId, person: userId, all }) => {
      const scope = { adamId, userId, ...(all === true ? { all, confirm: true } : {}) };
      await lab.admin.post(`/api/v1/licenses/${verb}`, scope);
    });
  }
  function installationVerb(verb: "resend" | "retry" | "cancel"): StepKind {
    return step(Installation, async (stage, given) => {
      await stage.lab.admin.post(
        `/api/v1/installations/${stage.installationId(given.phone, given.app)}/${verb}`,
        {},
      );
    });
  }
  function personVerb(verb: "invitation" | "retire" | "reinstate" | "refresh"): StepKind {
    return step(person, async ({ lab }, id) => {
      await lab.admin.post(`/api/v1/users/${id}/${verb}`, {});
    });
  }
  function membership(method: "PUT" | "DELETE"): StepKind {
    return step(Membership, async ({ lab }, given) => {
      await lab.admin.send(method, `/api/v1/groups/${groupIdOf(given.group)}/members/${given.person}`);
    });
  }

  return [
    [
      "deploy",
      step(
        z.strictObject({
          app,
          group,
          action: z.enum(["required", "available", "uninstall", "notApplicable"]).default("required"),
          /** From now on. */
          deadline: Duration.optional(),
          /** Whose licence: of the user, or of each phone itself. */
          licenseType: z.enum(["user", "device"]).optional(),
        }),
        async (stage, given) => {
          const { admin, world } = stage.lab;
          const deadline =
            given.deadline === undefined ? null : new Date(world.now() + given.deadline).toISOString();
          const { action, licenseType } = given;
          const wish = {
            action,
            ...(deadline === null ? {} : { deadline }),
            ...(licenseType === undefined ? {} : { licenseType }),
          };
          const id = stage.deploymentIds.get(`${given.app} ${given.group}`);
          if (id !== undefined) {
            await admin.send(
              "PATCH",
              `/api/v1/deployments/${id}`,
              JSON.stringify({ deadline, ...wish }),
              json,
            );
            return;
          }
          const body = { adamId: given.app, groupId: groupIdOf(given.group), ...wish };
          const made = await admin.post<{ id: string }>("/api/v1/deployments", body);
          stage.deploymentIds.set(`${given.app} ${given.group}`, made.id);
        },
      ),
    ],
    [
      "withdraw",
      step(z.strictObject({ app, group }), async (stage, given) => {
        const key = `${given.app} ${given.group}`;
        const id = stage.deploymentIds.get(key) ?? "never-made";
        await stage.lab.admin.send("DELETE", `/api/v1/deployments/${id}`);
        stage.deploymentIds.delete(key);
      }),
    ],
    ["join", membership("PUT")],
    ["leave", membership("DELETE")],
    [
      "sync",
      step(Nothing, async ({ lab }) => {
        const { result, errorCode } = await lab.admin.post<{ result: string; errorCode: string | null }>(
          "/api/v1/vpp/sync",
          {},
        );
        // The API answers with the sync that failed; for a scenario that is a refusal as any other.
        if (result !== "completed") throw new ApiError(409, errorCode ?? result, `the sync has ${result}`);
      }),
    ],
    ["upload-token", step(Nothing, (stage) => stage.uploadToken())],
    [
      "renew-token",
      step(Nothing, async (stage) => {
        await stage.issueToken();
        await stage.uploadToken();
      }),
    ],
    [
      "delete-token",
      step(Nothing, async ({ lab }) => {
        await lab.admin.send("DELETE", "/api/v1/vpp/token?confirm=true");
      }),
    ],
    [
      "take-control",
      step(Nothing, async ({ lab }) => {
        await lab.admin.post("/api/v1/vpp/token/take-control", { confirm: true });
      }),
    ],
    ["invite", personVerb("invitation")],
    ["retire", personVerb("retire")],
    ["reinstate", personVerb("reinstate")],
    ["ask-terms", personVerb("refresh")],
    [
      "delete-user",
      step(person, async ({ lab }, id) => {
        await lab.admin.send("DELETE", `/api/v1/users/${id}?confirm=true`);
      }),
    ],
    ["revoke", licenceVerb("revoke")],
    ["reclaim", licenceVerb("reclaim")],
    ["resend", installationVerb("resend")],
    ["retry", installationVerb("retry")],
    ["cancel", installationVerb("cancel")],
    [
      "command",
      step(
        z.strictObject({
          to: phones,
          command: z.looseObject({ RequestType: z.string().min(1) }),
          /** As it is, unchecked. */
          raw: z.boolean().default(false),
        }),
        async (stage, { to, command, raw }, { as }) => {
          const udids = stage.select(to).map((one) => one.config.udid);
          const { commands, refused } = await stage.lab.admin.post<{
            commands: { udid: string; commandUUID: string }[];
            refused: { udid: string; code: string; message: string }[];
          }>("/api/v1/commands", { udids, command, ...(raw ? { raw } : {}) });
          const [first] = refused;
          if (first) throw new ApiError(409, first.code, `${stage.phoneNamed(first.udid)}: ${first.message}`);
          if (as !== undefined) stage.commands.set(as, commands);
        },
      ),
    ],
    [
      "policies",
      step(z.record(z.string(), z.unknown()), async ({ lab }, change) => {
        await lab.admin.send("PATCH", "/api/v1/policies", JSON.stringify(change), json);
      }),
    ],
    [
      "api",
      step(
        z.strictObject({
          method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
          path: z.string().startsWith("/"),
          body: z.unknown().optional(),
        }),
        async ({ lab }, { method, path, body }) => {
          await lab.admin.send(method, path, ...(body === undefined ? [] : [JSON.stringify(body), json]));
        },
      ),
    ],
  ];
}
