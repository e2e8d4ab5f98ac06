/** Where every installation must come to rest once nothing goes wrong any more, and whether it did. */
import type { InstallationState } from "../../server/store/records.ts";
import { ApiError } from "../../simulator/json-client.ts";
import { appId, type Model, type ModelPhone, type Run } from "./model-lab.ts";
import { apps, people, type DeployAction, type PersonId } from "./plan.ts";
import { performedTwice } from "../e2e/kill-run.ts";

/** Backoff of failed calls goes up to an hour. */
const settleMsMax = 6 * 3_600_000;
const lookEveryMs = 60_000;

interface Installation {
  readonly udid: string;
  readonly adamId: string;
  readonly state: InstallationState;
  readonly reason: string | null;
}

/** Ends the trouble, waits until all is as it should be, and tells in words what isn't: nothing, when all is well. */
export async function settle(run: Run): Promise<string[]> {
  const { lab } = run;
  await run.endTrouble();
  let isSynced = false;
  let complaints: string[] = [];
  for (let waitedMs = 0; waitedMs <= settleMsMax; waitedMs += lookEveryMs) {
    await lab.world.sleep(lookEveryMs);
    // What was bought is known from the next sync on; Apple may want to be left alone for a while yet.
    if (!isSynced) isSynced = await synced(run);
    complaints = await complaintsOf(run).catch((error: unknown) => {
      // For as long as Apple said, the server leaves it alone.
      if (error instanceof ApiError && error.code === "apple_unavailable") return [error.message];
      throw error;
    });
    if (complaints.length === 0) break;
  }
  return [...complaints, ...performedTwice(run.events).map((key) => `performed twice: ${key}`)];
}

async function synced({ lab }: Run): Promise<boolean> {
  const { result } = await lab.admin.post<{ result: string }>("/api/v1/vpp/sync", {});
  return result === "completed";
}

async function complaintsOf({ lab, model }: Run): Promise<string[]> {
  const { items } = await lab.admin.get<{ items: Installation[] }>("/api/v1/installations?limit=100");
  const ledger = await lab.admin.get<{
    drift: number;
    violations: string[];
    lines: { adamId: string; total: number; assigned: number; available: number }[];
    differences: unknown[];
  }>("/api/v1/ledger/check");
  const devices = await lab.admin.get<{ items: { udid: string; state: string }[] }>(
    "/api/v1/devices?limit=100",
  );
  const apple = await lab.apple.get<{ violations: string[] }>("/control/v1/invariants");
  const complaints = [...ledger.violations, ...apple.violations];
  if (ledger.drift !== 0) complaints.push(`drift ${ledger.drift}: ${JSON.stringify(ledger.differences)}`);
  for (const [app, adamId] of apps.entries()) {
    const line = ledger.lines.find((one) => one.adamId === adamId);
    const owned = model.owned[app] ?? 0;
    if (line?.total !== owned) complaints.push(`app ${app}: ${line?.total ?? 0} owned in place of ${owned}`);
    const free = line?.available ?? 0;
    const holders = new Set<PersonId>();
    for (const [index, held] of model.phones.entries()) {
      const { udid } = held.phone.config;
      // A phone without a connection can't say that its profile is gone, and the server waits for it.
      const isUnheard = !held.managed && devices.items.find((one) => one.udid === udid)?.state === "enrolled";
      if (isUnheard) continue;
      const installation = items.find((one) => one.udid === udid && one.adamId === adamId);
      complaints.push(
        ...complaintsOfPhone({ model, held, app, installation, free }).map(
          (text) => `phone ${index} (${held.owner}, ${held.kind}), app ${app}: ${text}`,
        ),
      );
      if (installation?.state === "installed") holders.add(held.owner);
    }
    // A seat may stay with a phone that left management; apart from that it goes with the app.
    const others = people.filter((id) => mayHoldForNothing(model, id));
    const assigned = line?.assigned ?? 0;
    if (assigned < holders.size || assigned > new Set([...holders, ...others]).size)
      complaints.push(`app ${app}: ${assigned} seats for ${holders.size} who have it`);
  }
  if (complaints.length > 0) return complaints;
  for (const [index, { phone, managed }] of model.phones.entries()) {
    if (!managed) continue;
    const open = await lab.admin.get<{ items: { requestType: string; state: string }[] }>(
      `/api/v1/devices/${phone.config.udid}/commands?open=true&limit=100`,
    );
    for (const { requestType, state } of open.items)
      complaints.push(`phone ${index}: its ${requestType} is lost, ${state}`);
  }
  return complaints;
}

function mayHoldForNothing(model: Model, id: PersonId): boolean {
  return model.phones.some((held) => held.owner === id && !held.managed);
}

interface Question {
  readonly model: Model;
  readonly held: ModelPhone;
  readonly app: number;
  readonly installation: Installation | undefined;
  /** Seats of this app that nobody holds. */
  readonly free: number;
}

function complaintsOfPhone(question: Question): string[] {
  const { held, app, installation } = question;
  const found =
    installation === undefined ? "none" : [installation.state, installation.reason].filter(Boolean).join("/");
  const complaints: string[] = [];
  const may = allowed(question);
  if (!may.some((one) => one === found || found.startsWith(`${one}/`)))
    complaints.push(`is ${found}, expected ${may.join(" or ")}`);
  if (!held.managed) return complaints;
  const onPhone = held.phone.view().apps.find((one) => one.adamId === appId(app));
  const isThere = onPhone?.installed === true;
  if ((installation?.state === "installed") !== isThere)
    complaints.push(`the server says ${found}, the phone says ${onPhone?.state ?? "absent"}`);
  return complaints;
}

/** `state` or `state/reason`; `none` when there need be no record. */
function allowed({ model, held, app, free }: Question): string[] {
  const desired = resolve(model, held.owner, app);
  if (!held.managed) return ["none", "notInstalled"];
  if (held.kind === "dep")
    return desired === undefined ? ["none", "notApplicable"] : ["notApplicable/dep-enrolled"];
  const { terms, install } = model.setup.habits[held.owner];
  switch (desired) {
    case "required": {
      if (terms === "decline") return ["waitingForTerms"];
      const short = free === 0 ? ["failed/no-license"] : [];
      const isAsked = held.kind !== "configurator";
      if (install === "cancel" && isAsked) return ["failed/user-rejected", ...short];
      return ["installed", ...short];
    }
    case "uninstall":
      return ["notInstalled", "none"];
    case "available":
    case "notApplicable":
    case undefined:
      return ["none", "notInstalled", "installed", "notApplicable"];
  }
}

/** The rules of 2016, said in another way than the server says them: the first of these that anybody asked for. */
const strongestFirst: readonly DeployAction[] = ["required", "available", "uninstall", "notApplicable"];

function resolve(model: Model, person: PersonId, app: number): DeployAction | undefined {
  const asked = (["Team", "Field"] as const)
    .filter((group) => model.members[group].has(person))
    .map((group) => model.deployments.get(`${app} ${group}`));
  return strongestFirst.find((action) => asked.includes(action));
}
