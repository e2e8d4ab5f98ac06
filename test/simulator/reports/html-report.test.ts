import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../../shared/trace.ts";
import { htmlReport } from "../../../simulator/reports/html-report.ts";
import { html, jsonForScript, Markup } from "../../../simulator/reports/markup.ts";
import { pageTimelines } from "../../../simulator/reports/page-data.ts";
import { plotMarkup } from "../../../simulator/reports/plots.ts";
import { RunRecord } from "../../../simulator/reports/run-record.ts";
import { Script, startMs, udidOfPhone } from "./events.ts";
import { hostile, limits, outcomeWith } from "./outcomes.ts";

function recordOf(events: readonly TraceEvent[]): RunRecord {
  const record = new RunRecord();
  for (const event of events) record.take(event);
  return record;
}

/** What the page's script reads. */
function dataIn(page: string): { timelines: Record<string, { s: number; w: string }[]> } {
  const [, text = ""] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
  return JSON.parse(text) as { timelines: Record<string, { s: number; w: string }[]> };
}

describe("markup", () => {
  it("escapes whatever is no markup, in lists too", () => {
    const made = html`<p title="${`"'`}">${["<b>", html`<i>${"&"}</i>`, 3, undefined]}</p>`;
    expect(made.text).toBe('<p title="&quot;&#39;">&lt;b&gt;<i>&amp;</i>3</p>');
    expect(html`${new Markup("<b>")}`.text).toBe("<b>");
  });

  it("keeps data from ending their script, and means the same", () => {
    const { text } = jsonForScript({ hostile });
    expect(text).not.toMatch(/[<>\u2028]/);
    expect(JSON.parse(text)).toEqual({ hostile });
  });
});

describe("the page", () => {
  it("takes nothing that a run says for markup, wherever it stands", () => {
    const script = new Script();
    const phone = { udid: udidOfPhone(1), userId: hostile, serialNumber: hostile, kind: hostile };
    script.add(0, "checkin.authenticate", phone);
    script.add(1, "installation.changed", {
      ...phone,
      adamId: "1",
      from: hostile,
      to: "failed",
      reason: hostile,
    });
    script.add(2, "license.taken", { adamId: hostile, side: "apple" });
    const failures = [`${hostile}\n#1 ${hostile}`];
    const thresholds = [{ metric: hostile, limit: hostile, value: null, unit: "count" as const, ok: false }];
    const outcome = outcomeWith({ scenario: hostile, title: hostile, seed: hostile, replay: hostile });
    const failed = outcomeWith({ ...outcome, summary: { failures, thresholds, violations: [hostile] } });
    const page = htmlReport([failed, outcome], { outcome: failed, record: recordOf(script.events) });
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script/g)).toHaveLength(2);
    expect(page).not.toContain("<b>'");
    expect(dataIn(page).timelines[udidOfPhone(1)]?.[1]?.w).toContain(hostile);
  });

  it("needs nothing from anywhere, and allows nothing either", () => {
    const outcome = outcomeWith();
    const page = htmlReport([outcome], { outcome, record: recordOf([]) });
    expect(page).not.toMatch(/(?:src|href)="(?!#)/);
    expect(page).not.toMatch(/url\(|@import/);
    expect(page).toMatch(/default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'/);
  });

  it("lists all runs, and tells one of them at length", () => {
    const failed = outcomeWith({ seed: "8", summary: { failures: ["wrong"], thresholds: limits } });
    const page = htmlReport([outcomeWith(), failed], { outcome: failed, record: recordOf([]) });
    expect(page).toContain("1 of 2 runs failed");
    for (const section of ["runs", "failures", "limits", "licences", "states"])
      expect(page).toContain(`<h2 id="${section}">`);
  });

  it("says of a run that was not played to its end why not", () => {
    const outcome = outcomeWith({ error: "unavailable: no server" });
    const page = htmlReport([outcome], { outcome, record: recordOf([]) });
    expect(page).toContain("unavailable: no server");
    expect(page).toContain('class="hero failed"');
  });

  it("stays within a few megabytes whatever the size of the fleet, with those that failed, and says what is missing", () => {
    const script = new Script();
    const bytes = Buffer.from(JSON.stringify({ text: "x".repeat(3_000) })).toString("base64");
    for (let phone = 1; phone <= 400; phone += 1) {
      const udid = udidOfPhone(phone);
      for (let turn = 0; turn < 15; turn += 1)
        script.add(turn, "wire", { udid, channel: "mdm", from: "server", to: udid, format: "json", bytes });
      script.command(100, phone, phone, phone === 399 ? "command.failed" : undefined);
    }
    const record = recordOf(script.events);
    const outcome = outcomeWith();
    const page = htmlReport([outcome], { outcome, record });
    expect(page.length).toBeLessThan(4_000_000);
    const { phones, phonesLeft } = pageTimelines(record, new Map());
    expect(phones[0]).toMatchObject({ udid: udidOfPhone(399), why: "failed" });
    expect(phones[1]).toMatchObject({ udid: udidOfPhone(400), why: "slow" });
    expect(phones.some(({ why }) => why === "sample")).toBe(true);
    expect(phones.length + phonesLeft).toBe(400);
    expect(page).toContain(`${phones.length} of 400 phones`);
    expect(page).toContain("Not in this table: 379 more where nothing did, none of them slower.");
  });

  it("has the causes of what is told of phones before all else that happened in the lab", () => {
    const script = new Script();
    const first = script.add(0, "api.request", { method: "POST", path: "/api/v1/deployments" });
    const cause = script.add(1, "deployment.created", { adamId: "1", cause: first });
    const bytes = Buffer.from(JSON.stringify("x".repeat(5_000))).toString("base64");
    for (let turn = 0; turn < 400; turn += 1)
      script.add(2, "wire", { channel: "vpp", format: "json", bytes });
    script.add(3, "installation.changed", {
      udid: udidOfPhone(1),
      adamId: "1",
      from: "none",
      to: "pending",
      cause,
    });
    const { lab, labLeft } = pageTimelines(recordOf(script.events), new Map());
    expect(lab.slice(0, 2).map(({ s }) => s)).toEqual([first, cause]);
    expect(lab.length).toBeGreaterThan(20);
    expect(lab.length + labLeft).toBe(402);
  });
});

describe("a plot", () => {
  const point = (atMs: number, a: number, b: number) => ({ atMs: startMs + atMs, values: { a, b } });
  const plot = {
    id: "p",
    title: "Title",
    description: "Description",
    points: [point(0, 1, 0), point(500, 2, 1), point(750, 0, 4)],
    series: [
      { key: "a", label: "A", tone: "leaf", shape: "area" },
      { key: "b", label: "B", tone: "sky", shape: "area" },
    ],
    fromMs: startMs,
    toMs: startMs + 1_000,
  } as const;

  it("draws steps at their time, one area upon the other, up to the next even number", () => {
    const paths = [...plotMarkup(plot).text.matchAll(/ d="(M[^"]+)"/g)].map(([, path]) => path);
    // The grid, and two areas by the clock.
    expect(paths.slice(1, 3)).toEqual([
      "M0 150L500 150L500 100L750 100L750 200L1000 200L1000 200L750 200L750 200L500 200L500 200L0 200Z",
      "M0 150L500 150L500 50L750 50L750 0L1000 0L1000 200L750 200L750 100L500 100L500 150L0 150Z",
    ]);
    expect(plotMarkup(plot).text).toContain("<span>4</span><span>2</span><span>0</span>");
  });

  it("stays small, however many points there are", () => {
    const points = Array.from({ length: 20_000 }, (_, index) => point(index, index % 7, 1));
    expect(plotMarkup({ ...plot, points, toMs: startMs + 20_000 }).text.length).toBeLessThan(80_000);
  });
});
