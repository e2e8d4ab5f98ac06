import { describe, expect, it } from "vitest";
import { renderSummary } from "../../../simulator/reports/table.ts";

function summaryOf(peopleCount: number): string {
  const people = Array.from({ length: peopleCount }, (_, index) => ({
    id: `staff-${index + 1}`,
    name: `Staff ${index + 1}`,
    termsStatus: "accepted",
    phones: 1,
  }));
  const counts = { devices: peopleCount, users: peopleCount, drift: 0, durationMs: 1_000 };
  const run = { scenario: "load", seed: "1", passed: true, failures: [], violations: [] };
  return renderSummary({ ...run, ...counts, apps: [], people });
}

const namesIn = (text: string) => text.match(/^Staff \d+/gm) ?? [];

describe("the report of a run", () => {
  it("names everybody in a small organisation", () => {
    const text = summaryOf(50);
    expect(namesIn(text)).toHaveLength(50);
    expect(text).not.toContain("more");
  });

  it("names the first fifty of a large one, and tells how many more there are", () => {
    const text = summaryOf(1_000);
    expect(namesIn(text)).toHaveLength(50);
    expect(text).toContain("… and 950 more");
    expect(text).toContain("1000 phones, 1000 people");
  });
});
