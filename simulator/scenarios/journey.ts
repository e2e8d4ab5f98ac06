/**
 * The whole journey of volume-purchased apps: token, sync, invitations, terms, seats, installs, refusals, removal and return, on
 * an organisation of forty people whose scarce app has fewer seats than people who are to have it.
 */
import { resultStatuses } from "../../shared/results.ts";
import {
  appleIdOf,
  organisation,
  personaOf,
  plentifulApp,
  purchases,
  readPeople,
  readPeopleCsv,
  readPhones,
  scarceApp,
  type PhoneRow,
} from "../organisation.ts";
import { ApiError } from "../json-client.ts";
import { Expectations } from "./expectations.ts";
import { allPages, summarise, type InstallationItem } from "./observations.ts";
import type { Lab, RunSummary, Scenario } from "./scenario.ts";

const scarceGroups = ["Sales", "Support", "Field Service"];
const plentifulGroup = "Headquarters";
const removedFrom = "Sales";
/** A phone that could not reach the server for a while tries ever more rarely, up to a minute apart. */
const enrolPatienceMs = 240_000;
/** A server that is killed in the middle of the same request time after time is not for us to outlast. */
const attemptsMax = 20;

interface Deployment {
  id: string;
  adamId: string;
  groupId: string;
}
interface Command {
  commandUUID: string;
  state: string;
  result: { Status?: string; RejectionReason?: string } | null;
}

/** What the data says must come out, whoever is quicker than whom. */
function forecast(phones: readonly PhoneRow[]) {
  const people = new Map(readPeople().map((person) => [person.id, person.groups.split(";")]));
  const inGroups = (phone: PhoneRow, names: readonly string[]) =>
    (people.get(phone.owner) ?? []).some((group) => names.includes(group));
  const scarce = phones.filter((phone) => inGroups(phone, scarceGroups));
  const able = scarce.filter((phone) => phone.kind !== "dep" && phone.terms === "accept");
  const staying = able.filter((phone) => !inGroups(phone, [removedFrom]));
  const plenty = phones.filter((phone) => inGroups(phone, [plentifulGroup]));
  // A supervised phone asks nobody before it installs.
  const cancels = (phone: PhoneRow) => phone.install === "cancel" && phone.kind !== "configurator";
  return {
    seats: purchases.find((purchase) => purchase.adamId === scarceApp)?.quantity ?? 0,
    able: able.length,
    staying: staying.length,
    undecided: scarce.filter((phone) => phone.kind !== "dep" && phone.terms !== "accept").length,
    undecidedStaying: scarce.filter(
      (phone) => phone.kind !== "dep" && phone.terms !== "accept" && !inGroups(phone, [removedFrom]),
    ).length,
    dep: scarce.filter((phone) => phone.kind === "dep").length,
    plentyInstalled: plenty.filter(
      (phone) => phone.kind !== "dep" && phone.terms === "accept" && !cancels(phone),
    ).length,
    plentyCancelled: plenty.filter((phone) => phone.kind !== "dep" && cancels(phone)).length,
    plentyDep: plenty.filter((phone) => phone.kind === "dep").length,
  };
}

async function setUpApple(lab: Lab): Promise<string> {
  const org = await lab.apple.post<{ organisationId: string }>("/control/v1/organisations", organisation);
  for (const purchase of purchases) {
    await lab.apple.post(`/control/v1/organisations/${org.organisationId}/licenses`, purchase);
  }
  const appleIds = readPeople().map(appleIdOf);
  await lab.apple.post("/control/v1/apple-ids", { appleIds });
  lab.progress(
    `Apple: ${organisation.name} owns ${purchases.length} apps, ${appleIds.length} people have an Apple ID`,
  );
  return org.organisationId;
}

async function setUpServer(lab: Lab, organisationId: string): Promise<void> {
  const { sToken } = await lab.apple.post<{ sToken: string }>(
    `/control/v1/organisations/${organisationId}/tokens`,
    {},
  );
  await lab.admin.send(
    "PUT",
    "/api/v1/vpp/token",
    JSON.stringify({
      sToken,
      tokenName: organisation.name,
      appleId: organisation.appleId,
      acknowledged: true,
    }),
    "application/json",
  );
  const sync = await lab.admin.post<{ result: string; apps: number }>("/api/v1/vpp/sync", {});
  lab.progress(`token uploaded, sync ${sync.result}: ${sync.apps} apps`);
  const imported = await surely(() =>
    lab.admin.send<{ created: number }>("POST", "/api/v1/users/import", readPeopleCsv(), "text/csv"),
  );
  lab.progress(`${imported.created} people imported`);
  // People who think for milliseconds should not wait seconds for the server to ask.
  if (lab.pace === "quick") {
    const soon = { firstSeconds: 0.2, factor: 1.4, maxSeconds: 30 };
    const policies = JSON.stringify({ termsPoll: soon, verify: soon });
    await lab.admin.send("PUT", "/api/v1/policies", policies, "application/json");
  }
}

/**
 * Sends what creates something, although the server may be killed in the middle of it: then `find` looks whether it happened.
 * Without `find`, it does no harm twice.
 */
async function surely<T>(
  send: () => Promise<T>,
  find: () => Promise<T | undefined> = () => Promise.resolve(undefined),
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const isInterrupted = error instanceof ApiError && error.code === "request_interrupted";
      if (!isInterrupted || attempt === attemptsMax) throw error;
      const found = await find();
      if (found !== undefined) return found;
    }
  }
}

async function enrolPhones(lab: Lab, rows: readonly PhoneRow[], check: Expectations): Promise<void> {
  const tokens = rows.map((row) => ({ kind: row.kind, userId: row.owner }));
  const made = await surely(() =>
    lab.admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", { tokens }),
  );
  for (const [index, row] of rows.entries()) {
    const url = made.tokens[index]?.url;
    if (url === undefined) throw new Error("the server made fewer enrolment tokens than were asked for");
    const { serial, product, name, kind } = row;
    const persona = personaOf(row, lab.pace);
    await lab.addPhone({ serial, product, name, kind, owner: row.owner, enrollmentUrl: url, persona });
  }
  await check.eventually("every phone is enrolled", enrolPatienceMs, () => {
    const waiting = lab.phones.filter((phone) => !phone.view().enrolled).length;
    return Promise.resolve(waiting === 0 ? null : `${waiting} phones are not enrolled yet`);
  });
  lab.progress(`${rows.length} phones enrolled`);
}

async function groupIds(lab: Lab): Promise<Map<string, string>> {
  const groups = await allPages<{ id: string; name: string }>(lab, "/api/v1/groups");
  return new Map(groups.map((group) => [group.name, group.id]));
}

async function installationsOf(lab: Lab, adamId: string): Promise<InstallationItem[]> {
  return allPages<InstallationItem>(lab, `/api/v1/installations?adamId=${adamId}`);
}

function count(items: readonly InstallationItem[], state: string, reason?: string): number {
  return items.filter((item) => item.state === state && (reason === undefined || item.reason === reason))
    .length;
}

const words: Readonly<Record<string, string>> = {
  noLicense: "without a licence",
  waitingForTerms: "waiting for the terms",
  depRefused: "refused as DEP phones",
  rejected: "cancelled",
};

/** Null when the counts are as given, else how far they are. */
function compare(actual: Record<string, number>, expected: Record<string, number>): string | null {
  const off = Object.entries(expected).filter(([key, value]) => actual[key] !== value);
  return off.length === 0
    ? null
    : off.map(([key, value]) => `${words[key] ?? key} ${actual[key] ?? 0} of ${value}`).join(", ");
}

function tally(items: readonly InstallationItem[]): Record<string, number> {
  return {
    installed: count(items, "installed"),
    noLicense: count(items, "failed", "no-license"),
    waitingForTerms: count(items, "waitingForTerms"),
    depRefused: count(items, "notApplicable", "dep-enrolled"),
    rejected: count(items, "failed", "user-rejected"),
    notInstalled: count(items, "notInstalled"),
  };
}

async function deploy(lab: Lab, groups: Map<string, string>): Promise<Map<string, Deployment>> {
  const made = new Map<string, Deployment>();
  const wishes = [
    ...scarceGroups.map((name) => [name, scarceApp] as const),
    [plentifulGroup, plentifulApp] as const,
  ];
  for (const [name, adamId] of wishes) {
    const groupId = groups.get(name);
    const body = { adamId, groupId, action: "required" };
    const deployment = await surely(
      () => lab.admin.post<Deployment>("/api/v1/deployments", body),
      async () => {
        const all = await allPages<Deployment>(lab, "/api/v1/deployments");
        return all.find((other) => other.adamId === adamId && other.groupId === groupId);
      },
    );
    made.set(name, deployment);
  }
  return made;
}

/** An admin tries anyway: the phone itself refuses. */
async function tryDepPhone(lab: Lab, check: Expectations): Promise<void> {
  const dep = lab.phones.find((phone) => phone.config.kind === "dep");
  if (dep === undefined) throw new Error("the data has no DEP phone");
  const command = {
    RequestType: "InstallApplication",
    iTunesStoreID: Number(scarceApp),
    Options: { PurchaseMethod: 1 },
    ManagementFlags: 1,
  };
  const { commandUUID } = await surely(() =>
    lab.admin.post<Command>(`/api/v1/devices/${dep.config.udid}/commands`, { command }),
  );
  await check.eventually("the DEP phone refuses a raw install", 120_000, async () => {
    const { state, result } = await lab.admin.get<Command>(`/api/v1/commands/${commandUUID}`);
    if (state === "failed" && result?.Status === resultStatuses[2] && result.RejectionReason !== undefined)
      return null;
    return `the command is ${state}`;
  });
  check.equal(dep.view().apps.filter((app) => app.installed).length, 0, "apps on the DEP phone");
  lab.progress("the DEP phone refused a raw install");
}

async function runJourney(lab: Lab): Promise<RunSummary> {
  const startedAt = lab.world.now();
  const check = new Expectations(lab);
  const rows = readPhones();
  const expected = forecast(rows);
  // People think for up to a minute and a half, several times over, and the server asks ever more rarely.
  const patienceMs = lab.pace === "quick" ? 90_000 : 6 * 3_600_000;

  const organisationId = await setUpApple(lab);
  await setUpServer(lab, organisationId);
  await enrolPhones(lab, rows, check);
  const groups = await groupIds(lab);
  const deployments = await deploy(lab, groups);
  lab.progress(`deployed: ${expected.able} people are able to get an app with ${expected.seats} licences`);

  await check.eventually("every licence is installed, nobody else has the app", patienceMs, async () =>
    compare(tally(await installationsOf(lab, scarceApp)), {
      installed: expected.seats,
      noLicense: expected.able - expected.seats,
      waitingForTerms: expected.undecided,
      depRefused: expected.dep,
    }),
  );
  lab.progress(`${expected.seats} installed, ${expected.able - expected.seats} without a licence`);
  await check.eventually("the app that is plenty is on every able phone", patienceMs, async () =>
    compare(tally(await installationsOf(lab, plentifulApp)), {
      installed: expected.plentyInstalled,
      rejected: expected.plentyCancelled,
      depRefused: expected.plentyDep,
    }),
  );
  await tryDepPhone(lab, check);

  const removed = deployments.get(removedFrom);
  if (removed === undefined) throw new Error(`no deployment to ${removedFrom}`);
  await lab.admin.send(
    "PATCH",
    `/api/v1/deployments/${removed.id}`,
    '{"action":"uninstall"}',
    "application/json",
  );
  lab.progress(`${removedFrom} is to give the app back`);
  await check.eventually("the licences of the group are with those who waited", patienceMs, async () =>
    compare(tally(await installationsOf(lab, scarceApp)), {
      installed: Math.min(expected.seats, expected.staying),
      noLicense: Math.max(0, expected.staying - expected.seats),
      waitingForTerms: expected.undecidedStaying,
    }),
  );

  await lab.admin.post("/api/v1/vpp/sync", {});
  const summary = await summarise(lab, { scenario: "journey", startedAt, check });
  check.equal(summary.drift, 0, "seats on which Apple and the server disagree");
  check.equal(summary.violations, [], "broken invariants");
  const scarce = summary.apps.find((app) => app.adamId === scarceApp);
  check.equal(scarce?.used, Math.min(expected.seats, expected.staying), "licences of the scarce app in use");
  checkPhones(lab, summary, check);
  return { ...summary, passed: check.failures.length === 0, failures: check.failures };
}

/** What the phones themselves have, against what the server believes. */
function checkPhones(lab: Lab, summary: RunSummary, check: Expectations): void {
  for (const adamId of [scarceApp, plentifulApp]) {
    const onPhones = lab.phones.filter((phone) =>
      phone.view().apps.some((app) => app.adamId === adamId && app.installed),
    ).length;
    const believed = summary.apps.find((app) => app.adamId === adamId)?.installed;
    check.equal(onPhones, believed, `phones that have app ${adamId}, against the server's count`);
  }
}

export const journey: Scenario = {
  name: "journey",
  title: "token to install, with too few licences, refusals, removal and return: forty people, 44 phones",
  run: runJourney,
};
