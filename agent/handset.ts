/** The phone in the hand: it is switched on and off, and everything else is what its software does between boot and shutdown. */
import { PippinError } from "../shared/errors.ts";
import type { PlistDictionary } from "../shared/plist.ts";
import type { Recorder } from "../shared/trace.ts";
import { DiskError, type World } from "../shared/world.ts";
import type { CompanyPortal, Phone, PhoneConfig, PhoneStatus, PhoneView, PromptAnswer } from "./phone.ts";
import { viewPhone } from "./phone-view.ts";
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
  const store = await openStore(context, config);
  // Whoever starts a phone anew, with its link, sets it up.
  store.state.resting = null;
  return new Handset(context, config, boot, store);
}

/** Opens the state, and does what was to be done when the phone last went down, were it by loss of power. */
async function openStore(context: HandsetContext, config: PhoneConfig): Promise<PhoneStore> {
  const { world, recorder } = context;
  const { udid, dataDirectory } = config;
  const fresh = freshState(config);
  const opened = await openPhoneStore(world, dataDirectory, udid, fresh);
  const { state } = opened;
  const kind = state.departure?.kind;
  if (kind === "erase") {
    await opened.halt();
    await wipePhoneStore(world, dataDirectory, udid, { ...fresh, resting: "erased" });
    recorder.record("phone.changed", { udid, to: "erased" });
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

/** A class, not an object of functions: a fleet has thousands of them. */
class Handset implements Phone, HandsetPort {
  readonly config: PhoneConfig;
  readonly #context: HandsetContext;
  readonly #boot: BootPhone;
  readonly #listeners = new Set<(view: PhoneView) => void>();
  #isEnding = false;
  /** Ends the wait between down and up. */
  #wakeUp: (() => void) | undefined;
  #store: PhoneStore;
  #running: RunningPhone | undefined;
  /** What is to be seen while no software runs. */
  #asleep: Pick<PhoneView, "status" | "trouble"> = { status: "off", trouble: null };
  /** The change between on and off that is under way. */
  #changing: Promise<void> = Promise.resolve();

  constructor(context: HandsetContext, config: PhoneConfig, boot: BootPhone, store: PhoneStore) {
    this.#context = context;
    this.config = config;
    this.#boot = boot;
    this.#store = store;
    this.#switchOn();
  }

  // --- What its software asks of it ---

  changed(): void {
    if (this.#listeners.size === 0) return;
    const now = this.view();
    for (const listener of [...this.#listeners]) listener(now);
  }

  depart(): void {
    this.#run(() => this.#restartSoftware());
  }

  // --- On and off ---

  #record(to: string): void {
    this.#context.recorder.record("phone.changed", { udid: this.config.udid, to });
  }

  #switchOn(): void {
    if (this.#store.state.power === "off") this.#asleep = { status: "off", trouble: null };
    else this.#running = this.#boot(this.#context, this.config, this.#store, this);
    this.changed();
  }

  /** Resolves when the software has ended in good order. */
  async #goDown(status: PhoneStatus): Promise<void> {
    const software = this.#running;
    if (software === undefined) return;
    this.#asleep = { status, trouble: null };
    this.#running = undefined;
    await software.stop();
    this.changed();
  }

  async #comeBack(): Promise<void> {
    const kind = this.#store.state.departure?.kind;
    if (kind === "restart") {
      this.#record("restarting");
      if (this.#isEnding) return;
      const early = new AbortController();
      this.#wakeUp = () => early.abort();
      await this.#context.world.sleep(restartMs, early.signal);
      this.#wakeUp = undefined;
    } else if (kind === "shutDown") this.#record("off");
    if (this.#isEnding) return;
    this.#store = await openStore(this.#context, this.config);
    if (!this.#isEnding) this.#switchOn();
  }

  #end(): void {
    this.#isEnding = true;
    this.#wakeUp?.();
  }

  async #restartSoftware(): Promise<void> {
    await this.#goDown("restarting");
    await this.#comeBack();
  }

  /** Does it after what is under way. A disk that doesn't store leaves the phone as broken; any other error is a bug. */
  #run(change: () => Promise<void>): void {
    this.#changing = this.#changing.then(change).catch((error: unknown) => {
      if (error instanceof Halted) return;
      if (!(error instanceof DiskError)) {
        this.#context.world.after(0, () => {
          throw error;
        });
        return;
      }
      const message = `the phone can't be kept on disk: ${error.message}`;
      this.#asleep = { status: "failed", trouble: { code: "store_unwritable", message } };
      this.changed();
    });
  }

  /** Throws PippinError `conflict` while the phone isn't on. */
  #software(): RunningPhone {
    if (this.#running === undefined || this.#isEnding)
      throw new PippinError("conflict", "the phone is not switched on");
    return this.#running;
  }

  /** Throws PippinError `conflict` while the phone isn't on. Resolves when it has gone down. */
  async #departBy(kind: PhoneDeparture, status: PhoneStatus): Promise<void> {
    await this.#software().prepareDeparture(kind);
    const down = this.#goDown(status);
    this.#run(async () => {
      await down;
      await this.#comeBack();
    });
    await down;
  }

  // --- In the person's hand ---

  view(): PhoneView {
    return (
      this.#running?.view() ??
      viewPhone(this.#store.state, this.config, { ...this.#asleep, connected: false, prompt: null })
    );
  }

  onChange(listener: (view: PhoneView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get portal(): CompanyPortal {
    return {
      list: async () => this.#software().portal.list(),
      install: async (adamId) => this.#software().portal.install(adamId),
    };
  }

  answer(promptId: string, answer: PromptAnswer): void {
    this.#software().answer(promptId, answer);
  }

  lock(): void {
    this.#software().lock();
  }

  unlock(passcode?: string): void {
    this.#software().unlock(passcode);
  }

  async setPasscode(passcode: string | null): Promise<void> {
    await this.#software().setPasscode(passcode);
  }

  setBusy(busy: boolean): void {
    this.#software().setBusy(busy);
  }

  setAirplane(airplane: boolean): void {
    this.#software().setAirplane(airplane);
  }

  async installProfile(profile: Uint8Array): Promise<void> {
    await this.#software().installProfile(profile);
  }

  async removeProfile(identifier?: string): Promise<void> {
    await this.#software().removeProfile(identifier);
  }

  async deleteApp(bundleId: string): Promise<void> {
    await this.#software().deleteApp(bundleId);
  }

  async installFromStore(adamId: string): Promise<void> {
    await this.#software().installFromStore(adamId);
  }

  async signIn(credentials: { readonly appleId: string; readonly password: string }): Promise<void> {
    await this.#software().signIn(credentials);
  }

  async signOut(): Promise<void> {
    await this.#software().signOut();
  }

  openApp(bundleId: string | null): void {
    this.#software().openApp(bundleId);
  }

  async setAppFeedback(bundleId: string, feedback: PlistDictionary | null): Promise<void> {
    await this.#software().setAppFeedback(bundleId, feedback);
  }

  async boot(): Promise<void> {
    if (this.#running !== undefined || this.#isEnding || this.#asleep.status !== "off")
      throw new PippinError("conflict", "the phone is not off");
    this.#store.state.power = "on";
    await this.#store.save();
    this.#switchOn();
    this.#record("on");
  }

  restart(): Promise<void> {
    return this.#departBy("restart", "restarting");
  }

  async shutDown(): Promise<void> {
    await this.#departBy("shutDown", "off");
    await this.#changing;
  }

  async erase(): Promise<void> {
    await this.#departBy("erase", "restarting");
    await this.#changing;
  }

  async enroll(enrollmentUrl: string): Promise<void> {
    await this.#software().prepareEnrollment(enrollmentUrl);
    this.depart();
    await this.#changing;
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#changing;
    if (this.#running !== undefined) return await this.#running.stop();
    await this.#store.halt();
    this.#asleep = { ...this.#asleep, status: "stopped" };
    this.changed();
  }

  async kill(): Promise<void> {
    this.#end();
    if (this.#running !== undefined) return await this.#running.kill();
    await this.#store.halt();
    this.#asleep = { ...this.#asleep, status: "stopped" };
  }
}
