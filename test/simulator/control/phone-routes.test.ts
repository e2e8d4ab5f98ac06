import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TraceEvent } from "../../../shared/trace.ts";
import { appleIdOf } from "../../../simulator/organisation.ts";
import { LabClient } from "./lab-client.ts";

const pages = "361309726";
let client: LabClient;
const events: TraceEvent[] = [];
/** The first phone of a personal enrolment; its person is put off at once. */
let mine: string;

beforeAll(async () => {
  client = await LabClient.start(6, "hand");
  client.lab.recorder.subscribe((event) => events.push(event));
  mine = client.serial("user");
});
afterAll(() => client.stop());

describe("the phones of a lab", () => {
  it("are listed page by page, and by what they are like", async () => {
    const first = (await client.ask("GET", "/lab/v1/phones?limit=4")).body;
    expect(first.items).toHaveLength(4);
    const second = (await client.ask("GET", `/lab/v1/phones?limit=4&cursor=${first.nextCursor}`)).body;
    expect(second).toMatchObject({ nextCursor: null });
    const serials = [...first.items, ...second.items].map((one) => one.serialNumber);
    expect(serials).toEqual(client.lab.phones.map(({ config }) => config.serialNumber));
    expect(first.items[0]).toMatchObject({
      status: "enrolled",
      prompt: null,
      heldBy: "person",
      airplane: false,
    });
    const none = (await client.ask("GET", "/lab/v1/phones?status=off")).body;
    expect(none).toEqual({ items: [], nextCursor: null });
    const found = (await client.ask("GET", `/lab/v1/phones?search=${mine.slice(3).toLowerCase()}`)).body;
    expect(found.items.map((one: { serialNumber: string }) => one.serialNumber)).toEqual([mine]);
  });

  it("answer to serial number, name, owner, UDID and the beginning of one", async () => {
    const { udid, name, owner } = await client.show(mine);
    for (const by of [mine, mine.toLowerCase(), udid, udid.slice(0, 12), encodeURIComponent(name), owner])
      expect(await client.show(by)).toMatchObject({ serialNumber: mine, enrolled: true });
  });

  it.each<[string, string, string, unknown, number, string]>([
    ["a phone that isn't there", "GET", "/phones/nobody", undefined, 404, "not_found"],
    ["a beginning that several have", "GET", "/phones/PIP", undefined, 409, "ambiguous_name"],
    ["a route that isn't there", "POST", "/phones/PIP/fly", {}, 404, "route_not_found"],
    ["a status that isn't there", "GET", "/phones?status=lost", undefined, 400, "invalid_request"],
    ["a parameter nobody knows", "GET", "/phones?colour=red", undefined, 400, "invalid_request"],
    ["a cursor of nobody's", "GET", "/phones?cursor=x", undefined, 400, "invalid_request"],
  ])("refuse %s", async (_name, method, path, body, status, code) => {
    expect(await client.ask(method, `/lab/v1${path}`, body)).toMatchObject({
      status,
      body: { code, status },
    });
  });

  it("name those that a beginning could mean", async () => {
    const { body } = await client.ask("GET", "/lab/v1/phones/pip");
    expect(body).toMatchObject({ count: 6 });
    expect(body.candidates).toHaveLength(6);
  });

  it.each<[string, string, unknown, string]>([
    ["a field nobody knows", "lock", { hard: true }, "invalid_request"],
    ["no field where there is to be one", "airplane", {}, "invalid_request"],
    ["what is no JSON", "tap", "{", "malformed_json"],
    ["a sheet where there is none", "tap", { button: "install" }, "conflict"],
    ["typing into nothing", "type", { text: "hello" }, "conflict"],
    ["switching on what is on", "boot", {}, "conflict"],
    ["deleting an app that isn't there", "delete-app", { app: "Pages" }, "not_found"],
    ["enrolling what is enrolled", "enroll", {}, "conflict"],
    ["asking for an app that isn't offered", "portal", { adamId: pages }, "forbidden"],
  ])("refuse %s", async (_name, act, body, code) => {
    const answer = await client.act(mine, act, body);
    expect(answer.body).toMatchObject({ code, type: `urn:pippin:problem:${code}` });
    expect(answer.status).toBe(answer.body.status);
  });

  it("let nobody in without the key", async () => {
    for (const path of ["/lab/v1/phones", "/lab/v1", "/metrics", "/nothing"])
      expect(await client.ask("GET", path, undefined, "lk_wrong")).toMatchObject({
        status: 401,
        body: { code: "unauthorized" },
      });
  });
});

describe("a phone in the hand", () => {
  it("installs what is deployed to it by taps and typing, as its person would", async () => {
    const { owner } = await client.show(mine);
    expect((await client.act(mine, "hand", { heldBy: "nobody" })).body).toMatchObject({ heldBy: "nobody" });
    const { admin } = client.lab;
    await admin.post("/api/v1/groups", { id: "mine", name: "Mine" });
    await admin.send("PUT", `/api/v1/groups/mine/members/${owner}`);
    await admin.post("/api/v1/deployments", { adamId: pages, groupId: "mine", action: "required" });

    const asked = await client.until("the terms", mine, ({ prompt }) => prompt?.kind === "programTerms");
    expect(asked.prompt.buttons.map((one: { label: string }) => one.label)).toEqual(["Decline", "Accept"]);
    expect((await client.act(mine, "tap", { button: "Install" })).body).toMatchObject({
      code: "invalid_request",
    });
    // The last button agrees.
    await client.act(mine, "tap", { button: asked.prompt.buttons.at(-1).label });
    const user = (await admin.get<{ email: string }>(`/api/v1/users/${owner}`)) satisfies { email: string };
    const { appleId, password } = appleIdOf({ id: owner, email: user.email });

    let sight = await client.until(
      "a sheet",
      mine,
      ({ prompt }) => prompt !== null && prompt.kind !== "programTerms",
    );
    for (let sheets = 0; sheets < 6 && sight.prompt !== null; sheets += 1) {
      const { id } = sight.prompt;
      for (const { name } of sight.prompt.fields) {
        const typed = await client.act(mine, "type", { text: name === "appleId" ? appleId : password });
        expect(JSON.stringify(typed.body)).not.toContain(password);
        expect(typed.body.prompt.fields.find((one: { name: string }) => one.name === name)).toMatchObject({
          typed: true,
        });
      }
      await client.act(mine, "tap", { button: sight.prompt.buttons.at(-1).id, promptId: id });
      sight = await client.until(
        "the next sheet, or the app",
        mine,
        ({ prompt, apps }) => (prompt !== null && prompt.id !== id) || apps[0]?.installed === true,
      );
      if (sight.apps[0]?.installed === true) break;
    }
    expect(sight.apps).toMatchObject([{ adamId: pages, installed: true }]);
    // To the record it is the same as what any person does.
    const answers = events.filter(({ event, udid }) => event === "prompt.answered" && udid === sight.udid);
    expect(answers.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["programTerms", "appInstallation", "appleIdSignIn"]),
    );
    expect(answers.every(({ cause }) => typeof cause === "number")).toBe(true);
  });

  it("loses an app that is deleted by its name", async () => {
    const { body } = await client.act(mine, "delete-app", { app: "pages" });
    expect(body.apps.filter((app: { installed: boolean }) => app.installed)).toEqual([]);
  });

  it("shows the company portal", async () => {
    const { body } = await client.ask("GET", `/lab/v1/phones/${mine}/portal`);
    expect(body).toEqual({ items: [] });
  });

  it("is locked and unlocked, with a passcode or without", async () => {
    expect((await client.act(mine, "passcode", { passcode: "2468" })).body).toMatchObject({
      hasPasscode: true,
    });
    expect((await client.act(mine, "lock")).body).toMatchObject({ locked: true });
    expect((await client.act(mine, "unlock", { passcode: "1111" })).body).toMatchObject({
      code: "forbidden",
    });
    expect((await client.act(mine, "unlock", { passcode: "2468" })).body).toMatchObject({ locked: false });
    expect((await client.act(mine, "passcode", { passcode: null })).body).toMatchObject({
      hasPasscode: false,
    });
  });

  it("goes off the network in airplane mode, and comes back", async () => {
    await client.act(mine, "airplane", { on: true });
    await client.until("off the network", mine, ({ connected, airplane }) => airplane && !connected);
    expect((await client.ask("GET", "/lab/v1/phones?connected=false")).body.items).toHaveLength(1);
    await client.act(mine, "airplane", { on: false });
    await client.until("on the network", mine, ({ connected, airplane }) => !airplane && connected);
  });

  it("is switched off and on", async () => {
    expect((await client.act(mine, "shut-down")).body).toMatchObject({ status: "off", connected: false });
    expect((await client.act(mine, "lock")).body).toMatchObject({ code: "conflict" });
    expect((await client.act(mine, "boot")).body).toMatchObject({ status: "enrolled" });
    await client.until("back", mine, ({ connected }) => connected);
    expect((await client.act(client.serial("device"), "restart")).body).toMatchObject({
      status: "restarting",
    });
  });

  it("is erased, and enrols anew as its owner's", async () => {
    const { owner } = await client.show(mine);
    expect((await client.act(mine, "erase")).body).toMatchObject({
      status: "erased",
      enrolled: false,
      apps: [],
    });
    await client.act(mine, "enroll");
    const { udid } = await client.until("enrolled", mine, ({ enrolled }) => enrolled);
    expect(await client.lab.admin.get(`/api/v1/devices/${udid}`)).toMatchObject({ userId: owner });
  });

  it("goes back to its person, and only where there is one", async () => {
    expect((await client.act(mine, "hand", { heldBy: "person" })).body).toMatchObject({ heldBy: "person" });
    const lying = await client.lab.addPhone({
      ...{ serial: "DESK1", product: "iPhone8,1", name: "Nobody's", kind: "user" },
      enrollmentUrl: "http://127.0.0.1:9/enroll/nothing",
    });
    expect((await client.act("DESK1", "hand", { heldBy: "person" })).body).toMatchObject({
      code: "conflict",
    });
    await lying.stop();
    expect((await client.ask("GET", "/lab/v1/phones?status=stopped")).body.items).toHaveLength(1);
  });
});
