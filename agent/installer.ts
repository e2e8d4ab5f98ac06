import type { LookupItem } from "../shared/app-store.ts";
import type { AppEvent } from "../shared/app-states.ts";
import { purchaseMethodOwn } from "../shared/commands.ts";
import type { Account } from "./account.ts";
import { isAsking, isBusy, type MoveDetails } from "./apps.ts";
import type { PhoneBase } from "./core.ts";
import type { Downloads } from "./downloads.ts";
import { installRoute, updateRoute, type Route } from "./install-route.ts";
import type { Question } from "./prompts.ts";
import { restrictions } from "./restrictions.ts";
import type { AppRecord } from "./state.ts";
import { throwIfHalted } from "./tasks.ts";

/** So often one attempt may be sent back to the sign-in, so that a store which never has enough is not asked for ever. */
const signInsMax = 5;

/**
 * Carries an app from state to state until it rests. Each step begins with the state it stands in on disk, so that a phone that
 * was switched off anywhere goes on from there: a prompt is shown again, a download starts over.
 */
export interface Installer {
  /** Takes up the app where it stands. */
  begin(app: AppRecord): void;
  /** Lets go of the app and takes its prompt away. The caller decides on its state. */
  drop(app: AppRecord): void;
  /** Takes up everything that was under way when the phone last stopped. */
  resume(): void;
  /** What happens first to an app that is to be installed. */
  beginInstall(purchase: {
    priceCents?: number | undefined;
    purchaseMethod: number;
    deviceLicensed: boolean;
  }): AppEvent;
  /** What happens next to an app that waits for nothing but the person and the store. */
  continueInstall(app: AppLicense): AppEvent;
  beginUpdate(app: AppRecord): AppEvent;
}

/** What decides whether its person has to sign in for an app. */
type AppLicense = Pick<AppRecord, "deviceLicensed" | "redemptionCode">;

/** Moves the app, unless it was let go of meanwhile: then it throws Halted. */
type Go = (event: AppEvent, details?: MoveDetails) => void;

/** An app on its way. */
interface Journey {
  readonly app: AppRecord;
  readonly signal: AbortSignal;
  readonly go: Go;
}

interface Sheet {
  readonly question: Pick<Question, "kind" | "title" | "text" | "choices">;
  agreed(): AppEvent;
  readonly rejected: AppEvent;
}

export function createInstaller(phone: PhoneBase, account: Account, downloads: Downloads): Installer {
  return new AppInstaller(phone, account, downloads);
}

/** A class, not an object of functions: a fleet has thousands of them. */
class AppInstaller implements Installer {
  readonly #phone: PhoneBase;
  readonly #account: Account;
  readonly #downloads: Downloads;
  readonly #flows = new Map<string, AbortController>();
  /** How often the present attempt came to the sign-in. */
  readonly #signIns = new WeakMap<AppRecord, number>();

  constructor(phone: PhoneBase, account: Account, downloads: Downloads) {
    this.#phone = phone;
    this.#account = account;
    this.#downloads = downloads;
    phone.signal.addEventListener("abort", () => {
      for (const controller of this.#flows.values()) controller.abort();
    });
  }

  begin(app: AppRecord): void {
    const controller = new AbortController();
    const flows = this.#flows;
    flows.get(app.bundleId)?.abort();
    flows.set(app.bundleId, controller);
    this.#signIns.delete(app);
    this.#phone.tasks.run(async () => {
      try {
        await this.#follow(app, controller.signal);
      } finally {
        if (flows.get(app.bundleId) === controller) flows.delete(app.bundleId);
      }
    });
  }

  drop(app: AppRecord): void {
    this.#flows.get(app.bundleId)?.abort();
    this.#flows.delete(app.bundleId);
    this.#downloads.drop(app);
  }

  resume(): void {
    const { apps } = this.#phone;
    for (const app of apps.list()) {
      if (app.state === "Installing" || app.state === "Updating") apps.move(app, "interrupted");
      if (isBusy(app)) this.begin(app);
    }
  }

  beginInstall({
    priceCents = 0,
    purchaseMethod,
    deviceLicensed,
  }: Parameters<Installer["beginInstall"]>[0]): AppEvent {
    return priceCents > 0 && purchaseMethod === purchaseMethodOwn
      ? "redemptionNeeded"
      : this.continueInstall({ deviceLicensed });
  }

  continueInstall(app: AppLicense): AppEvent {
    if (!this.#phone.supervised) return this.#storeIsAsking() ? "installQueued" : "installAsked";
    if (this.#needsNobody(app)) return afterSignIn(app);
    return this.#storeIsAsking() ? "installQueued" : "loginAsked";
  }

  /** A supervised phone asks nobody, unless the person is using the very app. */
  beginUpdate(app: AppRecord): AppEvent {
    const { front, store, supervised } = this.#phone;
    const isInUse = front.bundleId === app.bundleId && !store.state.locked;
    if (!supervised || isInUse) return "updateAsked";
    return this.#needsNobody(app) ? "updateValidationBegun" : "updateLoginAsked";
  }

  /** Whether the App Store has the screen, so that whoever comes now has to wait. */
  #storeIsAsking(): boolean {
    return this.#phone.prompts.storeIsAsking() || this.#phone.apps.list().some(isAsking);
  }

  /** Nobody has to type anything for what the phone itself has a licence of. */
  #needsNobody(app: AppLicense): boolean {
    return app.deviceLicensed === true || this.#account.isReady(true);
  }

  /** As the server introduced itself, or else its address. */
  #managerName(): string {
    const { settings, enrollment } = this.#phone.store.state;
    const name = settings.organizationInfo?.["OrganizationName"];
    if (name !== undefined && name !== "") return name;
    return enrollment ? new URL(enrollment.serverUrl).host : "your organisation";
  }

  async #follow(app: AppRecord, signal: AbortSignal): Promise<void> {
    const go: Go = (event, details) => {
      throwIfHalted(signal);
      this.#phone.apps.move(app, event, details);
    };
    for (;;) {
      await this.#phone.store.save();
      throwIfHalted(signal);
      const step = this.#step({ app, signal, go });
      // It rests, or waits for the server to send a code.
      if (!step) return;
      await step;
    }
  }

  /** What is done in the state that the app is in. It ends with a move, or throws Halted. */
  #step(journey: Journey): Promise<void> | undefined {
    const { app } = journey;
    switch (app.state) {
      case "Queued":
        return this.#waitForTurn(journey);
      case "Prompting":
        return this.#ask(journey, {
          question: {
            kind: "appInstallation",
            title: "App Installation",
            text:
              `${this.#managerName()} would like to install “${app.name}” from the App Store and manage it. ` +
              "Nothing is charged to your Apple ID.",
            choices: ["cancel", "install"],
          },
          agreed: () => (this.#needsNobody(app) ? afterSignIn(app) : "loginAsked"),
          rejected: "installRejected",
        });
      case "PromptingForLogin":
        return this.#login(journey, installRoute);
      case "Redeeming":
        return this.#redeem(journey);
      case "ValidatingPurchase":
        return this.#validate(journey, installRoute);
      case "Installing":
        return this.#load(journey, installRoute);
      case "PromptingForUpdate":
        return this.#ask(journey, {
          question: {
            kind: "appUpdate",
            title: "App Update",
            text: `${this.#managerName()} would like to update “${app.name}” to the version in the App Store.`,
            choices: ["cancel", "update"],
          },
          agreed: () => (this.#needsNobody(app) ? "updateValidationBegun" : "updateLoginAsked"),
          rejected: "updateRejected",
        });
      case "PromptingForUpdateLogin":
        return this.#login(journey, updateRoute);
      case "ValidatingUpdate":
        return this.#validate(journey, updateRoute);
      case "Updating":
        return this.#load(journey, updateRoute);
      case "PromptingForManagement":
        return this.#ask(journey, {
          question: {
            kind: "managementChange",
            title: "App Management Change",
            text: `${this.#managerName()} would like to manage “${app.name}”. It could then also remove the app and its data.`,
            choices: ["cancel", "manage"],
          },
          agreed: () => "managementTaken",
          rejected: "managementRejected",
        });
      case "Unknown":
        // How much of it had come before the phone went off, only the store can tell: it is asked as for a new download.
        return this.#validate(journey, app.installed ? updateRoute : installRoute);
      default:
        return undefined;
    }
  }

  /** Until nobody else is being asked and everybody who queued earlier has had their turn. */
  async #waitForTurn({ app, signal, go }: Journey): Promise<void> {
    const { apps, store, supervised } = this.#phone;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        const next = apps.list().find((other) => other.state === "Queued");
        if (!signal.aborted && (next !== app || this.#storeIsAsking())) return;
        end();
        signal.removeEventListener("abort", look);
        resolve();
      };
      const end = this.#phone.onChange(look);
      signal.addEventListener("abort", look);
      look();
    });
    throwIfHalted(signal);
    const mayBegin = app.deviceLicensed === true || restrictions(store.state).allowAppInstallation;
    if (!mayBegin) go("installFailed", { reason: "app_store_disabled" });
    else if (!supervised) go("installAsked");
    else go(this.#needsNobody(app) ? afterSignIn(app) : "loginAsked");
  }

  async #ask({ app, signal, go }: Journey, { question, agreed, rejected }: Sheet): Promise<void> {
    const about = { subject: { organisation: this.#managerName() }, ...subject(app) };
    const answer = await this.#phone.prompts.ask({ ...question, ...about }, signal);
    go(answer.agreed ? agreed() : rejected, { cause: () => answer.cause });
  }

  /** A person who won't sign in has said no to the app. Anything else that keeps them from it is a failure. */
  async #login({ app, signal, go }: Journey, route: Route): Promise<void> {
    const isUpdate = route === updateRoute;
    const outcome = await this.#account.prepare({ freshPassword: true, isUpdate, ...subject(app) }, signal);
    if (outcome === "signedIn") go(isUpdate ? route.validationBegun : afterSignIn(app));
    else if (outcome === "cancelled") go(route.rejected, { reason: "sign-in-cancelled" });
    else go(route.failed, { reason: reasons[outcome] });
  }

  async #validate({ app, signal, go }: Journey, route: Route): Promise<void> {
    const outcome = await this.#downloads.authorize(app, signal);
    if (outcome.ok) return go(route.loadBegun);
    // The phone's licence was taken back meanwhile: the person's may do.
    if (outcome.code === "session_invalid") delete app.deviceLicensed;
    this.#sendBack(app, route, outcome.code, go);
  }

  /** To the person, where they can help; otherwise that was it. */
  #sendBack(app: AppRecord, route: Route, code: string, go: Go): void {
    const count = (this.#signIns.get(app) ?? 0) + 1;
    this.#signIns.set(app, count);
    const mayHelp = (code === "session_invalid" || code === "store_terms_due") && count <= signInsMax;
    go(mayHelp ? route.loginAsked : route.failed, { reason: code });
  }

  async #redeem({ app, signal, go }: Journey): Promise<void> {
    const { store, appStore } = this.#phone;
    const { account } = store.state;
    const code = app.redemptionCode;
    if (code === undefined) return go("installFailed", { reason: "code_invalid" });
    if (!account) return this.#sendBack(app, installRoute, "session_invalid", go);
    const { sessionToken } = account;
    const result = await appStore.redeem({ sessionToken, adamId: app.adamId, code }, signal);
    throwIfHalted(signal);
    if (!result.ok) {
      if (result.code === "session_invalid") this.#account.forget();
      if (result.code === "store_terms_due") this.#account.noteTermsDue();
      return this.#sendBack(app, installRoute, result.code, go);
    }
    delete app.redemptionCode;
    if (!result.value.used) app.unusedRedemptionCode = code;
    go("validationBegun");
  }

  async #load({ app, signal, go }: Journey, route: Route): Promise<void> {
    const result = await this.#downloads.fetch(app, signal);
    throwIfHalted(signal);
    if (!result.ok) return go(route.failed, { reason: result.code });
    put(app, result.value);
    go(route.done);
  }
}

function afterSignIn(app: AppLicense): AppEvent {
  return app.redemptionCode === undefined ? "validationBegun" : "redemptionBegun";
}

function subject(app: AppRecord): { app: { adamId: string; name: string }; commandUUID?: string } {
  return {
    app: { adamId: app.adamId, name: app.name },
    ...(app.commandUUID === null ? {} : { commandUUID: app.commandUUID }),
  };
}

/** Why a sign-in that the person didn't cancel came to nothing. */
const reasons = {
  locked: "apple_id_locked",
  unreachable: "unreachable",
  termsRefused: "store_terms_due",
} as const;

/** What the store has sent is on the phone now. */
export function put(app: AppRecord, item: LookupItem): void {
  app.version = item.version;
  app.externalVersionIdentifier = item.externalVersionIdentifier;
  app.bytes = item.bytes;
  app.name = item.name;
  app.installed = true;
}
