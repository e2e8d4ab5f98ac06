import { beforeEach, describe, expect, it } from "vitest";
import { openHarness, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

type Body = Record<string, unknown>;
const path = "/api/v1/webhooks";
const create = (json: object) => harness.call("POST", path, { json });

describe("webhooks", () => {
  it("are created with a secret that is shown this once, listed, changed and deleted", async () => {
    const made = await create({ url: "https://hooks.orchard.example/pippin?x=1", events: ["installation."] });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ events: ["installation."], enabled: true, state: "ok", waiting: 0 });
    const secret = String(made.body["secret"]);
    expect(secret).toMatch(/^whsec_/);
    const one = `${path}/${String(made.body["id"])}`;
    const shown = await harness.call("GET", one);
    expect(shown.body["url"]).toBe("https://hooks.orchard.example/pippin?x=1");
    const changed = await harness.call("PATCH", one, {
      json: { enabled: false, secret: "another-secret-of-mine" },
    });
    expect(changed.body).toMatchObject({ enabled: false, events: ["installation."] });
    const list = await harness.call("GET", path);
    expect(list.body["items"]).toHaveLength(1);
    for (const { text } of [shown, changed, list]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain("another-secret");
    }
    const wire = harness.events
      .filter(({ event }) => event === "wire")
      .map(({ bytes }) => Buffer.from(String(bytes), "base64"));
    expect(Buffer.concat(wire).toString()).not.toContain(secret);
    expect((await harness.call("DELETE", one)).status).toBe(204);
    expect((await harness.call("GET", one)).body["code"]).toBe("not_found");
    expect((await harness.call("DELETE", one)).body["code"]).toBe("not_found");
    expect((await harness.call("PATCH", one, { json: { enabled: true } })).body["code"]).toBe("not_found");
  });

  it.each<[string, object]>([
    ["no URL", {}],
    ["another protocol", { url: "ftp://127.0.0.1/" }],
    ["a file", { url: "file:///etc/passwd" }],
    ["no URL at all", { url: "somewhere" }],
    ["a password in the URL", { url: "http://me:secret@127.0.0.1/" }],
    ["a fragment", { url: "http://127.0.0.1/#x" }],
    ["a URL that is too long", { url: `http://127.0.0.1/${"x".repeat(2_000)}` }],
    ["an event that there is not", { url: "http://127.0.0.1/", events: ["nothing."] }],
    ["too many events", { url: "http://127.0.0.1/", events: Array.from({ length: 33 }, () => "sync.") }],
    ["a short secret", { url: "http://127.0.0.1/", secret: "short" }],
    ["an unknown field", { url: "http://127.0.0.1/", state: "ok" }],
  ])("are refused with %s, and taken without it", async (_name, json) => {
    const refused = await create(json);
    expect([refused.status, refused.body["code"]]).toEqual([400, "invalid_request"]);
    expect((await create({ url: "http://127.0.0.1:9/", events: ["sync."] })).status).toBe(201);
    expect(await harness.store.read((reader) => reader.count("webhooks", "all", ""))).toBe(1);
  });

  it("are few", async () => {
    for (let index = 0; index < 20; index += 1)
      expect((await create({ url: "http://127.0.0.1/" })).status).toBe(201);
    expect((await create({ url: "http://127.0.0.1/" })).body["code"]).toBe("limit_exceeded");
  });

  it("show their deliveries, and send one again when an admin asks for it", async () => {
    const { body } = await create({ url: "http://127.0.0.1:9/", events: ["user.", "admin."] });
    const id = String(body["id"]);
    await harness.call("POST", "/api/v1/users", { json: { id: "anna", name: "Anna", email: "a@b" } });
    const deliveries = async (query = "") =>
      (await harness.call("GET", `${path}/${id}/deliveries${query}`)).body["items"] as Body[];
    const waiting = await deliveries();
    expect(waiting).toMatchObject([
      { event: "admin.changed", state: "waiting", attempts: 0, udid: null },
      { event: "admin.changed", state: "waiting" },
    ]);
    const delivery = String(waiting[0]?.["id"]);
    const again = () => harness.call("POST", `${path}/${id}/deliveries/${delivery}/redeliver`);
    expect((await again()).body["code"]).toBe("conflict");
    await harness.store.transaction(async (tx) => {
      const record = await tx.get("webhookDeliveries", delivery);
      if (record)
        await tx.put("webhookDeliveries", { ...record, state: "failed", nextAt: null, attempts: 12 });
    });
    expect((await harness.call("GET", `${path}/${id}`)).body).toMatchObject({ waiting: 1, failed: 1 });
    expect((await deliveries("?state=failed")).map((item) => item["id"])).toEqual([delivery]);
    expect((await again()).body).toMatchObject({ id: delivery, state: "waiting", attempts: 0 });
    expect(await deliveries("?state=failed")).toEqual([]);
    expect((await harness.call("GET", `${path}/none/deliveries`)).status).toBe(404);
    expect((await harness.call("POST", `${path}/none/deliveries/${delivery}/redeliver`)).status).toBe(404);
  });
});

describe("GET /api/v1/events", () => {
  it("is filtered by the beginning of names and by ids", async () => {
    for (const id of ["anna", "bert"])
      await harness.call("POST", "/api/v1/users", { json: { id, name: id, email: `${id}@b` } });
    const names = async (query: string) =>
      ((await harness.call("GET", `/api/v1/events?${query}`)).body["items"] as Body[]).map((event) => [
        event["event"],
        event["userId"],
      ]);
    expect(await names("events=admin.")).toEqual([
      ["admin.changed", "anna"],
      ["admin.changed", "bert"],
    ]);
    expect(await names("events=admin.,sync.&userId=bert")).toEqual([["admin.changed", "bert"]]);
    expect(await names("events=admin.&limit=1")).toEqual([["admin.changed", "anna"]]);
    const { body } = await harness.call("GET", "/api/v1/events?events=admin.&limit=1");
    expect(await names(`events=admin.&after=${String(body["nextAfter"])}`)).toEqual([
      ["admin.changed", "bert"],
    ]);
    expect((await harness.call("GET", "/api/v1/events?events=a%20b")).status).toBe(400);
  });
});
