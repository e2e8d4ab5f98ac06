import { describe, expect, it } from "vitest";
import { encodePlist } from "../../shared/plist.ts";
import { install, labWithPages } from "./app-lab.ts";
import { invitationUrl, numbers, pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { startLab, type PhoneLab } from "./phone-lab.ts";

const name = "test.no-app-store";

async function forbid(lab: PhoneLab, restrictions: object): Promise<void> {
  const payload = (type: string, more: object): object => ({
    ...{ PayloadType: type, PayloadVersion: 1, PayloadIdentifier: name, PayloadUUID: `${type}-uuid` },
    ...more,
  });
  const profile = payload("Configuration", {
    PayloadContent: [
      payload("com.apple.applicationaccess", { PayloadIdentifier: `${name}.1`, ...restrictions }),
    ],
  });
  expect(
    await lab.connection.command("forbid", {
      RequestType: "InstallProfile",
      Payload: encodePlist(profile, "plist-xml"),
    }),
  ).toMatchObject({ Status: "Acknowledged" });
}
const allow = (lab: PhoneLab): Promise<unknown> =>
  lab.connection.command("allow", { RequestType: "RemoveProfile", Identifier: name });
const noStore = { allowAppInstallation: false };

describe("a profile that forbids the App Store", () => {
  it("keeps the person from it, and doesn't once it is gone", async () => {
    const lab = await startLab();
    await forbid(lab, noStore);
    await expect(lab.phone.installFromStore(pages.adamId)).rejects.toMatchObject({ code: "forbidden" });
    expect(lab.phone.view()).toMatchObject({ prompt: null, apps: [] });
    await allow(lab);
    const done = lab.phone.installFromStore(pages.adamId);
    await settle();
    await lab.signIn();
    await lab.world.advance(2_000);
    await done;
    expect(lab.phone.view().apps).toMatchObject([{ installed: true }]);
  });

  it("fails an install that was on its way, wherever it stood", async () => {
    const lab = await startLab();
    await lab.connection.command("one", install());
    await lab.connection.command("two", install({ iTunesStoreID: Number(numbers.adamId) }));
    expect(lab.appState(numbers.bundleId)).toBe("Queued");
    await forbid(lab, noStore);
    await lab.answer({ choice: "install" });
    await lab.signIn();
    await settle();
    expect([lab.appState(pages.bundleId), lab.appState(numbers.bundleId)]).toEqual(["Failed", "Failed"]);
    const reasons = lab.eventsOf("app.state").filter((event) => event.to === "Failed");
    expect(reasons.map((event) => event.reason)).toEqual(["app_store_disabled", "app_store_disabled"]);
    expect(lab.apple.authorizations).toEqual([]);
    expect(lab.phone.view().prompt).toBeNull();
  });

  it("keeps an invitation waiting for the day when it may be opened", async () => {
    const lab = await startLab();
    await forbid(lab, noStore);
    const answer = await lab.connection.command("i", {
      RequestType: "InviteToProgram",
      ProgramID: "com.apple.cloudvpp",
      InvitationURL: invitationUrl,
    });
    expect(answer).toMatchObject({ InvitationResult: "Acknowledged" });
    await lab.world.advance(10 * 60_000);
    expect(lab.phone.view().prompt).toBeNull();
    await allow(lab);
    await lab.world.advance(20 * 60_000);
    expect(lab.prompt.kind).toBe("programTerms");
  });

  it("leaves what is installed, and lets it be deleted", async () => {
    const lab = await labWithPages();
    await forbid(lab, noStore);
    expect(lab.appState(pages.bundleId)).toBe("Managed");
    await lab.phone.deleteApp(pages.bundleId);
    expect(lab.phone.view().apps).toMatchObject([{ installed: false }]);
  });
});

describe("a profile of a supervised phone", () => {
  it("may take the App Store from the person alone: the server goes on installing", async () => {
    const lab = await startLab({ kind: "configurator" });
    await forbid(lab, { allowUIAppInstallation: false });
    await expect(lab.phone.installFromStore(pages.adamId)).rejects.toMatchObject({ code: "forbidden" });
    expect(await lab.connection.command("c", install())).toMatchObject({ State: "PromptingForLogin" });
  });

  it("may keep apps from being deleted by the person, but not by the server", async () => {
    const lab = await labWithPages({ kind: "configurator" });
    await forbid(lab, { allowAppRemoval: false });
    await expect(lab.phone.deleteApp(pages.bundleId)).rejects.toMatchObject({ code: "forbidden" });
    const remove = { RequestType: "RemoveApplication", Identifier: pages.bundleId };
    expect(await lab.connection.command("r", remove)).toMatchObject({ Status: "Acknowledged" });
    expect(lab.phone.view().apps).toEqual([]);
  });

  it("says nothing to a phone that isn't supervised", async () => {
    const lab = await labWithPages();
    await forbid(lab, { allowAppRemoval: false });
    await lab.phone.deleteApp(pages.bundleId);
    expect(lab.phone.view().apps).toMatchObject([{ installed: false }]);
  });
});
