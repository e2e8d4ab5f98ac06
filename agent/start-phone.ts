import { PippinError } from "../shared/errors.ts";
import type { Recorder } from "../shared/trace.ts";
import type { DiskError, World } from "../shared/world.ts";
import { createAccount } from "./account.ts";
import { createAppStoreClient } from "./app-store-client.ts";
import { createApps } from "./apps.ts";
import { createCommandDesk } from "./commands/desk.ts";
import { createServerConnection } from "./connection.ts";
import type { PhoneBase, PhoneCore } from "./core.ts";
import { enroll } from "./enrollment.ts";
import { createInstaller } from "./installer.ts";
import { createInvitations } from "./invitations.ts";
import { createPerson } from "./person.ts";
import type { Phone, PhoneConfig, PhoneStatus, PhoneTrouble, PhoneView } from "./phone.ts";
import { createPrompts } from "./prompts.ts";
import { openPhoneStore } from "./state.ts";
import { batteryPulled, createTasks } from "./tasks.ts";
import { unenroll } from "./unenroll.ts";

/**
 * Starts a phone: one that is new, or the one whose state lies in `config.dataDirectory`. Resolves when it runs; enrolling and
 * connecting go on in the background, and `view()` tells how far it is.
 *
 * Throws PippinError `configuration_invalid` for a configuration it can't run with, `store_corrupt` for a damaged state file,
 * and DiskError. The caller sees to it that no other process uses the folder (`world.disk.lock`).
 */
export async function startPhone(
  context: { world: World; recorder: Recorder },
  config: PhoneConfig,
): Promise<Phone> {
  const { world, recorder } = context;
  checkConfig(config);
  const { udid } = config;
  const store = await openPhoneStore(world, config.dataDirectory, udid);
  const { state } = store;
  const halt = new AbortController();
  let status: PhoneStatus = state.enrollment?.stage === "enrolled" ? "enrolled" : "enrolling";
  let trouble: PhoneTrouble | null = null;

  const listeners = new Set<(view: PhoneView) => void>();
  let isNoticeDue = false;
  /** Tells the listeners once about all changes of one moment, when whoever made them is done. */
  function changed(): void {
    if (isNoticeDue) return;
    isNoticeDue = true;
    queueMicrotask(() => {
      isNoticeDue = false;
      const now = view();
      for (const listener of [...listeners]) listener(now);
    });
  }
  function rest(next: PhoneStatus, why: PhoneTrouble | null): void {
    status = next;
    trouble = why;
    changed();
  }
  function tell(next: PhoneTrouble | null): void {
    trouble = next;
    changed();
  }
  /** A phone that can't keep what it does must not go on doing it. */
  function diskFailed(error: DiskError): void {
    if (status === "failed" || halt.signal.aborted) return;
    rest("failed", {
      code: "store_unwritable",
      message: `the phone can't be kept on disk: ${error.message}`,
    });
    halt.abort(batteryPulled);
    void store.halt();
  }

  const tasks = createTasks(world, diskFailed);
  const base: PhoneBase = {
    world,
    recorder,
    config,
    supervised: config.kind === "configurator" || config.kind === "dep",
    store,
    tasks,
    signal: halt.signal,
    changed,
    apps: createApps({ store, recorder, udid, changed }),
    prompts: createPrompts({ world, recorder, udid, locked: () => state.locked, changed }),
    appStore: createAppStoreClient(world, { appleUrl: config.appleUrl, udid }),
  };
  const account = createAccount(base);
  const phone: PhoneCore = {
    ...base,
    account,
    installer: createInstaller(base, account),
    invitations: createInvitations(base, account),
  };
  const connection = createServerConnection(phone, createCommandDesk(phone), tell);
  const person = createPerson(phone);

  async function live(): Promise<void> {
    if (!state.enrollment && !(await tryToEnroll())) return;
    const end = await connection.keep();
    if (end === "replaced")
      return rest("replaced", {
        code: "conflict",
        message: "another connection took over this phone's identity",
      });
    if (end === "unknownEnrollment") {
      await unenroll(phone, "unknown-enrollment");
      rest("unenrolled", {
        code: "not_found",
        message: "the server does not know this phone (any more): enrol again",
      });
    }
  }

  /** Answers whether the phone has its profile and identity now. */
  async function tryToEnroll(): Promise<boolean> {
    try {
      await enroll(phone, tell);
      tell(null);
      return true;
    } catch (error) {
      if (!(error instanceof PippinError)) throw error;
      recorder.record("connection.refused", {
        udid,
        side: "phone",
        code: error.code,
        reason: error.message,
      });
      rest("refused", { code: error.code, message: error.message });
      return false;
    }
  }

  function view(): PhoneView {
    const isEnrolled = state.enrollment?.stage === "enrolled";
    return {
      udid,
      status: status === "enrolling" && isEnrolled ? "enrolled" : status,
      trouble,
      enrolled: isEnrolled,
      connected: connection.isOpen,
      locked: state.locked,
      appleId: state.account?.appleId ?? null,
      prompt: base.prompts.open,
      apps: state.apps.map(({ adamId, bundleId, name, state: appState, installed }) => ({
        ...{ adamId, bundleId, name, installed },
        state: appState,
      })),
    };
  }

  function setLocked(locked: boolean): void {
    if (state.locked === locked) return;
    state.locked = locked;
    base.prompts.refresh();
    tasks.run(() => store.save());
    if (!locked) connection.pollAfterNotNow();
  }

  phone.installer.resume();
  phone.invitations.resume();
  tasks.run(live);

  return {
    config,
    view,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    answer: (promptId, answer) => base.prompts.answer(promptId, answer),
    lock: () => setLocked(true),
    unlock: () => setLocked(false),
    deleteApp: (bundleId) => person.deleteApp(bundleId),
    installFromStore: (adamId) => person.installFromStore(adamId),
    signOut: () => person.signOut(),
    async removeProfile() {
      if (!state.enrollment) throw new PippinError("conflict", "there is no management profile to remove");
      await connection.checkOut();
      await unenroll(phone, "profile-removed");
      rest("unenrolled", null);
    },
    async stop() {
      if (halt.signal.aborted) return tasks.settled();
      halt.abort();
      await tasks.settled();
      await store.save();
      await store.halt();
      rest("stopped", null);
    },
    async kill() {
      halt.abort(batteryPulled);
      await store.halt();
      rest("stopped", null);
    },
  };
}

function checkConfig(config: PhoneConfig): void {
  const schemes = ["http:", "https:"];
  for (const key of ["enrollmentUrl", "appleUrl"] as const) {
    const value = config[key];
    if (!URL.canParse(value) || !schemes.includes(new URL(value).protocol))
      throw new PippinError("configuration_invalid", `${key} must be an http or https address`);
  }
  for (const key of ["udid", "serialNumber"] as const)
    if (config[key].length === 0 || config[key].length > 64)
      throw new PippinError("configuration_invalid", `${key} must have 1 to 64 characters`);
  if (!(Number.isFinite(config.bytesPerSecond) && config.bytesPerSecond > 0))
    throw new PippinError("configuration_invalid", "bytesPerSecond must be a number above 0");
}
