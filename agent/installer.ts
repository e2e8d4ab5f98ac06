import type { LookupItem } from "../shared/app-store.ts";
import type { ManagedAppState } from "../shared/app-states.ts";
import type { Account } from "./account.ts";
import type { StoreRefusal } from "./app-store-client.ts";
import { isBusy, type MoveDetails } from "./apps.ts";
import type { PhoneBase } from "./core.ts";
import type { GivenAnswer } from "./prompts.ts";
import type { AppRecord } from "./state.ts";
import { pause, throwIfHalted } from "./tasks.ts";

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
  /** Which state a new install or update begins in. */
  firstState(kind: "install" | "update"): ManagedAppState;
}

/** Moves the app, unless it was let go of meanwhile: then it throws Halted. */
type Go = (to: ManagedAppState, details?: MoveDetails) => void;
/** What is done in a state. It ends with a move, or throws Halted. */
type Step = (app: AppRecord, signal: AbortSignal, go: Go) => Promise<void>;

/** The two ways an app is fetched differ in their states alone. */
interface Route {
  readonly login: ManagedAppState | undefined;
  readonly loading: ManagedAppState;
  /** Where the app rests when it can't be had. */
  readonly failed: ManagedAppState;
}
const installRoute: Route = { login: "PromptingForLogin", loading: "Installing", failed: "Failed" };
/** A failed update leaves the app as it was. Validation can't go back to the login: the table has no such move. */
const updateRoute: Route = { login: undefined, loading: "Updating", failed: "Managed" };

export function createInstaller(phone: PhoneBase, account: Account): Installer {
  const { world, config, store, apps, prompts, appStore, tasks } = phone;
  const { state } = store;
  const flows = new Map<string, AbortController>();
  phone.signal.addEventListener("abort", () => {
    for (const controller of flows.values()) controller.abort();
  });
  /** Fetched by validation, used up by the download. Gone after a restart, which asks for a new one. */
  const tickets = new Map<string, string>();

  const because = (answer: GivenAnswer, reason?: string): MoveDetails => ({
    cause: () => answer.cause,
    ...(reason === undefined ? {} : { reason }),
  });

  function subject(app: AppRecord): {
    app: { adamId: string; name: string };
    commandUUID?: string;
  } {
    return {
      app: { adamId: app.adamId, name: app.name },
      ...(app.commandUUID === null ? {} : { commandUUID: app.commandUUID }),
    };
  }

  const managerName = (): string =>
    state.enrollment ? new URL(state.enrollment.serverUrl).host : "your organisation";

  const askToInstall: Step = async (app, signal, go) => {
    const answer = await prompts.ask(
      {
        kind: "appInstallation",
        title: "App Installation",
        text:
          `${managerName()} would like to install “${app.name}” from the App Store and manage it. ` +
          "Nothing is charged to your Apple ID.",
        choices: ["cancel", "install"],
        ...subject(app),
      },
      signal,
    );
    if (!answer.agreed) go("UserRejected", because(answer));
    else go(account.isReady(true) ? "ValidatingPurchase" : "PromptingForLogin", because(answer));
  };

  const askToUpdate: Step = async (app, signal, go) => {
    const answer = await prompts.ask(
      {
        kind: "appUpdate",
        title: "App Update",
        text: `${managerName()} would like to update “${app.name}” to the version in the App Store.`,
        choices: ["cancel", "update"],
        ...subject(app),
      },
      signal,
    );
    if (!answer.agreed) go("UpdateRejected", because(answer));
    else go(account.isReady(true) ? "ValidatingUpdate" : "PromptingForUpdateLogin", because(answer));
  };

  const askToManage: Step = async (app, signal, go) => {
    const answer = await prompts.ask(
      {
        kind: "managementChange",
        title: "App Management Change",
        text: `${managerName()} would like to manage “${app.name}”. It could then also remove the app and its data.`,
        choices: ["cancel", "manage"],
        ...subject(app),
      },
      signal,
    );
    go(answer.agreed ? "Managed" : "ManagementRejected", because(answer));
  };

  /** A person who won't sign in has said no to the install. Anything else that keeps them from it is a failure. */
  const login = (next: ManagedAppState, rejected: ManagedAppState, failed: ManagedAppState): Step => {
    return async (app, signal, go) => {
      const outcome = await account.prepare({ freshPassword: true, ...subject(app) }, signal);
      if (outcome === "signedIn") go(next);
      else if (outcome === "cancelled") go(rejected, { reason: "sign-in-cancelled" });
      else go(failed, { reason: outcome === "locked" ? "apple_id_locked" : "unreachable" });
    };
  };

  async function authorize(app: AppRecord, signal: AbortSignal): Promise<StoreRefusal | "authorized"> {
    if (!state.account) return "session_invalid";
    const { sessionToken } = state.account;
    const { adamId, purchaseMethod } = app;
    const result = await appStore.authorize({ sessionToken, adamId, purchaseMethod }, signal);
    if (!result.ok) {
      if (result.code === "session_invalid") account.forget();
      return result.code;
    }
    tickets.set(app.bundleId, result.value);
    return "authorized";
  }

  const validate = (route: Route): Step => {
    return async (app, signal, go) => {
      const outcome = await authorize(app, signal);
      if (outcome === "authorized") go(route.loading);
      else if (outcome === "session_invalid" && route.login) go(route.login, { reason: outcome });
      else go(route.failed, { reason: outcome });
    };
  };

  const load = (route: Route): Step => {
    return async (app, signal, go) => {
      const outcome = tickets.has(app.bundleId) ? "authorized" : await authorize(app, signal);
      const ticket = tickets.get(app.bundleId);
      tickets.delete(app.bundleId);
      if (outcome !== "authorized" || ticket === undefined) return go(route.failed, { reason: outcome });
      const download = await appStore.download(ticket, signal);
      if (!download.ok) return go(route.failed, { reason: download.code });
      await pause(world, Math.ceil((download.value.bytes * 1000) / config.bytesPerSecond), signal);
      put(app, download.value);
      go("Managed");
    };
  };

  function put(app: AppRecord, item: LookupItem): void {
    app.version = item.version;
    app.externalVersionIdentifier = item.externalVersionIdentifier;
    app.bytes = item.bytes;
    app.name = item.name;
    app.installed = true;
  }

  const steps = new Map<AppRecord["state"], Step>([
    ["Prompting", askToInstall],
    ["PromptingForLogin", login("ValidatingPurchase", "UserRejected", "Failed")],
    ["ValidatingPurchase", validate(installRoute)],
    ["Installing", load(installRoute)],
    ["PromptingForUpdate", askToUpdate],
    ["PromptingForUpdateLogin", login("ValidatingUpdate", "UpdateRejected", "Managed")],
    ["ValidatingUpdate", validate(updateRoute)],
    ["Updating", load(updateRoute)],
    ["PromptingForManagement", askToManage],
  ]);

  async function follow(app: AppRecord, signal: AbortSignal): Promise<void> {
    const go: Go = (to, details) => {
      throwIfHalted(signal);
      apps.move(app, to, details);
    };
    while (isBusy(app)) {
      await store.save();
      throwIfHalted(signal);
      const step = steps.get(app.state);
      if (step) await step(app, signal, go);
      else go("Failed", { reason: "no way on from here" });
    }
    await store.save();
  }

  function begin(app: AppRecord): void {
    const controller = new AbortController();
    flows.get(app.bundleId)?.abort();
    flows.set(app.bundleId, controller);
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
      tickets.delete(app.bundleId);
    },
    resume() {
      for (const app of apps.list()) if (isBusy(app)) begin(app);
    },
    firstState(kind) {
      if (!phone.supervised) return kind === "install" ? "Prompting" : "PromptingForUpdate";
      if (account.isReady(true)) return kind === "install" ? "ValidatingPurchase" : "ValidatingUpdate";
      return kind === "install" ? "PromptingForLogin" : "PromptingForUpdateLogin";
    },
  };
}
