import { beforeAll, describe, expect, it } from "vitest";
import { PippinError } from "../../../shared/errors.ts";
import type { TraceEvent } from "../../../shared/trace.ts";
import { checkTrace, parseTrace } from "../../../simulator/checks/check-trace.ts";
import { forgedControlKey, form, leaks, wires } from "./forged-messages.ts";
import { protocol, rules, states } from "./forged-rules.ts";
import { ForgedTrace } from "./forged-trace.ts";
import { smallPassword } from "../../support/small-journey.ts";
import { smallRun } from "./small-run.ts";

const secrets = [smallPassword, forgedControlKey];

let good: readonly TraceEvent[];
beforeAll(async () => {
  good = await smallRun("1");
});

describe("checkTrace", () => {
  it("finds nothing wrong with a good run, in either form of the wire", async () => {
    expect(checkTrace(good, { secrets })).toEqual([]);
    expect(checkTrace(await smallRun("2", "mdm.plist.xml"), { secrets })).toEqual([]);
  });

  it.each([...form, ...wires, ...leaks, ...protocol, ...states, ...rules])(
    "finds it when %s",
    (_, forge, found) => {
      const trace = new ForgedTrace(good);
      forge(trace);
      expect(checkTrace(trace.events, { secrets })).toContainEqual(expect.stringMatching(found));
    },
  );

  it("tells the first two hundred of many findings of a kind, and how many there are beside", () => {
    const trace = new ForgedTrace(good);
    for (const event of trace.events) event.seq += 1;
    const missing = checkTrace(trace.events, { secrets }).filter((sentence) => sentence.includes("was due"));
    expect(missing).toHaveLength(200);
    expect(checkTrace(trace.events)).toContainEqual(expect.stringMatching(/^and \d+ more of this kind$/));
  });
});

describe("parseTrace", () => {
  it("reads what a trace file holds", () => {
    const ndjson = good.map((event) => `${JSON.stringify(event)}\n`).join("");
    expect(parseTrace(ndjson)).toEqual(good);
  });

  it.each([
    ["a line that is cut off", '{"seq":1,"event":"fault"}\n{"seq":2,"ev', /Line 2/],
    ["a line that is no event", "[1]\n", /Line 1/],
  ])("refuses %s", (_, text, sentence) => {
    expect(() => parseTrace(text)).toThrow(PippinError);
    expect(() => parseTrace(text)).toThrow(sentence);
  });
});
