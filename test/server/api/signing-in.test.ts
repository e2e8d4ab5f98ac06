import { beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord } from "../../../server/store/records.ts";
import { findSecrets } from "../../support/secret-search.ts";
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

describe("signing in", () => {
  it("answers with the session and its token, and sets a cookie that no script reads", async () => {
    const browser = new Browser(harness);
    const { body } = await browser.signIn(harness.keys.operator, { peer: "10.0.0.7" });
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      keyId: await keyId("operator"),
      keyName: "operator",
      role: "operator",
      csrfToken: expect.stringMatching(/^[\w-]{43}$/) as string,
      createdAt: new Date(startOfTime).toISOString(),
      expiresAt: new Date(startOfTime + 12 * hourMs).toISOString(),
      address: "10.0.0.7",
      userAgent: "Orchard/1.0",
    });
    expect(browser.setCookie).toMatch(
      /^pippin-session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/,
    );
    expect((await browser.call("GET", currentPath)).body).toEqual(body);
  });

  it.each<[string, Record<string, string>, boolean]>([
    ["not over http", { publicUrl: "http://pippin.test" }, false],
    ["where the public address is https", { publicUrl: "https://pippin.test" }, true],
  ])("has its cookie marked as one for https alone: %s", async (_when, options, isSecure) => {
    harness = await openHarness(options);
    expect((await signedIn()).setCookie.endsWith("; Secure")).toBe(isSecure);
  });

  it("is refused with a wrong key, an ended one and none, and brakes who goes on trying", async () => {
    const browser = new Browser(harness);
    for (let attempt = 1; attempt <= 20; attempt += 1)
      expect(outcomeOf(await browser.signIn("pk_wrong"))).toEqual([401, "unauthorized", undefined]);
    const braked = await browser.signIn("pk_wrong");
    expect([braked.status, braked.headers.get("retry-after")]).toEqual([429, "60"]);
    expect((await browser.signIn("")).body["code"]).toBe("invalid_request");
    expect(browser.setCookie).toBe("");
    expect((await browser.signIn()).status).toBe(201);
  });

  it("is audited under the key's name, and under none where there was none", async () => {
    await new Browser(harness).signIn("pk_wrong");
    const browser = await signedIn(harness.keys.operator);
    await browser.call("POST", "/api/v1/groups", group);
    const log = itemsOf(await harness.call("GET", "/api/v1/audit"));
    const shown = log.map(({ operation, keyName, result, code }) => [operation, keyName, result, code]);
    expect(shown).toEqual([
      ["POST /api/v1/groups", "operator", "done", null],
      ["POST /api/v1/sessions", "operator", "done", null],
      ["POST /api/v1/sessions", null, "refused", "unauthorized"],
    ]);
    expect(log[1]).toMatchObject({
      target: `sessions/${browser.id}`,
      role: "operator",
      request: { body: { key: "[redacted]" } },
      after: { keyId: await keyId("operator"), userAgent: "Orchard/1.0" },
    });
    expect(harness.events).toContainEqual(
      expect.objectContaining({ event: "admin.changed", what: "session.opened", sessionId: browser.id }),
    );
  });

  it("keeps secret and token to the browser: neither is in the trace, the store or the audit log", async () => {
    const browser = await signedIn();
    await browser.call("POST", "/api/v1/groups", group);
    await browser.call("GET", currentPath);
    const wire = harness.events.filter(({ event }) => event === "wire");
    const places = new Map([
      ["the events", Buffer.from(JSON.stringify(harness.events))],
      ["the messages", Buffer.concat(wire.map(({ bytes }) => Buffer.from(String(bytes), "base64")))],
      ["the store", Buffer.from(JSON.stringify(await stored(browser.id)))],
      ["the audit log", Buffer.from((await harness.call("GET", "/api/v1/audit")).text)],
      ["the list", Buffer.from((await browser.call("GET", sessionsPath)).text)],
    ]);
    const secrets = new Map<string, string | Buffer>([
      ["the secret", browser.cookie],
      ["its bytes", Buffer.from(browser.cookie, "base64url")],
      ["the token", browser.csrfToken],
      ["the key", harness.keys.admin],
    ]);
    expect(findSecrets(secrets, places)).toEqual([]);
    // The same search finds what is no secret in each of them.
    for (const [where, content] of places)
      expect(findSecrets(new Map([["id", browser.id]]), new Map([[where, content]])).length, where).not.toBe(
        0,
      );
  });
});

describe("a change by a signed-in browser", () => {
  it.each<[string, Record<string, string>]>([
    ["without the token", { "x-csrf-token": "" }],
    ["with another token", { "x-csrf-token": "A".repeat(43) }],
    ["from another site", { "sec-fetch-site": "cross-site" }],
    ["from another host of the same site", { "sec-fetch-site": "same-site" }],
  ])("is refused %s, noted, and not done", async (_how, headers) => {
    const browser = await signedIn();
    for (const [method, path] of [
      ["POST", "/api/v1/groups"],
      ["DELETE", currentPath],
    ] as const) {
      const json = method === "POST" ? group.json : undefined;
      const refused = await browser.call(method, path, { headers, ...(json ? { json } : {}) });
      expect(outcomeOf(refused)).toEqual([403, "csrf_token_invalid", undefined]);
    }
    expect((await browser.call("GET", "/api/v1/groups", { headers })).status).toBe(200);
    const [noted] = itemsOf(await harness.call("GET", "/api/v1/audit"));
    expect(noted).toMatchObject({ keyName: "admin", result: "refused", code: "csrf_token_invalid" });
    expect(itemsOf(await browser.call("GET", "/api/v1/groups"))).toEqual([]);
    expect((await browser.call("POST", "/api/v1/groups", group)).status).toBe(201);
  });

  it("is let through from a page of the server, by hand, and from a browser that says nothing of sites", async () => {
    const browser = await signedIn();
    for (const site of ["same-origin", "none"]) {
      const headers = { "sec-fetch-site": site };
      const json = { id: site, name: site };
      expect((await browser.call("POST", "/api/v1/groups", { json, headers })).status, site).toBe(201);
    }
    const headers = { cookie: `pippin-session=${browser.cookie}`, "x-csrf-token": browser.csrfToken };
    expect((await harness.call("POST", "/api/v1/groups", { ...group, key: null, headers })).status).toBe(201);
  });

  it("takes no other session's token", async () => {
    const [browser, other] = [await signedIn(), await signedIn()];
    const headers = { "x-csrf-token": other.csrfToken };
    expect((await browser.call("POST", "/api/v1/groups", { ...group, headers })).status).toBe(403);
    expect((await other.call("POST", "/api/v1/groups", { ...group, headers })).status).toBe(201);
  });

  it("is answered as before under its Idempotency-Key", async () => {
    const browser = await signedIn();
    const again = { ...group, headers: { "idempotency-key": "once" } };
    const first = await browser.call("POST", "/api/v1/groups", again);
    const second = await browser.call("POST", "/api/v1/groups", again);
    expect([first.status, second.status, second.headers.get("idempotency-replayed")]).toEqual([
      201,
      201,
      "true",
    ]);
    expect(second.text).toBe(first.text);
  });
});

describe("signing out", () => {
  it("ends the session at once and takes the cookie away", async () => {
    const browser = await signedIn();
    const { cookie } = browser;
    const answer = await browser.call("DELETE", currentPath);
    expect([answer.status, answer.text, browser.cookie]).toEqual([204, "", ""]);
    expect(browser.setCookie).toContain("Max-Age=0");
    browser.cookie = cookie;
    expect(outcomeOf(await browser.call("GET", currentPath))).toEqual(ended);
    expect(harness.events).toContainEqual(
      expect.objectContaining({ event: "admin.changed", what: "session.ended", sessionId: browser.id }),
    );
  });

  it("is nothing for who came with a key", async () => {
    expect(outcomeOf(await harness.call("DELETE", currentPath))).toEqual([404, "not_found", undefined]);
    expect((await harness.call("GET", currentPath, { key: null })).status).toBe(401);
  });
});
