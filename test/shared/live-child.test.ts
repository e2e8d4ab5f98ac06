import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runChild } from "../../shared/live-child.ts";

const run = (script: string, env: Record<string, string> = {}) =>
  runChild(process.execPath, ["-e", script], env);

describe("a command that is run to its end", () => {
  it.each<[string, string, number]>([
    ["its exit code", "process.exitCode = 7", 7],
    ["0 when it went well", "", 0],
    ["128 and the number of the signal that it died of", 'process.kill(process.pid, "SIGKILL")', 137],
  ])("gives back %s", async (_name, script, code) => {
    expect(await run(script)).toBe(code);
  });

  it("has the variables that it was given beside those of this process", async () => {
    const script = "process.exitCode = process.env.PIPPIN_LAB === 'here' && process.env.PATH ? 3 : 4";
    expect(await run(script, { PIPPIN_LAB: "here" })).toBe(3);
  });

  it("is refused when it isn't there, or can't be executed", async () => {
    await expect(runChild("no-such-command-here", [], {})).rejects.toMatchObject({ code: "not_found" });
    const folder = await mkdtemp(join(tmpdir(), "pippin-child-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, "text");
    await writeFile(file, "not a program");
    await chmod(file, 0o600);
    await expect(runChild(file, [], {})).rejects.toMatchObject({ code: "forbidden" });
  });

  it("leaves no listener for signals behind", async () => {
    const before = process.listenerCount("SIGTERM");
    await run("");
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });
});
