import { PippinError } from "../shared/errors.ts";
import { isAtLeast } from "../shared/os-version.ts";
import type { PlistDictionary } from "../shared/plist.ts";
import { isBusy, isManaged } from "./apps.ts";
import type { PhoneCore } from "./core.ts";
import { downloadProblem } from "./downloads.ts";
import { put } from "./installer.ts";
import { readDictionary, writeDictionary } from "./managed-app-settings.ts";
import type { Phone } from "./phone.ts";
import { restrictions, supervisedOnly, type RestrictionName } from "./restrictions.ts";
import type { AppRecord } from "./state.ts";

const feedbackCharactersMax = 64 * 1024;
/** Apple may send the person to the sign-in once more, e.g. when the session has just ended. */
const signInsMax = 2;

/** What the person does without being asked, and their apps. The errors are those of Phone. */
export type Person = Pick<
  Phone,
  "deleteApp" | "installFromStore" | "signIn" | "signOut" | "openApp" | "setAppFeedback"
>;

export function createPerson(phone: PhoneCore): Person {
  const { config, store, apps, appStore, account, downloads, installer, signal, front } = phone;
  const { state } = store;

  function isForbidden(name: RestrictionName): boolean {
    return !restrictions(state)[name] && (phone.supervised || !supervisedOnly.has(name));
  }

  function installedApp(bundleId: string): AppRecord {
    const app = apps.find(bundleId);
    if (!app?.installed) throw new PippinError("not_found", `${bundleId} is not installed`);
    return app;
  }

  async function fetchApp(adamId: string): Promise<void> {
    if (isForbidden("allowAppInstallation") || isForbidden("allowUIAppInstallation"))
      throw new PippinError("forbidden", "a profile does not allow the App Store");
    const found = await appStore.lookup({ adamId }, signal);
    if (!found.ok) throw downloadProblem(found, adamId);
    const { bundleId, name } = found.value;
    if (apps.find(bundleId)?.installed) throw new PippinError("conflict", `${name} is installed already`);
    const purchase = { adamId, purchaseMethod: 0 };
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await account.prepare({ freshPassword: true, app: { adamId, name } }, signal);
      if (outcome !== "signedIn") return;
      const permitted = await downloads.authorize(purchase, signal);
      if (permitted.ok) break;
      const mayHelp = permitted.code === "session_invalid" || permitted.code === "store_terms_due";
      if (!mayHelp || attempt >= signInsMax) throw downloadProblem(permitted, adamId);
    }
    const download = await downloads.fetch(purchase, signal);
    if (!download.ok) throw downloadProblem(download, adamId);

    const app = apps.claim(download.value);
    if (isBusy(app)) {
      // The server's install got further meanwhile: then it brings the app.
      if (!isWaiting(app)) return;
      installer.drop(app);
      apps.move(app, "installedByPerson");
    }
    put(app, download.value);
    // It was managed before the person deleted it, and is again.
    if (app.state === "ManagedButUninstalled") apps.move(app, "putBack");
    phone.changed();
    await store.save();
  }

  return {
    async deleteApp(bundleId) {
      const app = installedApp(bundleId);
      if (isBusy(app))
        throw new PippinError("conflict", `${bundleId} is ${app.state}: wait until it is done`);
      if (isForbidden("allowAppRemoval") || isFixed(app))
        throw new PippinError("forbidden", `${bundleId} may not be deleted`);
      app.installed = false;
      delete app.feedback;
      if (front.bundleId === bundleId) front.bundleId = null;
      if (app.state === "UpdateRejected") apps.move(app, "superseded");
      if (app.state === "Managed") apps.move(app, "deleted");
      // What the server has still to be told of it stays until it was.
      else if (app.state === "absent") apps.forget(app);
      phone.changed();
      await store.save();
    },
    installFromStore: fetchApp,
    async signIn(credentials) {
      const result = await account.signIn(credentials, signal);
      if (result.ok) return;
      if (result.code === "unreachable") throw new PippinError("unavailable", "the App Store did not answer");
      throw new PippinError(
        "forbidden",
        result.code === "apple_id_locked"
          ? "this Apple ID is locked after too many wrong passwords"
          : "the Apple ID or the password is wrong",
        { details: { reason: result.code } },
      );
    },
    async signOut() {
      account.forget();
      await store.save();
    },
    openApp(bundleId) {
      if (state.locked) throw new PippinError("conflict", "the phone is locked");
      front.bundleId = bundleId === null ? null : installedApp(bundleId).bundleId;
    },
    async setAppFeedback(bundleId, feedback) {
      const app = installedApp(bundleId);
      writeFeedback(app, feedback);
      await store.save();
    },
  };

  /** Since iOS 14 the server may say that a managed app stays. */
  function isFixed(app: AppRecord): boolean {
    if (!isAtLeast(config.osVersion, "14.0") || !isManaged(app)) return false;
    return readDictionary(app, "attributes")?.["Removable"] === false;
  }
}

/** Nothing of it was bought or fetched yet. */
function isWaiting({ state }: AppRecord): boolean {
  return (
    state === "Queued" ||
    state === "NeedsRedemption" ||
    state === "Prompting" ||
    state === "PromptingForLogin"
  );
}

function writeFeedback(app: AppRecord, feedback: PlistDictionary | null): void {
  const before = app.feedback;
  try {
    writeDictionary(app, "feedback", feedback ?? undefined);
  } catch (error) {
    if (error instanceof PippinError && error.code === "malformed_plist")
      throw new PippinError("invalid_request", `that is no property list: ${error.message}`);
    throw error;
  }
  if (JSON.stringify(app.feedback ?? null).length <= feedbackCharactersMax) return;
  if (before === undefined) delete app.feedback;
  else app.feedback = before;
  throw new PippinError(
    "limit_exceeded",
    `an app's feedback has at most ${feedbackCharactersMax} characters`,
  );
}
