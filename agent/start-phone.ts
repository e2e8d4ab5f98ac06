import { PippinError } from "../shared/errors.ts";
import type { DiskError, World } from "../shared/world.ts";
import { createAccount } from "./account.ts";
import { deviceLicensesSince, isAtLeast } from "../shared/os-version.ts";
import { createAppStoreClient } from "./app-store-client.ts";
import { createApps } from "./apps.ts";
import { createCommandDesk } from "./commands/desk.ts";
import { createServerConnection } from "./connection.ts";
import type { PhoneBase, PhoneCore } from "./core.ts";
import { createDownloads } from "./downloads.ts";
import { enroll } from "./enrollment.ts";
import { keepStoreInformed } from "./holdings.ts";
import { openHandset, type HandsetContext, type HandsetPort, type RunningPhone } from "./handset.ts";
import { createInstaller } from "./installer.ts";
import { createInvitations } from "./invitations.ts";
import { createOwner } from "./owner.ts";
import { createPerson } from "./person.ts";
import { createPortal } from "./portal.ts";
import type { Phone, PhoneConfig, PhoneStatus, PhoneTrouble, PhoneView } from "./phone.ts";
import { viewPhone } from "./phone-view.ts";
import { createPrompts } from "./prompts.ts";
import { Radio } from "./radio.ts";
import { restrictions } from "./restrictions.ts";
import { isInSetupAssistant } from "./setup-assistant.ts";
import type { PhoneStore } from "./state.ts";
import { batteryPulled, createTasks, throwIfHalted } from "./tasks.ts";
import { unenroll } from "./unenroll.ts";

/** How long a phone that is about to go waits for the server's word that its last result has arrived. */
const farewellMs = 5_000;

/**
 * Starts a phone: one that is new, or the one whose state lies in `config.dataDirectory`. Resolves when it runs; enrolling and
 * connecting go on in the background, and `view()` tells how far it is.
 *
 * Throws PippinError `configuration_invalid` for a configuration it can't run with, `store_corrupt` for a damaged state file,
 * and DiskError. The caller sees to it that no other process uses the folder (`world.disk.lock`).
 */
export async function startPhone(context: HandsetContext, config: PhoneConfig): Promise<Phone> {
  checkConfig(config);
  return await openHandset(context, config, bootPhone);
}

/** The phone's software, from boot to shutdown. What it keeps is in `store`; everything else begins anew. */
function bootPhone(
  context: HandsetContext,
  config: PhoneConfig,
  store: PhoneStore,
  handset: HandsetPort,
): RunningPhone {
  const { recorder } = context;
  const { udid } = config;
  const { state } = store;
  const radio = new Radio(context.world, () => state.airplane);
  const world: World = radio;
  const halt = new AbortController();
  let status: PhoneStatus = state.enrollment?.stage === "enrolled" ? "enrolled" : "enrolling";
  let trouble: PhoneTrouble | null = null;
  let departing = false;

  /** Parts of the phone that wait for others. */
  const listeners = new Set<() => void>();
  let isNoticeDue = false;
  /** Tells the listeners once about all changes of one moment, when whoever made them is done. */
  function changed(): void {
    if (isNoticeDue) return;
    isNoticeDue = true;
    queueMicrotask(() => {
      isNoticeDue = false;
      handset.changed();
      for (const listener of [...listeners]) listener();
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
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    front: { bundleId: null },
    apps: createApps({ store, recorder, udid, changed }),
    prompts: createPrompts({
      world,
      recorder,
      udid,
      locked: () => state.locked || isInSetupAssistant(state),
      changed,
    }),
    appStore: createAppStoreClient(world, {
      ...{ appleUrl: config.appleUrl, udid },
      ...(isAtLeast(config.osVersion, deviceLicensesSince) ? { serialNumber: config.serialNumber } : {}),
    }),
  };
  const account = createAccount(base);
  const downloads = createDownloads(base, account);
  // Here and below Object.assign, not a spread: a spread gives the object of every phone a shape of its own.
  const phone: PhoneCore = Object.assign(base, {
    account,
    downloads,
    installer: createInstaller(base, account, downloads),
    invitations: createInvitations(base, account),
  });
  const desk = createCommandDesk(phone);
  const portal = createPortal(phone);
  const connection = createServerConnection(phone, desk, { tell, reported, portal });
  const person = createPerson(phone);
  const owner = createOwner(phone, connection, radio, () => leaveManagement("profile-removed"));

  async function live(): Promise<void> {
    if (state.resting) return rest(state.resting, null);
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

  /** What a command has brought about happens after its result was told: it may end the connection. */
  function reported(): void {
    connection.updateToken();
    if (state.departure === null || departing) return;
    departing = true;
    tasks.run(depart);
  }

  /** Gives the last result the time to arrive, and goes. */
  async function depart(): Promise<void> {
    const { departure } = state;
    if (departure === null) return;
    if (departure.commandUUID !== null) {
      const late = new AbortController();
      const leave = (): void => late.abort();
      halt.signal.addEventListener("abort", leave);
      await Promise.race([desk.untilReceived(departure.commandUUID), world.sleep(farewellMs, late.signal)]);
      halt.signal.removeEventListener("abort", leave);
      late.abort();
    }
    throwIfHalted(halt.signal);
    if (departure.kind !== "removeManagement") return handset.depart();
    await leaveManagement("profile-removed");
    departing = false;
  }

  async function leaveManagement(reason: string): Promise<void> {
    await connection.checkOut();
    await unenroll(phone, reason);
    rest("unenrolled", null);
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
    return viewPhone(state, config, {
      status: status === "enrolling" && isEnrolled ? "enrolled" : status,
      trouble,
      connected: connection.isOpen(),
      prompt: phone.prompts.open(),
    });
  }

  phone.installer.resume();
  phone.invitations.resume();
  keepStoreInformed(base);
  tasks.run(live);

  const whole: Omit<RunningPhone, keyof typeof owner | keyof typeof person> = {
    portal,
    view,
    answer: (promptId, answer) => phone.prompts.answer(promptId, answer),
    async prepareDeparture(kind) {
      if (kind === "erase" && !restrictions(state).allowEraseContentAndSettings)
        throw new PippinError("forbidden", "a configuration profile does not allow to erase the phone");
      state.departure = { kind, commandUUID: null };
      await store.save();
    },
    async prepareEnrollment(enrollmentUrl) {
      if (state.enrollment)
        throw new PippinError("conflict", "the phone is under management: that comes first");
      if (!isWebAddress(enrollmentUrl))
        throw new PippinError("invalid_request", "an enrolment link is an http or https address");
      state.enrollmentUrl = enrollmentUrl;
      state.resting = null;
      await store.save();
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
  return Object.assign(owner, person, whole);
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

function checkConfig(config: PhoneConfig): void {
  for (const key of ["enrollmentUrl", "appleUrl"] as const)
    if (!isWebAddress(config[key]))
      throw new PippinError("configuration_invalid", `${key} must be an http or https address`);
  for (const key of ["udid", "serialNumber"] as const)
    if (config[key].length === 0 || config[key].length > 64)
      throw new PippinError("configuration_invalid", `${key} must have 1 to 64 characters`);
  if (!(Number.isFinite(config.bytesPerSecond) && config.bytesPerSecond > 0))
    throw new PippinError("configuration_invalid", "bytesPerSecond must be a number above 0");
  if (config.setupAssistant === true && config.kind !== "dep")
    throw new PippinError("configuration_invalid", "setupAssistant is for phones of kind dep alone");
}
