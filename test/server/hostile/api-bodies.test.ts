import { expect, it } from "vitest";
import type { Endpoint } from "../../../server/api/endpoint.ts";
import { problems } from "../../../shared/errors.ts";
import { heapInUse } from "../../support/heap.ts";
import { Mutator } from "../../support/mutator.ts";
import { openHarness, type Harness } from "../api/harness.ts";
import { heapGrowthMax, hostileCounts } from "./counts.ts";

const types = [
  "application/json",
  "application/json; charset=utf-8",
  "text/csv",
  "application/xml",
  "",
  "*/*",
  "text/plain; charset=latin1",
];

function bodiesOf(harness: Harness): { target: Endpoint; example: unknown }[] {
  return harness.api.endpoints.flatMap((target) =>
    target.schemas.body ? [{ target, example: target.requestExample ?? {} }] : [],
  );
}

const asJson = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    member instanceof Uint8Array ? Buffer.from(member).toString("base64") : member,
  ) ?? "null";

it("answers wrong bodies, types and paths with a known code, and nothing of it is a bug", async () => {
  const harness = await openHarness();
  const routes = bodiesOf(harness);
  expect(routes.length).toBeGreaterThan(12);
  const corpus = routes.map(({ example }) => Buffer.from(asJson(example)));
  const mutator = new Mutator("admin bodies", [
    ...corpus,
    Buffer.from("id,name,email,groups\nada,Ada,ada@x.example,Sales\n"),
  ]);
  const codes = new Map<string, number>();
  const statuses = new Map<number, number>();
  const before = await heapInUse();
  for (let sent = 0; sent < hostileCounts.bodies; sent += 1) {
    const { target, example } = mutator.pick(routes);
    const path = target.path.replaceAll(/\{\w+\}/g, () =>
      mutator.pick(["x", "1", "x:1", "%00", "..%2f..", "%ff", "constructor", "y".repeat(300), "a b"]),
    );
    const body =
      mutator.between(0, 2) === 0 ? new Uint8Array(mutator.bytes()) : asJson(mutator.value(example));
    const type = mutator.between(0, 4) === 0 ? mutator.pick(types) : "application/json";
    const key = mutator.between(0, 19) === 0 ? harness.keys["read-only"] : harness.keys.admin;
    const answer = await harness.call(target.method.toUpperCase(), path, {
      key,
      body,
      headers: {
        "content-type": type,
        ...(mutator.between(0, 9) === 0
          ? { "idempotency-key": mutator.pick(["a", "b c", "x".repeat(200), "€"].slice(0, 3)) }
          : {}),
      },
    });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status < 300) continue;
    const code = String(answer.body["code"]);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    if (sent % 200 === 0) harness.events.length = harness.calls.length = 0;
  }
  expect([...codes.keys()].filter((code) => !Object.hasOwn(problems, code))).toEqual([]);
  expect(codes.get("internal")).toBeUndefined();
  expect(statuses.get(500)).toBeUndefined();
  expect(harness.events.filter(({ event }) => event === "internal.error")).toEqual([]);
  for (const code of ["invalid_request", "malformed_json", "unsupported_media_type", "forbidden"])
    expect(codes.get(code), code).toBeGreaterThan(20);
  harness.events.length = harness.calls.length = 0;
  // What was well-formed all the same is stored: users, groups, keys.
  expect((await heapInUse()) - before).toBeLessThan(2 * heapGrowthMax);
  expect((await harness.call("GET", "/api/v1/users")).status).toBe(200);
});
