import { describe, expect, it } from "vitest";
import { Course } from "../../../simulator/reports/course.ts";
import { Latencies } from "../../../simulator/reports/latencies.ts";
import { RunRecord } from "../../../simulator/reports/run-record.ts";
import { Script, startMs, udidOfPhone } from "./events.ts";

function recordOf(script: Script, timelineBytesMax?: number): RunRecord {
  const record = new RunRecord(timelineBytesMax === undefined ? {} : { timelineBytesMax });
  for (const event of script.events) record.take(event);
  return record;
}

describe("latencies", () => {
  it("are exact below fifty milliseconds and at most two per cent too high above", () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 10_000; ms += 1) latencies.add(ms);
    expect(latencies.quantile(0.001)).toBe(10);
    for (const [q, exact] of [
      [0.5, 5_000],
      [0.95, 9_500],
      [0.99, 9_900],
    ] as const) {
      const found = latencies.quantile(q) ?? 0;
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(exact * 1.02);
    }
    expect(latencies.figures).toMatchObject({ count: 10_000, maxMs: 10_000 });
  });

  it("are null when nothing was measured", () => {
    expect(new Latencies().figures).toEqual({ count: 0, p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null });
  });
});

describe("a course", () => {
  it("keeps its first point and a bounded number of others, spread over the changes", () => {
    const course = new Course();
    for (let index = 0; index < 50_000; index += 1) course.add(index * 10, { n: index });
    expect(course.points.length).toBeLessThanOrEqual(2_000);
    expect(course.points.length).toBeGreaterThan(900);
    expect(course.points.at(-1)?.values).toEqual({ n: 49_999 });
    expect(course.points[0]).toEqual({ atMs: 0, values: { n: 0 } });
    const middle = course.points[Math.floor(course.points.length / 2)]?.values["n"] ?? 0;
    expect(middle).toBeGreaterThan(15_000);
    expect(middle).toBeLessThan(35_000);
  });

  it("holds the last of several values of one moment", () => {
    const course = new Course();
    for (const n of [1, 2, 3]) course.add(5, { n });
    expect(course.points).toEqual([{ atMs: 5, values: { n: 3 } }]);
  });
});

describe("the record of a run", () => {
  it("measures from the first push of a command to its final answer", () => {
    const script = new Script();
    script.command(0, 1, 40);
    const ids = { udid: udidOfPhone(2), commandUUID: "C", requestType: "InstallApplication" };
    script.add(100, "command.pushed", ids);
    script.add(120, "command.deferred", ids);
    script.add(60_000, "command.pushed", ids);
    script.add(60_007, "command.acknowledged", ids);
    // The phone's own word about it is not the server's.
    script.add(60_008, "command.deferred", { ...ids, side: "phone" });
    script.command(70_000, 2, 9_000, "command.failed");
    const { figures } = recordOf(script);
    expect(figures.acknowledgement.figures).toMatchObject({ count: 3, p50Ms: 9_000, maxMs: 59_907 });
    expect(figures.phones.get(udidOfPhone(2))).toMatchObject({
      commands: 2,
      commandsFailed: 1,
      slowestMs: 59_907,
    });
    expect(figures.commands).toMatchObject({ pushed: 4, acknowledged: 2, failed: 1 });
  });

  it("follows installations, licences and phones", () => {
    const script = new Script();
    const phone = { udid: udidOfPhone(1), userId: "anna" };
    const app = { ...phone, adamId: "7" };
    script.add(0, "checkin.authenticate", { ...phone, serialNumber: "S1", kind: "user" });
    script.add(1, "enrollment.completed", { ...phone, kind: "user" });
    script.add(2, "installation.changed", { ...app, from: "none", to: "pending" });
    script.add(3, "license.taken", { adamId: "7", side: "apple", clientUserIdStr: "x" });
    script.add(4, "license.taken", { ...app, reason: "licensed" });
    script.add(5, "installation.changed", { ...app, from: "pending", to: "installing" });
    script.add(905, "installation.changed", { ...app, from: "installing", to: "installed" });
    script.add(906, "installation.changed", { ...app, udid: udidOfPhone(2), from: "none", to: "pending" });
    script.add(910, "connection.closed", { ...phone, code: 1006 });
    const record = recordOf(script);
    const { figures } = record;
    expect(Object.fromEntries(figures.states)).toEqual({ installed: 1, pending: 1 });
    expect(figures.seats.get("7")).toEqual({ apple: 1, server: 1, owned: undefined });
    expect([figures.enrolled, figures.connected]).toEqual([1, 0]);
    expect(figures.phones.get(udidOfPhone(1))).toMatchObject({ serialNumber: "S1", slowestInstallMs: 903 });
    expect(figures.wishToInstalled.figures).toMatchObject({ count: 1, maxMs: 903 });
    expect(record.states.points.map(({ atMs, values }) => [atMs - startMs, values])).toEqual([
      [2, { pending: 1 }],
      [5, { installing: 1 }],
      [905, { installed: 1 }],
      [906, { installed: 1, pending: 1 }],
    ]);
    expect(record.seats.get("7")?.points.at(-1)?.values).toEqual({ apple: 1, server: 1 });
    expect(record.phones.points.at(-1)?.values).toEqual({ enrolled: 1, connected: 0 });
  });

  it("reads from Apple's answers what is owned, and passes over what can't be read", () => {
    const script = new Script();
    const assets = { assets: [{ adamIdStr: "7", totalCount: 5, assignedCount: 1 }, "nothing"] };
    const wire = {
      channel: "vpp",
      from: "apple",
      to: "server",
      format: "json",
      target: "/wa/getVPPAssetsSrv",
    };
    script.add(1, "wire", { ...wire, bytes: Buffer.from(JSON.stringify(assets)).toString("base64") });
    script.add(2, "wire", { ...wire, bytes: Buffer.from("{").toString("base64") });
    expect(recordOf(script).figures.seats.get("7")).toEqual({ apple: 0, server: 0, owned: 5 });
  });

  it("keeps the beginning and the end of a long timeline, and says how much is missing", () => {
    const script = new Script();
    for (let index = 0; index < 2_000; index += 1) script.command(index, 1, 0);
    const timeline = recordOf(script).timelines.phone(udidOfPhone(1));
    const seqs = timeline?.events.map(({ seq }) => seq) ?? [];
    expect([seqs[0], seqs.at(-1)]).toEqual([1, 4_000]);
    expect(seqs.length).toBeLessThanOrEqual(80 + 1.25 * 320);
    expect(seqs.length + (timeline?.left ?? 0)).toBe(4_000);
  });

  it("lets the phones with the least to tell go when there are too many, and those with trouble stay", () => {
    const script = new Script();
    for (let phone = 1; phone <= 300; phone += 1)
      script.command(phone, phone, phone === 3 ? 5_000 : 1, phone === 7 ? "command.failed" : undefined);
    for (let phone = 1; phone <= 300; phone += 1) script.command(1_000, phone, 1);
    const { timelines } = recordOf(script, 200_000);
    expect(timelines.dropped).toBeGreaterThan(100);
    expect(timelines.phone(udidOfPhone(7))?.events).toHaveLength(4);
    expect(timelines.phone(udidOfPhone(3))?.events).toHaveLength(4);
    expect(timelines.phone(udidOfPhone(300))).toBeUndefined();
  });

  it("passes over requests that only look, with their messages, and keeps those that change something", () => {
    const script = new Script();
    for (const method of ["GET", "POST"]) {
      const cause = script.add(1, "api.request", { method, path: "/api/v1/summary" });
      script.add(1, "wire", { channel: "api", from: "server", to: "admin", cause });
      script.add(2, "api.answered", { method, status: 200, cause });
    }
    expect(recordOf(script).timelines.lab.events.map(({ seq }) => seq)).toEqual([4, 5, 6]);
  });
});
