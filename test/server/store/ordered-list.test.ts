import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OrderedList } from "../../../server/store/ordered-list.ts";
import type { IndexPosition } from "../../../server/store/store.ts";

const compare = ([a, x]: IndexPosition, [b, y]: IndexPosition) =>
  Number(a) - Number(b) || (x < y ? -1 : x > y ? 1 : 0);

describe("an ordered list", () => {
  it("agrees with a sorted array, whatever is inserted, removed and asked", () => {
    const position = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom("a", "b", "c", "d"));
    const query = fc.record({
      after: fc.option(position, { nil: undefined }),
      sortMax: fc.option(fc.integer({ min: -1, max: 41 }), { nil: undefined }),
      descending: fc.boolean(),
      limit: fc.integer({ min: 1, max: 2000 }),
    });
    const emptied = fc.integer({ min: -15, max: 40 });
    const bulk = fc.integer({ min: 0, max: 2500 });
    const property = fc.property(
      bulk,
      fc.array(position),
      fc.array(query),
      emptied,
      (bulkLength, touched, queries, from) => {
        const list = new OrderedList();
        const model = new Map<string, readonly [number, string]>();
        const toggle = (one: readonly [number, string]) => {
          const key = one.join(" ");
          if (model.delete(key)) return list.remove(one);
          model.set(key, one);
          list.insert(one);
        };
        for (let at = 0; at < bulkLength; at += 1) toggle([(at * 7919) % 41, `b${at}`]);
        for (const one of touched) toggle(one);
        for (let at = 0; at < bulkLength; at += 3) toggle([(at * 7919) % 41, `b${at}`]);
        for (const one of [...model.values()]) if (one[0] >= from && one[0] < from + 15) toggle(one);
        const sorted = [...model.values()].sort(compare);
        expect(list.size).toBe(sorted.length);
        for (const { after, sortMax, descending, limit } of queries) {
          const expected = (descending ? sorted.toReversed() : sorted)
            .filter((one) => after === undefined || compare(one, after) * (descending ? -1 : 1) > 0)
            .filter(([sort]) => sortMax === undefined || Number(sort) <= sortMax)
            .slice(0, limit);
          expect(list.page({ after, sortMax, descending, limit })).toEqual(expected.map(([, id]) => id));
        }
      },
    );
    fc.assert(property, { numRuns: 60, seed: 1 });
  });

  it("throws rather than forget that an entry is missing", () => {
    const list = new OrderedList();
    list.insert([1, "a"]);
    expect(() => list.remove([1, "b"])).toThrow("no entry");
    list.remove([1, "a"]);
    expect(() => list.remove([1, "a"])).toThrow("no entry");
    expect(list.size).toBe(0);
  });
});
