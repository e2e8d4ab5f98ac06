import { describe, expect, it } from "vitest";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { play } from "../../../simulator/scenarios/play.ts";
import { checkScenario } from "../../../simulator/scenarios/read-scenario.ts";
import type { Lab } from "../../../simulator/scenarios/scenario.ts";
import { playSteps, playText } from "./play-text.ts";

const deployed = `
  - deploy: { app: Pages, group: Staff }
  - expect: { installations: { app: Pages, state: installed, count: 2 } }
    within: 1h
`;

describe("a scenario that is played", () => {
  it("passes when everything comes as it is expected", async () => {
    const { summary } = await playSteps(deployed);
    expect(summary).toMatchObject({
      passed: true,
      failures: [],
      drift: 0,
      violations: [],
      devices: 2,
      users: 2,
    });
    expect(summary.apps).toMatchObject([{ name: "Pages", total: 2, used: 2, installed: 2 }]);
  });

  it("is the same again from its seed, event by event, and another from another seed", async () => {
    const [first, again, other] = [
      await playSteps(deployed),
      await playSteps(deployed),
      await playSteps(deployed, { seed: "2" }),
    ];
    expect(again.events).toEqual(first.events);
    expect(other.events).not.toEqual(first.events);
  });

  it("names the closest miss of what didn't come, when that was, and the events that led there", async () => {
    const { summary } = await playSteps(`
  - deploy: { app: Pages, group: Staff }
  - put-away: bert
  - expect: { installations: { app: Pages, state: installed, count: 2 } }
    within: 1h
  - sync
`);
    const [failure = "", ...others] = summary.failures;
    expect(others).toEqual([]);
    expect(summary.passed).toBe(false);
    expect(failure).toMatch(
      /^step 3: installations within 1h: 1 installed \(others: 1 waitingForTerms\), expected 2, closest at 2016-06-15T09:\d\d:\d\d\.\d{3}Z\n/,
    );
    expect(failure).toMatch(
      /what led there:\n +#\d+ \S+ installation\.changed udid=bert .*to=waitingForTerms/,
    );
  });

  it("goes no further once a step has failed", async () => {
    const { summary, events } = await playSteps(`
  - withdraw: { app: Pages, group: Staff }
  - deploy: { app: Pages, group: Staff }
`);
    expect(summary.failures).toEqual([
      "step 1 (withdraw) failed: not_found: There is no deployment never-made.",
    ]);
    expect(events.some(({ event }) => event === "deployment.created")).toBe(false);
  });

  it("takes a refusal that it expects, and no other, and no success in its place", async () => {
    const expired = "\n  - token: expire\n  - sync: {}\n    refused: token_expired\n";
    const unchecked = { ledger: "unchecked" } as const;
    expect((await playSteps(expired, unchecked)).summary).toMatchObject({ failures: [], drift: null });
    const other = (await playSteps(expired.replace("token_expired", "token_revoked"), unchecked)).summary
      .failures;
    expect(other[0]).toMatch(
      /^step 2 \(sync\) was to be refused with token_revoked, and was with token_expired/,
    );
    const none = (await playSteps("\n  - sync: {}\n    refused: token_expired\n")).summary.failures;
    expect(none).toEqual(["step 1 (sync) was to be refused with token_expired, and was not"]);
  });

  it("waits no longer for what must be so at once, and sees what doesn't last", async () => {
    const { summary } = await playSteps("\n  - expect: { terms: { person: anna, status: accepted } }\n");
    expect(summary.failures).toHaveLength(1);
    expect(summary.failures[0]).toMatch(
      /^step 1: terms: the terms status of anna is notInvited, expected accepted\n/,
    );
    const lasting = await playSteps(`
  - deploy: { app: Pages, group: Staff }
  - expect: { terms: { person: anna, status: notInvited } }
    for: 1h
`);
    expect(lasting.summary.failures[0]).toMatch(
      /^step 2: terms for 1h: .* is invited, expected notInvited.*\(it held for /s,
    );
  });

  it("always expects that Apple and the server agree in the end", async () => {
    const { summary } = await playSteps(`${deployed}
  - other-mdm: { wipe: true }
`);
    expect(summary.failures.join("\n")).toMatch(/^at the end: ledger within 1h: /);
  });

  it("counts events by what they are about, and refuses a member that they haven't", async () => {
    const asked = (kind: string, count: number) =>
      `${deployed}  - expect: { events: { event: prompt.shown, phone: anna, where: { ${kind}: programTerms }, count: ${count} } }\n`;
    expect((await playSteps(asked("kind", 1))).summary.failures).toEqual([]);
    expect((await playSteps(asked("kind", 2))).summary.failures[0]).toContain(
      "1 events prompt.shown kind=programTerms on anna",
    );
    expect((await playSteps(asked("kidn", 0))).summary.failures[0]).toContain(
      'no event prompt.shown has a member "kidn"',
    );
  });

  it("sees the server killed, stopped and started again, and phones vanish and come back", async () => {
    const { summary, events } = await playSteps(`
  - deploy: { app: Pages, group: Staff }
  - server: { act: kill, unsynced: torn }
  - wait: 10s
  - server: start
  - vanish: anna
  - expect: { installation: { phone: bert, app: Pages, state: installed } }
    within: 1h
  - expect: { phones: { of: anna, connected: false, count: 1 } }
  - server: restart
  - come-back: anna
  - expect: { phones: { has: Pages, count: 2 } }
    within: 1h
  - cut
  - expect: { phones: { connected: true, count: 2 } }
    within: 5m
`);
    expect(summary.failures).toEqual([]);
    expect(events.filter(({ event }) => event === "fault")).toHaveLength(1);
  });

  it("draws personas by weight, from the seed", async () => {
    const text = (weights: string) => `name: crowd
title: many people
world:
  licenses: { Pages: 60 }
  people: [{ id: staff, count: 60, groups: [Staff], personas: ${weights} }]
personas: { yes: { think: 1s..5s }, no: { terms: decline, think: 1s..5s } }
steps:
  - deploy: { app: Pages, group: Staff }
  - wait: 1h
`;
    const accepted = async (weights: string) =>
      (await playText(text(weights))).summary.people.filter(({ termsStatus }) => termsStatus === "accepted")
        .length;
    expect(await accepted("{ yes: 1 }")).toBe(60);
    const half = await accepted("{ yes: 1, no: 1 }");
    expect(half).toBeGreaterThan(15);
    expect(half).toBeLessThan(45);
    expect(await accepted("{ yes: 1, no: 1 }")).toBe(half);
  });

  it("leaves people alone at night: their phones are locked, and nothing is answered before the morning", async () => {
    const { summary, events } = await playText(`name: night
title: people who sleep
world:
  licenses: { Pages: 1 }
  people: [{ id: anna, groups: [Staff], persona: sleeper }]
personas: { sleeper: { asleep: { from: "22:00", to: "07:00" } } }
steps:
  - wait: 15h
  - expect: { phones: { locked: true, count: 1 } }
  - deploy: { app: Pages, group: Staff }
  - wait: 7h30m
  - expect: { phones: { has: Pages, count: 0 } }
  - expect: { phones: { has: Pages, locked: false, count: 1 } }
    within: 2h
  - wait: 15h30m
  - expect: { phones: { locked: true, count: 1 } }
`);
    expect(summary.failures).toEqual([]);
    const answers = events.filter(({ event }) => event === "prompt.answered");
    expect(answers.length).toBeGreaterThan(0);
    for (const { time } of answers) expect(new Date(time).getUTCHours()).toBeGreaterThanOrEqual(7);
  });

  it("is refused in real time when it needs time to jump", async () => {
    const file = checkScenario({
      name: "year",
      title: "a year",
      world: { people: [{ id: "anna" }] },
      steps: [{ "wait-until": { tokenExpiry: true } }],
    });
    const lab = { world: createLiveWorld() } as Lab;
    await expect(play(lab, file)).rejects.toThrow(
      "year needs --world virtual: in real time there is no step wait-until.",
    );
  });

  it("tells before it begins how long it takes at least in real time", async () => {
    const file = checkScenario({
      name: "patient",
      title: "waits",
      world: { people: [{ id: "anna" }] },
      steps: [{ wait: "2h" }, { expect: { licenses: { app: "Pages", used: 0 } }, for: "30m" }],
    });
    const told: string[] = [];
    // It comes no further than to the world's beginning.
    const lab = { world: createLiveWorld(), progress: (line: string) => told.push(line) } as unknown as Lab;
    await expect(play(lab, file)).rejects.toThrow();
    expect(told).toEqual(["in real time this takes at least 2h30m"]);
  });
});
