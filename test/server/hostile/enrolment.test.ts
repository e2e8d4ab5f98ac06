import { Hono } from "hono";
import { expect, it } from "vitest";
import { toProblemResponse } from "../../../server/api/problem-response.ts";
import { loadAuthority } from "../../../server/enrollment/authority.ts";
import { createEnrollmentApp } from "../../../server/enrollment/enrollment-app.ts";
import { createEnrollmentToken } from "../../../server/enrollment/enrollment-token.ts";
import { enrollmentChallenge } from "../../../server/enrollment/identity.ts";
import { createSecretBox } from "../../../server/secrets.ts";
import { createSigningRequest } from "../../../shared/certificates.ts";
import { heapInUse } from "../../support/heap.ts";
import { Mutator } from "../../support/mutator.ts";
import { testKeyPair } from "../fake-world.ts";
import { TestServer } from "../test-server.ts";
import { heapGrowthMax, hostileCounts } from "./counts.ts";
import { hostileUdid } from "./messages.ts";

const refusals = new Set([
  "malformed_certificate",
  "invalid_request",
  "unauthorized",
  "unsupported_media_type",
  "body_too_large",
  "enrollment_token_invalid",
  "route_not_found",
]);

it("answers wrong signing requests with a code, issues nothing for them, and still issues for a right one", async () => {
  const server = new TestServer();
  const box = createSecretBox(Buffer.alloc(32, 9), (length) => server.world.randomBytes(length));
  const authority = await loadAuthority(server.context, box);
  const app = new Hono();
  const serverUrl = () => "ws://127.0.0.1/mdm/channel";
  app.route(
    "/enroll",
    createEnrollmentApp({
      context: server.context,
      authority,
      publicUrl: () => "http://127.0.0.1",
      serverUrl,
    }),
  );
  app.onError((error) => toProblemResponse(error));
  const { record, path } = await server.store.transaction((tx) =>
    createEnrollmentToken(tx, server.context, { kind: "user", userId: null, uses: 10_000 }),
  );
  const challenge = enrollmentChallenge(authority, record.id);
  const good = createSigningRequest({ commonName: hostileUdid, keys: testKeyPair(1) });
  const other = createSigningRequest({ commonName: "00008030-0000000000000002", keys: testKeyPair(2) });
  const mutator = new Mutator("signing requests", [good, other]);
  const send = (body: Uint8Array, wrong: { challenge?: string; type?: string; path?: string } = {}) =>
    app.request(`${wrong.path ?? path}/identity`, {
      method: "POST",
      headers: {
        "Content-Type": wrong.type ?? "application/pkcs10",
        Authorization: `Bearer ${wrong.challenge ?? challenge}`,
      },
      body: new Uint8Array(body),
    });

  const before = await heapInUse();
  let issued = 0;
  const codes = new Map<string, number>();
  for (let sent = 0; sent < hostileCounts.signingRequests; sent += 1) {
    const kind = mutator.between(0, 19);
    const response = await send(kind === 0 ? good : mutator.bytes(), {
      ...(kind === 1
        ? { type: mutator.pick(["text/plain", "", "application/json", "application/pkcs10, x"]) }
        : {}),
      ...(kind === 2 ? { challenge: challenge.replace(/.$/, "_") } : {}),
      ...(kind === 3 ? { path: path.slice(0, -2) } : {}),
    });
    if (response.status === 200) {
      issued += 1;
      continue;
    }
    const { code } = (await response.json()) as { code: string };
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect([...codes.keys()].filter((code) => !refusals.has(code))).toEqual([]);
  expect(codes.get("malformed_certificate")).toBeGreaterThan(hostileCounts.signingRequests / 2);
  expect(codes.size).toBeGreaterThanOrEqual(4);
  expect(issued).toBeGreaterThan(0);
  // Whoever was served asked rightly: for one of the two phones, with that phone's key.
  const identities = await server.store.read((reader) => reader.count("identities", "ending", ""));
  expect(identities).toBeLessThanOrEqual(2);
  server.events.length = 0;
  expect((await heapInUse()) - before).toBeLessThan(heapGrowthMax);
  expect((await send(good)).status).toBe(200);
});
