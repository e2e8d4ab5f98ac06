import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../simulator/main.ts";
import { CommandLine } from "./command-line.ts";

let commands: CommandLine;
let folder: string;
beforeEach(async () => {
  commands = new CommandLine();
  folder = await mkdtemp(join(tmpdir(), "pippin-bad-"));
});
afterEach(async () => {
  await commands.endAll();
  await rm(folder, { recursive: true, force: true });
});

const server = (...more: string[]) => [
  ...["server", "--port", "0", "--log-level", "silent"],
  ...["--data", join(folder, "data"), ...more],
];

describe("the command line, given what it can't use", () => {
  it.each([
    ["an unknown command", ["frobnicate"], "frobnicate"],
    ["an unknown flag", ["up", "--frobnicate"], "--frobnicate"],
    ["a scenario that isn't there", ["run", "nothing"], "there are: journey"],
    ["a scenario that is mistyped", ["run", "seats-run-uot"], 'did you mean "seats-run-out"?'],
    [
      "a scenario file that isn't there",
      ["run", "/nowhere/mine.yaml"],
      "There is no file /nowhere/mine.yaml",
    ],
    ["a range of seeds that is none", ["run", "journey", "--seeds", "9"], "1..50"],
    ["a range of seeds that runs backwards", ["run", "journey", "--seeds", "9..1"], "smaller number first"],
    ["a seed and a range at once", ["run", "journey", "--seed", "1", "--seeds", "1..2"], "one of the two"],
    ["one trace for many runs", ["run", "journey", "--seeds", "1..2", "--trace", "t.ndjson"], "--trace"],
    ["a world that isn't there", ["run", "journey", "--world", "upside-down"], "virtual"],
    [
      "half of what attaching takes",
      ["run", "journey", "--world", "live", "--server", "http://127.0.0.1:1"],
      "belong together",
    ],
    ["a fleet of less than nothing", ["up", "--fleet", "-1"], "--fleet"],
    ["a fleet of more than can be", ["exec", "--fleet", "1000000", "--", "true"], "--fleet"],
    ["a command that is missing", ["exec", "--fleet", "1"], "command"],
    ["a folder for a virtual lab", ["up", "--world", "virtual", "--data", "/nowhere"], "--data"],
    ["a phone that isn't named", ["device", "show"], "phone"],
    ["a verb that no phone has", ["device", "fly"], "fly"],
    ["a lab whose address is none", ["lab", "info", "--lab", "nowhere", "--lab-key", "k"], "--lab"],
    ["a port past the last", ["server", "--port", "99999"], "--port"],
    ["an address of Apple that is no URL", ["server", "--apple", "apple"], "--apple"],
    [
      "a well-known key on an open address",
      ["server", "--host", "0.0.0.0", "--insecure-dev-key", "0123456789abcdef"],
      "loopback",
    ],
    ["a control key that is too short", ["apple", "--control-key", "x"], "--control-key"],
    ["a phone without an enrolment address", ["agent", "--apple", "http://127.0.0.1:1"], "--enroll"],
    [
      "a kind of phone that isn't there",
      ["agent", "--enroll", "http://127.0.0.1:1/enroll/x", "--apple", "http://127.0.0.1:1", "--kind", "pear"],
      "pear",
    ],
  ])("ends with 2 and a sentence at %s", async (_name, args, sentence) => {
    const said: string[] = [];
    const hear = (text: string | Uint8Array) => said.push(String(text)) > 0;
    const stderr = vi.spyOn(process.stderr, "write").mockImplementation(hear);
    const stdout = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
    try {
      expect(await main(args)).toBe(2);
      expect(said.join("")).toContain(sentence);
      expect(stdout).not.toHaveBeenCalled();
    } finally {
      stderr.mockRestore();
      stdout.mockRestore();
    }
  });

  it("is the same as a process of its own", async () => {
    const outcome = await commands.run(["up", "--frobnicate"]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain("--frobnicate");
    expect(await commands.run(["scenarios"])).toMatchObject({ code: 0, stderr: "" });
  });

  it("ends with 3 when the port is taken, and takes a free one when asked to", async () => {
    const first = commands.start(["apple", "--port", "0"]);
    const url = new URL((await first.said(/services at (\S+)/))[1] ?? "");
    const second = await commands.run(["apple", "--port", url.port]);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain("address_in_use");
    expect(second.stderr).toContain(url.port);
    await commands.start(["apple", "--port", "0"]).said(/services at/);
  });

  it("ends with 3 when the data folder can't be written", async () => {
    await writeFile(join(folder, "data"), "a file where the folder should be");
    const outcome = await commands.run(server());
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toContain("store_unwritable");
  });

  it("ends with 3 when another process holds the data folder, and that one goes on unharmed", async () => {
    const first = commands.start(server());
    const url = (await first.said(/MDM server at (\S+)/))[1] ?? "";
    const second = await commands.run(server());
    expect(second.code).toBe(3);
    expect(second.stderr).toContain("store_locked");
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    first.kill("SIGTERM");
    expect((await first.ended).code).toBe(0);
    // Let go by the first, it opens again, whole, and shows no second first key.
    const third = commands.start(server());
    await third.said(/MDM server at/);
    third.kill("SIGTERM");
    expect((await third.ended).stdout).not.toContain("admin key");
  });

  it("ends with 3 when the trace can't be written", async () => {
    const outcome = await commands.run([
      "run",
      "journey",
      "--quiet",
      "--trace",
      join(folder, "missing", "t.ndjson"),
    ]);
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toContain("store_unwritable");
  });

  it("keeps trying, and says so, when a phone can't reach its server", async () => {
    const phone = commands.start([
      ...["agent", "--enroll", "http://127.0.0.1:9/enroll/nothing", "--apple", "http://127.0.0.1:9"],
      ...["--data", join(folder, "phone"), "--auto", "accept"],
    ]);
    await phone.said(/try|again/i);
    phone.kill("SIGINT");
    expect((await phone.ended).code).toBe(0);
  });

  it("ends with 3 and the server's reason when a phone's enrolment link is worth nothing", async () => {
    const running = commands.start(server());
    const url = (await running.said(/MDM server at (\S+)/))[1] ?? "";
    const phone = await commands.run([
      ...["agent", "--enroll", `${url}/enroll/nothing`, "--apple", url],
      ...["--data", join(folder, "phone"), "--auto", "accept"],
    ]);
    expect(phone.code).toBe(3);
    expect(phone.stderr).toContain("enrollment_token_invalid");
  });
});
