import { describe, expect, it } from "vitest";
import { pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { startLab, type PhoneLab } from "./phone-lab.ts";

const install = {
  RequestType: "InstallApplication",
  iTunesStoreID: Number(pages.adamId),
  Options: { PurchaseMethod: 1 },
  ManagementFlags: 1,
};
const remove = { RequestType: "RemoveApplication", Identifier: pages.bundleId };

async function labWithPages(): Promise<PhoneLab> {
  const lab = await startLab();
  await lab.connection.command("install-1", install);
  await lab.answer({ choice: "install" });
  await lab.signIn();
  await lab.world.advance(10_000);
  expect(lab.appState(pages.bundleId)).toBe("Managed");
  return lab;
}

describe("the App Store", () => {
  it("R6: hears of an app that has left the phone, and of none that stays", async () => {
    const lab = await labWithPages();
    expect(lab.apple.holdings).toEqual([]);
    await lab.connection.command("remove-1", remove);
    await settle();
    expect(lab.apple.holdings).toEqual([[]]);
    await lab.world.advance(60_000);
    expect(lab.apple.holdings).toEqual([[]]);
  });

  it("R6: hears of an app that the person deletes, or that goes with the profile", async () => {
    const deleted = await labWithPages();
    await deleted.phone.deleteApp(pages.bundleId);
    await settle();
    expect(deleted.apple.holdings).toEqual([[]]);
    const left = await labWithPages();
    const leaving = left.phone.removeProfile();
    await left.world.advance(60_000);
    await leaving;
    await settle();
    expect(left.apple.holdings).toEqual([[]]);
  });

  it("R6: hears of it after the next start when the phone was switched off before it could tell", async () => {
    const lab = await labWithPages();
    lab.apple.isUnreachable = true;
    await lab.connection.command("remove-1", remove);
    await settle();
    await lab.phone.kill();
    lab.apple.isUnreachable = false;
    expect(lab.apple.holdings).toEqual([]);
    await lab.start();
    await lab.world.advance(1_000);
    expect(lab.apple.holdings).toEqual([[]]);
  });
});
