/** The phone in the hand: it is switched on and off, and everything else is what its software does between boot and shutdown. */
import { PippinError } from "../shared/errors.ts";
import type { Recorder } from "../shared/trace.ts";
import { DiskError, type World } from "../shared/world.ts";
import type { Phone, PhoneConfig, PhoneStatus, PhoneView } from "./phone.ts";
import { viewOfState } from "./phone-view.ts";
import { freshState } from "./setup-assistant.ts";
import { openPhoneStore, wipePhoneStore, type DepartureKind, type PhoneStore } from "./state.ts";
import { Halted } from "./tasks.ts";

/** From going down until the software runs again. */
const restartMs = 30_000;

export interface HandsetContext {
  readonly world: World;
  readonly recorder: Recorder;
}

/** What the software may ask of the handset. */
export interface HandsetPort {
  /** The view has changed. */
  changed(): void;
  /** Goes as `state.departure` says, as soon as whoever calls is done. */
  depart(): void;
}

/** How a phone as a whole can go; the management may go without it. */
type PhoneDeparture = Exclude<DepartureKind, "removeManagement">;

/** The software while it runs. */
export interface RunningPhone extends Omit<
  Phone,
  "config" | "onChange" | "boot" | "restart" | "shutDown" | "erase" | "enroll"
> {
  /** The person wants it to go so: noted on disk, for the handset to do. */
  prepareDeparture(kind: PhoneDeparture): Promise<void>;
  /** Notes the link to enrol by after the next boot. Throws PippinError `conflict` when the phone is under management. */
  prepareEnrollment(enrollmentUrl: string): Promise<void>;
}

export type BootPhone = (
  context: HandsetContext,
  config: PhoneConfig,
  store: PhoneStore,
  handset: HandsetPort,
) => RunningPhone;

/** Opens the phone that lies in its folder and switches it on, unless it was switched off. Throws as `startPhone` does. */
export async function openHandset(
  context: HandsetContext,
  config: PhoneConfig,
  boot: BootPhone,
): Promise<Phone> {
  const { world, recorder } = context;
  const { udid, dataDirectory } = config;
  const listeners = new Set<(view: PhoneView) => void>();
  const ending = new AbortController();
  const port: HandsetPort = { changed: notify, depart: () => run(restartSoftware) };
  let store = await openStore();
  // Whoever starts a phone anew, with its link, sets it up.
  store.state.resting = null;
  let running: RunningPhone | undefined;
  /** What is to be seen while no software runs. */
  let asleep = viewAsleep("off");
  /** The change between on and off that is under way. */
  let changing: Promise<void> = Promise.resolve();
  switchOn();

  function notify(): void {
    const now = view();
    for (const listener of [...listeners]) listener(now);
  }

  function view(): PhoneView {
    return running?.view() ?? asleep;
  }

  function viewAsleep(status: PhoneStatus): PhoneView {
    return {
      ...viewOfState(store.state, config),
      ...{ status, trouble: null, connected: false, prompt: null },
    };
  }

  function record(to: string): void {
    recorder.record("phone.changed", { udid, to });
  }

  /** Opens the state, and does what was to be done when the phone last went down, were it by loss of power. */
  async function openStore(): Promise<PhoneStore> {
    const fresh = freshState(config);
    const opened = await openPhoneStore(world, dataDirectory, udid, fresh);
    const { state } = opened;
    const kind = state.departure?.kind;
    if (kind === "erase") {
      await opened.halt();
      await wipePhoneStore(world, dataDirectory, udid, { ...fresh, resting: "erased" });
      record("erased");
      return await openPhoneStore(world, dataDirectory, udid);
    }
    if (kind === "restart" || kind === "shutDown") {
      state.departure = null;
      state.busy = false;
      if (kind === "shutDown") state.power = "off";
      if (state.passcode !== null) state.locked = true;
      await opened.save();
    }
    return opened;
  }

  function switchOn(): void {
    if (store.state.power === "off") asleep = viewAsleep("off");
    else running = boot(context, config, store, port);
    notify();
  }

  /** Resolves when the software has ended in good order. */
  async function goDown(status: PhoneStatus): Promise<void> {
    const software = running;
    if (software === undefined) return;
    asleep = viewAsleep(status);
    running = undefined;
    await software.stop();
    asleep = viewAsleep(status);
    notify();
  }

  async function comeBack(): Promise<void> {
    if (store.state.departure?.kind === "restart") {
      record("restarting");
      await world.sleep(restartMs, ending.signal);
    } else if (store.state.departure?.kind === "shutDown") record("off");
    if (ending.signal.aborted) return;
    store = await openStore();
    if (!ending.signal.aborted) switchOn();
  }

  async function restartSoftware(): Promise<void> {
    await goDown("restarting");
    await comeBack();
  }

  /** Does it after what is under way. A disk that doesn't store leaves the phone as broken; any other error is a bug. */
  function run(change: () => Promise<void>): void {
    changing = changing.then(change).catch((error: unknown) => {
      if (error instanceof Halted) return;
      if (!(error instanceof DiskError)) {
        world.after(0, () => {
          throw error;
        });
        return;
      }
      const message = `the phone can't be kept on disk: ${error.message}`;
      asleep = { ...viewAsleep("failed"), trouble: { code: "store_unwritable", message } };
      notify();
    });
  }

  /** Throws PippinError `conflict` while the phone isn't on. */
  function software(): RunningPhone {
    if (running === undefined || ending.signal.aborted)
      throw new PippinError("conflict", "the phone is not switched on");
    return running;
  }

  /** Throws PippinError `conflict` while the phone isn't on. Resolves when it has gone down. */
  async function departBy(kind: PhoneDeparture, status: PhoneStatus): Promise<void> {
    await software().prepareDeparture(kind);
    const down = goDown(status);
    run(async () => {
      await down;
      await comeBack();
    });
    await down;
  }

  return {
    config,
    view,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    answer: (promptId, answer) => software().answer(promptId, answer),
    lock: () => software().lock(),
    unlock: (passcode) => software().unlock(passcode),
    setPasscode: async (passcode) => software().setPasscode(passcode),
    setBusy: (busy) => software().setBusy(busy),
    installProfile: async (profile) => software().installProfile(profile),
    removeProfile: async (identifier) => software().removeProfile(identifier),
    deleteApp: async (bundleId) => software().deleteApp(bundleId),
    installFromStore: async (adamId) => software().installFromStore(adamId),
    signIn: async (credentials) => software().signIn(credentials),
    signOut: async () => software().signOut(),
    openApp: (bundleId) => software().openApp(bundleId),
    setAppFeedback: async (bundleId, feedback) => software().setAppFeedback(bundleId, feedback),
    portal: {
      list: async () => software().portal.list(),
      install: async (adamId) => software().portal.install(adamId),
    },
    async boot() {
      if (running !== undefined || ending.signal.aborted || asleep.status !== "off")
        throw new PippinError("conflict", "the phone is not off");
      store.state.power = "on";
      await store.save();
      switchOn();
      record("on");
    },
    restart: () => departBy("restart", "restarting"),
    async shutDown() {
      await departBy("shutDown", "off");
      await changing;
    },
    async erase() {
      await departBy("erase", "restarting");
      await changing;
    },
    async enroll(enrollmentUrl) {
      await software().prepareEnrollment(enrollmentUrl);
      run(restartSoftware);
      await changing;
    },
    async stop() {
      ending.abort();
      await changing;
      if (running !== undefined) return await running.stop();
      await store.halt();
      asleep = { ...asleep, status: "stopped" };
      notify();
    },
    async kill() {
      ending.abort();
      if (running !== undefined) return await running.kill();
      await store.halt();
      asleep = { ...asleep, status: "stopped" };
    },
  };
}
