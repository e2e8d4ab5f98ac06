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
    case "retire":
    case "reinstate": {
      const done = await attempt(() => admin.post(`/api/v1/users/${act.person}/${act.act}`));
      if (done !== "no") model.stands(act.person, act.act === "retire" ? "retired" : "present", done);
      return;
    }
    case "deleteUser": {
      const path = `/api/v1/users/${act.person}?confirm=true`;
      const done = await attempt(() => gone(() => admin.send("DELETE", path)));
      if (done !== "no") model.stands(act.person, "deleted", done);
      return;
    }
    case "uploadToken": {
      model.isAccountTouched = true;
      return void (await attempt(() => uploadToken(run, act.lifetimeDays)));
    }
    case "takeControl":
      return void (await attempt(() => admin.post("/api/v1/vpp/token/take-control", { confirm: true })));
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

async function issueToken({ lab, appleRoot }: Run, lifetimeDays: number): Promise<string> {
  const { sToken } = await lab.apple.post<{ sToken: string }>(`${appleRoot}/tokens`, { lifetimeDays });
  return sToken;
}

async function uploadToken(run: Run, lifetimeDays: number): Promise<void> {
  const sToken = await issueToken(run, lifetimeDays);
  const upload = { sToken, tokenName: "Model", appleId: "it@model.example", acknowledged: true };
  await run.admin.send("PUT", "/api/v1/vpp/token", upload);
}

/** A token that lasts, of an account that is the server's. Answers whether that is so now. */
export async function putAccountInOrder(run: Run): Promise<boolean> {
  const { admin, model } = run;
  if (!model.isAccountTouched) return true;
  const state = async () => (await admin.get<{ account: { state: string } }>("/api/v1/vpp")).account.state;
  const isTaken = (await state()) === "assignedToExternalMdm";
  const done = await attempt(async () => {
    if (!isTaken) return await uploadToken(run, 365);
    const sToken = await issueToken(run, 365);
    await admin.post("/api/v1/vpp/token/take-control", { confirm: true, sToken });
  });
  // Whether another product has the account, the next answer of Apple tells.
  model.isAccountTouched = !(done === "yes" && (await sync(run)) && (await state()) === "valid");
  return !model.isAccountTouched;
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
