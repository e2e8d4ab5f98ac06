import { describe, expect, it } from "vitest";
import { PippinError } from "../../../shared/errors.ts";
import { checkScenario, readScenario } from "../../../simulator/scenarios/read-scenario.ts";

const good = `name: small
title: two people and an app
world:
  licenses: { Pages: 2 }
  people:
    - { id: anna, groups: [Staff], persona: keen, phones: [user, configurator] }
    - { id: staff, count: 2, groups: [Staff], personas: { keen: 3, slow: 1 } }
personas:
  keen: { think: 1s..2s }
  slow: { think: 1m..5m, terms: ignore }
steps:
  - deploy: { app: Pages, group: Staff, deadline: 2d }
  - sync
  - command: { to: anna, command: { RequestType: ProfileList } }
    as: profiles
  - expect:
      - installations: { app: "361309726", state: installed, count: ">= 1" }
      - command: { as: profiles, status: Acknowledged }
    within: 2h
  - lock: staff-2
  - unlock: anna/2
`;

function complaints(text: string): string[] {
  try {
    readScenario(text, "s.yaml");
  } catch (error) {
    if (error instanceof PippinError && error.code === "invalid_scenario") return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("a scenario in YAML", () => {
  it("is read with its people counted out, its names resolved and its times in milliseconds", () => {
    const file = readScenario(good, "s.yaml");
    expect([...file.words.people]).toEqual([
      ["anna", ["anna", "anna/2"]],
      ["staff-1", ["staff-1"]],
      ["staff-2", ["staff-2"]],
    ]);
    expect(file.personas["slow"]).toMatchObject({
      terms: "ignore",
      install: "install",
      think: { minMs: 60_000 },
    });
    expect(file.steps[0]).toMatchObject({
      verb: "deploy",
      given: { app: "361309726", group: "Staff", action: "required", deadline: 172_800_000 },
    });
    expect(file.steps[3]).toMatchObject({ kind: "expect", withinMs: 7_200_000, forMs: 0 });
    expect(file.virtualVerbs).toEqual([]);
  });

  it.each<[string, [string, string], string]>([
    [
      "a key that nobody knows",
      ["title:", "colour: red\ntitle:"],
      's.yaml:2:1: colour: nobody knows the key "colour"',
    ],
    [
      "an app that there is not",
      ["{ app: Pages, group", "{ app: Pagse, group"],
      's.yaml:12:15: steps[1].deploy.app: there is no app "Pagse"; did you mean "Pages"?',
    ],
    [
      "a group that there is not",
      ["group: Staff, deadline", "group: Stuff, deadline"],
      's.yaml:12:27: steps[1].deploy.group: there is no group "Stuff"; did you mean "Staff"?',
    ],
    [
      "a phone that there is not",
      ["unlock: anna/2", "unlock: anna/3"],
      's.yaml:21:5: steps[6].unlock: there is no phone, person or group "anna/3"; did you mean "anna/2"?',
    ],
    [
      "licences of an app that there is not",
      ["licenses: { Pages: 2 }", "licenses: { Pages: 2, Paegs: 3 }"],
      's.yaml:4:25: world.licenses.Paegs: there is no app "Paegs"; did you mean "Pages"?',
    ],
    [
      "a persona that there is not",
      ["persona: keen,", "persona: kean,"],
      's.yaml:6:36: world.people[1].persona: there is no persona "kean"; did you mean "keen"?',
    ],
    [
      "a step that there is not",
      ["- sync", "- synk"],
      's.yaml:13:5: steps[2].synk: there is no step "synk"; did you mean "sync"?',
    ],
    [
      "two steps in one",
      ["- sync\n", "- sync: {}\n    lock: anna\n"],
      "s.yaml:14:5: steps[2].lock: a step does one thing, and this one has sync and lock",
    ],
    [
      "an expectation that there is not",
      ["- installations:", "- instalations:"],
      's.yaml:17:9: steps[4].expect[1].instalations: there is no expectation "instalations"; did you mean "installations"?',
    ],
    [
      "a state that there is not",
      ["state: installed", "state: instaled"],
      's.yaml:17:44: steps[4].expect[1].installations.state: Invalid option: expected one of "pending"|',
    ],
    [
      "a duration that is none",
      ["within: 2h", "within: soon"],
      "s.yaml:19:5: steps[4].within: expected a duration such as 90s",
    ],
    [
      "the result of a command that nobody sent",
      ["as: profiles, status", "as: profile, status"],
      's.yaml:18:20: steps[4].expect[2].command.as: no command step before this one has the name "profile"; did you mean "profiles"?',
    ],
    [
      "an error code that there is not",
      ["- sync\n", "- sync: {}\n    refused: token_expierd\n"],
      's.yaml:14:5: steps[2].refused: there is no error code "token_expierd"; did you mean "token_expired"?',
    ],
    [
      "two people of one name",
      ["- { id: staff, count: 2,", "- { id: anna, count: 2,"],
      's.yaml:7:9: world.people[2].id: there are two people "anna"',
    ],
    ["text that is no YAML", ["steps:", "steps: [1,"], "s.yaml:"],
    ["a key that stands twice", ["title:", "name: again\ntitle:"], "s.yaml:2:1: Map keys must be unique"],
  ])("names %s with its line and column", (_, [from, to], expected) => {
    const text = good.replace(from, to);
    expect(text).not.toBe(good);
    expect(
      complaints(text).some((line) => line.startsWith(expected)),
      complaints(text).join("\n"),
    ).toBe(true);
  });

  it("tells all mistakes at once", () => {
    const text = good
      .replace("- sync", "- synk")
      .replace("unlock: anna/2", "unlock: bert")
      .replace("within: 2h", "within: 2");
    expect(complaints(text)).toHaveLength(3);
  });

  it("is refused when it blows itself up with aliases, or is no mapping", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const name of "bcdefgh")
      bomb.push(
        `${name}: &${name} [${"*" + String.fromCharCode(name.charCodeAt(0) - 1) + ", "}${"*" + String.fromCharCode(name.charCodeAt(0) - 1) + ", "} *a, *a]`,
      );
    expect(complaints(bomb.join("\n")).length).toBeGreaterThan(0);
    expect(complaints("- 1\n")).toHaveLength(1);
    expect(complaints("")).toHaveLength(1);
  });
});

describe("a scenario in TypeScript", () => {
  it("is checked as one in YAML, without lines", () => {
    const world = { people: [{ id: "anna" }] };
    expect(checkScenario({ name: "small", title: "t", world, steps: ["sync"] }).name).toBe("small");
    const wrong = { name: "small", title: "t", world, steps: [{ lock: "bert" }] };
    expect(() => checkScenario(wrong)).toThrow(
      'steps[1].lock: there is no phone, person or group "bert"; there are: all, anna',
    );
  });
});
