import { describe, expect, it } from "vitest";
import { createRecorder, type EventName } from "../../../shared/trace.ts";
import { metrics, RunMetrics } from "../../../simulator/scenarios/metrics.ts";
import { readScenario } from "../../../simulator/scenarios/read-scenario.ts";
import { playText } from "./play-text.ts";

const scenario = (thresholds: string) => `name: test
title: a test
world:
  licenses: { Pages: 1 }
  people:
    - { id: anna, groups: [Staff] }
    - { id: bert, groups: [Staff] }
thresholds:
${thresholds}
steps:
  - deploy: { app: Pages, group: Staff }
  - expect: { installations: { app: Pages, state: installed, count: 1 } }
    within: 1h
`;

describe("thresholds of a scenario", () => {
  it("pass when they are kept, and tell what was measured", async () => {
    const { summary } = await playText(
      scenario('  acknowledgement.p95: "< 5m"\n  installation.max: "<= 1h"\n  commands.failedShare: "< 5%"'),
    );
    expect(summary.failures).toEqual([]);
    expect(summary.thresholds).toEqual([
      { metric: "acknowledgement.p95", limit: "< 5m", value: expect.any(Number), unit: "time", ok: true },
      { metric: "installation.max", limit: "<= 1h", value: expect.any(Number), unit: "time", ok: true },
      { metric: "commands.failedShare", limit: "< 5%", value: 0, unit: "share", ok: true },
    ]);
    for (const { value } of summary.thresholds?.slice(0, 2) ?? []) expect(value).toBeGreaterThan(0);
  });

  it("fail the scenario when they are not kept, and when there was nothing to measure", async () => {
    const { summary } = await playText(
      scenario('  licenses.refused: "< 1"\n  acknowledgement.p50: "< 1ms"\n  sync.max: "< 1h"'),
    );
    expect(summary.passed).toBe(false);
    expect(summary.failures).toEqual([
      "threshold: licenses.refused is 1, expected < 1",
      expect.stringMatching(/^threshold: acknowledgement\.p50 is \d+\w+, expected < 1ms$/),
      "threshold: sync.max: nothing was measured, expected < 1h",
    ]);
  });

  it.each([
    [
      'acknowledgment.p95: "< 30s"',
      'there is no metric "acknowledgment.p95"; did you mean "acknowledgement.p95"?',
    ],
    ['acknowledgement.p95: "< 30"', 'expected a limit such as "< 30s"'],
    ['commands.failed: "< 5%"', 'expected a limit such as "<= 3"'],
    ['commands.failedShare: "<= 3"', 'expected a limit such as "< 5%"'],
    ['commands.failed: "about 3"', 'expected a limit such as "<= 3"'],
  ])("are refused at their line: %s", (line, message) => {
    expect(() => readScenario(scenario(`  ${line}`), "s.yaml")).toThrow(
      `s.yaml:9:3: thresholds.${line.split(": ")[0] ?? ""}: ${message}`,
    );
  });
});

describe("what is measured", () => {
  function measure() {
    let now = 0;
    const recorder = createRecorder({ now: () => now, run: "1", keepsWire: false });
    const measured = new RunMetrics(recorder);
    const at = (ms: number, event: EventName, details: Record<string, unknown> = {}) => {
      now = ms;
      recorder.record(event, details);
    };
    return { measured, at };
  }

  it("is a time from the first beginning to the end, by nearest rank", () => {
    const { measured, at } = measure();
    for (let command = 1; command <= 100; command += 1) {
      at(command * 1_000, "command.pushed", { commandUUID: String(command) });
      // Handed out again: it has been under way since the first time.
      at(command * 1_000 + 1, "command.pushed", { commandUUID: String(command) });
      at(command * 1_000 + command, "command.acknowledged", { commandUUID: String(command) });
    }
    at(1, "command.acknowledged", { commandUUID: "never pushed" });
    const found = ["p50", "p95", "p99", "max"].map((of) => measured.value(`acknowledgement.${of}`));
    expect(found).toEqual([50, 95, 99, 100]);
    expect(measured.value("commands.answered")).toBe(101);
    expect(measured.value("acceptance.max")).toBeUndefined();
  });

  it("counts what the server did, not what Apple tells of the same", () => {
    const { measured, at } = measure();
    at(1, "license.taken", { side: "apple", adamId: "1" });
    at(2, "license.taken", { userId: "anna", adamId: "1" });
    expect(measured.value("licenses.taken")).toBe(1);
    expect(measured.value("commands.failedShare")).toBeUndefined();
    measured.close();
    at(3, "license.taken", { userId: "bert", adamId: "1" });
    expect(measured.value("licenses.taken")).toBe(1);
  });

  it("has a value or none for every metric there is, and knows no other", () => {
    const { measured } = measure();
    for (const [name, { unit }] of metrics)
      expect([name, measured.value(name)]).toEqual([name, unit === "count" ? 0 : undefined]);
    expect(() => measured.value("acknowledgement.p42")).toThrow("there is no metric acknowledgement.p42");
  });
});
