import type { PhoneConfig } from "../../agent/phone.ts";
import type { ManagedAppState } from "../../shared/app-states.ts";
import { ann, AppleLab, charts, notes, tasks } from "./apple-lab.ts";

/** A way to bring the app into a state, on a phone that is made for it. */
export interface Way {
  readonly config?: Partial<PhoneConfig>;
  readonly app?: typeof notes;
  go(lab: AppleLab): Promise<void>;
}

const asksToInstall = (lab: AppleLab): Promise<unknown> => lab.install("install");
async function signsIn(lab: AppleLab): Promise<void> {
  await lab.install("install");
  await lab.answer({ choice: "install" });
  await lab.signInAs();
}
async function isManaged(lab: AppleLab): Promise<void> {
  await signsIn(lab);
  await lab.pass(2_000);
}
async function hasUpdate(lab: AppleLab): Promise<void> {
  await isManaged(lab);
  await lab.control("POST", `/catalogue/${notes.adamId}/versions`, { version: "2.0" });
  await lab.pass(20 * 60_000);
  await lab.install("update");
}
async function ownApp(lab: AppleLab): Promise<void> {
  await lab.phone.signIn(ann);
  const done = lab.phone.installFromStore(notes.adamId);
  await lab.rest();
  if (lab.phone.view().prompt) await lab.signInAs();
  await lab.pass(3_000);
  await done;
}
const slowApple = (lab: AppleLab): Promise<unknown> => lab.control("PUT", "/behaviour", { latencyMs: 5_000 });
const takeOver = { ChangeManagementState: "Managed" };

export const ways: Record<ManagedAppState, Way> = {
  Queued: {
    app: tasks,
    async go(lab) {
      await asksToInstall(lab);
      await lab.install("other", tasks);
    },
  },
  NeedsRedemption: {
    app: charts,
    async go(lab) {
      await lab.install("install", charts, { Options: { PurchaseMethod: 0 } });
    },
  },
  Redeeming: {
    app: charts,
    config: { kind: "configurator" },
    async go(lab) {
      await lab.phone.signIn(ann);
      await lab.install("install", charts, { Options: { PurchaseMethod: 0 } });
      await slowApple(lab);
      await lab.perform("code", {
        RequestType: "ApplyRedemptionCode",
        Identifier: charts.bundleId,
        RedemptionCode: "ABC",
      });
    },
  },
  Prompting: { go: async (lab) => void (await asksToInstall(lab)) },
  PromptingForLogin: {
    async go(lab) {
      await asksToInstall(lab);
      await lab.answer({ choice: "install" });
    },
  },
  ValidatingPurchase: {
    async go(lab) {
      await lab.phone.signIn(ann);
      await asksToInstall(lab);
      await slowApple(lab);
      await lab.answer({ choice: "install" });
    },
  },
  Installing: { go: signsIn },
  Managed: { go: isManaged },
  ManagedButUninstalled: {
    async go(lab) {
      await isManaged(lab);
      await lab.phone.deleteApp(notes.bundleId);
    },
  },
  PromptingForUpdate: { go: hasUpdate },
  PromptingForUpdateLogin: {
    async go(lab) {
      await hasUpdate(lab);
      await lab.answer({ choice: "update" });
    },
  },
  ValidatingUpdate: {
    async go(lab) {
      await hasUpdate(lab);
      await lab.phone.signIn(ann);
      await slowApple(lab);
      await lab.answer({ choice: "update" });
    },
  },
  Updating: {
    async go(lab) {
      await hasUpdate(lab);
      await lab.answer({ choice: "update" });
      await lab.signInAs();
    },
  },
  PromptingForManagement: {
    async go(lab) {
      await ownApp(lab);
      await lab.install("manage", notes, takeOver);
    },
  },
  Unknown: {
    async go(lab) {
      await signsIn(lab);
      await lab.phone.kill();
      lab.apple.isUnreachable = true;
      await lab.start();
      await lab.rest();
    },
  },
  UserInstalledApp: {
    async go(lab) {
      await ownApp(lab);
      await lab.install("late");
    },
  },
  UserRejected: {
    async go(lab) {
      await asksToInstall(lab);
      await lab.answer({ choice: "cancel" });
    },
  },
  UpdateRejected: {
    async go(lab) {
      await hasUpdate(lab);
      await lab.answer({ choice: "cancel" });
    },
  },
  ManagementRejected: {
    async go(lab) {
      await ownApp(lab);
      await lab.install("manage", notes, takeOver);
      await lab.answer({ choice: "cancel" });
    },
  },
  Failed: {
    async go(lab) {
      await lab.control("PUT", "/behaviour", { refuseAuthorizations: { [notes.adamId]: 1 } });
      await signsIn(lab);
    },
  },
};
