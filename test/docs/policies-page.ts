/** docs/policies.md, made of the schema of the policies. */
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { Policies } from "../../server/policies.ts";

export interface Property {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Property>>;
}

/** What the schema says of each policy, by name. */
export function policyProperties(): Readonly<Record<string, Property>> {
  const { properties } = z.toJSONSchema(Policies, { io: "input" }) as Property;
  return properties ?? {};
}

/** The page, as prettier would have it. */
export async function policiesPage(): Promise<string> {
  const policies = Object.entries(policyProperties());
  const page = [
    "# Policies",
    "",
    "What an admin may choose. They are read with `GET /api/v1/policies` (any role). `PATCH` changes those that are named and leaves the",
    "others; `PUT` sets all of them, and what is left out takes its default (both: admins). An unknown name or a value out of bounds is",
    "refused, and then nothing changes. A change counts at once, for what is under way too: what depends on it is looked at again.",
    "",
    "```",
    'curl -X PATCH -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\',
    '  -d \'{"conflictRules": "2017"}\' http://127.0.0.1:8080/api/v1/policies',
    "```",
    "",
    "| policy | default | values |",
    "| --- | --- | --- |",
    ...policies.map(
      ([name, policy]) =>
        `| [\`${name}\`](#${name.toLowerCase()}) | ${defaultOf(policy)} | ${valuesOf(policy)} |`,
    ),
    "",
    ...policies.flatMap(([name, policy]) => [
      `## ${name}`,
      "",
      policy.description ?? "",
      "",
      ...membersOf(policy),
    ]),
    "<!-- Made of server/policies.ts by `npx vitest run test/docs/policies.test.ts --update`. -->",
    "",
  ].join("\n");
  const config = await resolveConfig("docs/policies.md");
  return await format(page, { ...config, parser: "markdown", proseWrap: "always", printWidth: 130 });
}

function defaultOf(policy: Property): string {
  if (policy.properties === undefined) return `\`${String(policy.default)}\``;
  const members = Object.entries(policy.default as object).map(
    ([name, value]) => `\`${name}\` ${String(value)}`,
  );
  return members.join(", ");
}

function valuesOf({ enum: names, minimum, maximum, type, properties }: Property): string {
  if (names !== undefined) return names.map((name) => `\`${name}\``).join(", ");
  if (properties !== undefined) return "see below";
  return `${type === "integer" ? "whole numbers " : ""}${minimum ?? "any"} to ${maximum ?? "any"}`;
}

function membersOf({ properties }: Property): string[] {
  if (properties === undefined) return [];
  const rows = Object.entries(properties).map(
    ([name, member]) => `| \`${name}\` | ${valuesOf(member)} | ${member.description ?? ""} |`,
  );
  return ["| member | values | meaning |", "| --- | --- | --- |", ...rows, ""];
}
