import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../../shared/trace.ts";
import { readScenario } from "../../../simulator/scenarios/read-scenario.ts";
import { playText, type Played } from "../scenarios/play-text.ts";

const head = (faults: string, steps: string) => `name: faulty
title: things go wrong
world:
  licenses: { Pages: 3 }
  people:
    - { id: anna, groups: [Staff] }
    - { id: bert, groups: [Staff] }
faults:
${faults}
steps:
${steps}`;

const deployed = `
  - deploy: { app: Pages, group: Staff }
  - expect: { phones: { has: Pages, count: 2 } }
    within: 1d`;

const play = (faults: string, steps = deployed): Promise<Played> => playText(head(faults, steps));
const fired = ({ events }: Played, rule: string): TraceEvent[] =>
  events.filter((event) => event.event === "fault" && event["rule"] === rule);
const named = ({ events }: Played, name: string): TraceEvent[] =>
  events.filter(({ event }) => event === name);

describe("a fault of a command", () => {
  it("is NotNow for the first two of each phone, and the phone comes by itself when it can", async () => {
    const played = await play(
      "  - { name: busy, command: InstallApplication, when: { first: 2 }, do: { NotNow: 5m } }",
    );
    expect(played.summary.failures).toEqual([]);
    expect(fired(played, "busy")).toHaveLength(4);
    expect(named(played, "command.deferred")).toHaveLength(4);
    expect(fired(played, "busy")[0]).toMatchObject({ what: "notNow", requestType: "InstallApplication" });
  });

  it("is an error of any domain and code, on the phones of one person alone", async () => {
    const played = await play(
      "  - { name: odd, phones: anna, command: InviteToProgram, when: { first: 1 }, do: { error: { domain: OddDomain, code: 4711 } } }",
    );
    expect(played.summary.failures).toEqual([]);
    expect(named(played, "command.failed")).toMatchObject([{ errorDomain: "OddDomain", errorCode: 4711 }]);
    expect(new Set(fired(played, "odd").map(({ udid }) => udid)).size).toBe(1);
  });

  it.each([
    ["late", "{ late: 10m..20m }"],
    ["duplicate", "duplicate"],
    ["lost", "lost"],
    ["malformed", "malformed"],
    ["vanish", "{ vanish: 5m..10m }"],
  ])("lets a result be %s, and all comes to its end", async (what, fault) => {
    const played = await play(`  - { name: odd, when: { every: 3 }, do: ${fault} }`);
    expect(played.summary.failures).toEqual([]);
    expect(fired(played, "odd").length).toBeGreaterThan(0);
    expect(fired(played, "odd")[0]).toMatchObject({ what });
    const marks = { duplicate: "command.duplicate", malformed: "command.malformed" } as const;
    if (what in marks) expect(named(played, marks[what as keyof typeof marks]).length).toBeGreaterThan(0);
    const performed = named(played, "command.performed").map(
      ({ udid, commandUUID }) => `${udid} ${commandUUID}`,
    );
    expect(new Set(performed).size).toBe(performed.length);
  });

  it("comes by chance, and the same chance again from the same seed", async () => {
    const rule = "  - { name: odd, when: { chance: 30% }, do: { NotNow: 1m } }";
    const [once, again] = [await play(rule), await play(rule)];
    expect(once.summary.failures).toEqual([]);
    expect(fired(once, "odd").length).toBeGreaterThan(0);
    expect(again.events).toEqual(once.events);
  });
});

describe("a fault of Apple's service", () => {
  it.each([
    ["slow", "getVPPUserSrv", "{ slow: 2s..4s }"],
    ["an error", "manageVPPLicensesByAdamIdSrv", "{ error: 9603 }"],
    ["overloaded", "any", "{ unavailable: { retryAfter: 20s } }"],
    ["closed", "any", "{ http: { status: 403, body: T_C_NOT_SIGNED } }"],
    ["deaf", "registerVPPUserSrv", "lostRequest"],
    ["mute", "manageVPPLicensesByAdamIdSrv", "lostAnswer"],
    ["garbled", "getVPPUserSrv", "garbage"],
    ["a store that refuses", "store", "{ unavailable: { retryAfter: 20s } }"],
  ])("makes it %s, and all comes to its end", async (_, service, fault) => {
    const played = await play(`  - { name: odd, service: ${service}, when: { first: 2 }, do: ${fault} }`);
    expect(played.summary.failures).toEqual([]);
    expect(fired(played, "odd").length).toBeGreaterThan(0);
  });

  it("takes no second licence when the answer to an association was lost", async () => {
    const played = await play(
      "  - { name: mute, service: manageVPPLicensesByAdamIdSrv, when: { first: 1 }, do: lostAnswer }",
      `${deployed}\n  - expect: { licenses: { app: Pages, used: 2 } }`,
    );
    expect(played.summary.failures).toEqual([]);
  });
});

describe("an Apple that takes its time", () => {
  it("is believed when it has come round: licences and joinings that are seen late lose nothing", async () => {
    const played = await playText(
      head(
        "  - { name: slow, service: store, do: { slow: 1s } }",
        `
  - apple: { registrationDelayMs: 7200000, associationDelayMs: 180000 }
  - deploy: { app: Pages, group: Staff }
  - expect: { users: { status: invited, count: 2 } }
    within: 10m
    for: 1h
  - expect: { phones: { has: Pages, count: 2 } }
    within: 1d
  - expect: { licenses: { app: Pages, used: 2 } }`,
      ),
    );
    expect(played.summary.failures).toEqual([]);
  });
});

describe("a fault of a link", () => {
  it.each([
    ["latency", "phones-server", "{ latency: 500ms..3s }"],
    ["bandwidth", "phones-server", "{ bandwidth: 2000 }"],
    ["slicer", "phones-server", "{ slicer: { bytes: 100, delay: 50ms..200ms } }"],
    ["reset", "phones-server", "{ reset: 20s..60s }"],
    ["latency", "server-apple", "{ latency: 1s..5s }"],
    ["latency", "phones-apple", "{ latency: 1s..5s }"],
  ])("is %s on %s, and all comes to its end", async (_, link, fault) => {
    const played = await play(
      `  - { name: odd, link: ${link}, active: false, do: ${fault} }`,
      `
  - begin-fault: odd
  - server: restart${deployed}`,
    );
    expect(played.summary.failures).toEqual([]);
    expect(fired(played, "odd")).toHaveLength(1);
  });

  it("that slices lets a message arrive whole, and later the longer it is", async () => {
    const [cut, plain] = await Promise.all([
      play(
        "  - { name: odd, link: phones-server, active: false, do: { slicer: { bytes: 100, delay: 200ms } } }",
        `\n  - begin-fault: odd\n  - server: restart${deployed}`,
      ),
      play("  - { name: odd, do: { late: 1ms } }", `\n  - server: restart${deployed}`),
    ]);
    /** Of the first invitation, from the push to its result. */
    const took = (played: Played) => {
      const [push] = named(played, "command.pushed");
      const answer = named(played, "command.acknowledged").find(
        ({ commandUUID }) => commandUUID === push?.commandUUID,
      );
      return Date.parse(answer?.time ?? "") - Date.parse(push?.time ?? "");
    };
    // The command and its answer have some hundred bytes each.
    expect(took(cut) - took(plain)).toBeGreaterThanOrEqual(400);
    expect(named(cut, "command.malformed")).toEqual([]);
  });

  it.each(["down", "timeout"])("is %s between a beginning and an end", async (fault) => {
    const played = await play(
      `  - { name: cut, link: phones-server, active: false, do: ${fault} }`,
      `
  - begin-fault: cut
  - deploy: { app: Pages, group: Staff }
  - wait: 2h
  - expect: { phones: { has: Pages, count: 0 } }
  - end-fault: cut
  - cut
  - expect: { phones: { has: Pages, count: 2 } }
    within: 6h`,
    );
    expect(played.summary.failures).toEqual([]);
    if (fault === "down") expect(named(played, "connection.closed").length).toBeGreaterThan(0);
  });
});

describe("a rule", () => {
  it("that met nothing fails the scenario: it has shown nothing", async () => {
    const played = await play("  - { name: never, command: EraseDevice, do: duplicate }");
    expect(played.summary.failures).toEqual(["at the end: the fault never has met nothing"]);
  });

  it.each([
    ["{ name: a, do: explode }", "do: expected duplicate, lost, malformed"],
    ["{ name: a, phones: carl, do: lost }", 'phones: there is no phone, person or group "carl"'],
    ["{ name: a, service: getVPPUsrsSrv, do: garbage }", "service: Invalid option"],
    ["{ name: a, service: any, do: { error: 1 } }", "do: expected lostRequest"],
    ["{ name: a, link: phones-server, do: lost }", "do: expected down, timeout"],
    ["{ name: a, do: lost, when: { chance: 300% } }", "when.chance: expected more than 0%"],
    ["{ name: a, do: lost, colour: red }", 'nobody knows the key "colour"'],
    ["{ name: Big, do: lost }", "name: expected a name such as busy-phones"],
  ])("is refused at its line: %s", (rule, message) => {
    const read = () => readScenario(head(`  - ${rule}`, deployed), "f.yaml");
    expect(read).toThrow(/^f\.yaml:9:\d+: faults\[1\]/);
    expect(read).toThrow(message);
  });

  it("is refused when there are two of its name, and when a step names one that there is not", () => {
    const two = head("  - { name: a, do: lost }\n  - { name: a, do: lost }", deployed);
    expect(() => readScenario(two, "f.yaml")).toThrow('there are two faults "a"');
    const unknown = head("  - { name: slow-line, do: lost }", "  - end-fault: slow-lime");
    expect(() => readScenario(unknown, "f.yaml")).toThrow(
      'there is no fault "slow-lime"; did you mean "slow-line"?',
    );
  });
});
