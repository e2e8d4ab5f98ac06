import { describe, expect, it } from "vitest";
import { planFleet } from "../../../simulator/fleet/plan-fleet.ts";

describe("a generated fleet", () => {
  const plan = planFleet("7", 1_000, "quick");

  it("is the same for the same seed, and another for another", () => {
    expect(planFleet("7", 1_000, "quick")).toEqual(plan);
    expect(planFleet("8", 1_000, "quick").phones).not.toEqual(plan.phones);
  });

  it("begins as a smaller one of the same seed does", () => {
    expect(planFleet("7", 10, "quick").phones).toEqual(plan.phones.slice(0, 10));
  });

  it("has as many phones as wanted, each a phone of its own, and some people with two", () => {
    expect(plan.phones).toHaveLength(1_000);
    for (const key of ["udid", "serial"] as const)
      expect(new Set(plan.phones.map((phone) => phone[key])).size).toBe(1_000);
    expect(new Set(plan.people.map(({ id }) => id)).size).toBe(plan.people.length);
    expect(plan.people.length).toBeLessThan(1_000);
    expect(plan.people.length).toBeGreaterThan(850);
    const owners = new Set(plan.phones.map(({ owner }) => owner));
    expect(plan.people.filter(({ id }) => !owners.has(id))).toEqual([]);
  });

  it("has every kind of phone and of person", () => {
    const kinds = new Set(plan.phones.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(["configurator", "dep", "device", "user"]);
    expect(new Set(plan.phones.map(({ persona }) => persona.terms))).toEqual(
      new Set(["accept", "decline", "ignore"]),
    );
    expect(new Set(plan.phones.map(({ persona }) => persona.install)).size).toBe(3);
    const agreeable = plan.phones.filter(
      ({ persona }) => persona.terms === "accept" && persona.install === "install",
    );
    expect(agreeable.length).toBeGreaterThan(800);
  });

  it("is nobody at all, if so wanted", () => {
    expect(planFleet("7", 0, "natural")).toEqual({ people: [], phones: [] });
  });
});
