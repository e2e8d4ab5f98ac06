import { describe, expect, it } from "vitest";
import { givePhone, type Persona } from "../../../simulator/people/person.ts";
import { ann, AppleLab, notes } from "../../agent/apple-lab.ts";

const minuteMs = 60_000;
const willing: Persona = {
  ...ann,
  terms: "accept",
  install: "install",
  wrongPasswords: 0,
  thinkMsMin: 1_000,
  thinkMsMax: 1_000,
};

async function labInHand(persona: Partial<Persona>): Promise<AppleLab> {
  const lab = await AppleLab.open();
  givePhone(lab.world, lab.phone, { ...willing, ...persona });
  return lab;
}

describe("a person who is asked to install an app", () => {
  it.each<[string, Partial<Persona>, string]>([
    ["agrees to everything", {}, "Managed"],
    ["mistypes the password twice", { wrongPasswords: 2 }, "Managed"],
    ["mistypes the password too often", { wrongPasswords: 3 }, "Failed"],
    ["cancels", { install: "cancel" }, "UserRejected"],
    ["never looks", { install: "ignore" }, "Prompting"],
    ["has no Apple ID", { signIn: "decline" }, "UserRejected"],
    ["leaves the sign-in where it is", { signIn: "ignore" }, "PromptingForLogin"],
  ])("and %s", async (_name, persona, state) => {
    const lab = await labInHand(persona);
    await lab.install("install");
    await lab.pass(2 * minuteMs);
    expect(lab.state()).toBe(state);
  });

  it.each<[string, Partial<Persona>, string]>([
    ["agrees", {}, "Managed"],
    ["does not", { storeTerms: "decline" }, "Failed"],
    ["ignores them", { storeTerms: "ignore" }, "PromptingForLogin"],
  ])("and to agree to the store's terms first, and %s", async (_name, persona, state) => {
    const lab = await labInHand(persona);
    await lab.control("PATCH", `/apple-ids/${ann.appleId}`, { storeTermsAccepted: false });
    await lab.install("install");
    await lab.pass(2 * minuteMs);
    expect(lab.state()).toBe(state);
  });
});

describe("a person who has the app", () => {
  it.each<[string, Partial<Persona>, string]>([
    ["agrees", {}, "2.0"],
    ["does not", { update: "decline" }, "1.0"],
    ["ignores it", { update: "ignore" }, "1.0"],
  ])("is asked to update it, and %s", async (_name, persona, version) => {
    const lab = await labInHand(persona);
    await lab.install("install");
    await lab.pass(minuteMs);
    await lab.control("POST", `/catalogue/${notes.adamId}/versions`, { version: "2.0" });
    await lab.install("update");
    await lab.pass(minuteMs);
    const list = await lab.perform("list", { RequestType: "InstalledApplicationList" });
    expect(list.InstalledApplicationList).toMatchObject([{ Version: version }]);
  });

  it.each<[string, Partial<Persona>, string]>([
    ["agrees", {}, "Managed"],
    ["does not", { management: "decline" }, "ManagementRejected"],
    ["ignores it", { management: "ignore" }, "PromptingForManagement"],
  ])("is asked to let a server manage it, and %s", async (_name, persona, state) => {
    const lab = await labInHand(persona);
    const own = lab.phone.installFromStore(notes.adamId);
    await lab.pass(minuteMs);
    await own;
    await lab.install("manage", notes, { ChangeManagementState: "Managed" });
    await lab.pass(minuteMs);
    expect(lab.state()).toBe(state);
  });
});
