import { describe, expect, it } from "vitest";
import type { PhoneKind } from "../../agent/phone.ts";
import { ann, AppleLab, charts, notes, tasks } from "./apple-lab.ts";

const minuteMs = 60_000;
const lastReason = (lab: AppleLab): unknown => lab.eventsOf("app.state").at(-1)?.reason;

describe("an update", () => {
  async function labToUpdate(kind: PhoneKind): Promise<AppleLab> {
    const lab = await AppleLab.open({ kind });
    await lab.install("install");
    await lab.agreeToAll();
    await lab.pass(2_000);
    expect(await lab.install("too-early")).toMatchObject({ State: "Managed" });
    await lab.control("POST", `/catalogue/${notes.adamId}/versions`, { version: "2.0", bytes: 4_000_000 });
    return lab;
  }
  async function version(lab: AppleLab, commandUUID: string): Promise<unknown> {
    const list = await lab.perform(commandUUID, { RequestType: "InstalledApplicationList" });
    return (list.InstalledApplicationList as { Version: string }[])[0]?.Version;
  }
  const statesOf = (lab: AppleLab): unknown[] =>
    lab
      .eventsOf("app.state")
      .filter((event) => event.commandUUID === "update")
      .map((event) => event.to);

  it("asks, wants the password again, and brings the version that came out", async () => {
    const lab = await labToUpdate("user");
    await lab.pass(20 * minuteMs);
    expect(await lab.install("update")).toMatchObject({ State: "PromptingForUpdate" });
    expect(await lab.agreeToAll()).toEqual(["appUpdate", "appleIdSignIn"]);
    expect(await version(lab, "before")).toBe("1.0");
    await lab.pass(4_000);
    expect(await version(lab, "after")).toBe("2.0");
    expect(statesOf(lab)).toEqual([
      ...["PromptingForUpdate", "PromptingForUpdateLogin", "ValidatingUpdate", "Updating", "Managed"],
    ]);
  });

  it.each<[string, (lab: AppleLab) => Promise<void>]>([
    ["the update", (lab) => lab.answer({ choice: "cancel" })],
    [
      "the sign-in for it",
      async (lab) => {
        await lab.answer({ choice: "update" });
        await lab.answer({ choice: "cancel" });
      },
    ],
  ])(
    "that comes to nothing because the person cancels %s leaves the old version, and says so once",
    async (_name, act) => {
      const lab = await labToUpdate("user");
      await lab.pass(20 * minuteMs);
      await lab.install("update");
      await act(lab);
      expect(await lab.reported("list")).toBe("UpdateRejected");
      expect(await lab.reported("next")).toBe("Managed");
      expect(await version(lab, "version")).toBe("1.0");
      await lab.install("update-again");
      await lab.agreeToAll();
      await lab.pass(4_000);
      expect(await version(lab, "later")).toBe("2.0");
    },
  );

  it("asks nobody on a supervised phone, unless the app is in use", async () => {
    const lab = await labToUpdate("configurator");
    lab.phone.openApp(notes.bundleId);
    expect(await lab.install("update")).toMatchObject({ State: "PromptingForUpdate" });
    await lab.answer({ choice: "cancel" });
    lab.phone.openApp(null);
    expect(await lab.install("update-2")).toMatchObject({ State: "ValidatingUpdate" });
    await lab.pass(4_000);
    expect(await version(lab, "after")).toBe("2.0");
    expect(() => lab.phone.openApp(tasks.bundleId)).toThrow(expect.objectContaining({ code: "not_found" }));
  });

  it("that Apple refuses leaves the old version, managed as before", async () => {
    const lab = await labToUpdate("user");
    await lab.control("PUT", "/behaviour", { refuseAuthorizations: { [notes.adamId]: 1 } });
    await lab.install("update");
    await lab.agreeToAll();
    expect([lab.state(), lastReason(lab)]).toEqual(["Managed", "purchase_refused"]);
    expect(await version(lab, "version")).toBe("1.0");
  });
});

describe("a paid app without a licence", () => {
  const buy = { Options: { PurchaseMethod: 0 } };
  const code = (RedemptionCode: string): object => ({
    RequestType: "ApplyRedemptionCode",
    Identifier: charts.bundleId,
    RedemptionCode,
  });
  async function codes(lab: AppleLab, quantity: number): Promise<string[]> {
    const answer = await lab.control("POST", "/redemption-codes", { adamId: charts.adamId, quantity });
    return answer.codes as string[];
  }

  it("waits for a redemption code, and is installed with it", async () => {
    const lab = await AppleLab.open();
    expect(await lab.install("install", charts, buy)).toMatchObject({ State: "NeedsRedemption" });
    expect(lab.phone.view().prompt).toBeNull();
    const [first = ""] = await codes(lab, 1);
    expect(await lab.perform("code", code(first))).toMatchObject({ Status: "Acknowledged" });
    expect(await lab.agreeToAll()).toEqual(["appInstallation", "appleIdSignIn"]);
    await lab.pass(2_000);
    expect(lab.eventsOf("app.state").map((event) => event.to)).toEqual([
      ...["NeedsRedemption", "Prompting", "PromptingForLogin", "Redeeming", "ValidatingPurchase"],
      ...["Installing", "Managed"],
    ]);
    // Bought is bought: the same code is used up, for everybody else.
    expect(lab.service.model.redemptionCodes.byCode.get(first)?.usedBy).toBe(ann.appleId);
    expect(JSON.stringify(lab.saved.apps)).not.toContain(first);
  });

  it("gives the code back, once, when the person had bought the app already", async () => {
    const lab = await AppleLab.open();
    lab.service.model.appleIds.get(ann.appleId)?.purchases.add(charts.adamId);
    await lab.install("install", charts, buy);
    const [first = ""] = await codes(lab, 1);
    await lab.perform("code", code(first));
    await lab.agreeToAll();
    await lab.pass(2_000);
    const list = { RequestType: "ManagedApplicationList" };
    expect(await lab.perform("one", list)).toMatchObject({
      ManagedApplicationList: { [charts.bundleId]: { Status: "Managed", UnusedRedemptionCode: first } },
    });
    const { ManagedApplicationList: next } = await lab.perform("two", list);
    expect(next).not.toHaveProperty([charts.bundleId, "UnusedRedemptionCode"]);
    expect(lab.service.model.redemptionCodes.byCode.get(first)?.usedBy).toBeUndefined();
  });

  it("fails with a code that buys nothing", async () => {
    const lab = await AppleLab.open();
    await lab.install("install", charts, buy);
    await lab.perform("code", code("NONSENSE"));
    await lab.agreeToAll();
    expect([lab.state(charts), lastReason(lab)]).toEqual(["Failed", "code_invalid"]);
  });

  it("takes no code while it isn't waiting for one, and no code for an app that isn't managed", async () => {
    const lab = await AppleLab.open();
    expect(await lab.perform("none", code("A"))).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12029 }],
    });
    await lab.install("install", notes);
    expect(await lab.perform("other", { ...code("A"), Identifier: notes.bundleId })).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12028 }],
    });
  });
});
