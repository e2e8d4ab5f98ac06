import { ApiError, type JsonClient } from "../../simulator/json-client.ts";
import type { Persona } from "../../simulator/people/person.ts";
import type { Lab } from "../../simulator/scenarios/scenario.ts";

export const smallApp = "361309726";
export const smallPassword = "correct horse battery";
/** Two seats for three who could use one. */
const seats = 2;
const staff = [
  { id: "anna", kind: "user", wrongPasswords: 1 },
  { id: "bert", kind: "configurator", wrongPasswords: 0 },
  { id: "carl", kind: "device", wrongPasswords: 0 },
  { id: "dora", kind: "dep", wrongPasswords: 0 },
] as const;

/** What both sides say at the end. */
export interface SmallOutcome {
  /** States of the installations, sorted. */
  readonly states: readonly string[];
  readonly drift: number;
  readonly violations: readonly string[];
  /** Of the command that an admin gave the DEP phone. */
  readonly rawCommand: string;
  /** Whether each thing that the API acknowledged is there. */
  readonly kept: Readonly<Record<string, boolean>>;
}

interface Installation {
  readonly state: string;
}

/**
 * From the token to the app that is given back, with as few phones as show every rule: too few seats, a wrong password, a supervised
 * phone, a DEP phone with an install by hand. The server may be killed meanwhile.
 */
export async function smallJourney(lab: Lab): Promise<SmallOutcome> {
  const { apple, admin } = lab;
  const org = await apple.post<{ organisationId: string }>("/control/v1/organisations", {
    name: "Small & Co",
    appleId: "it@small.example",
  });
  const root = `/control/v1/organisations/${org.organisationId}`;
  await apple.post(`${root}/licenses`, { adamId: smallApp, quantity: seats });
  await apple.post("/control/v1/apple-ids", {
    appleIds: staff.map(({ id }) => ({ appleId: `${id}@icloud.example`, password: smallPassword })),
  });
  const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
  const upload = { sToken, tokenName: "Small", appleId: "it@small.example", acknowledged: true };
  await admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(upload), "application/json");
  await admin.post("/api/v1/vpp/sync", {});
  const people = staff.map(({ id }) => `${id},${id},${id}@small.example,Team`);
  const csv = ["id,name,email,groups", ...people].join("\n");
  await anyhow(() => admin.send("POST", "/api/v1/users/import", csv, "text/csv"));
  const tokens = staff.map(({ id, kind }) => ({ kind, userId: id }));
  const made = await anyhow(() =>
    admin.post<{ tokens: { url: string; id: string }[] }>("/api/v1/enrollment-tokens/batch", { tokens }),
  );
  for (const [index, { id, kind, wrongPasswords }] of staff.entries()) {
    await lab.addPhone({
      serial: `SMALL${index}`,
      product: "iPhone8,1",
      name: `${id}'s phone`,
      kind,
      enrollmentUrl: made.tokens[index]?.url ?? "",
      persona: persona(id, wrongPasswords),
    });
  }
  const [group] = await itemsOf<{ id: string }>(admin, "/api/v1/groups");
  const wish = { adamId: smallApp, groupId: group?.id, action: "required" };
  const deployment = await anyhow(
    () => admin.post<{ id: string }>("/api/v1/deployments", wish),
    async () => {
      return (await itemsOf<{ id: string }>(admin, "/api/v1/deployments"))[0];
    },
  );
  await waitFor(lab, { installed: seats, failed: 1, notApplicable: 1 });
  const dep = lab.phones.find((phone) => phone.config.kind === "dep");
  const command = {
    RequestType: "InstallApplication",
    iTunesStoreID: Number(smallApp),
    Options: { PurchaseMethod: 1 },
  };
  const { commandUUID } = await anyhow(() =>
    admin.post<{ commandUUID: string }>(`/api/v1/devices/${dep?.config.udid ?? ""}/commands`, { command }),
  );
  await lab.world.sleep(60_000);
  await admin.send(
    "PATCH",
    `/api/v1/deployments/${deployment.id}`,
    '{"action":"uninstall"}',
    "application/json",
  );
  await waitFor(lab, { notInstalled: 3, notApplicable: 1 });
  await admin.post("/api/v1/vpp/sync", {});

  const ledger = await admin.get<{ drift: number; violations: string[] }>("/api/v1/ledger/check");
  const invariants = await apple.get<{ violations: string[] }>("/control/v1/invariants");
  const users = await itemsOf<{ id: string }>(admin, "/api/v1/users");
  const devices = await itemsOf<{ state: string }>(admin, "/api/v1/devices");
  const links = await itemsOf<{ id: string }>(admin, "/api/v1/enrollment-tokens");
  const deployments = await itemsOf<{ id: string; action: string }>(admin, "/api/v1/deployments");
  return {
    states: (await installations(admin)).map(({ state }) => state).sort(),
    drift: ledger.drift,
    violations: [...ledger.violations, ...invariants.violations],
    rawCommand: (await admin.get<{ state: string }>(`/api/v1/commands/${commandUUID}`)).state,
    kept: {
      users: staff.every(({ id }) => users.some((user) => user.id === id)),
      devices: devices.filter(({ state }) => state === "enrolled").length === staff.length,
      enrolmentTokens: made.tokens.every(({ id }) => links.some((link) => link.id === id)),
      deployment: deployments.some(({ id, action }) => id === deployment.id && action === "uninstall"),
    },
  };
}

/** How it must end. */
export const smallOutcome: SmallOutcome = {
  states: ["notApplicable", "notInstalled", "notInstalled", "notInstalled"],
  drift: 0,
  violations: [],
  rawCommand: "failed",
  kept: { users: true, devices: true, enrolmentTokens: true, deployment: true },
};

/**
 * Repeats what a kill interrupted, unless `find` finds that it happened. Without `find`, that it may happen twice does no harm.
 */
export async function anyhow<T>(send: () => Promise<T>, find?: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "request_interrupted")) throw error;
      const found = await find?.();
      if (found !== undefined) return found;
    }
  }
}

function persona(id: string, wrongPasswords: number): Persona {
  return {
    appleId: `${id}@icloud.example`,
    password: smallPassword,
    terms: "accept",
    install: "install",
    wrongPasswords,
    thinkMsMin: 1_000,
    thinkMsMax: 5_000,
  };
}

async function itemsOf<T>(admin: JsonClient, path: string): Promise<T[]> {
  return (await admin.get<{ items: T[] }>(`${path}?limit=100`)).items;
}

function installations(admin: JsonClient): Promise<Installation[]> {
  return itemsOf<Installation>(admin, "/api/v1/installations");
}

async function waitFor(lab: Lab, wanted: Record<string, number>): Promise<void> {
  let found: string[] = [];
  for (let tries = 0; tries < 1_000; tries += 1) {
    found = (await installations(lab.admin)).map(({ state }) => state).sort();
    const isSo = Object.entries(wanted).every(
      ([state, count]) => found.filter((other) => other === state).length === count,
    );
    if (isSo) return;
    await lab.world.sleep(5_000);
  }
  throw new Error(`waited in vain for ${JSON.stringify(wanted)}, there is ${found.join(", ")}`);
}
