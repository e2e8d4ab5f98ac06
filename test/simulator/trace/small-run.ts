import type { TraceEvent } from "../../../shared/trace.ts";
import type { ChannelProtocol } from "../../../shared/channel.ts";
import { runVirtual } from "../../../simulator/lab.ts";
import type { Persona } from "../../../simulator/people/person.ts";
import type { Lab } from "../../../simulator/scenarios/scenario.ts";

export const smallApp = "361309726";
/** Two seats for three who could use one. */
const seats = 2;
const staff = [
  { id: "anna", kind: "user", wrongPasswords: 1 },
  { id: "bert", kind: "configurator", wrongPasswords: 0 },
  { id: "carl", kind: "device", wrongPasswords: 0 },
  { id: "dora", kind: "dep", wrongPasswords: 0 },
] as const;

export const smallRunPassword = "correct horse battery";

function persona(id: string, wrongPasswords: number): Persona {
  return {
    appleId: `${id}@icloud.example`,
    password: smallRunPassword,
    terms: "accept",
    install: "install",
    wrongPasswords,
    thinkMsMin: 1_000,
    thinkMsMax: 5_000,
  };
}

interface Installation {
  state: string;
  reason: string | null;
}

async function waitFor(lab: Lab, what: string, wanted: Record<string, number>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { items } = await lab.admin.get<{ items: Installation[] }>("/api/v1/installations?limit=100");
    const counts: Record<string, number> = {};
    for (const { state } of items) counts[state] = (counts[state] ?? 0) + 1;
    if (Object.entries(wanted).every(([state, count]) => (counts[state] ?? 0) === count)) return;
    await lab.world.sleep(5_000);
  }
  throw new Error(`${what} did not come about`);
}

/** From the token to the app that is given back, with as few phones as show every rule. */
async function play(lab: Lab): Promise<void> {
  const { apple, admin } = lab;
  const org = await apple.post<{ organisationId: string }>("/control/v1/organisations", {
    name: "Small & Co",
    appleId: "it@small.example",
  });
  const root = `/control/v1/organisations/${org.organisationId}`;
  await apple.post(`${root}/licenses`, { adamId: smallApp, quantity: seats });
  await apple.post("/control/v1/apple-ids", {
    appleIds: staff.map(({ id }) => ({ appleId: `${id}@icloud.example`, password: smallRunPassword })),
  });
  const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
  const upload = { sToken, tokenName: "Small", appleId: "it@small.example", acknowledged: true };
  await admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(upload), "application/json");
  await admin.post("/api/v1/vpp/sync", {});
  const people = staff.map(({ id }) => `${id},${id},${id}@small.example,Team`);
  await admin.send(
    "POST",
    "/api/v1/users/import",
    ["id,name,email,groups", ...people].join("\n"),
    "text/csv",
  );
  const made = await admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", {
    tokens: staff.map(({ id, kind }) => ({ kind, userId: id })),
  });
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
  const groups = await admin.get<{ items: { id: string }[] }>("/api/v1/groups");
  const { id } = await admin.post<{ id: string }>("/api/v1/deployments", {
    adamId: smallApp,
    groupId: groups.items[0]?.id,
    action: "required",
  });
  await waitFor(lab, "the install", { installed: seats, failed: 1, notApplicable: 1 });
  const dep = lab.phones.find((phone) => phone.config.kind === "dep");
  await admin.post(`/api/v1/devices/${dep?.config.udid ?? ""}/commands`, {
    command: {
      RequestType: "InstallApplication",
      iTunesStoreID: Number(smallApp),
      Options: { PurchaseMethod: 1 },
    },
  });
  await lab.world.sleep(60_000);
  await admin.send("PATCH", `/api/v1/deployments/${id}`, '{"action":"uninstall"}', "application/json");
  await waitFor(lab, "the removal", { notInstalled: 3, notApplicable: 1 });
  await admin.post("/api/v1/vpp/sync", {});
}

/** The whole trace of that run, messages included. */
export async function smallRun(seed: string, protocol?: ChannelProtocol): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  const onEvent = (event: TraceEvent) => events.push(event);
  const options = { seed, progress: () => undefined, onEvent, ...(protocol ? { protocol } : {}) };
  await runVirtual(options, play);
  return events;
}
