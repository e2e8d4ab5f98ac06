import type { LookupItem } from "../../shared/app-store.ts";
import { canMoveApp, type ManagedAppState } from "../../shared/app-states.ts";
import { InstallApplication, purchaseMethodVpp, type RejectionReason } from "../../shared/commands.ts";
import { alreadyPrompting, mdmErrors } from "../../shared/results.ts";
import type { StoreResult } from "../app-store-client.ts";
import { isBusy } from "../apps.ts";
import type { PhoneCore } from "../core.ts";
import type { AppRecord } from "../state.ts";
import {
  accessRights,
  commandHandler,
  errorReport,
  type ErrorCause,
  type PerformContext,
  type Report,
} from "./handler.ts";

const storeErrorDomain = "MCStoreErrorDomain";
const storeTimedOut = 30001;
/** So that a hostile server can't fill the phone. */
const appsMax = 1_000;

/** Begins an install. `Acknowledged` says that it began; ManagedApplicationList tells how it went on. */
export const installApplication = commandHandler<InstallApplication, StoreResult<LookupItem>>({
  schema: InstallApplication,
  right: accessRights.manageApps,
  waitsForUnlock: true,
  async prepare(phone, command, signal) {
    const adamId = command.iTunesStoreID;
    if (adamId === undefined || refusesVpp(phone, command)) return { ok: false, code: "invalid_request" };
    return phone.appStore.lookup(String(adamId), signal);
  },
  perform(phone, command, context, found): Report {
    if (command.ManifestURL !== undefined)
      return reject("NotSupported", {
        code: mdmErrors.manifestNotValidated,
        description: "This phone installs apps from the App Store only.",
      });
    if (command.Identifier !== undefined)
      return reject("NotSupported", {
        code: mdmErrors.storeIdNotValidated,
        description: "This phone wants the app named by its iTunesStoreID.",
      });
    if (refusesVpp(phone, command))
      return reject("NotSupported", {
        code: mdmErrors.appCannotBePurchased,
        description:
          "The app can't be purchased: volume-purchased apps are not for phones enrolled this way.",
      });
    if (!found?.ok) return rejectLookup(found);

    const item = found.value;
    const known = phone.apps.find(item.bundleId);
    if (known && isBusy(known))
      return reject("AppAlreadyQueued", {
        code: mdmErrors.appAlreadyQueued,
        description: "An installation of this app is under way.",
      });
    if (known?.installed) return installAgain(phone, command, context, known, item);
    if (storeIsAsking(phone)) return rejectAsking();
    if (!known && phone.apps.list().length >= appsMax)
      return reject("Other", { code: mdmErrors.appInstallationDisabled, description: "The phone is full." });
    return begin(phone, command, context, item, phone.installer.firstState("install"));
  },
});

function refusesVpp(phone: PhoneCore, command: InstallApplication): boolean {
  const { refusesVpp: refuses = phone.config.kind === "dep" } = phone.config;
  return refuses && command.Options?.PurchaseMethod === purchaseMethodVpp;
}

/** The app is on the phone: a managed one may have an update, an unmanaged one may come under management. */
function installAgain(
  phone: PhoneCore,
  command: InstallApplication,
  context: PerformContext,
  app: AppRecord,
  item: LookupItem,
): Report {
  const { apps, installer } = phone;
  if (app.state === "Managed" || app.state === "UpdateRejected") {
    const isNewer = item.externalVersionIdentifier > app.externalVersionIdentifier;
    if (!isNewer) {
      if (app.state === "UpdateRejected") apps.move(app, "Managed", context);
      return accept(app);
    }
    if (storeIsAsking(phone)) return rejectAsking();
    if (app.state === "UpdateRejected") apps.move(app, "Managed", context);
    return begin(phone, command, context, item, installer.firstState("update"));
  }
  if (command.ChangeManagementState !== "Managed")
    return reject("AppAlreadyInstalled", {
      code: mdmErrors.appAlreadyInstalled,
      description: "The person has installed this app, and it is not managed.",
    });
  if (!phone.supervised) {
    if (storeIsAsking(phone)) return rejectAsking();
    return begin(phone, command, context, item, "PromptingForManagement");
  }
  // A supervised phone asks nobody.
  const report = begin(phone, command, context, item, "PromptingForManagement", { follow: false });
  apps.move(app, "Managed", context);
  return { ...report, State: app.state };
}

function begin(
  phone: PhoneCore,
  command: InstallApplication,
  context: PerformContext,
  item: LookupItem,
  state: ManagedAppState,
  options: { follow: boolean } = { follow: true },
): Report {
  const { apps, installer } = phone;
  const app = apps.claim(item);
  app.commandUUID = context.commandUUID;
  app.managementFlags = command.ManagementFlags ?? 0;
  app.purchaseMethod = command.Options?.PurchaseMethod ?? 0;
  // Nothing is asked: the way leads over the queue.
  if (!canMoveApp(app.state, state)) apps.move(app, "Queued", context);
  apps.move(app, state, context);
  if (options.follow) installer.begin(app);
  return accept(app);
}

function accept(app: AppRecord): Report {
  return { Status: "Acknowledged", Identifier: app.bundleId, State: app.state };
}

function reject(reason: RejectionReason, ...causes: readonly [ErrorCause, ...ErrorCause[]]): Report {
  return { ...errorReport(...causes), RejectionReason: reason };
}

function rejectAsking(): Report {
  const { code, domain } = alreadyPrompting;
  return reject("Other", { code, domain, description: "The person is being asked something already." });
}

function rejectLookup(found: StoreResult<LookupItem> | undefined): Report {
  const cause = {
    code: mdmErrors.storeIdNotValidated,
    description: "The App Store could not confirm the app's id.",
  };
  if (found && !found.ok && found.code === "unreachable")
    return reject("Other", cause, {
      code: storeTimedOut,
      domain: storeErrorDomain,
      description: "The App Store did not answer.",
    });
  return reject("CouldNotVerifyAppID", cause);
}

function storeIsAsking(phone: PhoneCore): boolean {
  return (
    phone.prompts.storeIsAsking ||
    phone.apps.list().some((app) => isBusy(app) && /^Prompting/.test(app.state))
  );
}
