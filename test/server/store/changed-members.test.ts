import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changedMembers, copyOver } from "../../../server/store/changed-members.ts";

const before = {
  id: "x",
  state: "sent",
  count: 1,
  list: [1, { a: 2 }],
  result: null,
  inner: { a: 1, b: [] },
};

const record = fc
  .dictionary(fc.constantFrom("a", "b", "c", "__proto__", "constructor"), fc.jsonValue(), {
    noNullPrototype: true,
  })
  .map((members) => ({ ...members, id: "x" }));

describe("a copy over another record", () => {
  it("shares what is the same in both, and nothing with what it was made of", () => {
    const after = structuredClone({ ...before, state: "done", inner: { a: 2, b: [] } });
    const copy = copyOver(before, after);
    expect(copy).toEqual(after);
    expect(copy.list).toBe(before.list);
    expect(copy.inner).not.toBe(after.inner);
    expect(copy.inner.b).not.toBe(after.inner.b);
  });

  it("is the record, whatever was there before", () => {
    fc.assert(
      fc.property(record, record, (one, other) => {
        expect(copyOver(one, other)).toEqual(other);
        expect(copyOver(undefined, other)).toEqual(other);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the changed members of a record", () => {
  it.each<[string, object, object]>([
    ["none", {}, {}],
    ["a text", { state: "done" }, { state: "done" }],
    ["null to a value", { result: { a: 1 } }, { result: { a: 1 } }],
    ["a value to null", { inner: null }, { inner: null }],
    ["the same in a copy", { list: [1, { a: 2 }], inner: { b: [], a: 1 } }, {}],
    ["deep inside a list", { list: [1, { a: 3 }] }, { list: [1, { a: 3 }] }],
    ["a list that is longer", { list: [1, { a: 2 }, 3] }, { list: [1, { a: 2 }, 3] }],
    ["a list to a dictionary", { list: { 0: 1, 1: { a: 2 } } }, { list: { 0: 1, 1: { a: 2 } } }],
    ["one that is new", { extra: 0 }, { extra: 0 }],
    [
      "a name inside that every object has",
      { inner: { a: 1, toString: 1 } },
      { inner: { a: 1, toString: 1 } },
    ],
  ])("are %s", (_name, change, expected) => {
    expect(changedMembers(before, { ...before, ...change })).toEqual(expected);
  });

  it("can't tell of one that is gone", () => {
    const { count: _count, ...rest } = before;
    expect(changedMembers(before, rest)).toBeUndefined();
    expect(changedMembers(before, { ...before, count: undefined } as never)).toBeUndefined();
    expect(changedMembers(rest, before)).toEqual({ count: 1 });
  });

  it("make the one record of the other, or say that they can't", () => {
    fc.assert(
      fc.property(record, record, (one, other) => {
        const members = changedMembers(one, other);
        if (members === undefined) return;
        // As the journal has it.
        const kept = JSON.parse(JSON.stringify(members)) as object;
        expect(JSON.parse(JSON.stringify({ ...one, ...kept }))).toEqual(JSON.parse(JSON.stringify(other)));
      }),
      { numRuns: 500 },
    );
  });
});
