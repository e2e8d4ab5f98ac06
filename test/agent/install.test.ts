import { describe, expect, it } from "vitest";
import { passwordHoldsMs } from "../../agent/account.ts";
import type { PhoneConfig } from "../../agent/phone.ts";
import { numbers, pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { startLab, type PhoneLab } from "./phone-lab.ts";

const install = (adamId = pages.adamId): object => ({
  RequestType: "InstallApplication",
  iTunesStoreID: Number(adamId),
  Options: { PurchaseMethod: 1 },
  ManagementFlags: 1,
});

async function labInstalling(config: Partial<PhoneConfig> = {}): Promise<PhoneLab> {
  const lab = await startLab(config);
  await lab.connection.command("install-1", install());
  return lab;
}

const movesOf = (lab: PhoneLab): unknown[] => lab.eventsOf("app.state").map((event) => event.to);

describe("an install", () => {
  it("asks, takes the Apple ID's password, has Apple check the licence, downloads and ends managed", async () => {
    const lab = await labInstalling();
    expect(lab.prompt).toMatchObject({
      kind: "appInstallation",
      title: "App Installation",
      choices: ["cancel", "install"],
      appName: "Pages",
      adamId: pages.adamId,
    });
    expect(lab.prompt.text).toContain("mdm.test:8080");
    await lab.answer({ choice: "install" });
    expect(lab.prompt).toMatchObject({ kind: "appleIdSignIn", fields: ["appleId", "password"] });
    await lab.signIn();
    expect(lab.appState(pages.bundleId)).toBe("Installing");
    expect(lab.apple.authorizations).toMatchObject([{ adamId: pages.adamId, purchaseMethod: 1 }]);
    await lab.world.advance(1_999);
    expect(lab.appState(pages.bundleId)).toBe("Installing");
    await lab.world.advance(1);
    expect(lab.phone.view().apps).toEqual([
      { adamId: pages.adamId, bundleId: pages.bundleId, name: "Pages", state: "Managed", installed: true },
    ]);
    expect(movesOf(lab)).toEqual([
      "Prompting",
      "PromptingForLogin",
      "ValidatingPurchase",
      "Installing",
      "Managed",
    ]);
  });

  it("ties each step to what caused it", async () => {
    const lab = await labInstalling();
    await lab.answer({ choice: "install" });
    const [performed] = lab.eventsOf("command.performed");
    const [shown] = lab.eventsOf("prompt.shown");
    const [answered] = lab.eventsOf("prompt.answered");
    const [first, second] = lab.eventsOf("app.state");
    expect(performed).toMatchObject({ commandUUID: "install-1", status: "Acknowledged" });
    expect(first).toMatchObject({ commandUUID: "install-1", cause: performed?.seq });
    expect(answered).toMatchObject({ choice: "install", cause: shown?.seq, commandUUID: "install-1" });
    expect(second).toMatchObject({ to: "PromptingForLogin", cause: answered?.seq });
  });

  it("that the person cancels ends rejected", async () => {
    const lab = await labInstalling();
    await lab.answer({ choice: "cancel" });
    expect(lab.appState(pages.bundleId)).toBe("UserRejected");
    expect(lab.apple.calls).toEqual(["GET /store/v1/lookup"]);
  });

  it("that the person won't sign in for ends rejected", async () => {
    const lab = await labInstalling();
    await lab.answer({ choice: "install" });
    await lab.answer({ choice: "cancel" });
    expect(lab.appState(pages.bundleId)).toBe("UserRejected");
    expect(lab.eventsOf("app.state").at(-1)).toMatchObject({ reason: "sign-in-cancelled" });
  });

  it("goes on after a wrong password once the right one is typed", async () => {
    const lab = await labInstalling();
    await lab.answer({ choice: "install" });
    await lab.answer({ choice: "signIn", appleId: lab.apple.appleId, password: "wrong" });
    expect(lab.prompt).toMatchObject({ kind: "appleIdSignIn", wrongPasswords: 1 });
    expect(lab.prompt.text).toContain("wrong");
    await lab.signIn();
    await lab.world.advance(2_000);
    expect(lab.appState(pages.bundleId)).toBe("Managed");
  });

  it("fails when the Apple ID gets locked, and the person is told", async () => {
    const lab = await labInstalling();
    await lab.answer({ choice: "install" });
    for (let attempt = 0; attempt < 4; attempt += 1)
      await lab.answer({ choice: "signIn", appleId: lab.apple.appleId, password: "wrong" });
    expect(lab.prompt).toMatchObject({ kind: "notice", title: "Apple ID Locked", choices: ["ok"] });
    expect(lab.appState(pages.bundleId)).toBe("Failed");
    await lab.answer({ choice: "ok" });
    expect(lab.phone.view().prompt).toBeNull();
  });

  it.each(["license_not_found", "device_limit"] as const)("fails when Apple says %s", async (code) => {
    const lab = await labInstalling();
    lab.apple.authorizeRefusal = code;
    await lab.answer({ choice: "install" });
    await lab.signIn();
    expect(lab.appState(pages.bundleId)).toBe("Failed");
    expect(lab.eventsOf("app.state").at(-1)).toMatchObject({ from: "ValidatingPurchase", reason: code });
    // And a new try, when there is a licence, works.
    lab.apple.authorizeRefusal = undefined;
    await lab.connection.command("install-2", install());
    await lab.answer({ choice: "install" });
    await lab.world.advance(2_000);
    expect(lab.appState(pages.bundleId)).toBe("Managed");
  });

  it("gets over a short absence of the store, and fails after a long one", async () => {
    const lab = await labInstalling();
    await lab.answer({ choice: "install" });
    await lab.signIn();
    await lab.world.advance(2_000);
    for (const [absentMs, expected] of [
      [900, "Managed"],
      [60_000, "Failed"],
    ] as const) {
      await lab.connection.command(`remove-${absentMs}`, {
        RequestType: "RemoveApplication",
        Identifier: pages.bundleId,
      });
      await lab.connection.command(`install-${absentMs}`, install());
      lab.apple.isUnreachable = true;
      await lab.answer({ choice: "install" });
      await lab.world.advance(absentMs);
      lab.apple.isUnreachable = false;
      await lab.world.advance(30_000);
      expect(lab.appState(pages.bundleId)).toBe(expected);
    }
  });

  it("asks for the sign-in again when Apple has ended the session", async () => {
    const lab = await labInstalling();
    await lab.answer({ choice: "install" });
    await lab.signIn();
    await lab.world.advance(2_000);
    lab.apple.sessions.clear();
    await lab.connection.command("install-2", install(numbers.adamId));
    await lab.answer({ choice: "install" });
    expect(lab.appState(numbers.bundleId)).toBe("PromptingForLogin");
    expect(lab.prompt.fields).toEqual(["appleId", "password"]);
    await lab.signIn();
    await lab.world.advance(2_000);
    expect(lab.appState(numbers.bundleId)).toBe("Managed");
  });
});

describe("a store that is never content", () => {
  it.each(["session_invalid", "store_terms_due"] as const)(
    "(%s) doesn't keep the phone and a patient person busy for ever",
    async (code) => {
      const lab = await labInstalling();
      lab.apple.authorizeRefusal = code;
      await lab.answer({ choice: "install" });
      let asked = 0;
      for (; lab.phone.view().prompt && asked < 20; asked += 1) {
        if (lab.prompt.kind === "appleIdSignIn") await lab.signIn();
        else await lab.answer({ choice: lab.prompt.choices.at(-1) ?? "" });
      }
      expect(asked).toBeLessThan(10);
      expect(lab.appState(pages.bundleId)).toBe("Failed");
    },
  );
});

describe("the password", () => {
  async function labSignedIn(): Promise<PhoneLab> {
    const lab = await labInstalling();
    await lab.answer({ choice: "install" });
    await lab.signIn();
    await lab.world.advance(2_000);
    return lab;
  }

  it.each([
    ["holds for a quarter of an hour", passwordHoldsMs - 10_000, "ValidatingPurchase"],
    ["is asked for again after that", passwordHoldsMs, "PromptingForLogin"],
  ])("%s", async (_name, delayMs, next) => {
    const lab = await labSignedIn();
    await lab.world.advance(delayMs);
    await lab.connection.command("install-2", install(numbers.adamId));
    await lab.answer({ choice: "install" });
    const moves = lab.eventsOf("app.state").filter((event) => event.adamId === numbers.adamId);
    expect(moves[1]).toMatchObject({ from: "Prompting", to: next });
  });

  it("is asked for after a restart, without the Apple ID, which the phone still knows", async () => {
    const lab = await labSignedIn();
    await lab.phone.stop();
    await lab.start();
    expect(lab.phone.view().appleId).toBe(lab.apple.appleId);
    await lab.connection.command("install-2", install(numbers.adamId));
    await lab.answer({ choice: "install" });
    expect(lab.prompt).toMatchObject({ kind: "appleIdSignIn", fields: ["password"] });
    expect(lab.prompt.text).toContain(lab.apple.appleId);
    await lab.signIn();
    await lab.world.advance(2_000);
    expect(lab.appState(numbers.bundleId)).toBe("Managed");
  });

  it("goes to Apple alone: not to disk, into an event, or to the server", async () => {
    const lab = await labSignedIn();
    const kept = [...lab.world.disk.files.values()].map(String).join();
    const told = JSON.stringify([lab.events, lab.server.requests, lab.connection.received]);
    expect(kept).not.toContain(lab.apple.password);
    expect(kept).toContain("session-1-secret");
    for (const secret of [lab.apple.password, lab.apple.appleId, "session-1-secret"])
      expect(told).not.toContain(secret);
  });

  it("is forgotten with the Apple ID when the person signs out", async () => {
    const lab = await labSignedIn();
    await lab.phone.signOut();
    expect(lab.phone.view().appleId).toBeNull();
    expect(JSON.stringify(lab.saved)).not.toContain("session-1-secret");
    await lab.connection.command("install-2", install(numbers.adamId));
    await lab.answer({ choice: "install" });
    expect(lab.prompt.fields).toEqual(["appleId", "password"]);
  });
});

describe("the screen", () => {
  it("shows one prompt at a time, in the order they came", async () => {
    const lab = await startLab();
    await lab.connection.command("invite", {
      RequestType: "InviteToProgram",
      ProgramID: "com.apple.cloudvpp",
      InvitationURL: "http://apple.test:8081/invitation?inviteCode=abc",
    });
    await lab.connection.command("install-1", install());
    expect(lab.prompt.kind).toBe("programTerms");
    expect(lab.eventsOf("prompt.shown")).toHaveLength(1);
    await lab.answer({ choice: "decline" });
    expect(lab.prompt.kind).toBe("appInstallation");
    expect(lab.eventsOf("prompt.shown")).toHaveLength(2);
  });

  it("asks about queued apps in the order in which they came, also after a restart", async () => {
    const lab = await startLab();
    const adamIds = ["5", "6", "7"];
    for (const adamId of adamIds)
      lab.apple.items.set(adamId, { ...pages, adamId, bundleId: `com.example.${adamId}`, name: adamId });
    // The first one was there before and comes again, as the last of three.
    await lab.connection.command("early", install("5"));
    await lab.answer({ choice: "cancel" });
    for (const adamId of ["6", "7", "5"]) await lab.connection.command(`c-${adamId}`, install(adamId));
    expect(lab.phone.view().apps.map((app) => app.state)).toEqual(["Prompting", "Queued", "Queued"]);
    await lab.phone.kill();
    await lab.start();
    const order: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      order.push(lab.prompt.appName);
      await lab.answer({ choice: "cancel" });
    }
    expect(order).toEqual(["6", "7", "5"]);
    expect(lab.phone.view().prompt).toBeNull();
  });

  it("shows nothing while the phone is locked", async () => {
    const lab = await labInstalling();
    const { id } = lab.prompt;
    lab.phone.lock();
    expect(lab.phone.view()).toMatchObject({ locked: true, prompt: null });
    expect(() => lab.phone.answer(id, { choice: "install" })).toThrow(
      expect.objectContaining({ code: "conflict" }),
    );
    lab.phone.unlock();
    expect(lab.prompt.id).toBe(id);
    await lab.answer({ choice: "install" });
    expect(lab.prompt.kind).toBe("appleIdSignIn");
  });

  it("takes only answers it offers, to the prompt that is open, with what must be typed", async () => {
    const lab = await labInstalling();
    const { id } = lab.prompt;
    const code = (value: string): unknown => expect.objectContaining({ code: value });
    expect(() => lab.phone.answer("another", { choice: "install" })).toThrow(code("conflict"));
    expect(() => lab.phone.answer(id, { choice: "maybe" })).toThrow(code("invalid_request"));
    await lab.answer({ choice: "install" });
    expect(() => lab.phone.answer(id, { choice: "install" })).toThrow(code("conflict"));
    expect(() => lab.phone.answer(lab.prompt.id, { choice: "signIn", appleId: "a" })).toThrow(
      code("invalid_request"),
    );
    await lab.signIn();
    expect(lab.appState(pages.bundleId)).toBe("Installing");
  });

  it("tells listeners of each change until they have enough", async () => {
    const lab = await startLab();
    const prompts: unknown[] = [];
    const end = lab.phone.onChange((view) => prompts.push(view.prompt?.kind));
    await lab.connection.command("install-1", install());
    expect(prompts.at(-1)).toBe("appInstallation");
    end();
    const before = prompts.length;
    await lab.answer({ choice: "install" });
    expect(prompts).toHaveLength(before);
  });
});

describe("the person", () => {
  it("can't delete what isn't installed, or is just being installed", async () => {
    const lab = await labInstalling();
    await expect(lab.phone.deleteApp("com.example.none")).rejects.toMatchObject({ code: "not_found" });
    await expect(lab.phone.deleteApp(pages.bundleId)).rejects.toMatchObject({ code: "not_found" });
    await lab.answer({ choice: "install" });
    await lab.signIn();
    await lab.world.advance(2_000);
    await lab.phone.deleteApp(pages.bundleId);
    expect(lab.phone.view().apps).toMatchObject([{ state: "ManagedButUninstalled", installed: false }]);
  });

  it("may install and delete apps of their own", async () => {
    const lab = await startLab();
    const done = lab.phone.installFromStore(pages.adamId);
    await settle();
    await lab.signIn();
    await lab.world.advance(2_000);
    await done;
    expect(lab.phone.view().apps).toMatchObject([{ state: "absent", installed: true }]);
    await expect(lab.phone.installFromStore(pages.adamId)).rejects.toMatchObject({ code: "conflict" });
    await expect(lab.phone.installFromStore("1")).rejects.toMatchObject({ code: "not_found" });
    await lab.phone.deleteApp(pages.bundleId);
    expect(lab.saved.apps).toEqual([]);
  });

  it("loses managed apps with the profile, and keeps the others", async () => {
    const lab = await labInstalling();
    await lab.answer({ choice: "install" });
    await lab.signIn();
    await lab.world.advance(2_000);
    const own = lab.phone.installFromStore(numbers.adamId);
    await lab.world.advance(2_000);
    await own;
    await lab.phone.removeProfile();
    expect(lab.phone.view().apps).toMatchObject([{ bundleId: numbers.bundleId, installed: true }]);
  });
});
