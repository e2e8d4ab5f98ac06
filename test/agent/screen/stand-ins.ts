/** Phones that are nothing but what they show, for the screen's tests and pictures. */
import { PhoneHand } from "../../../agent/hand.ts";
import type {
  OfferedApp,
  Phone,
  PhoneApp,
  PhoneConfig,
  PhoneView,
  Prompt,
  PromptAnswer,
} from "../../../agent/phone.ts";
import type { PhoneRack, ScreenPhone } from "../../../agent/screen/screen-phone.ts";
import { PippinError } from "../../../shared/errors.ts";

/** A Tuesday morning. */
export const morning = Date.UTC(2017, 5, 13, 7, 41);

export class StandInPhone implements Phone {
  readonly config: PhoneConfig;
  /** What was done with it, with what was given. */
  readonly acts: (readonly [string, ...unknown[]])[] = [];
  readonly #listeners = new Set<(view: PhoneView) => void>();
  #view: PhoneView;
  offered: readonly OfferedApp[] = [];
  /** What the next act ends with. */
  refusal: PippinError | undefined;

  constructor(config: Partial<PhoneConfig> = {}, view: Partial<PhoneView> = {}) {
    this.config = {
      ...{ udid: "c0ffee", serialNumber: "PIPPIN0001", productName: "iPhone8,1", osVersion: "9.3.2" },
      ...{ buildVersion: "13F69", deviceName: "Ada's iPhone", kind: "user", enrollmentUrl: "", appleUrl: "" },
      ...{ protocol: "mdm.plist.binary", dataDirectory: "", bytesPerSecond: 1 },
      ...config,
    };
    this.#view = {
      ...{ udid: this.config.udid, status: "enrolled", trouble: null, enrolled: true, connected: true },
      ...{ locked: false, lockMessage: null, hasPasscode: false, busy: false, airplane: false },
      ...{ inSetupAssistant: false, deviceName: this.config.deviceName, forbidden: [], profiles: [] },
      ...{ appleId: null, prompt: null, apps: [] },
      ...view,
    };
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }
  view = (): PhoneView => this.#view;
  onChange(listener: (view: PhoneView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  /** Shows something else from now on. */
  show(changes: Partial<PhoneView>): void {
    this.#view = { ...this.#view, ...changes };
    for (const listener of [...this.#listeners]) listener(this.#view);
  }

  #did(act: string, ...given: unknown[]): void {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal !== undefined) throw refusal;
    this.acts.push([act, ...given]);
  }

  readonly portal = {
    list: () => Promise.resolve(this.offered),
    install: async (adamId: string) => this.#did("portal.install", adamId),
  };
  answer = (promptId: string, answer: PromptAnswer) => this.#did("answer", promptId, answer);
  lock = () => this.#did("lock");
  unlock = (passcode?: string) => this.#did("unlock", passcode);
  setPasscode = async (passcode: string | null) => this.#did("setPasscode", passcode);
  setBusy = (busy: boolean) => this.#did("setBusy", busy);
  setAirplane = (airplane: boolean) => this.#did("setAirplane", airplane);
  installProfile = async () => this.#did("installProfile");
  boot = async () => this.#did("boot");
  restart = async () => this.#did("restart");
  shutDown = async () => this.#did("shutDown");
  erase = async () => this.#did("erase");
  enroll = async (url: string) => this.#did("enroll", url);
  deleteApp = async (bundleId: string) => this.#did("deleteApp", bundleId);
  installFromStore = async (adamId: string) => this.#did("installFromStore", adamId);
  signIn = async (credentials: { appleId: string; password: string }) => this.#did("signIn", credentials);
  signOut = async () => this.#did("signOut");
  openApp = (bundleId: string | null) => this.#did("openApp", bundleId);
  setAppFeedback = async () => this.#did("setAppFeedback");
  removeProfile = async (identifier?: string) => this.#did("removeProfile", identifier);
  stop = async () => this.#did("stop");
  kill = async () => this.#did("kill");
}

export class StandInRack implements PhoneRack {
  readonly single: boolean;
  readonly list: ScreenPhone[];
  readonly advance: PhoneRack["advance"];
  readonly advanced: number[] = [];
  /** While the phones are on their way as a whole. */
  isMoving = false;

  constructor(phones: readonly StandInPhone[], is: { single?: boolean; clockIsHeld?: boolean } = {}) {
    this.single = is.single ?? false;
    this.list = phones.map((phone) => ({
      hand: new PhoneHand(phone),
      ...{ owner: "abramley", heldBy: "nobody", hasPerson: !this.single },
    }));
    if (is.clockIsHeld) this.advance = async (ms) => void this.advanced.push(ms);
  }

  phones(): readonly ScreenPhone[] {
    if (this.isMoving) throw new PippinError("unavailable", "the lab is moving");
    return this.list;
  }
  find = (udid: string) => this.list.find(({ hand }) => hand.phone.config.udid === udid);
  now = () => morning;
  drive = <T>(deed: () => Promise<T>) => deed();
  async setHeld(udid: string, isHeld: boolean): Promise<void> {
    const index = this.list.findIndex(({ hand }) => hand.phone.config.udid === udid);
    const former = this.list[index];
    if (former) this.list[index] = { ...former, heldBy: isHeld ? "person" : "nobody" };
  }
  enrollmentLink = (udid: string) => Promise.resolve(`http://127.0.0.1:9/enroll/${udid}`);
}

export function standInApp(
  name: string,
  state: PhoneApp["state"] = "Managed",
  adamId = "361309726",
): PhoneApp {
  const installed = ["Managed", "UserInstalledApp", "absent", "Updating"].includes(state);
  return { adamId, bundleId: `example.orchard.${name}`, name, state, installed };
}

const choices: Record<Prompt["kind"], readonly string[]> = {
  programTerms: ["decline", "accept"],
  appInstallation: ["cancel", "install"],
  appleIdSignIn: ["cancel", "signIn"],
  storeTerms: ["cancel", "agree"],
  managementChange: ["cancel", "manage"],
  appUpdate: ["cancel", "update"],
  notice: ["ok"],
};

export function standInPrompt(kind: Prompt["kind"], changes: Partial<Prompt> = {}): Prompt {
  const isAboutApp = ["appInstallation", "managementChange", "appUpdate"].includes(kind);
  return {
    ...{ id: `prompt-${kind}`, kind, title: "A title", text: "A text", choices: choices[kind] },
    fields: kind === "appleIdSignIn" ? ["appleId", "password"] : [],
    wrongPasswords: 0,
    organisation: "Orchard & Sons",
    ...(isAboutApp ? { adamId: "361309726", appName: "Pages" } : {}),
    ...changes,
  };
}
