import { describe, expect, it } from "vitest";
import "../../../simulator/library/matchers.ts";
import { startLab, type LabOptions } from "../../../simulator/library/index.ts";
import { scenarioLanguage } from "../../../simulator/scenarios/scenario-file.ts";
import type { ExpectationName, Verb } from "../../../simulator/scenarios/scenario-source.ts";

const staff: LabOptions = {
  seed: 7,
  licenses: { Pages: 1, Keynote: 5 },
  people: [
    { id: "anna", groups: ["Staff"], phones: ["user", "configurator"] },
    { id: "bert", groups: ["Staff"], persona: "slow" },
  ],
  personas: { slow: { think: "10m..20m" } },
};
const deployed = { deploy: { app: "Keynote", group: "Staff" } } as const;

describe("a lab from TypeScript", () => {
  it("lets apps be deployed, people answer, and everything be looked at", async () => {
    await using lab = await startLab(staff);
    expect(lab.phones.map(({ name }) => name)).toEqual(["anna", "anna/2", "bert"]);
    expect(lab.phone("anna")).toBeEnrolled();
    await lab.do(deployed);
    await lab.eventually(() => expect(lab.phone("anna")).toHaveInstalled("Keynote"));
    expect(lab.phone("bert")).not.toHaveInstalled("Keynote");
    await lab.eventually(() => expect(lab.phone("bert")).toHaveInstalled("Keynote"), { within: "2h" });
    await expect(lab).toHaveLicenses("Keynote", { used: 2, available: 3 });
    await expect(lab).toHaveExactLedger();
    await lab.expect({
      licenses: { app: "Keynote", used: 2 },
      terms: { person: "bert", status: "accepted" },
    });
    expect(lab.events("user.accepted").map(({ userId }) => userId)).toEqual(["anna", "bert"]);
    const { items } = await lab.admin.get<{ items: unknown[] }>("/api/v1/installations?limit=100");
    expect(items).toHaveLength(3);
  });

  it("is the same again from its seed", async () => {
    const histories: unknown[] = [];
    for (const seed of [7, 7, 8]) {
      await using lab = await startLab({ ...staff, seed });
      await lab.do(deployed);
      await lab.advance("1d");
      histories.push(lab.events().map(({ run: _run, ...event }) => event));
    }
    expect(histories[1]).toEqual(histories[0]);
    expect(histories[2]).not.toEqual(histories[0]);
  });

  it("puts a phone into the hand of whoever writes the test", async () => {
    await using lab = await startLab(staff);
    const phone = lab.phone("bert");
    phone.putAway();
    await lab.do(deployed);
    await lab.eventually(() => expect(phone).toShow("programTerms"));
    expect(() => expect(phone).toShow("appInstallation")).toThrow(
      "bert shows programTerms, expected appInstallation",
    );
    await expect(phone.tap("maybe")).rejects.toThrow("this prompt offers");
    await phone.tap(phone.prompt?.choices.at(-1) ?? "");
    await lab.eventually(() => expect(phone).toShow("appleIdSignIn"));
    await expect(phone.tap("signIn")).rejects.toThrow("this prompt wants appleId and password typed");
    await phone.tap("signIn", lab.person("bert").credentials);
    await lab.eventually(() => expect(phone).toShow("appInstallation"));
    await phone.tap("cancel");
    await lab.expect(
      { installation: { phone: "bert", app: "Keynote", state: "failed", reason: "user-rejected" } },
      { within: "1h" },
    );
    await expect(phone.tap("install")).rejects.toMatchObject({ code: "conflict" });
    await phone.lock();
    expect(phone.view.locked).toBe(true);
    expect(phone).not.toShow();
  });

  it("travels in time: a span, a year, to the token's expiry, and never back", async () => {
    await using lab = await startLab({ ...staff, people: [{ id: "anna", phones: [] }] });
    const begun = lab.now.getTime();
    await lab.advance("90m");
    expect(lab.now.getTime() - begun).toBe(5_400_000);
    await lab.advanceTo("tokenExpiry");
    await lab.advance("1d");
    await lab.expect({ account: { state: "expired" } });
    // Twice a day, all the while, without anybody having asked.
    expect(lab.events("sync.finished").length).toBeGreaterThan(700);
    await expect(lab.advanceTo(new Date(begun))).rejects.toMatchObject({ code: "usage" });
    await expect(async () => lab.advance("soon")).rejects.toMatchObject({ code: "usage" });
    await expect(async () => lab.advance(-1)).rejects.toMatchObject({ code: "usage" });
  });

  it("tells what failed with the seed and the time, and takes no step of a list that makes no sense", async () => {
    await using lab = await startLab(staff);
    await expect(
      lab.eventually(() => expect(lab.phone("anna")).toHaveInstalled("Pages"), { within: "5m" }),
    ).rejects.toThrow(
      /^not so within 5m: anna has not Pages; on it: no apps\n\(seed 7, at 2016-06-15T08:0\d/,
    );
    await expect(lab.expect({ licenses: { app: "Pages", used: 1 } })).rejects.toThrow(
      /0 licences of Pages used, expected 1/,
    );
    const syncs = lab.events("sync.started").length;
    await expect(lab.do("sync", { deploy: { app: "Pagse", group: "Staff" } })).rejects.toThrow(
      /\[2\]\.deploy\.app: there is no app "Pagse"; did you mean "Pages"\?/,
    );
    expect(lab.events("sync.started")).toHaveLength(syncs);
    await expect(lab.do({ retry: { phone: "anna", app: "Pages" } })).rejects.toThrow(
      /step 1 \(retry\) failed: not_found/,
    );
    expect(() => lab.phone("ana")).toThrow('there is no phone "ana"; did you mean "anna"?');
    expect(() => expect(lab.phone("anna")).toHaveInstalled("Pagse")).toThrow("did you mean");
    await expect(lab.admin.get("/api/v1/nowhere")).rejects.toMatchObject({ code: "route_not_found" });
  });

  it("refuses options that make no world, all of them at once", async () => {
    await expect(startLab({ licenses: { Pagse: 1 }, people: [{ id: "Anna" }] })).rejects.toMatchObject({
      code: "invalid_scenario",
    });
    await expect(startLab({ world: "virtual", wether: "fine" } as LabOptions)).rejects.toThrow(
      'nobody knows the key "wether"',
    );
  });

  it("is one of real sockets and real time when that is asked for", async () => {
    await using lab = await startLab({ ...staff, world: "live" });
    await lab.do(deployed);
    await lab.eventually(() => expect(lab.phone("anna")).toHaveInstalled("Keynote"));
    await lab.expect({ licenses: { app: "Keynote", used: 2 } }, { within: "20s" });
    const { status } = await fetch(`${lab.admin.baseUrl}/api/v1/users`);
    expect(status).toBe(401);
  });
});

describe("the words of a scenario in TypeScript", () => {
  it("are those of a scenario in YAML", () => {
    const verbs = {
      ...{ deploy: 1, withdraw: 1, join: 1, leave: 1, sync: 1, "upload-token": 1, "renew-token": 1 },
      ...{ "delete-token": 1, "take-control": 1, invite: 1, retire: 1, reinstate: 1, "ask-terms": 1 },
      ...{ "delete-user": 1, revoke: 1, reclaim: 1, resend: 1, retry: 1, cancel: 1, command: 1, policies: 1 },
      ...{
        api: 1,
        buy: 1,
        refund: 1,
        token: 1,
        "other-mdm": 1,
        apple: 1,
        "forget-lists": 1,
        "new-version": 1,
      },
      ...{ "apple-id": 1, lock: 1, unlock: 1, "restart-phone": 1, "shut-down": 1, boot: 1, erase: 1 },
      ...{ "remove-profile": 1, "sign-out": 1, busy: 1, idle: 1, vanish: 1, "come-back": 1, enrol: 1 },
      ...{
        "delete-app": 1,
        "open-portal": 1,
        "install-from-store": 1,
        "put-away": 1,
        "pick-up": 1,
        behave: 1,
      },
      ...{ cut: 1, "begin-fault": 1, "end-fault": 1, wait: 1, "wait-until": 1, server: 1 },
    } satisfies Record<Verb, 1>;
    const expectations = {
      ...{ installations: 1, installation: 1, licenses: 1, terms: 1, users: 1, phones: 1, ledger: 1 },
      ...{ soundness: 1, account: 1, command: 1, events: 1 },
    } satisfies Record<ExpectationName, 1>;
    const language = scenarioLanguage();
    expect([...Object.keys(verbs), "expect"].sort()).toEqual([...language.verbs].sort());
    expect(Object.keys(expectations).sort()).toEqual([...language.expectations].sort());
  });
});
