import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";

const page = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");

/** Every example, under its heading. */
const examples = page.split(/^## /m).flatMap((section) => {
  const heading = section.slice(0, section.indexOf("\n"));
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, script = ""]) => ({ heading, script }));
});

let lab: RunningLab;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "pippin-guide-"));
  lab = await startLiveLab({
    seed: "guide",
    host: "127.0.0.1",
    serverPort: 0,
    applePort: 0,
    progress: () => undefined,
  });
});
afterAll(async () => {
  await lab.stop();
  await rm(directory, { recursive: true, force: true });
});

/** As somebody would who pastes it into a shell. */
function runInShell(script: string): Promise<{ code: number | null; output: string }> {
  const { serverUrl, adminKey, appleUrl, controlKey } = lab;
  const shell = spawn("bash", ["-eu", "-o", "pipefail", "-c", script], {
    cwd: directory,
    env: { ...process.env, SERVER: serverUrl, KEY: adminKey, APPLE: appleUrl, CONTROL: controlKey },
  });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve) => shell.once("close", (code) => resolve({ code, output })));
}

describe("the examples of docs/api.md", () => {
  it("are there", () => {
    expect(examples.length).toBeGreaterThan(7);
  });

  it.each(examples)("work, one after the other: $heading", async ({ script }) => {
    const { code, output } = await runInShell(script);
    expect(code, output).toBe(0);
  });

  it("would fail if a route were wrong", async () => {
    expect(
      (await runInShell('curl -fsS -H "Authorization: Bearer $KEY" $SERVER/api/v1/nothing')).code,
    ).not.toBe(0);
  });
});
