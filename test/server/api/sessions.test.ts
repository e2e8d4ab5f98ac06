import { beforeEach, describe, expect, it, vi } from "vitest";
import { tidyUp } from "../../../server/housekeeping.ts";
import type { SessionRecord } from "../../../server/store/records.ts";
import { PippinError } from "../../../shared/errors.ts";
import { createRecorder } from "../../../shared/trace.ts";
import { Browser, currentPath, ended, itemsOf, keyIdOf, outcomeOf, sessionsPath } from "./browser.ts";
import { openHarness, startOfTime, type Harness } from "./harness.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const group = { json: { id: "sales", name: "Sales" } };
let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const signedIn = (key?: string) => Browser.signedIn(harness, key);
const keyId = (name: string) => keyIdOf(harness, name);
const stored = (id: string): Promise<SessionRecord | undefined> =>
  harness.store.read((reader) => reader.get("sessions", id));

describe("a session", () => {
  it("may what its key may, and no more", async () => {
    const browser = await signedIn(harness.keys["read-only"]);
    expect((await browser.call("GET", "/api/v1/users")).status).toBe(200);
    expect(outcomeOf(await browser.call("POST", "/api/v1/groups", group))).toEqual([
      403,
      "forbidden",
      undefined,
    ]);
    expect((await (await signedIn()).call("POST", "/api/v1/groups", group)).status).toBe(201);
  });

  it("stands back where a key is shown beside it", async () => {
    const browser = await signedIn(harness.keys["read-only"]);
    expect(
      (await browser.call("POST", "/api/v1/groups", { ...group, key: harness.keys.operator })).status,
    ).toBe(201);
    expect((await browser.call("GET", currentPath, { key: "pk_wrong" })).status).toBe(401);
    const asked = await browser.call("GET", currentPath, { key: harness.keys.admin });
    expect(outcomeOf(asked)).toEqual([404, "not_found", undefined]);
  });

  it("ends twelve hours after it was opened, however much it is used", async () => {
    const browser = await signedIn();
    for (let half = 1; half < 24; half += 1) {
      await harness.world.advance(30 * minuteMs);
      expect((await browser.call("GET", "/api/v1/users")).status, `${half / 2} hours`).toBe(200);
    }
    await harness.world.advance(30 * minuteMs - 1);
    expect((await browser.call("GET", "/api/v1/users")).status).toBe(200);
    await harness.world.advance(1);
    const refused = await browser.call("GET", "/api/v1/users");
    expect(outcomeOf(refused)).toEqual(ended);
    expect(refused.headers.get("set-cookie")).toBe(
      "pippin-session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0",
    );
    expect((await browser.signIn()).status).toBe(201);
  });

  it("ends after an hour without a request", async () => {
    const [busy, idle] = [await signedIn(), await signedIn()];
    await harness.world.advance(59 * minuteMs);
    expect((await busy.call("GET", "/api/v1/users")).status).toBe(200);
    await harness.world.advance(minuteMs);
    expect(outcomeOf(await idle.call("GET", "/api/v1/users"))).toEqual(ended);
    expect((await busy.call("GET", "/api/v1/users")).status).toBe(200);
  });

  it("costs a write a minute at most", async () => {
    const browser = await signedIn();
    await browser.call("GET", "/api/v1/users");
    const writes = vi.spyOn(harness.store, "transaction");
    await harness.world.advance(minuteMs - 1);
    await browser.call("GET", "/api/v1/users");
    expect(writes).not.toHaveBeenCalled();
    await harness.world.advance(1);
    await browser.call("GET", "/api/v1/users");
    await browser.call("GET", "/api/v1/users");
    expect(writes).toHaveBeenCalledTimes(1);
    expect((await stored(browser.id))?.lastSeenAt).toBe(startOfTime + minuteMs);
  });

  it("goes on reading while nothing can be stored", async () => {
    const browser = await signedIn();
    await harness.world.advance(2 * minuteMs);
    const refusal = new PippinError("store_full", "The disk is full.");
    const writes = vi.spyOn(harness.store, "transaction").mockRejectedValue(refusal);
    expect((await browser.call("GET", "/api/v1/users")).status).toBe(200);
    expect((await browser.call("POST", "/api/v1/groups", group)).body["code"]).toBe("store_full");
    writes.mockRestore();
  });

  it("ends when its key is revoked", async () => {
    const [browser, other] = [await signedIn(harness.keys.operator), await signedIn()];
    expect((await harness.call("DELETE", `/api/v1/keys/${await keyId("operator")}`)).status).toBe(204);
    expect(outcomeOf(await browser.call("GET", "/api/v1/users"))).toEqual(ended);
    expect(itemsOf(await other.call("GET", sessionsPath)).map(({ id }) => id)).toEqual([other.id]);
  });

  it("ends when its key's secret is rotated away, after the grace where there is one", async () => {
    const path = `/api/v1/keys/${await keyId("operator")}/rotate`;
    const first = await signedIn(harness.keys.operator);
    const { key } = (await harness.call("POST", path, { json: { graceSeconds: 60 } })).body;
    expect((await first.call("GET", "/api/v1/users")).status).toBe(200);
    await harness.world.advance(minuteMs);
    expect(outcomeOf(await first.call("GET", "/api/v1/users"))).toEqual(ended);
    const second = await signedIn(String(key));
    expect((await harness.call("POST", path, { json: {} })).status).toBe(200);
    expect(outcomeOf(await second.call("GET", "/api/v1/users"))).toEqual(ended);
  });

  it("never outlives its key", async () => {
    const expiresAt = new Date(startOfTime + 10 * minuteMs).toISOString();
    const json = { name: "brief", role: "operator", expiresAt };
    const { key } = (await harness.call("POST", "/api/v1/keys", { json })).body;
    const browser = new Browser(harness);
    expect((await browser.signIn(String(key))).body["expiresAt"]).toBe(expiresAt);
    expect(browser.setCookie).toContain("Max-Age=600");
    await harness.world.advance(10 * minuteMs - 1);
    expect((await browser.call("GET", "/api/v1/users")).status).toBe(200);
    await harness.world.advance(1);
    expect(outcomeOf(await browser.call("GET", "/api/v1/users"))).toEqual(ended);
  });

  it("that has ended is told so many times before the brake, and a stranger's cookie is none", async () => {
    const browser = new Browser(harness);
    browser.cookie = "x".repeat(43);
    for (let attempt = 1; attempt <= 300; attempt += 1) {
      const refused = await browser.call("GET", "/api/v1/users");
      expect(outcomeOf(refused), `attempt ${attempt}`).toEqual(ended);
      browser.cookie = attempt % 2 === 0 ? "x".repeat(43) : 'quoted"; and more';
    }
    browser.cookie = "";
    expect((await browser.signIn()).status).toBe(201);
    const stranger = new Browser(harness);
    stranger.cookie = "y";
    expect((await stranger.call("GET", "/api/v1/users")).status).toBe(429);
    expect((await browser.call("GET", "/api/v1/users")).status).toBe(200);
  });
});

describe("the list of sessions", () => {
  it("has all of them for an admin, newest first, and those of the own key for others", async () => {
    const [operator, second] = [await signedIn(harness.keys.operator), await signedIn(harness.keys.operator)];
    await harness.world.advance(1_000);
    const admin = await signedIn();
    const shown = itemsOf(await admin.call("GET", sessionsPath));
    expect(shown[0]).toEqual({
      id: admin.id,
      keyId: await keyId("admin"),
      keyName: "admin",
      role: "admin",
      createdAt: new Date(startOfTime + 1_000).toISOString(),
      lastSeenAt: new Date(startOfTime + 1_000).toISOString(),
      expiresAt: new Date(startOfTime + 12 * hourMs + 1_000).toISOString(),
      address: "127.0.0.1",
      userAgent: "Orchard/1.0",
      current: true,
    });
    expect(shown.slice(1).map(({ current: isOwn }) => isOwn)).toEqual([false, false]);
    const own = itemsOf(await operator.call("GET", sessionsPath));
    expect(own.map(({ id }) => id).sort()).toEqual([operator.id, second.id].sort());
    expect(own.filter((item) => item["current"]).map(({ id }) => id)).toEqual([operator.id]);
    const byKey = itemsOf(await harness.call("GET", sessionsPath, { key: harness.keys.operator }));
    expect(byKey.map(({ current: isOwn }) => isOwn)).toEqual([false, false]);
  });

  it("comes in pages", async () => {
    const browsers = [await signedIn(), await signedIn(), await signedIn()];
    const first = await harness.call("GET", `${sessionsPath}?limit=2`);
    const rest = await harness.call(
      "GET",
      `${sessionsPath}?limit=2&cursor=${String(first.body["nextCursor"])}`,
    );
    const ids = [...itemsOf(first), ...itemsOf(rest)].map(({ id }) => id);
    expect(ids.sort()).toEqual(browsers.map(({ id }) => id).sort());
    expect(rest.body["nextCursor"]).toBeNull();
  });

  it("is where an admin ends any, and others those of their own key", async () => {
    const [admin, operator] = [await signedIn(), await signedIn(harness.keys.operator)];
    const second = await signedIn(harness.keys.operator);
    const refused = await operator.call("DELETE", `${sessionsPath}/${admin.id}`);
    expect(outcomeOf(refused)).toEqual([404, "not_found", undefined]);
    expect((await admin.call("GET", currentPath)).status).toBe(200);
    expect((await operator.call("DELETE", `${sessionsPath}/${second.id}`)).status).toBe(204);
    expect(outcomeOf(await second.call("GET", currentPath))).toEqual(ended);
    expect((await admin.call("DELETE", `${sessionsPath}/${operator.id}`)).status).toBe(204);
    expect(outcomeOf(await operator.call("GET", currentPath))).toEqual(ended);
    expect((await admin.call("DELETE", `${sessionsPath}/${operator.id}`)).status).toBe(404);
    expect((await admin.call("DELETE", `${sessionsPath}/${admin.id}`)).status).toBe(204);
    expect(admin.cookie).toBe("");
  });
});

describe("many sessions", () => {
  it("of one key: the one that would end first makes room", async () => {
    const browsers: Browser[] = [];
    for (let n = 0; n < 100; n += 1) browsers.push(await signedIn(harness.keys.operator));
    const [first, second] = browsers as [Browser, Browser];
    await harness.world.advance(minuteMs);
    await first.call("GET", "/api/v1/users");
    const other = await signedIn();
    const latest = await signedIn(harness.keys.operator);
    const alive = await harness.store.read((reader) =>
      reader.list("sessions", { index: "all", partition: "", limit: 200 }),
    );
    expect(alive.length).toBe(101);
    for (const browser of [first, other, latest])
      expect((await browser.call("GET", currentPath)).status).toBe(200);
    const gone = browsers.filter(({ id }) => !alive.some((record) => record.id === id));
    expect(gone).toHaveLength(1);
    expect(gone[0]).not.toBe(first);
    expect(outcomeOf(await (gone[0] ?? second).call("GET", currentPath))).toEqual(ended);
  });

  it("of many keys: at most a thousand are kept", async () => {
    const record = await stored((await signedIn()).id);
    await harness.store.transaction(async (tx) => {
      for (let n = 1; n < 1_000; n += 1) {
        const id = `s${n}`;
        await tx.put("sessions", { ...(record as SessionRecord), id, secretHash: id, keyId: id, endsAt: n });
      }
    });
    await signedIn();
    expect(await harness.store.read((reader) => reader.count("sessions", "all", ""))).toBe(1_000);
    expect([await stored("s1"), (await stored("s2"))?.id]).toEqual([undefined, "s2"]);
  });

  it("that have ended are swept away, and the others stay", async () => {
    const [old, young] = [await signedIn(), await signedIn()];
    await harness.world.advance(59 * minuteMs);
    await young.call("GET", "/api/v1/users");
    await harness.world.advance(minuteMs);
    const recorder = createRecorder({ now: () => 0, run: "", keepsWire: false });
    expect(await tidyUp({ world: harness.world, store: harness.store, recorder })).toEqual([
      { what: "sessions", count: 1 },
    ]);
    expect([await stored(old.id), (await stored(young.id))?.id]).toEqual([undefined, young.id]);
  });
});

describe("an answer that has no end", () => {
  async function open(
    browser: Browser,
    path = "events/stream?events=webhook.",
  ): Promise<() => Promise<string>> {
    const request = new Request(`http://pippin.test/api/v1/${path}`, {
      headers: { cookie: `pippin-session=${browser.cookie}` },
    });
    const response = await harness.api.handle(request, { address: "127.0.0.1" });
    expect(response.status).toBe(200);
    const text = response.text();
    return () => text;
  }
  const keyEnded = /event: end\ndata: \{"reason":"key-ended"\}\n\n$/;

  it.each<[string, (browser: Browser) => Promise<unknown>]>([
    ["is ended by an admin", (browser) => harness.call("DELETE", `${sessionsPath}/${browser.id}`)],
    ["signs out", (browser) => browser.call("DELETE", currentPath)],
    ["is not used for an hour", () => harness.world.advance(hourMs)],
    ["lost its key", async () => harness.call("DELETE", `/api/v1/keys/${await keyId("operator")}`)],
  ])("ends when its session %s", async (_how, end) => {
    const browser = await signedIn(harness.keys.operator);
    const text = await open(browser);
    await end(browser);
    expect(await text()).toMatch(keyEnded);
    expect(harness.keyWatch.count).toBe(0);
  });

  it("ends with its session where it is the pulse, too", async () => {
    const browser = await signedIn(harness.keys["read-only"]);
    const text = await open(browser, "pulse/stream");
    await browser.call("DELETE", currentPath);
    expect(await text()).toMatch(
      /^retry: 2000\n\n(event: pulse\n.*\n\n)?event: end\ndata: \{"reason":"key-ended"\}\n\n$/,
    );
  });

  it("goes on while its session is used, and when another of the same key ends", async () => {
    const [browser, other] = [await signedIn(harness.keys.operator), await signedIn(harness.keys.operator)];
    const text = await open(browser);
    await other.call("DELETE", currentPath);
    for (let n = 0; n < 4; n += 1) {
      await harness.world.advance(30 * minuteMs);
      await browser.call("GET", "/api/v1/users");
    }
    expect(harness.keyWatch.count).toBe(1);
    await browser.call("DELETE", currentPath);
    expect(await text()).toMatch(keyEnded);
  });
});
