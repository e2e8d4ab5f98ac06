import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CommandLine } from "../../e2e/command-line.ts";
import { main } from "../../../simulator/main.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pippin-reports-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => (stdout += String(text)) !== "");
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => (stderr += String(text)) !== "");
  try {
    return { code: await main(["run", ...args]), stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

/** One person, and an expectation that is met by nobody, or by everybody. */
async function scenario(name: string, count: number, step = "sync"): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  const text = `name: ${name}
title: one person
world: { licenses: { Pages: 1 }, people: [{ id: anna, groups: [Staff] }] }
steps:
  - ${step}
  - expect: { phones: { enrolled: true, count: ${count} } }
`;
  await writeFile(path, text);
  return path;
}

describe("pippin run --report", () => {
  it("writes all reports of all runs in the end, beside the result as ever", async () => {
    const summaryFile = join(folder, "summary.md");
    await writeFile(summaryFile, "before\n");
    vi.stubEnv("GITHUB_STEP_SUMMARY", summaryFile);
    const paths = ["html", "junit", "json"].map((kind) => join(folder, `report.${kind}`));
    const reports = paths.map((path) => `${path.split(".").at(-1)}=${path}`);
    const names = [await scenario("good", 1), await scenario("bad", 2)];
    const { code, stdout } = await run(
      ...[...names, "--seed", "4", "--json", "--quiet"],
      ...[...reports, "github"].flatMap((report) => ["--report", report]),
    );
    expect(code).toBe(1);
    const [annotation = "", result = "", ...more] = stdout.split("\n");
    expect(annotation).toMatch(/^::error title=bad%2C seed 4::step 2: .* expected 2/);
    expect(JSON.parse(result)).toMatchObject({ runs: 2, failedSeeds: [{ scenario: "bad" }] });
    expect(more).toEqual([""]);
    const [html = "", junit = "", json = ""] = await Promise.all(paths.map((path) => readFile(path, "utf8")));
    expect(html).toContain("1 of 2 runs failed");
    expect(html).toContain("Told of at length below: <b>bad</b>");
    expect(junit).toContain('<testsuites name="pippin" tests="2" failures="1" errors="0"');
    const report = JSON.parse(json) as { results: { scenario: string; measured: { commands: object } }[] };
    expect(report.results.map((one) => one.scenario)).toEqual(["good", "bad"]);
    expect(await readFile(summaryFile, "utf8")).toMatch(/^before\n## Pippin: ❌ 1 of 2 runs failed/);
  });

  it("tells of a run that could not be played to its end as an error", async () => {
    const path = join(folder, "report.xml");
    const virtualOnly = await scenario("virtual-only", 1, "server: restart");
    const { code, stderr } = await run(
      virtualOnly,
      "--world",
      "live",
      "--quiet",
      "--report",
      `junit=${path}`,
    );
    expect(code).toBe(2);
    expect(stderr).toContain("needs --world virtual");
    const junit = await readFile(path, "utf8");
    expect(junit).toContain('tests="1" failures="0" errors="1"');
    expect(junit).toContain("usage: virtual-only needs --world virtual");
  });

  it("tells what has come of a run that somebody ends before its time", async () => {
    const path = join(folder, "report.json");
    const long = await scenario("long", 1, "wait: 1h");
    const commands = new CommandLine();
    const running = commands.start(["run", long, "--world", "live", "--report", `json=${path}`]);
    await running.said(/step 1: wait/);
    running.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    const report = JSON.parse(await readFile(path, "utf8")) as { results: unknown[] };
    expect(report.results).toMatchObject([
      { passed: false, error: "interrupted", measured: { phones: { seen: 1 } } },
    ]);
  });

  it("changes nothing in a run, and is the same for the same seed", async () => {
    const name = await scenario("good", 1);
    const [first, second] = [join(folder, "1.html"), join(folder, "2.html")];
    const plain = await run(name, "--seed", "4", "--json", "--quiet");
    const reported = await run(name, "--seed", "4", "--json", "--quiet", "--report", `html=${first}`);
    await run(name, "--seed", "4", "--quiet", "--report", `html=${second}`);
    expect(reported.stdout).toBe(plain.stdout);
    expect(await readFile(first, "utf8")).toBe(await readFile(second, "utf8"));
  });

  it.each([
    ["a report that there isn't", ["hmtl=x"], 'no report "hmtl"; did you mean "html"?'],
    ["a report without its file", ["junit"], "expected a file, as in junit=FILE"],
    ["a report with an empty file name", ["json="], "expected a file, as in json=FILE"],
    ["a file for GitHub", ["github=x"], "takes no file"],
    ["two reports in one file", ["json=x", "html=x"], "is named twice"],
  ])("ends with 2 and a sentence at %s, before anything is played", async (_name, reports, sentence) => {
    const flags = reports.flatMap((report) => ["--report", report]);
    const { code, stdout, stderr } = await run("seats-run-out", ...flags);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("world");
  });

  it("ends with 3 when a report can't be written, before anything is played", async () => {
    const { code, stderr } = await run(
      "seats-run-out",
      "--report",
      `json=${join(folder, "missing", "r.json")}`,
    );
    expect(code).toBe(3);
    expect(stderr).toContain("store_unwritable: The report can't be written to");
    expect(stderr).not.toContain("step 1");
  });
});
