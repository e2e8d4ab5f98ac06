import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** The example as a project of its own, with the packages that its package.json names. */
describe("docs/example", () => {
  let project = "";

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), "pippin-example-"));
    cpSync(join(root, "docs", "example"), project, { recursive: true });
    const modules = join(project, "node_modules");
    mkdirSync(join(modules, "@types"), { recursive: true });
    symlinkSync(root, join(modules, "pippin"));
    for (const name of ["vitest", "typescript", "@types/node"])
      symlinkSync(join(root, "node_modules", name), join(modules, name));
    // As `npm run build:types`, but for the looking over, which the check does anyway.
    run(root, "typescript/bin/tsc", ["-p", "tsconfig.types.json", "--noCheck"]);
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  function run(cwd: string, program: string, args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, "node_modules", program), ...args],
      { cwd, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
    );
    if (status !== 0)
      throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }

  it("is right by the types that are published", () => {
    const files = run(project, "typescript/bin/tsc", ["--noEmit", "--listFiles"]);
    expect(files).toContain(join("types", "simulator", "library", "start-lab.d.ts"));
  });

  it("passes its own tests", () => {
    expect(run(project, "vitest/vitest.mjs", ["run"])).toMatch(/Tests +3 passed/);
  });

  it("has a scenario that the command line plays", () => {
    const pippin = join("..", "simulator", "pippin.mjs");
    const output = run(project, pippin, ["run", "./forgotten-password.ts", "--seed", "1", "--quiet"]);
    expect(output).toContain("forgotten-password: PASSED");
  });
});
