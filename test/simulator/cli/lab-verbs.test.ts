import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { runVerb } from "../../../simulator/cli/admin/register.ts";
import type { Given } from "../../../simulator/cli/admin/verb.ts";
import { deviceVerbs } from "../../../simulator/cli/lab/device-verbs.ts";
import { labVerbs } from "../../../simulator/cli/lab/lab-verbs.ts";
import { exportLab, importLab, labSurface } from "../../../simulator/cli/lab/register.ts";
import { main } from "../../../simulator/main.ts";
import { LabClient } from "../control/lab-client.ts";

const world = createLiveWorld();
const verbs = [...deviceVerbs, ...labVerbs];
let client: LabClient;
let directory: string;
let access: Given;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "pippin-lab-verbs-"));
  client = await LabClient.start(3, "hand");
  access = { lab: client.api.url, labKey: client.api.key };
});
afterAll(async () => {
  await client.stop();
  await rm(directory, { recursive: true, force: true });
});

const mine = () => client.serial("user");

function run(words: string, given: Given): Promise<string> {
  const verb = verbs.find((one) => one.words.join(" ") === words);
  if (!verb) throw new Error(`there is no verb ${words}`);
  return runVerb(world, verb, { ...access, ...given }, labSurface);
}

/** What it prints; a refusal shows as its code. */
const outcome = (words: string, given: Given) =>
  run(words, given).catch((error: unknown) => (error as { code?: string }).code ?? String(error));

type Step = readonly [words: string, given: Given, expected: RegExp];

/** Every verb once at least, in an order in which each has something to do. */
const steps: readonly Step[] = [
  ["device list", {}, /^Serial +Name +Owner +Kind +Status +Connected/],
  ["device list", { search: "nobody of that name" }, /^\(none\)$/],
  ["device list", { status: "lost" }, /^invalid_request$/],
  ["device show", {}, /status +enrolled/],
  ["device show", { phone: "no such phone" }, /^not_found$/],
  ["device show", { phone: "pip" }, /^ambiguous_name$/],
  ["device take", {}, /heldBy +nobody/],
  ["device tap", { button: "Install" }, /^conflict$/],
  ["device type", { text: "hello" }, /^conflict$/],
  ["device passcode", { passcode: "2468" }, /hasPasscode +true/],
  ["device lock", {}, /locked +true/],
  ["device unlock", {}, /^forbidden$/],
  ["device unlock", { passcode: "2468" }, /locked +false/],
  ["device passcode", {}, /hasPasscode +false/],
  ["device busy", { state: "on" }, /busy +true/],
  ["device busy", { state: "off" }, /busy +false/],
  ["device airplane", { state: "perhaps" }, /^usage$/],
  ["device airplane", { state: "on" }, /airplane +true/],
  ["device airplane", { state: "off" }, /airplane +false/],
  ["device delete-app", { app: "Pages" }, /^not_found$/],
  ["device shutdown", {}, /status +off/],
  ["device boot", {}, /status +enrolled/],
  ["device sign-out", {}, /status +enrolled/],
  ["device remove-profile", { identifier: "example.none" }, /^not_found$/],
  ["device give", {}, /heldBy +person/],
  ["device erase", {}, /status +erased/],
  ["device enroll", { url: "nowhere" }, /^invalid_request$/],
  ["device enroll", {}, /heldBy +person/],
  ["lab info", {}, /seed +hand/],
  ["lab clock", {}, /movable +false/],
  ["lab advance", { time: "1y" }, /^clock_not_held$/],
  ["lab advance", { time: "tokenExpiry" }, /^clock_not_held$/],
  ["lab advance", { time: "2030-01-01T00:00:00Z" }, /^clock_not_held$/],
  ["lab advance", { time: "someday" }, /^invalid_request$/],
  ["lab snapshot", { name: "a" }, /phoneCount +3/],
  ["lab snapshot", { name: "../a" }, /^invalid_request$/],
  ["lab snapshots", {}, /^Name +Taken at[\s\S]*\na +\d{4}-/],
  ["lab restore", { name: "b" }, /^not_found$/],
  ["lab restore", { name: "a" }, /seed +hand/],
  ["lab forget", { name: "a" }, /^removed$/],
  ["lab snapshots", {}, /^\(none\)$/],
  ["lab reset", {}, /play +fleet/],
  ["device restart", {}, /status +restarting/],
];
/** Those that only make sense with something deployed; the routes' own tests have them too. */
const connected: readonly Step[] = [
  ["device portal", {}, /^\(none\)$/],
  ["device request-app", { adamId: "361309726" }, /^forbidden$/],
];

describe("the verbs of a lab", () => {
  it.each(connected.map(([words, given, expected]) => ({ words, given, expected })))(
    "$words",
    async ({ words, given, expected }) => {
      await client.until("connected", mine(), (sight) => sight.connected === true);
      expect(await outcome(words, { phone: mine(), ...given })).toMatch(expected);
    },
  );

  it.each(steps.map(([words, given, expected]) => ({ words, given, expected })))(
    "$words",
    async ({ words, given, expected }) => {
      expect(await outcome(words, { phone: mine(), ...given })).toMatch(expected);
    },
  );

  it("are each among those tried", () => {
    const tried = new Set([...steps, ...connected].map(([words]) => words));
    expect(verbs.map(({ words }) => words.join(" ")).filter((name) => !tried.has(name))).toEqual([]);
  });

  it("carry a lab away in a file, and back", async () => {
    const file = join(directory, "lab.pippin-lab");
    expect(await exportLab(world, file, access)).toMatchObject({ file });
    expect(await importLab(world, file, access)).toMatchObject({ seed: "hand", phoneCount: 3 });
    await writeFile(file, "not a lab");
    await expect(importLab(world, file, access)).rejects.toMatchObject({ code: "snapshot_damaged" });
    await expect(importLab(world, join(directory, "absent"), access)).rejects.toMatchObject({
      code: "usage",
    });
    await expect(exportLab(world, file, { ...access, snapshot: "b" })).rejects.toMatchObject({
      code: "not_found",
    });
  });

  it("print one JSON document when asked to", async () => {
    const list = JSON.parse(await run("device list", { json: true })) as { items: unknown[]; more: boolean };
    expect(list).toMatchObject({ more: false });
    expect(list.items).toHaveLength(3);
  });
});

describe("the exit code", () => {
  it.each<[string, () => string[], number, string]>([
    ["2 without a key", () => ["device", "list", "--lab", client.api.url], 2, "PIPPIN_LAB_KEY"],
    [
      "2 with a wrong one",
      () => ["device", "list", "--lab", client.api.url, "--lab-key", "lk_wrong"],
      2,
      "unauthorized",
    ],
    [
      "3 when there is no lab",
      () => ["lab", "info", "--lab", "http://127.0.0.1:9", "--lab-key", "k"],
      3,
      "refused",
    ],
    [
      "1 when the lab refuses",
      () => ["device", "show", "nobody", "--lab", client.api.url, "--lab-key", client.api.key],
      1,
      "not_found",
    ],
    [
      "0 when all is well",
      () => ["lab", "info", "--json", "--lab", client.api.url, "--lab-key", client.api.key],
      0,
      '"seed":"hand"',
    ],
  ])("is %s", async (_name, args, code, sentence) => {
    const said: string[] = [];
    const hear = (text: string | Uint8Array) => said.push(String(text)) > 0;
    const stdout = vi.spyOn(process.stdout, "write").mockImplementation(hear);
    const stderr = vi.spyOn(process.stderr, "write").mockImplementation(hear);
    try {
      expect(await main(args())).toBe(code);
    } finally {
      stdout.mockRestore();
      stderr.mockRestore();
    }
    expect(said.join("")).toContain(sentence);
  });
});
