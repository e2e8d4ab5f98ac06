import { describe, expect, it } from "vitest";
import {
  Duration,
  DurationRange,
  formatDuration,
  parseDuration,
  TimeOfDay,
} from "../../../simulator/scenarios/duration.ts";
import { Count } from "../../../simulator/scenarios/matcher.ts";

describe("a duration", () => {
  it.each([
    ["250ms", 250],
    ["90s", 90_000],
    ["2h", 7_200_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["7d", 604_800_000],
    ["1w", 604_800_000],
    ["0s", 0],
  ])("%s is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(Duration.parse(text)).toBe(ms);
  });

  it.each(["", "2", "2 h", "h", "2hours", "-1h", "1h-30m", "1e9d", "200y", "999999999d"])(
    "is not %j",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
      expect(Duration.safeParse(text).error?.issues[0]?.message).toContain("expected a duration");
    },
  );

  it.each([0, 1, 250, 90_000, 5_400_000, 604_800_000, 86_461_001])(
    "is written so that %i ms are read back",
    (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    },
  );

  it("may be a range, the shorter first", () => {
    expect(DurationRange.parse("2s..1m")).toEqual({ minMs: 2_000, maxMs: 60_000 });
    expect(DurationRange.parse("5s")).toEqual({ minMs: 5_000, maxMs: 5_000 });
    for (const wrong of ["1m..2s", "1s..2s..3s", "..2s", "2s..", "soon"])
      expect(DurationRange.safeParse(wrong).success, wrong).toBe(false);
  });
});

describe("a time of day", () => {
  it("is in minutes since midnight", () => {
    expect([TimeOfDay.parse("00:00"), TimeOfDay.parse("07:30"), TimeOfDay.parse("23:59")]).toEqual([
      0, 450, 1_439,
    ]);
    for (const wrong of ["24:00", "7:30", "07:60", "noon"])
      expect(TimeOfDay.safeParse(wrong).success, wrong).toBe(false);
  });
});

describe("a count", () => {
  it.each<[number | string, readonly number[], readonly number[]]>([
    [3, [3], [2, 4]],
    ["3", [], []],
    [">= 3", [3, 400], [2]],
    ["> 3", [4], [3]],
    ["<= 3", [0, 3], [4]],
    ["<3", [2], [3]],
    ["= 3", [3], [2, 4]],
    ["2..4", [2, 3, 4], [1, 5]],
    [0, [0], [1]],
  ])("%j takes %j and not %j", (given, takes, refuses) => {
    const read = Count.safeParse(given);
    expect(read.success).toBe(takes.length > 0);
    for (const value of takes)
      expect([read.data?.matches(value), read.data?.distance(value)]).toEqual([true, 0]);
    for (const value of refuses) expect(read.data?.matches(value)).toBe(false);
  });

  it("says how far a value is off", () => {
    const some = Count.parse("2..4");
    expect([0, 1, 2, 4, 7].map((value) => some.distance(value))).toEqual([2, 1, 0, 0, 3]);
  });

  it.each(["many", "4..2", ">=", "=> 3", -1, true, null])("is not %j", (given) => {
    expect(Count.safeParse(given).success).toBe(false);
  });
});
