import { beforeEach, describe, expect, it } from "vitest";
import { PippinError } from "../../../shared/errors.ts";
import { key, ScreenClient } from "./screen-client.ts";
import { standInPrompt, StandInPhone, StandInRack } from "./stand-ins.ts";

let phone: StandInPhone;
let rack: StandInRack;
let client: ScreenClient;
beforeEach(async () => {
  phone = new StandInPhone();
  rack = new StandInRack([phone]);
  client = await new ScreenClient(rack).enter();
});

const codeOf = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as { code: string }).code,
];

describe("who comes to the screen", () => {
  it("is sent on without the key, with a cookie that no script and no other site gets", async () => {
    const stranger = new ScreenClient(rack);
    const response = await stranger.get(`/phones/PIPPIN0001?key=${key}&x=1`);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/phones/PIPPIN0001?x=1");
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Strict");
    expect(cookie).not.toContain(key);
  });

  it("from another site's link gets a page that leads on, since no redirect would carry the cookie", async () => {
    const response = await new ScreenClient(rack).get(`/?key=${key}`, { "sec-fetch-site": "cross-site" });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('content="0; url=/"');
  });

  it("without the key is told where the link is, in both languages", async () => {
    const stranger = new ScreenClient(rack);
    for (const path of ["/", "/?key=sk_another", "/app.js"]) {
      const response = await stranger.get(path);
      expect(response.status).toBe(401);
      const text = await response.text();
      expect(text).toContain("printed a link");
      expect(text).toContain('lang="it"');
    }
    expect((await client.get("/")).status).toBe(200);
  });

  it.each(["/screen/v1", "/screen/v1/phones/c0ffee", "/screen/v1/wall/stream", `/screen/v1?key=${key}`])(
    "without the key gets nothing of %s",
    async (path) => {
      expect(await codeOf(await new ScreenClient(rack).get(path))).toEqual([401, "unauthorized"]);
      const response = await client.get(path);
      expect(response.status).toBe(200);
      await response.body?.cancel();
    },
  );

  it.each<[string, number]>([
    ["127.0.0.1:8083", 200],
    ["localhost:8083", 200],
    ["[::1]:8083", 200],
    ["attacker.example:8083", 403],
    ["127.0.0.1.attacker.example", 403],
    ["", 403],
  ])("by the host %j is answered %d", async (host, status) => {
    expect((await client.get("/screen/v1", { host })).status).toBe(status);
  });

  it("reaches a screen that listens under a name by that name", async () => {
    const named = await new ScreenClient(rack, "lab.example").enter();
    expect((await named.get("/screen/v1", { host: "lab.example:8083" })).status).toBe(200);
  });
});

describe("an act", () => {
  const lock = (headers: Record<string, string>) => client.post("/phones/c0ffee/lock", {}, headers);

  it.each<[string, Record<string, string>, number, string]>([
    ["from another site", { "sec-fetch-site": "cross-site" }, 403, "forbidden"],
    ["from another port", { "sec-fetch-site": "same-site" }, 403, "forbidden"],
    ["as a form sends it", { "x-pippin-screen": "" }, 403, "forbidden"],
    ["as plain text", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
    ["without a cookie", { cookie: "" }, 401, "unauthorized"],
  ])("%s is refused", async (_name, headers, status, code) => {
    expect(await codeOf(await lock(headers))).toEqual([status, code]);
    expect(phone.acts).toEqual([]);
    expect((await lock({ "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect(phone.acts).toEqual([["lock"]]);
  });

  it.each<[string, string, unknown, number, string]>([
    ["a phone that isn't there", "/phones/nobody/lock", {}, 404, "not_found"],
    ["an act that isn't there", "/phones/c0ffee/fly", {}, 404, "route_not_found"],
    ["an act that objects have", "/phones/c0ffee/constructor", {}, 404, "route_not_found"],
    ["a field nobody knows", "/phones/c0ffee/lock", { hard: true }, 400, "invalid_request"],
    ["a body that is no JSON", "/phones/c0ffee/lock", "{", 400, "malformed_json"],
    [
      "a body that is too long",
      "/phones/c0ffee/unlock",
      { passcode: "x".repeat(9_000) },
      413,
      "body_too_large",
    ],
    ["a clock that goes by itself", "/phones/c0ffee/advance", { seconds: 10 }, 409, "clock_not_held"],
    ["more than a day", "/phones/c0ffee/advance", { seconds: 86_401 }, 400, "invalid_request"],
  ])("on %s is refused", async (_name, path, body, status, code) => {
    expect(await codeOf(await client.post(path, body))).toEqual([status, code]);
    expect(client.failures).toEqual([]);
  });

  it.each<[string, unknown, readonly unknown[]]>([
    ["lock", {}, ["lock"]],
    ["unlock", { passcode: "2468" }, ["unlock", "2468"]],
    ["passcode", { passcode: null }, ["setPasscode", null]],
    ["airplane", { on: true }, ["setAirplane", true]],
    ["boot", {}, ["boot"]],
    ["restart", {}, ["restart"]],
    ["shut-down", {}, ["shutDown"]],
    ["erase", {}, ["erase"]],
    ["enroll", {}, ["enroll", "http://127.0.0.1:9/enroll/c0ffee"]],
    ["enroll", { url: "http://mdm.example/enroll/t" }, ["enroll", "http://mdm.example/enroll/t"]],
    ["install", { adamId: "361309726" }, ["portal.install", "361309726"]],
    ["delete-app", { bundleId: "a.b" }, ["deleteApp", "a.b"]],
    ["get", { adamId: "361309726" }, ["installFromStore", "361309726"]],
    ["remove-profile", {}, ["removeProfile", undefined]],
    ["sign-in", { appleId: "a@b.c", password: "p" }, ["signIn", { appleId: "a@b.c", password: "p" }]],
    ["sign-out", {}, ["signOut"]],
  ])("%s with %j does what it says", async (act, body, done) => {
    expect((await client.post(`/phones/PIPPIN0001/${act}`, body)).status).toBe(200);
    expect(phone.acts).toEqual([done]);
  });

  it("types and taps on the sheet it means, and on no other", async () => {
    phone.show({ prompt: standInPrompt("appleIdSignIn") });
    const fields = { appleId: "a@b.c", password: "apple-alone" };
    const late = await client.post("/phones/c0ffee/tap", { promptId: "before", button: "signIn", fields });
    expect(await codeOf(late)).toEqual([409, "conflict"]);
    expect(rack.list[0]?.hand.typedFields).toEqual([]);
    const given = { promptId: "prompt-appleIdSignIn", button: "signIn", fields };
    expect((await client.post("/phones/c0ffee/tap", given)).status).toBe(200);
    expect(phone.acts).toEqual([["answer", "prompt-appleIdSignIn", { choice: "signIn", ...fields }]]);
  });

  it("that the phone refuses says why by a code", async () => {
    phone.refusal = new PippinError("forbidden", "locked", { details: { reason: "apple_id_locked" } });
    const response = await client.post("/phones/c0ffee/sign-in", { appleId: "a", password: "p" });
    expect(await response.json()).toMatchObject({
      code: "forbidden",
      reason: "apple_id_locked",
      status: 403,
    });
  });

  it("gives a phone to its person and takes it back, and moves a clock that is held", async () => {
    const held = new StandInRack([phone], { clockIsHeld: true });
    client = await new ScreenClient(held).enter();
    const given = await client.post("/phones/c0ffee/hand", { heldBy: "person" });
    expect(await given.json()).toMatchObject({ heldBy: "person", clockIsHeld: true });
    await client.post("/phones/c0ffee/advance", { seconds: 60 });
    expect(held.advanced).toEqual([60_000]);
  });
});

describe("a password", () => {
  const password = "apple-alone-may-know";

  it("is in no answer, no stream and no complaint", async () => {
    const reader = await client.read("/phones/c0ffee/stream");
    phone.show({ prompt: standInPrompt("appleIdSignIn") });
    const told: unknown[] = [await reader.next()];
    const hand = rack.list[0]?.hand;
    hand?.type(password, "password");
    phone.show({ busy: true });
    client.clock.pass(1_000);
    told.push(await reader.next());
    expect(hand?.typedFields).toEqual(["password"]);
    for (const body of [
      { promptId: "prompt-appleIdSignIn", button: "signIn", fields: { appleId: "a", password } },
      { promptId: "prompt-appleIdSignIn", button: "never", fields: { password } },
      {
        promptId: "prompt-appleIdSignIn",
        button: "signIn",
        fields: { password, [password]: password.length },
      },
      { promptId: password.repeat(20), button: "signIn" },
    ])
      told.push(await (await client.post("/phones/c0ffee/tap", body)).json());
    told.push(await (await client.post("/phones/c0ffee/sign-in", { appleId: "a", password })).json());
    phone.refusal = new PippinError("forbidden", "the Apple ID or the password is wrong");
    told.push(await (await client.post("/phones/c0ffee/sign-in", { appleId: "a", password })).json());
    // The name of a field nobody knows is the sender's own, and named back to them.
    const text = JSON.stringify(told).replaceAll(`body.fields.${password}`, "");
    expect(text).not.toContain(password);
    expect(JSON.stringify(phone.acts)).toContain(password);
    await reader.leave();
  });
});

describe("the pages", () => {
  it("come with a policy that lets in nothing from elsewhere and nothing inline", async () => {
    const response = await client.get("/phones/PIPPIN0001");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("content-security-policy")).not.toContain("unsafe");
    expect(await response.text()).not.toContain(" style=");
  });

  it("are told what there is: a wall, or one phone", async () => {
    expect(await (await client.get("/screen/v1")).json()).toEqual({ phone: null });
    const one = await new ScreenClient(new StandInRack([phone], { single: true })).enter();
    expect(await (await one.get("/screen/v1")).json()).toEqual({ phone: "c0ffee" });
  });

  it("weigh less than 100 KB compressed", async () => {
    let bytes = 0;
    for (const path of ["/", "/app.js", "/app.css"]) {
      const response = await client.get(path, { "accept-encoding": "br" });
      bytes += (await response.arrayBuffer()).byteLength;
    }
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(100_000);
  });
});
