import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceVerbs } from "../../simulator/cli/lab/device-verbs.ts";
import { labVerbs } from "../../simulator/cli/lab/lab-verbs.ts";
import { LabClient } from "../simulator/control/lab-client.ts";
import { examplesOf } from "./shell-examples.ts";

const examples = await examplesOf("lab.md");
const page = await readFile(new URL("../../docs/lab.md", import.meta.url), "utf8");

let client: LabClient;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "pippin-lab-guide-"));
  client = await LabClient.start(3, "guide");
});
afterAll(async () => {
  await client.stop();
  await rm(directory, { recursive: true, force: true });
});

function runInShell(script: string): Promise<{ code: number | null; output: string }> {
  const shell = spawn("bash", ["-eu", "-o", "pipefail", "-c", script], {
    cwd: directory,
    env: { ...process.env, PIPPIN_LAB: client.api.url, PIPPIN_LAB_KEY: client.api.key },
  });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve) => shell.once("close", (code) => resolve({ code, output })));
}

describe("the examples of docs/lab.md", () => {
  it("are there", () => {
    expect(examples).toHaveLength(3);
  });

  it.each(examples)("work, one after the other: $heading", async ({ script }) => {
    const { code, output } = await runInShell(script);
    expect(code, output).toBe(0);
  });
});

describe("the verbs that docs/lab.md names", () => {
  const verbs = new Set([
    ...[...deviceVerbs, ...labVerbs].map(({ words }) => words.join(" ")),
    ...["lab export", "lab import"],
  ]);
  const named = new Set(
    [...page.matchAll(/pippin ((?:device|lab) [a-z-]+)/g)].map(([, words = ""]) => words),
  );

  it("are those that there are", () => {
    expect(named.size).toBeGreaterThan(12);
    expect([...named].filter((words) => !verbs.has(words))).toEqual([]);
  });

  it("are all of them", () => {
    const table = page.slice(page.indexOf("| verb"), page.indexOf("A sheet is answered"));
    const inTable = new Set([...table.matchAll(/`([a-z-]+)/g)].map(([, verb = ""]) => `device ${verb}`));
    expect([...verbs].filter((words) => !named.has(words) && !inTable.has(words))).toEqual([]);
  });
});
