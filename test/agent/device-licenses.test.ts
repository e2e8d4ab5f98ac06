import { describe, expect, it } from "vitest";
import type { PhoneConfig, PhoneKind } from "../../agent/phone.ts";
import { encodePlist } from "../../shared/plist.ts";
import { AppleLab, charts, notes, tasks } from "./apple-lab.ts";

const minuteMs = 60_000;

/** The phone itself holds Notes; Ann holds Tasks, if anything is said of her. */
async function openLab(config: Partial<PhoneConfig> = {}): Promise<AppleLab> {
  const lab = await AppleLab.open({ kind: "configurator", ...config }, [tasks]);
  await giveDevice(lab);
  return lab;
}
async function giveDevice(lab: AppleLab, item = notes): Promise<void> {
  const { adamId } = item;
  await lab.control("POST", `/organisations/${lab.organisationId}/licenses`, { adamId, quantity: 1 });
  const organisation = lab.service.model.organisation(lab.organisationId);
  await lab.service.perform(() =>
    organisation.assignToDevice(organisation.pool(adamId, "STDQ"), item, lab.config.serialNumber),
  );
}
async function takeDevice(lab: AppleLab): Promise<void> {
  const organisation = lab.service.model.organisation(lab.organisationId);
  const license = organisation.pool(notes.adamId, "STDQ")?.heldBy({ serialNumber: lab.config.serialNumber });
  if (license === undefined) throw new Error("the phone has no licence");
  await lab.service.perform(() => organisation.takeBack(license));
}
const statesOf = (lab: AppleLab): unknown[] => lab.eventsOf("app.state").map((event) => event.to);
const signIns = (lab: AppleLab): number => lab.eventsOf("store.signIn").length;

/** A profile that closes the App Store. */
async function closeStore(lab: AppleLab): Promise<void> {
  const name = "test.no-app-store";
  const payload = (type: string, more: object): object => ({
    ...{ PayloadType: type, PayloadVersion: 1, PayloadIdentifier: name, PayloadUUID: `${type}-uuid` },
    ...more,
  });
  const restriction = payload("com.apple.applicationaccess", {
    ...{ PayloadIdentifier: `${name}.1`, allowAppInstallation: false },
  });
  const profile = payload("Configuration", { PayloadContent: [restriction] });
  await lab.perform("close", {
    RequestType: "InstallProfile",
    Payload: encodePlist(profile, "plist-xml"),
  });
}

describe("an app that the phone itself holds a licence of", () => {
  it.each<[PhoneKind, string[]]>([
    ["user", ["appInstallation"]],
    ["device", ["appInstallation"]],
    ["configurator", []],
  ])("comes to a phone of kind %s with these prompts: %j", async (kind, prompts) => {
    const lab = await openLab({ kind });
    await lab.install("install");
    expect(await lab.agreeToAll()).toEqual(prompts);
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
    expect(signIns(lab)).toBe(0);
    // What its person holds is as before: the Apple ID is asked for.
    await lab.install("another", tasks);
    expect(await lab.agreeToAll()).toEqual([...prompts, "appleIdSignIn"]);
  });

  it("is refused by the person with the install prompt, as any other", async () => {
    const lab = await openLab({ kind: "user" });
    await lab.install("install");
    await lab.answer({ choice: "cancel" });
    expect(await lab.reported("list")).toBe("UserRejected");
  });

  it("doesn't wait for a sign-in that another app has on the screen of a supervised phone", async () => {
    const lab = await openLab();
    expect(await lab.install("first", tasks)).toMatchObject({ State: "PromptingForLogin" });
    expect(await lab.install("second")).toMatchObject({ State: "ValidatingPurchase" });
    await lab.pass(2_000);
    expect([lab.state(), lab.state(tasks)]).toEqual(["Managed", "PromptingForLogin"]);
  });

  it("waits for its turn where the person is to be asked, and needs no password then", async () => {
    const lab = await openLab({ kind: "user" });
    await lab.install("first", tasks);
    expect(await lab.install("second")).toMatchObject({ State: "Queued" });
    expect(await lab.agreeToAll()).toEqual(["appInstallation", "appleIdSignIn", "appInstallation"]);
    await lab.pass(4_000);
    expect([lab.state(), lab.state(tasks)]).toEqual(["Managed", "Managed"]);
  });

  it("is for its own serial number and from iOS 9 on: otherwise a person has to sign in", async () => {
    const lab = await openLab();
    const other = await lab.another({
      ...{ udid: "c0ffee0000000000000000000000000000000002", serialNumber: "SERIAL2" },
      ...{ kind: "configurator", dataDirectory: "/phones/two" },
    });
    expect(await other.install("install")).toMatchObject({ State: "PromptingForLogin" });
    const old = await openLab({ osVersion: "8.4.1" });
    expect(await old.install("install")).toMatchObject({ State: "PromptingForLogin" });
  });

  it("is a volume purchase: bought by the person it takes the Apple ID", async () => {
    const lab = await openLab();
    const own = { Options: { PurchaseMethod: 0 } };
    expect(await lab.install("install", notes, own)).toMatchObject({ State: "PromptingForLogin" });
    await giveDevice(lab, charts);
    expect(await lab.install("paid", charts, own)).toMatchObject({ State: "NeedsRedemption" });
  });

  it("comes with the App Store closed by a profile, which keeps those of its person away", async () => {
    const lab = await openLab();
    await closeStore(lab);
    expect(await lab.install("own", tasks)).toMatchObject({ RejectionReason: "AppStoreDisabled" });
    expect(await lab.install("install")).toMatchObject({ State: "ValidatingPurchase" });
    await lab.pass(2_000);
    expect(lab.state()).toBe("Managed");
  });

  it("goes on without anybody after the phone was switched off in the middle", async () => {
    const lab = await openLab();
    await lab.install("install");
    await lab.phone.kill();
    await lab.start();
    await lab.pass(4_000);
    expect(lab.phone.view().prompt).toBeNull();
    expect(lab.state()).toBe("Managed");
  });

  it("is updated without an Apple ID, too", async () => {
    const lab = await openLab();
    await lab.install("install");
    await lab.pass(2_000);
    await lab.control("POST", `/catalogue/${notes.adamId}/versions`, { version: "2.0" });
    expect(await lab.install("update")).toMatchObject({ State: "ValidatingUpdate" });
    await lab.pass(20 * minuteMs);
    expect(lab.state()).toBe("Managed");
    expect(lab.phone.view().prompt).toBeNull();
  });

  it("asks for the Apple ID when the licence is gone by the time of the download, and fails where that holds none", async () => {
    const lab = await openLab({ kind: "user" });
    await lab.install("install");
    await takeDevice(lab);
    expect(await lab.agreeToAll()).toEqual(["appInstallation", "appleIdSignIn"]);
    expect(await lab.reported("list")).toBe("Failed");
    expect(statesOf(lab)).toEqual([
      ...["Prompting", "ValidatingPurchase", "PromptingForLogin", "ValidatingPurchase", "Failed"],
    ]);
  });
});
