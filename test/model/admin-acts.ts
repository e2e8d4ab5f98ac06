/** What admins do, through the API alone. */
import { ApiError } from "../../simulator/json-client.ts";
import { anyhow } from "../support/small-journey.ts";
import { attempt, gone } from "./patient-admin.ts";
import { apps, type AdminAct, type DeployAction, type GroupName, type Selection } from "./plan.ts";
import { appId, groupId, installationPath, type Run } from "./run.ts";

export async function playAdmin(run: Run, act: AdminAct): Promise<void> {
  const { admin, model } = run;
  switch (act.act) {
    case "deploy":
      return await deploy(run, act.app, act.group, act.action);
    case "withdraw": {
      const found = await findDeployment(run, act.app, act.group);
      if (found) await gone(() => admin.send("DELETE", `/api/v1/deployments/${found.id}`));
      return model.deployed(act.app, act.group, undefined);
    }
    case "join":
    case "leave": {
      const isMember = act.act === "join";
      const path = `/api/v1/groups/${await groupId(run, act.group)}/members/${act.person}`;
      await gone(() => admin.send(isMember ? "PUT" : "DELETE", path));
      return model.moved(act.person, act.group, isMember);
    }
    case "sync":
      return void (await attempt(() => admin.post("/api/v1/vpp/sync")));
    case "invite":
      return void (await attempt(() => admin.post(`/api/v1/users/${act.person}/invitation`)));
    case "revoke":
    case "reclaim": {
      const done = await attempt(() => admin.post(`/api/v1/licenses/${act.act}`, selectionOf(act.of)));
      if (done === "no") return;
      const verb = act.act === "revoke" ? "revoked" : "reclaimed";
      const meant = act.of.app === undefined ? [...apps.keys()] : [act.of.app];
      return model.overridden(model.phonesMeant(act.of), meant, verb, done);
    }
    case "retry":
    case "resend": {
      const path = installationPath(model.phone(act.phone), act.app);
      const done = await attempt(() => admin.post(`${path}/${act.act}`));
      if (done === "yes") model.askedFor(act.phone, act.app);
      return;
    }
    case "lockDevice":
    case "clearPasscode": {
      const { udid } = model.phone(act.phone).phone.config;
      const RequestType = act.act === "lockDevice" ? "DeviceLock" : "ClearPasscode";
      const command = { command: { RequestType } };
      return void (await attempt(() => admin.post(`/api/v1/devices/${udid}/commands`, command)));
    }
    case "conflictRules":
      await admin.send("PATCH", "/api/v1/policies", { conflictRules: act.rules });
      return model.ruledBy(act.rules);
    case "licenseOnUnenroll":
      return void (await admin.send("PATCH", "/api/v1/policies", { licenseOnUnenroll: act.policy }));
    case "cancel": {
      const path = installationPath(model.phone(act.phone), act.app);
      const done = await attempt(() => admin.post(`${path}/cancel`));
      if (done !== "no") model.overridden([act.phone], [act.app], "cancelled", done);
      return;
    }
  }
}

function selectionOf({ person, app }: Selection): object {
  if (person === undefined && app === undefined) return { all: true, confirm: true };
  return {
    ...(person === undefined ? {} : { userId: person }),
    ...(app === undefined ? {} : { adamId: appId(app) }),
  };
}

export async function deploy(run: Run, app: number, group: GroupName, action: DeployAction): Promise<void> {
  const { admin, model } = run;
  const found = await findDeployment(run, app, group);
  if (found) {
    await admin.send("PATCH", `/api/v1/deployments/${found.id}`, { action });
  } else {
    const wanted = { adamId: appId(app), groupId: await groupId(run, group), action };
    await anyhow(
      () => admin.post<unknown>("/api/v1/deployments", wanted),
      () => findDeployment(run, app, group),
    );
  }
  model.deployed(app, group, action);
}

async function findDeployment(run: Run, app: number, group: GroupName): Promise<{ id: string } | undefined> {
  const id = await groupId(run, group);
  const { items } = await run.admin.get<{ items: { id: string; adamId: string; groupId: string }[] }>(
    "/api/v1/deployments?limit=100",
  );
  return items.find((one) => one.adamId === appId(app) && one.groupId === id);
}

/** Asks Apple for everything. Answers whether that worked. */
export async function sync({ admin }: Run): Promise<boolean> {
  try {
    const { result } = await admin.post<{ result: string }>("/api/v1/vpp/sync");
    return result === "completed";
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}
