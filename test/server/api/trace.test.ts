import { beforeEach, describe, expect, it } from "vitest";
import type { TraceEvent } from "../../../shared/trace.ts";
import { createEventRing } from "../../../server/event-ring.ts";
import { createRecorder } from "../../../shared/trace.ts";
import { app, device, openHarness, sToken, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const wireText = (event: TraceEvent) => Buffer.from(String(event["bytes"]), "base64").toString("utf8");

describe("the trace of a request", () => {
  it("has its beginning, both bodies byte for byte, what it led to, and its end, tied by cause", async () => {
    const sent = JSON.stringify({ id: "anna", name: "Anna", email: "a@b" }, null, 2);
    const { text } = await harness.call("POST", "/api/v1/users", {
      body: sent,
      headers: { "content-type": "application/json" },
    });
    const [request, asked, change, told, answered, ...rest] = harness.events;
    expect(rest).toEqual([]);
    expect(request).toMatchObject({ event: "api.request", method: "POST", path: "/api/v1/users" });
    expect(typeof request?.["keyId"]).toBe("string");
    const cause = request?.seq;
    expect(asked).toMatchObject({
      event: "wire",
      channel: "api",
      from: "admin",
      to: "server",
      format: "json",
      cause,
    });
    expect(change).toMatchObject({ event: "admin.changed", userId: "anna", cause });
    expect(told).toMatchObject({
      event: "wire",
      channel: "api",
      from: "server",
      to: "admin",
      status: 201,
      cause,
    });
    expect(answered).toMatchObject({ event: "api.answered", status: 201, cause });
    expect([asked, told].map((event) => event && wireText(event))).toEqual([sent, text]);
  });

  it("hands the request's event on to the services as the cause", async () => {
    await harness.call("POST", "/api/v1/vpp/sync");
    const request = harness.events.find(({ event }) => event === "api.request");
    expect(harness.calls).toEqual([{ name: "sync", args: ["manual", request?.seq] }]);
  });

  it("tells a refusal by its code, and names the event in the answer", async () => {
    const { body } = await harness.call("GET", "/api/v1/users/nobody");
    const [request, , , answered] = harness.events;
    expect(answered).toMatchObject({ event: "api.answered", status: 404, code: "not_found" });
    expect(body["instance"]).toBe(`urn:pippin:event:${request?.seq}`);
  });
});

describe("every kind of request", () => {
  it.each([
    ["GET", "/api/v1/users", {}],
    ["POST", "/api/v1/users", { json: { id: "anna", name: "Anna", email: "a@b" } }],
    ["POST", "/api/v1/keys", { json: { name: "CI", role: "operator" }, headers: { "idempotency-key": "k" } }],
    [
      "POST",
      "/api/v1/users/import",
      { body: "id,name,email,groups", headers: { "content-type": "text/csv" } },
    ],
    [
      "POST",
      "/api/v1/users",
      { body: "x".repeat(1_100_000), headers: { "content-type": "application/json" } },
    ],
    ["GET", "/metrics", {}],
    ["GET", "/openapi.json", {}],
    ["GET", "/enroll/good", {}],
    ["GET", "/api/v1/nothing", {}],
  ])("is answered without waiting for anything but the world: %s %s", async (method, path, options) => {
    // Only then may the virtual world say that nothing is left to run, and let time go on.
    let settled = false;
    const answer = harness.call(method, path, options).finally(() => {
      settled = true;
    });
    for (let turn = 0; turn < 2_000 && !settled; turn += 1) await Promise.resolve();
    expect(settled).toBe(true);
    await answer;
  });
});

describe("secrets", () => {
  it("are in no answer and no event but the one answer that shows a new one", async () => {
    await harness.store.transaction(async (tx) => {
      await tx.put("apps", app("1"));
      await tx.put("devices", device("phone-1"));
    });
    const answers: string[] = [];
    const upload = { sToken, tokenName: "Orchard", appleId: "vpp@orchard.example", acknowledged: true };
    answers.push((await harness.call("PUT", "/api/v1/vpp/token", { json: upload })).text);
    answers.push(
      (await harness.call("PUT", "/api/v1/vpp/token", { json: { ...upload, acknowledged: false } })).text,
    );
    answers.push(
      (await harness.call("PUT", "/api/v1/vpp/token", { json: { ...upload, sToken: [sToken] } })).text,
    );
    const broken = { body: `{"sToken": "${sToken}"`, headers: { "content-type": "application/json" } };
    answers.push((await harness.call("PUT", "/api/v1/vpp/token", broken)).text);
    const created = await harness.call("POST", "/api/v1/keys", { json: { name: "CI", role: "operator" } });
    const enrolment = await harness.call("POST", "/api/v1/enrollment-tokens", { json: { kind: "device" } });
    const link = new URL(String(enrolment.body["url"])).pathname.replace("/enroll/", "");
    const commands = "/api/v1/devices/phone-1/commands";
    // The server has a phone's unlock token of its own, and takes none.
    const unlock = { RequestType: "ClearPasscode", UnlockToken: { $data: "dW5sb2Nr" } };
    for (const raw of [false, true]) {
      const refused = await harness.call("POST", commands, { json: { command: unlock, raw } });
      expect(refused.status).toBe(400);
      answers.push(refused.text);
    }
    const wipe = { RequestType: "EraseDevice", PIN: "dW5sb2Nr" };
    const queued = await harness.call("POST", commands, { json: { command: wipe, raw: true } });
    const commandUUID = String(queued.body["commandUUID"]);
    for (const { method, path } of harness.api.routeTable) {
      if (method !== "GET") continue;
      const target = path
        .replace("{udid}", "phone-1")
        .replace("{commandUUID}", commandUUID)
        .replace("{adamId}", "1")
        .replaceAll(/\{\w+\}/g, "x");
      answers.push((await harness.call("GET", target)).text);
    }
    const secrets = [
      sToken,
      ...Object.values(harness.keys),
      String(created.body["key"]),
      link,
      "dW5sb2Nr",
      "push-token",
      "sealed-push-magic",
    ];
    const everything = [
      ...answers,
      ...harness.events.map((event) => (event.event === "wire" ? wireText(event) : JSON.stringify(event))),
    ].join("\n");
    expect(link).toMatch(/^[\w-]{43}$/);
    expect(everything).toContain("[redacted]");
    expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
  });

  it("of a new key are in its answer, and the key works until it is revoked", async () => {
    const { body } = await harness.call("POST", "/api/v1/keys", { json: { name: "CI", role: "operator" } });
    const key = String(body["key"]);
    expect((await harness.call("GET", "/api/v1/users", { key })).status).toBe(200);
    expect((await harness.call("DELETE", `/api/v1/keys/${String(body["id"])}`)).status).toBe(204);
    expect((await harness.call("GET", "/api/v1/users", { key })).status).toBe(401);
  });
});

describe("GET /api/v1/events", () => {
  it("tells what happened after a place, without wire messages and without the asking itself", async () => {
    await harness.call("GET", "/api/v1/users");
    await harness.call("POST", "/api/v1/groups", { json: { id: "sales", name: "Sales" } });
    await harness.call("GET", "/api/v1/users/nobody");
    const { body } = await harness.call("GET", "/api/v1/events?limit=2");
    const names = (page: Record<string, unknown>) =>
      (page["items"] as TraceEvent[]).map(({ event }) => event);
    expect(names(body)).toEqual(["api.request", "admin.changed"]);
    const next = await harness.call("GET", `/api/v1/events?after=${String(body["nextAfter"])}`);
    expect(names(next.body)).toEqual(["api.answered", "api.answered"]);
    const end = await harness.call("GET", `/api/v1/events?after=${String(next.body["nextAfter"])}`);
    expect([names(end.body), end.body["nextAfter"]]).toEqual([[], next.body["nextAfter"]]);
  });
});

describe("the event ring", () => {
  it("keeps the latest events only, and says which is the oldest", () => {
    const recorder = createRecorder({ now: () => 0, run: "test", keepsWire: false });
    const ring = createEventRing(recorder, { capacity: 3 });
    expect([ring.oldestSeq, ring.after(0, 10)]).toEqual([0, []]);
    for (let index = 1; index <= 8; index += 1) {
      recorder.record("fault");
      const held = ring.after(0, 10).map(({ seq }) => seq);
      expect(held).toEqual([index - 2, index - 1, index].filter((seq) => seq > 0));
      expect(ring.oldestSeq).toBe(held[0]);
    }
    expect(ring.after(7, 10).map(({ seq }) => seq)).toEqual([8]);
    expect(ring.after(0, 2).map(({ seq }) => seq)).toEqual([6, 7]);
  });
});
