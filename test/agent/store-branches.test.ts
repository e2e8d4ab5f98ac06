import { describe, expect, it } from "vitest";
import type { PhoneKind, PromptKind } from "../../agent/phone.ts";
import { ann, AppleLab, handbook, notes, tasks } from "./apple-lab.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const lastReason = (lab: AppleLab): unknown => lab.eventsOf("app.state").at(-1)?.reason;

describe("who is asked what", () => {
  it.each<[string, PhoneKind, PromptKind[], PromptKind[]]>([
    ["personal", "user", ["programTerms", "appleIdSignIn"], ["appInstallation", "appleIdSignIn"]],
    [
      "corporate, unsupervised",
      "device",
      ["programTerms", "appleIdSignIn"],
      ["appInstallation", "appleIdSignIn"],
    ],
    ["corporate, supervised", "configurator", ["programTerms", "appleIdSignIn"], ["appleIdSignIn"]],
  ])("R7, R38: %s", async (_name, kind, atInvitation, atInstall) => {
    const lab = await AppleLab.open({ kind }, []);
    const InvitationURL = await lab.invitation("ann");
    await lab.perform("i", {
      RequestType: "InviteToProgram",
      ProgramID: "com.apple.cloudvpp",
      InvitationURL,
    });
    expect(await lab.agreeToAll()).toEqual(atInvitation);
    await lab.license(notes);
    // The password that was typed for the program holds a quarter of an hour.
    await lab.pass(20 * minuteMs);
    await lab.install("install");
    expect(await lab.agreeToAll()).toEqual(atInstall);
    await lab.pass(3_000);
    expect(lab.state()).toBe("Managed");
  });

  it("R24: a phone of the enrolment program isn't asked at all", async () => {
    const lab = await AppleLab.open({ kind: "dep" });
    await lab.perform("i", {
      RequestType: "InviteToProgram",
      ProgramID: "com.apple.cloudvpp",
      InvitationURL: await lab.invitation("ann"),
    });
    expect(await lab.install("install")).toMatchObject({ Status: "Error", RejectionReason: "NotSupported" });
    expect(lab.phone.view()).toMatchObject({ prompt: null, apps: [] });
  });

  it("R7: without the password nothing is installed, though everybody agreed and Apple would give it", async () => {
    const lab = await AppleLab.open();
    await lab.install("install");
    await lab.answer({ choice: "install" });
    await lab.pass(24 * minuteMs);
    expect(lab.prompt).toMatchObject({ kind: "appleIdSignIn", title: "Sign In to the App Store" });
    expect(lab.state()).toBe("PromptingForLogin");
    expect(lab.eventsOf("store.authorized")).toEqual([]);
    await lab.signInAs();
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
  });

  it("R39: an app isn't to be had before its user has joined the program", async () => {
    const lab = await AppleLab.open({}, []);
    const InvitationURL = await lab.invitation("ann");
    await lab.install("early");
    await lab.agreeToAll();
    expect([lab.state(), lastReason(lab)]).toEqual(["Failed", "license_not_found"]);
    await lab.perform("i", {
      RequestType: "InviteToProgram",
      ProgramID: "com.apple.cloudvpp",
      InvitationURL,
    });
    await lab.agreeToAll();
    await lab.license(notes);
    await lab.install("again");
    await lab.agreeToAll();
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
  });
});

describe("the words on the screen", () => {
  it("name who wants what, by the name that the server gave its organisation", async () => {
    const lab = await AppleLab.open();
    await lab.perform("s", {
      RequestType: "Settings",
      Settings: [{ Item: "OrganizationInfo", OrganizationInfo: { OrganizationName: "Contoso" } }],
    });
    await lab.install("install");
    expect(lab.prompt).toMatchObject({
      title: "App Installation",
      text: "Contoso would like to install “Notes” from the App Store and manage it. Nothing is charged to your Apple ID.",
      choices: ["cancel", "install"],
    });
    await lab.answer({ choice: "install" });
    expect(lab.prompt).toMatchObject({
      title: "Sign In to the App Store",
      text: "Sign in with your Apple ID to install “Notes”.",
      choices: ["cancel", "signIn"],
      fields: ["appleId", "password"],
    });
    await lab.signInAs();
    await lab.pass(20 * minuteMs);
    await lab.control("POST", `/catalogue/${notes.adamId}/versions`, { version: "2.0" });
    await lab.install("update");
    expect(lab.prompt).toMatchObject({
      title: "App Update",
      text: "Contoso would like to update “Notes” to the version in the App Store.",
    });
    await lab.answer({ choice: "update" });
    expect(lab.prompt).toMatchObject({
      title: "Apple ID Password",
      text: `Enter the password of the Apple ID ${ann.appleId} to update “Notes”.`,
      fields: ["password"],
    });
  });
});

describe("a wrong password", () => {
  const typeWrong = (lab: AppleLab): Promise<void> => lab.signInAs("a wrong one");

  it("may be typed twice; the right one after that is as good as ever", async () => {
    const lab = await AppleLab.open();
    await lab.install("install");
    await lab.answer({ choice: "install" });
    await typeWrong(lab);
    await typeWrong(lab);
    expect(lab.prompt).toMatchObject({ kind: "appleIdSignIn", wrongPasswords: 2 });
    await lab.signInAs();
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
  });

  it("locks the Apple ID the third time, on every phone, until Apple's clock unlocks it", async () => {
    const lab = await AppleLab.open();
    await lab.install("install");
    await lab.answer({ choice: "install" });
    for (let round = 0; round < 3; round += 1) await typeWrong(lab);
    expect(lab.prompt).toMatchObject({
      kind: "notice",
      title: "Apple ID Locked",
      text: "This Apple ID was locked after too many wrong passwords. Try again in 30 minutes.",
    });
    expect([lab.state(), lastReason(lab)]).toEqual(["Failed", "apple_id_locked"]);

    const other = await lab.another({
      udid: "another-phone",
      serialNumber: "S2",
      dataDirectory: "/phones/two",
    });
    await other.install("install-2");
    await other.answer({ choice: "install" });
    await other.signInAs();
    expect(other.prompt).toMatchObject({ title: "Apple ID Locked" });
    expect(other.state()).toBe("Failed");
    await other.answer({ choice: "ok" });
    await expect(other.phone.signIn(ann)).rejects.toMatchObject({ code: "forbidden" });

    await other.world.advance(30 * minuteMs);
    await other.install("install-3");
    await other.answer({ choice: "install" });
    await other.signInAs();
    await other.pass(2_000);
    expect(other.state()).toBe("Managed");
  });
});

describe("a person", () => {
  it.each<[string, (lab: AppleLab) => Promise<void>, string, unknown]>([
    ["who cancels the install", (lab) => lab.answer({ choice: "cancel" }), "UserRejected", undefined],
    [
      "who has no Apple ID, and so cancels the sign-in",
      async (lab) => {
        await lab.answer({ choice: "install" });
        await lab.answer({ choice: "cancel" });
      },
      "UserRejected",
      "sign-in-cancelled",
    ],
    [
      "whose Apple ID has nothing to do with the licence",
      async (lab) => {
        await lab.control("POST", "/apple-ids", { appleId: "eve@example.com", password: "eve" });
        await lab.answer({ choice: "install" });
        await lab.answer({ choice: "signIn", appleId: "eve@example.com", password: "eve" });
      },
      "Failed",
      "license_not_found",
    ],
    [
      "who won't agree to the App Store's terms (B6)",
      async (lab) => {
        await lab.control("PATCH", `/apple-ids/${ann.appleId}`, { storeTermsAccepted: false });
        await lab.answer({ choice: "install" });
        await lab.signInAs();
        expect(lab.prompt).toMatchObject({ kind: "storeTerms", title: "Terms and Conditions" });
        await lab.answer({ choice: "cancel" });
      },
      "Failed",
      "store_terms_due",
    ],
  ])("%s gets no app now, but does when asked again and willing (C1)", async (_name, act, state, reason) => {
    const lab = await AppleLab.open();
    await lab.install("install");
    await act(lab);
    expect([lab.state(), lastReason(lab)]).toEqual([state, reason]);
    expect(await lab.reported("list")).toBe(state);
    // Nothing brings the sheet back by itself.
    await lab.pass(2 * minuteMs);
    expect(lab.phone.view().prompt).toBeNull();
    await lab.phone.signOut();
    await lab.install("again");
    await lab.agreeToAll();
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
  });

  it("who ignores the sheet leaves everything as it is, for days (D6)", async () => {
    const lab = await AppleLab.open();
    await lab.install("install");
    const { id } = lab.prompt;
    await lab.world.advance(72 * 24 * hourMs);
    expect(lab.prompt.id).toBe(id);
    expect(await lab.reported("list")).toBe("Prompting");
  });

  it("who locks the phone meanwhile finds the sheet again", async () => {
    const lab = await AppleLab.open();
    await lab.install("install");
    await lab.answer({ choice: "install" });
    const { id, kind } = lab.prompt;
    expect(kind).toBe("appleIdSignIn");
    lab.phone.lock();
    await lab.pass(5 * minuteMs);
    expect(lab.phone.view().prompt).toBeNull();
    expect(lab.state()).toBe("PromptingForLogin");
    lab.phone.unlock();
    expect(lab.prompt.id).toBe(id);
    await lab.signInAs();
    // And what needs nobody goes on with the phone locked.
    lab.phone.lock();
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
  });

  it("agrees to the App Store's terms once and for all phones, also when they come between (B6)", async () => {
    const lab = await AppleLab.open();
    await lab.phone.signIn(ann);
    await lab.install("install");
    await lab.control("PATCH", `/apple-ids/${ann.appleId}`, { storeTermsAccepted: false });
    expect(await lab.agreeToAll()).toEqual(["appInstallation", "storeTerms"]);
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
    expect(await lab.control("GET", `/apple-ids/${ann.appleId}`)).toMatchObject({ storeTermsAccepted: true });
    await lab.install("next", tasks);
    expect(await lab.agreeToAll()).toEqual(["appInstallation"]);
  });

  it("can't join the program either before agreeing to the App Store's terms (B6)", async () => {
    const lab = await AppleLab.open({}, []);
    await lab.phone.signIn(ann);
    await lab.control("PATCH", `/apple-ids/${ann.appleId}`, { storeTermsAccepted: false });
    const InvitationURL = await lab.invitation("ann");
    await lab.perform("i", {
      RequestType: "InviteToProgram",
      ProgramID: "com.apple.cloudvpp",
      InvitationURL,
    });
    expect(await lab.agreeToAll()).toEqual(["programTerms", "storeTerms"]);
    const [organisation] = lab.service.model.organisations.values();
    expect(organisation?.users.activeByClientId.get("ann")?.status).toBe("Associated");
  });

  it("who declined management is reported so, though the list of installed apps still says managed (C2)", async () => {
    const lab = await AppleLab.open();
    await lab.phone.signIn(ann);
    const own = lab.phone.installFromStore(notes.adamId);
    await lab.pass(2_000);
    await own;
    await lab.install("manage", notes, { ChangeManagementState: "Managed" });
    expect(lab.prompt).toMatchObject({ kind: "managementChange", title: "App Management Change" });
    await lab.answer({ choice: "cancel" });
    const ask = { RequestType: "InstalledApplicationList", ManagedAppsOnly: true };
    expect(await lab.perform("lies", ask)).toMatchObject({
      InstalledApplicationList: [{ Identifier: notes.bundleId }],
    });
    expect(await lab.reported("truth")).toBe("ManagementRejected");
    expect(await lab.perform("later", ask)).toMatchObject({ InstalledApplicationList: [] });
    expect(lab.phone.view().apps).toMatchObject([{ installed: true, state: "absent" }]);
    // An app of the person's own stays when the management goes, whatever was asked about it.
    await lab.install("manage-2", notes, { ChangeManagementState: "Managed" });
    await lab.answer({ choice: "cancel" });
    await lab.phone.removeProfile();
    expect(lab.phone.view().apps).toMatchObject([{ bundleId: notes.bundleId, installed: true }]);
  });

  it("who put the app there first is told of once, and keeps it", async () => {
    const lab = await AppleLab.open();
    await lab.phone.signIn(ann);
    const own = lab.phone.installFromStore(notes.adamId);
    await lab.pass(2_000);
    await own;
    expect(await lab.install("late")).toMatchObject({ RejectionReason: "AppAlreadyInstalled" });
    expect(await lab.reported("list")).toBe("UserInstalledApp");
    expect(await lab.reported("next")).toBeUndefined();
    expect(lab.phone.view().apps).toMatchObject([{ installed: true, state: "absent" }]);
  });

  it("deletes a managed app and gets it back from the App Store, managed as before", async () => {
    const lab = await AppleLab.open();
    await lab.install("install");
    await lab.agreeToAll();
    await lab.pass(2_000);
    await lab.phone.deleteApp(notes.bundleId);
    expect(await lab.reported("list")).toBe("ManagedButUninstalled");
    const back = lab.phone.installFromStore(notes.adamId);
    await lab.pass(2_000);
    await back;
    expect(await lab.reported("next")).toBe("Managed");
  });

  it("signs in and out of the store in the settings", async () => {
    const lab = await AppleLab.open();
    await expect(lab.phone.signIn({ ...ann, password: "no" })).rejects.toMatchObject({ code: "forbidden" });
    await lab.phone.signIn(ann);
    expect(lab.phone.view().appleId).toBe(ann.appleId);
    await lab.phone.signOut();
    expect(lab.phone.view().appleId).toBeNull();
    lab.apple.isUnreachable = true;
    const signingIn = expect(lab.phone.signIn(ann)).rejects.toMatchObject({ code: "unavailable" });
    await lab.pass(30_000);
    await signingIn;
  });

  it("needs the App Store to find what is no app", async () => {
    const lab = await AppleLab.open();
    for (const item of [handbook, { ...notes, adamId: "9" }])
      await expect(lab.phone.installFromStore(item.adamId)).rejects.toMatchObject({ code: "not_found" });
    expect(await lab.install("book", handbook)).toMatchObject({ RejectionReason: "NotAnApp" });
  });
});
