import { DOMParser, type Element } from "@xmldom/xmldom";
import { describe, expect, it } from "vitest";
import { githubAnnotations, githubSummary } from "../../../simulator/reports/github-report.ts";
import { jsonReport } from "../../../simulator/reports/json-report.ts";
import { junitReport } from "../../../simulator/reports/junit-report.ts";
import type { RunOutcome } from "../../../simulator/reports/outcome.ts";
import { renderSummary } from "../../../simulator/reports/table.ts";
import { hostile, limits, outcomeWith, summaryWith } from "./outcomes.ts";

const textOf = (pieces: Iterable<Buffer>) => Buffer.concat([...pieces]).toString("utf8");

describe("the JUnit report", () => {
  /** Throws for what is no XML. */
  function parse(outcomes: readonly RunOutcome[]) {
    const text = textOf(junitReport(outcomes));
    const document = new DOMParser({
      onError: (level, message) => {
        if (level !== "warning") throw new Error(`${level}: ${message}`);
      },
    }).parseFromString(text, "text/xml");
    const all = (tag: string): Element[] => Array.from(document.getElementsByTagName(tag));
    const counts = (element: Element | undefined) =>
      ["tests", "failures", "errors"].map((name) => Number(element?.getAttribute(name)));
    return { all, counts };
  }

  it("has a suite for each scenario, a case for each seed and for each limit, and counts them", () => {
    const { all, counts } = parse([
      outcomeWith(),
      outcomeWith({ seed: "8", summary: { failures: ["one\n  more", "two"], thresholds: limits } }),
      outcomeWith({ scenario: "other", error: "unavailable: no server" }),
    ]);
    expect(counts(all("testsuites")[0])).toEqual([5, 2, 1]);
    expect(all("testsuite").map((suite) => [suite.getAttribute("name"), ...counts(suite)])).toEqual([
      ["some", 4, 2, 0],
      ["other", 1, 0, 1],
    ]);
    expect(all("testcase").map((one) => one.getAttribute("name"))).toEqual([
      "seed 7",
      "seed 8",
      "seed 8: acknowledgement.p95 < 30s",
      "seed 8: commands.failedShare < 5%",
      "seed 7",
    ]);
    expect(all("testcase")[0]?.getAttribute("time")).toBe("1.500");
    expect(all("failure").map((failure) => failure.getAttribute("message"))).toEqual([
      "one (and 1 more)",
      "acknowledgement.p95 is 41s, expected < 30s",
    ]);
    expect(all("failure")[0]?.textContent).toBe("one\n  more\ntwo");
    expect(all("error")[0]?.textContent).toBe("unavailable: no server");
    expect(all("system-out")[0]?.textContent).toContain("replay: pippin run some");
  });

  it("tells a limit that was not kept once, although the run names it among its failures", () => {
    const failures = ["threshold: acknowledgement.p95 is 41s, expected < 30s"];
    const { all } = parse([outcomeWith({ summary: { failures, thresholds: limits } })]);
    expect(all("failure")).toHaveLength(1);
  });

  it("says that a run failed even when it doesn't say why", () => {
    expect(parse([outcomeWith({ summary: { passed: false } })]).all("failure")).toHaveLength(1);
  });

  it("carries whatever a failure says, except what no XML can", () => {
    const { all } = parse([
      outcomeWith({ scenario: hostile, summary: { failures: [`${hostile}\u0000\u001b[1m\ud800]]>`] } }),
    ]);
    expect(all("testsuite")[0]?.getAttribute("name")).toBe(hostile);
    expect(all("failure")[0]?.textContent).toBe(`${hostile}\ufffd\ufffd[1m\ufffd]]>`);
  });
});

describe("the JSON report", () => {
  it("is one document that says whether all passed, and what came of each run", () => {
    const outcomes = [
      outcomeWith(),
      outcomeWith({ seed: "8", summary: { failures: [hostile], thresholds: limits } }),
      outcomeWith({ seed: "9", error: "store_full: no room" }),
    ];
    const text = textOf(jsonReport(outcomes));
    const report = JSON.parse(text) as { results: Record<string, unknown>[] };
    expect(report).toMatchObject({ format: "pippin-report", version: 1, passed: false, runs: 3, failed: 2 });
    expect(report.results.map(({ seed, passed }) => [seed, passed])).toEqual([
      ["7", true],
      ["8", false],
      ["9", false],
    ]);
    expect(report.results[1]).toMatchObject({ summary: { failures: [hostile], thresholds: limits } });
    expect(report.results[2]).toMatchObject({ error: "store_full: no room" });
    expect(report.results[0]).toHaveProperty("measured.acknowledgement.p95Ms", null);
    expect(textOf(jsonReport(outcomes.map((one) => ({ ...one, tookMs: 9 }))))).toBe(text);
  });
});

describe("annotations for GitHub", () => {
  it("are one line each, escaped by GitHub's rules", () => {
    const [line = "", ...more] = githubAnnotations([
      outcomeWith(),
      outcomeWith({ scenario: "a:b,c%", summary: { failures: ["100% off\r\nsecond: line, ok"] } }),
    ]);
    expect(more).toEqual([]);
    expect(line).toBe(
      "::error title=a%3Ab%2Cc%25%2C seed 7::100%25 off%0D%0Asecond: line, ok%0Apippin run some --world virtual --seed 7",
    );
  });

  it("are as many as GitHub shows, the last of them saying how many more there are", () => {
    const many = Array.from({ length: 25 }, (_, seed) =>
      outcomeWith({ seed: String(seed), summary: { failures: ["no"] } }),
    );
    const lines = githubAnnotations(many);
    expect(lines).toHaveLength(10);
    expect(lines[9]).toBe("::error title=Pippin::16 more runs failed.");
  });
});

describe("the step summary for GitHub", () => {
  it("shows the verdict, the limits, the licences, and of failures everything", () => {
    const text = githubSummary([
      outcomeWith({ summary: { failures: ["a `fence` of ``` three"], thresholds: limits } }),
    ]);
    expect(text).toContain("## Pippin: ❌ 1 of 1 runs failed");
    expect(text).toContain("````text\na `fence` of ``` three\n");
    expect(text).toContain("| ❌ | acknowledgement.p95 | &lt; 30s | 41s |");
    expect(text).toContain("| Pages | 3 | 2 | 2 | 1 | 0 |");
    expect(githubSummary([outcomeWith()])).toContain("## Pippin: ✅ The run passed");
  });

  it("lets nothing out of its cell", () => {
    const text = githubSummary([outcomeWith({ scenario: `${hostile}\n# big` })]);
    expect(text).not.toContain("<script>");
    expect(text.split("\n").filter((line) => line.startsWith("# "))).toEqual([]);
    const row = text.split("\n").find((line) => line.startsWith("| ✅")) ?? "";
    expect(row.replaceAll("\\|", "").split("|")).toHaveLength(10);
  });

  it("stays within what GitHub takes", () => {
    const failures = ["x".repeat(20_000)];
    const many = Array.from({ length: 150 }, () => outcomeWith({ summary: { failures } }));
    const text = githubSummary(many);
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    expect(text.trimEnd().endsWith("There is more.")).toBe(true);
  });
});

describe("the summary in the terminal", () => {
  it("says how long phones took to answer, and which limits were kept", () => {
    const { measured } = outcomeWith();
    const figures = { count: 9, p50Ms: 12, p95Ms: 1_234, p99Ms: 240_000, maxMs: 240_000 };
    const text = renderSummary(summaryWith({ thresholds: limits }), {
      ...measured,
      acknowledgement: figures,
    });
    expect(text).toContain("9 answered, 0 with an error; from push to answer p50 12 ms, p95 1.2 s, p99 4m");
    expect(text).toContain("✓ commands.failedShare 1.2% (< 5%)");
  });
});
