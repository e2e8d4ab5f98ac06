import { expect } from "vitest";
import type { PhoneConfig } from "../../agent/phone.ts";
import { pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { startLab, type PhoneLab } from "./phone-lab.ts";

export const managedList = { RequestType: "ManagedApplicationList" };

/** A command to install Pages with a licence. */
export function install(extra: object = {}): object {
  return {
    RequestType: "InstallApplication",
    iTunesStoreID: Number(pages.adamId),
    Options: { PurchaseMethod: 1 },
    ManagementFlags: 1,
    ...extra,
  };
}

/** A phone that has Pages, managed. */
export async function labWithPages(config: Partial<PhoneConfig> = {}): Promise<PhoneLab> {
  const lab = await startLab(config);
  await lab.connection.command("install-pages", install());
  if (lab.phone.view().prompt?.kind === "appInstallation") await lab.answer({ choice: "install" });
  await lab.signIn();
  await lab.world.advance(2_000);
  lab.connection.acknowledge();
  await settle();
  expect(lab.appState(pages.bundleId)).toBe("Managed");
  return lab;
}

/** A phone whose person has Pages from the App Store, without any server. */
export async function labWithOwnPages(config: Partial<PhoneConfig> = {}): Promise<PhoneLab> {
  const lab = await startLab(config);
  const done = lab.phone.installFromStore(pages.adamId);
  await settle();
  await lab.signIn();
  await lab.world.advance(2_000);
  await done;
  return lab;
}
