import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodePlist } from "../../../shared/plist.ts";
import type { TraceEvent } from "../../../shared/trace.ts";
import { main } from "../../../simulator/main.ts";
import { readRunRecord } from "../../../simulator/reports/read-run-record.ts";
import { RunRecord } from "../../../simulator/reports/run-record.ts";
import { smallRun } from "../trace/small-run.ts";

let folder: string;
let file: string;
let events: readonly TraceEvent[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pippin-trace-"));
  file = join(folder, "t.ndjson");
  events = await smallRun("5");
  await writeFile(file, linesOf(events));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const linesOf = (all: readonly TraceEvent[]) => all.map((event) => `${JSON.stringify(event)}\n`).join("");

interface Said {
  readonly code: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

async function trace(...args: string[]): Promise<Said> {
  let [stdout, stderr] = ["", ""];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => (stdout += String(text)) !== "");
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => (stderr += String(text)) !== "");
  try {
    const code = await main(["trace", ...args]);
    return { code, lines: stdout.split("\n").slice(0, -1), stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

async function found(...args: string[]): Promise<TraceEvent[]> {
  const { code, lines } = await trace(file, "--json", ...args);
  expect(code).toBe(0);
  return lines.map((line) => JSON.parse(line) as TraceEvent);
}

function first(match: (event: TraceEvent) => boolean): TraceEvent {
  const event = events.find(match);
  if (!event) throw new Error("the small run has no such event");
  return event;
}

describe("pippin trace FILE", () => {
  it("shows the events of some names", async () => {
    const shown = await found("--event", "license.*", "--event", "user.accepted");
    expect(shown).toEqual(
      events.filter(({ event }) => event.startsWith("license.") || event === "user.accepted"),
    );
    expect(shown.length).toBeGreaterThan(3);
  });

  it("follows a phone by serial number or by the beginning of its UDID, with all that led there", async () => {
    const enrolled = first(({ event }) => event === "checkin.authenticate");
    const udid = String(enrolled.udid);
    const shown = await found("--phone", String(enrolled["serialNumber"]));
    const about = ({ udid: one, from, to }: TraceEvent) => one === udid || from === udid || to === udid;
    const own = shown.filter(about);
    expect(own).toEqual(events.filter(about));
    const causes = shown.filter((event) => !about(event));
    expect(causes.map(({ event }) => event)).toContain("api.request");
    for (const { seq } of causes) expect(shown.some(({ cause }) => cause === seq)).toBe(true);
    expect(await found("--phone", udid.slice(0, 12))).toEqual(shown);
    expect(await found("--phone", udid, "--no-causes")).toEqual(own);
  });

  it("follows a licence through both books, the phone and what was said to Apple", async () => {
    const taken = first(({ event, side }) => event === "license.taken" && side === undefined);
    const shown = await found("--licence", `${taken.userId}:${taken.adamId}`);
    const { clientUserIdStr } = first(
      ({ event, userId, side }) =>
        event === "user.registered" && userId === taken.userId && side === undefined,
    );
    const books = shown.filter(({ event }) => event === "license.taken");
    expect(books).toContainEqual(taken);
    expect(books.some((event) => event["clientUserIdStr"] === clientUserIdStr)).toBe(true);
    expect(shown.some(({ event, to }) => event === "installation.changed" && to === "installed")).toBe(true);
    expect(shown.some(({ event, channel }) => event === "wire" && channel === "vpp")).toBe(true);
    const others = shown.filter(({ userId }) => userId !== undefined && userId !== taken.userId);
    expect(others).toEqual([]);
  });

  it("shows what happened to a person, and to one command", async () => {
    const invited = first(({ event }) => event === "user.invited");
    const shown = await found("--person", String(invited.userId), "--event", "user.*");
    expect(shown.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["user.registered", "user.invited", "user.accepted"]),
    );
    const command = String(invited.commandUUID);
    const course = await found("--command", command.slice(0, 13).toLowerCase(), "--event", "command.*");
    expect(course.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["command.queued", "command.pushed", "command.acknowledged"]),
    );
    expect(new Set(course.map(({ commandUUID }) => commandUUID))).toEqual(new Set([command]));
  });

  it("takes a span since the start, or a time", async () => {
    const startMs = Date.parse(events[0]?.time ?? "");
    const early = events.filter(({ time }) => Date.parse(time) <= startMs + 500);
    expect(early.length).toBeGreaterThan(10);
    expect(await found("--to", "500ms")).toEqual(early);
    const from = new Date(startMs + 501).toISOString();
    expect(await found("--from", from)).toHaveLength(events.length - early.length);
  });

  it("tells a person what a message was, and marks what is there only as a cause", async () => {
    const queued = first(({ event, cause }) => event === "command.queued" && cause !== undefined);
    const { lines, stderr } = await trace(file, "--command", String(queued.commandUUID), "--causes");
    expect(lines.some((line) => line.startsWith("· #"))).toBe(true);
    expect(lines.join("\n")).toMatch(
      / {2}#\d+ .* wire mdm server → [0-9a-f]{40} \(\w+, \d+ bytes of plist-binary\)/,
    );
    expect(stderr).toContain(`${lines.length} of ${events.length} events`);
  });

  it("shows nothing that would move the cursor", async () => {
    const nasty = join(folder, "nasty.ndjson");
    await writeFile(
      nasty,
      linesOf([{ seq: 1, time: "t", run: "1", event: "fault", what: "\u001b[2J\u009b1A\nx" }]),
    );
    const { lines } = await trace(nasty);
    expect(lines).toEqual(["  #1 t fault what= [2J 1A x"]);
  });

  it.each([
    ["a file that isn't there", ["/nowhere/t.ndjson"], "There is no file /nowhere/t.ndjson"],
    ["an event that isn't there", ["FILE", "--event", "comand.queued"], 'did you mean "command.queued"?'],
    ["a phone that isn't there", ["FILE", "--phone", "PIP9"], 'no phone "PIP9"'],
    ["a person who isn't there", ["FILE", "--person", "nobody"], 'no person "nobody"'],
    ["a licence without an app", ["FILE", "--licence", "anna"], "--licence: expected HOLDER:APP"],
    ["an app that isn't there", ["FILE", "--app", "Pagse"], 'did you mean "Pages"?'],
    ["a time that is none", ["FILE", "--from", "tomorrow"], "--from: expected a time"],
    ["a number that is none", ["plist", "FILE", "first"], "Expected the number of an event"],
    ["an event that isn't there yet", ["plist", "FILE", "999999"], "There is no event #999999"],
    ["an event that has no message", ["plist", "FILE", "1"], "only an event `wire` has a message"],
    ["one trace to compare", ["diff", "FILE"], "missing required argument"],
  ])("ends with 2 and a sentence at %s", async (_name, args, sentence) => {
    const { code, lines, stderr } = await trace(...args.map((arg) => (arg === "FILE" ? file : arg)));
    expect([code, lines]).toEqual([2, []]);
    expect(stderr).toContain(sentence);
  });

  it("names the line of a damaged trace", async () => {
    const torn = join(folder, "torn.ndjson");
    const lines = linesOf(events.slice(0, 4));
    await writeFile(torn, lines.slice(0, -20));
    const { code, stderr } = await trace(torn);
    expect(code).toBe(2);
    expect(stderr).toContain(`malformed_json: ${torn}: Line 4 of the trace is no event.`);
  });
});

describe("pippin trace plist", () => {
  it("shows a property list as XML, whatever form it had", async () => {
    const wire = first(
      ({ event, format, udid }) => event === "wire" && format === "plist-binary" && udid !== undefined,
    );
    const { code, lines } = await trace("plist", file, String(wire.seq));
    expect(code).toBe(0);
    const shown = decodePlist(Buffer.from(lines.join("\n")), "plist-xml");
    expect(shown).toEqual(decodePlist(Buffer.from(String(wire["bytes"]), "base64")));
  });

  it("shows what was signed, and JSON indented", async () => {
    const profile = first(({ format, from }) => format === "cms" && from === "server");
    expect((await trace("plist", file, String(profile.seq))).lines.join("")).toContain("com.apple.mdm");
    const json = first(({ format }) => format === "json");
    const shown = (await trace("plist", file, String(json.seq))).lines.join("\n");
    expect(JSON.parse(shown)).toEqual(JSON.parse(Buffer.from(String(json["bytes"]), "base64").toString()));
  });

  it("says why a message can't be read, and shows its bytes", async () => {
    const odd = join(folder, "odd.ndjson");
    const bytes = Buffer.from("<plist>").toString("base64");
    await writeFile(
      odd,
      linesOf([{ seq: 1, time: "t", run: "1", event: "wire", format: "plist-xml", bytes }]),
    );
    const { code, lines, stderr } = await trace("plist", odd, "1");
    expect([code, lines]).toEqual([0, [bytes]]);
    expect(stderr).toContain("#1: it is no plist-xml");
  });
});

describe("pippin trace html", () => {
  it("makes the page about a run from its trace, without a verdict", async () => {
    const path = join(folder, "page.html");
    expect(await trace("html", file, path)).toMatchObject({ code: 0, lines: [] });
    const page = await readFile(path, "utf8");
    expect(page).toContain("<title>t.ndjson: recorded · Pippin</title>");
    expect(page).toContain('<p class="verdict">Recorded</p>');
    expect(page).toContain("SMALL0");
  });

  it("ends with 3 when the page can't be written", async () => {
    const { code, stderr } = await trace("html", file, join(folder, "missing", "page.html"));
    expect(code).toBe(3);
    expect(stderr).toContain("store_unwritable: The report can't be written to");
  });
});

describe("pippin trace diff", () => {
  it("finds the same run the same", async () => {
    expect(await trace("diff", file, file)).toMatchObject({
      code: 0,
      lines: [`The same: ${events.length} lines.`],
    });
  });

  it("names the first line that differs, and in what", async () => {
    const other = join(folder, "other.ndjson");
    const changed = events.map((event) => (event.seq === 30 ? { ...event, time: "later", extra: 1 } : event));
    await writeFile(other, linesOf(changed));
    const { code, lines } = await trace("diff", file, other);
    expect(code).toBe(1);
    expect(lines[0]).toBe("The first 29 lines are the same; line 30 differs.");
    expect(lines.join("\n")).toContain(`time: ${JSON.stringify(events[29]?.time)} | "later"`);
    expect(lines.join("\n")).toContain("extra: (none) | 1");
  });

  it("shows which lines of a message differ", async () => {
    const wire = first(({ event, format }) => event === "wire" && format === "json");
    const other = join(folder, "message.ndjson");
    const bytes = Buffer.from('{"hello":true}').toString("base64");
    await writeFile(other, linesOf(events.map((event) => (event === wire ? { ...event, bytes } : event))));
    expect((await trace("diff", file, other)).lines.join("\n")).toContain('+   "hello": true');
  });

  it("says which of the two ends first", async () => {
    const shorter = join(folder, "shorter.ndjson");
    await writeFile(shorter, linesOf(events.slice(0, 10)));
    const { code, lines } = await trace("diff", file, shorter, "--json");
    expect([code, lines.length]).toEqual([1, 1]);
    const comparison = JSON.parse(lines[0] ?? "") as { difference: { line: number; a: TraceEvent } };
    expect(comparison).toMatchObject({ linesSame: 10, difference: { line: 11, a: { seq: 11 } } });
    expect(comparison.difference).not.toHaveProperty("b");
  });
});

it("a record read from a trace file is the one made while the run went on", async () => {
  const live = new RunRecord();
  for (const event of events) live.take(event);
  const { record, run } = await readRunRecord(file);
  expect(run).toBe("5");
  expect(record).toEqual(live);
  expect(record.figures.acknowledgement.count).toBeGreaterThan(5);
});
