import type { LookupItem } from "../shared/app-store.ts";
import type { AppEvent } from "../shared/app-states.ts";
import { purchaseMethodOwn } from "../shared/commands.ts";
import type { Account } from "./account.ts";
import { isAsking, isBusy, type MoveDetails } from "./apps.ts";
import type { PhoneBase } from "./core.ts";
import type { Downloads } from "./downloads.ts";
import type { GivenAnswer, Question } from "./prompts.ts";
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
/** What is done in a state. It ends with a move, or throws Halted. */
type Step = (app: AppRecord, signal: AbortSignal, go: Go) => Promise<void>;

/** The two ways an app is fetched differ in their names alone. */
interface Route {
  readonly loginAsked: AppEvent;
  readonly validationBegun: AppEvent;
  readonly loadBegun: AppEvent;
  readonly done: AppEvent;
  readonly rejected: AppEvent;
  readonly failed: AppEvent;
}
const installRoute: Route = {
  loginAsked: "loginAsked",
  validationBegun: "validationBegun",
  loadBegun: "downloadBegun",
  done: "installed",
  rejected: "installRejected",
  failed: "installFailed",
};
/** A failed update leaves the app as it was. */
const updateRoute: Route = {
  loginAsked: "updateLoginAsked",
  validationBegun: "updateValidationBegun",
  loadBegun: "updateBegun",
  done: "updated",
  rejected: "updateRejected",
  failed: "updateFailed",
};

export function createInstaller(phone: PhoneBase, account: Account, downloads: Downloads): Installer {
  const { store, apps, prompts, appStore, tasks, front } = phone;
  const { state } = store;
  const flows = new Map<string, AbortController>();
  /** How often the present attempt came to the sign-in. */
  const signIns = new WeakMap<AppRecord, number>();
  phone.signal.addEventListener("abort", () => {
    for (const controller of flows.values()) controller.abort();
  });

  const because = (answer: GivenAnswer): MoveDetails => ({ cause: () => answer.cause });

  function subject(app: AppRecord): { app: { adamId: string; name: string }; commandUUID?: string } {
    return {
      app: { adamId: app.adamId, name: app.name },
      ...(app.commandUUID === null ? {} : { commandUUID: app.commandUUID }),
    };
  }

  /** As the server introduced itself, or else its address. */
  function managerName(): string {
    const name = state.settings.organizationInfo?.["OrganizationName"];
    if (name !== undefined && name !== "") return name;
    return state.enrollment ? new URL(state.enrollment.serverUrl).host : "your organisation";
  }

  /** Whether the App Store has the screen, so that whoever comes now has to wait. */
  const storeIsAsking = (): boolean => prompts.storeIsAsking() || apps.list().some(isAsking);

  /** Nobody has to type anything for what the phone itself has a licence of. */
  const needsNobody = (app: AppLicense): boolean => app.deviceLicensed === true || account.isReady(true);

  const beginInstall: Installer["beginInstall"] = ({ priceCents = 0, purchaseMethod, deviceLicensed }) =>
    priceCents > 0 && purchaseMethod === purchaseMethodOwn
      ? "redemptionNeeded"
      : continueInstall({ deviceLicensed });

  function continueInstall(app: AppLicense): AppEvent {
    if (!phone.supervised) return storeIsAsking() ? "installQueued" : "installAsked";
    if (needsNobody(app)) return afterSignIn(app);
    return storeIsAsking() ? "installQueued" : "loginAsked";
  }

  /** A supervised phone asks nobody, unless the person is using the very app. */
  function beginUpdate(app: AppRecord): AppEvent {
    const isInUse = front.bundleId === app.bundleId && !state.locked;
    if (!phone.supervised || isInUse) return "updateAsked";
    return needsNobody(app) ? "updateValidationBegun" : "updateLoginAsked";
  }

  /** Until nobody else is being asked and everybody who queued earlier has had their turn. */
  const waitForTurn: Step = async (app, signal, go) => {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        const next = apps.list().find((other) => other.state === "Queued");
        if (!signal.aborted && (next !== app || storeIsAsking())) return;
        end();
        signal.removeEventListener("abort", look);
        resolve();
      };
      const end = phone.onChange(look);
      signal.addEventListener("abort", look);
      look();
    });
    throwIfHalted(signal);
    const mayBegin = app.deviceLicensed === true || restrictions(state).allowAppInstallation;
    if (!mayBegin) go("installFailed", { reason: "app_store_disabled" });
    else if (!phone.supervised) go("installAsked");
    else go(needsNobody(app) ? afterSignIn(app) : "loginAsked");
  };

  const ask = (
    question: (app: AppRecord) => Pick<Question, "kind" | "title" | "text" | "choices">,
    agreed: (app: AppRecord) => AppEvent,
    rejected: AppEvent,
  ): Step => {
    return async (app, signal, go) => {
      const about = { subject: { organisation: managerName() }, ...subject(app) };
      const answer = await prompts.ask({ ...question(app), ...about }, signal);
      go(answer.agreed ? agreed(app) : rejected, because(answer));
    };
  };

  const askToInstall = ask(
    (app) => ({
      kind: "appInstallation",
      title: "App Installation",
      text:
        `${managerName()} would like to install “${app.name}” from the App Store and manage it. ` +
        "Nothing is charged to your Apple ID.",
      choices: ["cancel", "install"],
    }),
    (app) => (needsNobody(app) ? afterSignIn(app) : "loginAsked"),
    "installRejected",
  );

  const askToUpdate = ask(
    (app) => ({
      kind: "appUpdate",
      title: "App Update",
      text: `${managerName()} would like to update “${app.name}” to the version in the App Store.`,
      choices: ["cancel", "update"],
    }),
    (app) => (needsNobody(app) ? "updateValidationBegun" : "updateLoginAsked"),
    "updateRejected",
  );

  const askToManage = ask(
    (app) => ({
      kind: "managementChange",
      title: "App Management Change",
      text: `${managerName()} would like to manage “${app.name}”. It could then also remove the app and its data.`,
      choices: ["cancel", "manage"],
    }),
    () => "managementTaken",
    "managementRejected",
  );

  function afterSignIn(app: AppLicense): AppEvent {
    return app.redemptionCode === undefined ? "validationBegun" : "redemptionBegun";
  }

  /** A person who won't sign in has said no to the app. Anything else that keeps them from it is a failure. */
  const login = (route: Route): Step => {
    return async (app, signal, go) => {
      const isUpdate = route === updateRoute;
      const outcome = await account.prepare({ freshPassword: true, isUpdate, ...subject(app) }, signal);
      if (outcome === "signedIn") go(isUpdate ? route.validationBegun : afterSignIn(app));
      else if (outcome === "cancelled") go(route.rejected, { reason: "sign-in-cancelled" });
      else go(route.failed, { reason: reasons[outcome] });
    };
  };

  const validate = (route: Route): Step => {
    return async (app, signal, go) => {
      const outcome = await downloads.authorize(app, signal);
      if (outcome.ok) return go(route.loadBegun);
      // The phone's licence was taken back meanwhile: the person's may do.
      if (outcome.code === "session_invalid") delete app.deviceLicensed;
      sendBack(app, route, outcome.code, go);
    };
  };

  /** To the person, where they can help; otherwise that was it. */
  function sendBack(app: AppRecord, route: Route, code: string, go: Go): void {
    const count = (signIns.get(app) ?? 0) + 1;
    signIns.set(app, count);
    const mayHelp = (code === "session_invalid" || code === "store_terms_due") && count <= signInsMax;
    go(mayHelp ? route.loginAsked : route.failed, { reason: code });
  }

  const redeem: Step = async (app, signal, go) => {
    const code = app.redemptionCode;
    if (code === undefined) return go("installFailed", { reason: "code_invalid" });
    if (!state.account) return sendBack(app, installRoute, "session_invalid", go);
    const { sessionToken } = state.account;
    const result = await appStore.redeem({ sessionToken, adamId: app.adamId, code }, signal);
    throwIfHalted(signal);
    if (!result.ok) {
      if (result.code === "session_invalid") account.forget();
      if (result.code === "store_terms_due") account.noteTermsDue();
      return sendBack(app, installRoute, result.code, go);
    }
    delete app.redemptionCode;
    if (!result.value.used) app.unusedRedemptionCode = code;
    go("validationBegun");
  };

  const load = (route: Route): Step => {
    return async (app, signal, go) => {
      const result = await downloads.fetch(app, signal);
      throwIfHalted(signal);
      if (!result.ok) return go(route.failed, { reason: result.code });
      put(app, result.value);
      go(route.done);
    };
  };

  /** How much of it had come before the phone went off, only the store can tell: it is asked as for a new download. */
  const lookAgain: Step = (app, signal, go) =>
    validate(app.installed ? updateRoute : installRoute)(app, signal, go);

  const steps = new Map<AppRecord["state"], Step>([
    ["Queued", waitForTurn],
    ["Prompting", askToInstall],
    ["PromptingForLogin", login(installRoute)],
    ["Redeeming", redeem],
    ["ValidatingPurchase", validate(installRoute)],
    ["Installing", load(installRoute)],
    ["PromptingForUpdate", askToUpdate],
    ["PromptingForUpdateLogin", login(updateRoute)],
    ["ValidatingUpdate", validate(updateRoute)],
    ["Updating", load(updateRoute)],
    ["PromptingForManagement", askToManage],
    ["Unknown", lookAgain],
  ]);

  async function follow(app: AppRecord, signal: AbortSignal): Promise<void> {
    const go: Go = (event, details) => {
      throwIfHalted(signal);
      apps.move(app, event, details);
    };
    for (;;) {
      await store.save();
      throwIfHalted(signal);
      const step = steps.get(app.state);
      // It rests, or waits for the server to send a code.
      if (!step) return;
      await step(app, signal, go);
    }
  }

  function begin(app: AppRecord): void {
    const controller = new AbortController();
    flows.get(app.bundleId)?.abort();
    flows.set(app.bundleId, controller);
    signIns.delete(app);
    tasks.run(async () => {
      try {
        await follow(app, controller.signal);
      } finally {
        if (flows.get(app.bundleId) === controller) flows.delete(app.bundleId);
      }
    });
  }

  return {
    begin,
    drop(app) {
      flows.get(app.bundleId)?.abort();
      flows.delete(app.bundleId);
      downloads.drop(app);
    },
    resume() {
      for (const app of apps.list()) {
        if (app.state === "Installing" || app.state === "Updating") apps.move(app, "interrupted");
        if (isBusy(app)) begin(app);
      }
    },
    beginInstall,
    continueInstall,
    beginUpdate,
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
