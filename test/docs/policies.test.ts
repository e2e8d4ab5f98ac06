import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../server/policies.ts";
import { policiesPage, policyProperties, type Property } from "./policies-page.ts";

/** A sentence, not a word. */
const isDocumented = ({ description = "" }: Property) => /^[A-Z].{20,}\.$/s.test(description);

describe("docs/policies.md", () => {
  it("is what the schema says", async () => {
    await expect(await policiesPage()).toMatchFileSnapshot("../../docs/policies.md");
  });

  it("leaves no policy without a description, a default and its values", () => {
    const properties = policyProperties();
    expect(Object.keys(properties)).toEqual(Object.keys(defaultPolicies));
    for (const [name, policy] of Object.entries(properties)) {
      expect(isDocumented(policy), `${name} needs a sentence: .describe("…") in server/policies.ts`).toBe(
        true,
      );
      expect(policy.default, name).toBeDefined();
      const isBounded =
        policy.enum !== undefined || (policy.minimum !== undefined && policy.maximum !== undefined);
      expect(isBounded || policy.properties !== undefined, `${name} has no bounds`).toBe(true);
    }
  });

  it("would notice a policy that nobody described", () => {
    expect([isDocumented({}), isDocumented({ description: "days" })]).toEqual([false, false]);
    expect(isDocumented({ description: "Days between two of them." })).toBe(true);
  });
});
