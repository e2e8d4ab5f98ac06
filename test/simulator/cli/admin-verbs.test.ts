import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { runVerb } from "../../../simulator/cli/admin/register.ts";
import { renderObject, renderRows } from "../../../simulator/cli/admin/render.ts";
import type { Given } from "../../../simulator/cli/admin/verb.ts";
import { verbs } from "../../../simulator/cli/admin/verbs.ts";
import { startLiveLab, type RunningLab } from "../../../simulator/lab.ts";

const pages = "361309726";
const world = createLiveWorld();
let lab: RunningLab;
let directory: string;
/** What earlier verbs printed, for later ones to go on with. */
const found: Record<string, string> = {};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "pippin-verbs-"));
  lab = await startLiveLab({
    seed: "verbs",
    host: "127.0.0.1",
    serverPort: 0,
    applePort: 0,
    progress: () => undefined,
  });
  const { organisationId } = await lab.apple.post<{ organisationId: number }>("/control/v1/organisations", {
    name: "Verbs & Co",
    appleId: "it@verbs.example",
  });
  const root = `/control/v1/organisations/${organisationId}`;
  await lab.apple.post(`${root}/licenses`, { adamId: pages, quantity: 2 });
  const { sToken } = await lab.apple.post<{ sToken: string }>(`${root}/tokens`, {});
  await writeFile(join(directory, "verbs.vpptoken"), `${sToken}\n`);
  await writeFile(
    join(directory, "people.csv"),
    "id,name,email,groups\nanna,Anna Bianchi,anna@verbs.example,Sales\n",
  );
});
afterAll(async () => {
  await lab.stop();
  await rm(directory, { recursive: true, force: true });
});

function run(words: string, given: Given = {}): Promise<string> {
  const verb = verbs.find((one) => one.words.join(" ") === words);
  if (!verb) throw new Error(`there is no verb ${words}`);
  return runVerb(world, verb, { server: lab.serverUrl, adminKey: lab.adminKey, ...given });
}

const outcome = (words: string, given?: Given) =>
  run(words, given).catch((error: unknown) => (error as { code?: string }).code ?? String(error));

type Step = readonly [words: string, given: () => Given, expected: RegExp, keep?: readonly [string, RegExp]];
const file = (name: string) => join(directory, name);
const none = () => ({});
const appOnPhone = `${"0".repeat(40)}:${pages}`;

/** Every verb once, in an order in which each has something to do. A refusal shows as its code. */
const steps: readonly Step[] = [
  ["token show", none, /^token_missing$/],
  [
    "token upload",
    () => ({ file: file("verbs.vpptoken"), name: "V", appleId: "it@verbs.example" }),
    /^token_not_acknowledged$/,
  ],
  [
    "token upload",
    () => ({ file: file("verbs.vpptoken"), name: "V", appleId: "it@verbs.example", acknowledge: true }),
    /organisation +Verbs & Co/,
  ],
  ["token show", none, /state +valid/],
  ["token losses", none, /^\(none\)$/],
  ["token take-control", none, /^(confirmation_required|conflict|invalid_request)$/],
  ["sync now", none, /result +completed/],
  ["sync list", none, /(manual|upload) +completed/, ["syncId", /^(\S+) .*completed/m]],
  ["sync show", () => ({ syncId: found["syncId"] }), /result +completed/],
  ["apps list", none, /361309726 +Pages +com\.apple\.Pages +2/],
  ["apps show", () => ({ adamId: pages }), /Pages/],
  ["apps devices", () => ({ adamId: pages }), /^\(none\)$/],
  ["users import", () => ({ file: file("people.csv"), dryRun: true }), /created +1/],
  ["users import", () => ({ file: file("people.csv") }), /created +1/],
  ["users list", () => ({ search: "bianchi" }), /anna +Anna Bianchi +anna@verbs\.example +notInvited/],
  ["users show", () => ({ userId: "anna" }), /email +anna@verbs\.example/],
  ["users invite", () => ({ userId: "anna" }), /^conflict$/],
  ["users refresh", () => ({ userId: "anna" }), /^conflict$/],
  ["users retire", () => ({ userId: "anna" }), /^conflict$/],
  ["users reinstate", () => ({ userId: "anna" }), /^conflict$/],
  ["groups list", none, /Sales/, ["groupId", /^(\S+) +Sales/m]],
  ["groups add", () => ({ name: "Field", id: "field" }), /id +field/],
  ["groups rename", () => ({ groupId: "field", name: "Field sales" }), /Field sales/],
  ["groups join", () => ({ groupId: "field", userId: "anna" }), /^done$/],
  ["groups show", () => ({ groupId: "field" }), /memberCount +1/],
  ["groups leave", () => ({ groupId: "field", userId: "anna" }), /^done$/],
  ["groups delete", () => ({ groupId: "field", yes: true }), /^deleted$/],
  [
    "deploy add",
    () => ({ adamId: pages, groupId: found["groupId"], action: "required" }),
    /action +required/,
  ],
  ["deploy list", none, /required/, ["deploymentId", /^(\S+) +361309726/m]],
  [
    "deploy change",
    () => ({ deploymentId: found["deploymentId"], action: "available" }),
    /action +available/,
  ],
  [
    "deploy change",
    () => ({ deploymentId: found["deploymentId"], action: "available", licenseType: "device" }),
    /^device_licensing_off$/,
  ],
  ["policies set", () => ({ changes: '{"licensing":"user-and-device"}' }), /licensing +user-and-device/],
  [
    "deploy change",
    () => ({ deploymentId: found["deploymentId"], action: "available", licenseType: "device" }),
    /licenseType +device/,
  ],
  ["deploy list", none, /available +device/],
  [
    "deploy change",
    () => ({ deploymentId: found["deploymentId"], action: "required", licenseType: "user" }),
    /^license_type_fixed$/,
  ],
  ["devices enroll", () => ({ kind: "user", userId: "anna" }), /url +http/],
  ["devices list", none, /^\(none\)$/],
  ["devices show", () => ({ udid: "0".repeat(40) }), /^not_found$/],
  ["installations list", () => ({ adamId: pages, label: "Failed" }), /^\(none\)$/],
  ["installations show", () => ({ installationId: appOnPhone }), /^not_found$/],
  ["installations retry", () => ({ installationId: appOnPhone }), /^not_found$/],
  ["installations resend", () => ({ installationId: appOnPhone }), /^not_found$/],
  ["installations cancel", () => ({ installationId: appOnPhone }), /^not_found$/],
  ["commands list", () => ({ udid: "0".repeat(40) }), /^not_found$/],
  ["commands send", () => ({ udid: "0".repeat(40), command: '{"RequestType":"DeviceLock"}' }), /^not_found$/],
  ["commands show", () => ({ commandUUID: "00000000-0000-4000-8000-000000000000" }), /^not_found$/],
  ["commands cancel", () => ({ commandUUID: "00000000-0000-4000-8000-000000000000" }), /^not_found$/],
  ["licenses list", none, /^\(none\)$/],
  ["licenses revoke", () => ({ all: true }), /^confirmation_required$/],
  ["licenses list", () => ({ serialNumber: "NOBODY" }), /^\(none\)$/],
  ["licenses revoke", () => ({ userId: "anna" }), /verb +revoke/],
  ["licenses revoke", () => ({ serialNumber: "NOBODY" }), /^not_found$/],
  ["licenses reclaim", () => ({ userId: "anna" }), /verb +reclaim/],
  ["licenses acts", none, /reclaim/],
  ["licenses ledger", none, /^\(none\)$/],
  ["licenses check", none, /drift +0/],
  ["deploy remove", () => ({ deploymentId: found["deploymentId"] }), /^removed$/],
  ["users delete", () => ({ userId: "anna", yes: true }), /deleted/],
  ["policies show", none, /syncIntervalHours +12/],
  ["policies set", () => ({ changes: '{"syncIntervalHours":6}' }), /syncIntervalHours +6/],
  ["audit list", none, /policies/],
  ["token delete", none, /^confirmation_required$/],
  ["token delete", () => ({ yes: true }), /strandedLicenses +0/],
];

describe("the admin verbs of the command line", () => {
  const named = steps.map(([words, given, expected, keep]) => ({ words, given, expected, keep }));

  it.each(named)("$words", async ({ words, given, expected, keep }) => {
    const printed = await outcome(words, given());
    expect(printed).toMatch(expected);
    if (keep) found[keep[0]] = keep[1].exec(printed)?.[1] ?? "";
  });

  it("are each among those tried", () => {
    expect(
      verbs.map(({ words }) => words.join(" ")).filter((name) => !steps.some(([words]) => words === name)),
    ).toEqual([]);
  });

  it("print one JSON document when asked to", async () => {
    const apps = JSON.parse(await run("apps list", { json: true })) as {
      items: { adamId: string }[];
      more: boolean;
    };
    expect(apps).toMatchObject({ items: [{ adamId: pages }], more: false });
  });

  it("say what they need", async () => {
    expect(await outcome("apps list", { adminKey: "" })).toBe("usage");
    expect(await outcome("apps list", { server: "nowhere" })).toBe("usage");
    expect(await outcome("apps list", { limit: "0" })).toBe("usage");
    expect(await outcome("apps list", { adminKey: "pk_wrong" })).toBe("unauthorized");
    expect(await outcome("token upload", { file: file("absent"), name: "V", appleId: "x" })).toBe("usage");
    expect(await outcome("commands send", { udid: "0".repeat(40), command: "{" })).toBe("usage");
  });
});

describe("an answer in the terminal", () => {
  it("leaves out columns that nobody fills, and keeps hostile text in its cell", () => {
    const rows = [{ id: "a", name: "x\u001b[31m\ny", count: 3 }];
    const shown = renderRows(rows, [
      ["Id", "id"],
      ["Name", "name"],
      ["Count", "count"],
      ["Nothing", "nothing"],
    ]);
    expect(shown.split("\n")).toEqual(["Id  Name      Count", "──  ────────  ─────", "a   x [31m y      3"]);
  });

  it("shows a list of objects inside an object as a table", () => {
    expect(renderObject({ lines: [{ app: "Pages", total: 1 }] }).split("\n")).toEqual([
      "lines:",
      "  app    total",
      "  ─────  ─────",
      "  Pages      1",
    ]);
  });

  it("shows an object member by member, and says when a list is empty", () => {
    expect(renderObject({ name: "Pages", none: null, list: [], inner: { count: 1 } })).toBe(
      ["name   Pages", "list: (none)", "inner:", "  count  1"].join("\n"),
    );
  });
});
