import type { LookupItem } from "../../shared/app-store.ts";
import type { AppEvent } from "../../shared/app-states.ts";
import {
  InstallApplication,
  purchaseMethodOwn,
  purchaseMethodVpp,
  type RejectionReason,
} from "../../shared/commands.ts";
import { deviceLicensesSince, isAtLeast } from "../../shared/os-version.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import { alreadyPrompting, duplicateRequest, mdmErrors, storeTimedOut } from "../../shared/results.ts";
import type { AppName, StoreResult } from "../app-store-client.ts";
import { isAsking, isBusy } from "../apps.ts";
import type { PhoneCore } from "../core.ts";
import { writeDictionary } from "../managed-app-settings.ts";
import { restrictions } from "../restrictions.ts";
import type { AppRecord } from "../state.ts";
import {
  accessRights,
  commandHandler,
  errorReport,
  type ErrorCause,
  type PerformContext,
  type Report,
} from "./handler.ts";

/** So that a hostile server can't fill the phone. */
const appsMax = 1_000;

/** Begins an install. `Acknowledged` says that it began; ManagedApplicationList tells how it went on. */
export const installApplication = commandHandler<InstallApplication, StoreResult<LookupItem>>({
  schema: InstallApplication,
  right: accessRights.manageApps,
  async prepare(phone, command, signal) {
    const name = nameOf(command);
    // The store need not be asked about what is refused anyway; only the store knows of licences that the phone itself holds.
    const mayHoldItself =
      methodOf(command) === purchaseMethodVpp && isAtLeast(phone.config.osVersion, deviceLicensesSince);
    if (name === undefined || refuse(phone, command, mayHoldItself))
      return { ok: false, code: "invalid_request" };
    return phone.appStore.lookup(name, signal);
  },
  perform(phone, command, context, found): Report {
    const purchaseMethod = methodOf(command);
    const deviceLicensed =
      purchaseMethod === purchaseMethodVpp && found?.ok === true && found.value.deviceLicensed === true;
    const refusal = refuse(phone, command, deviceLicensed);
    if (refusal) return refusal;
    if (!found?.ok) return rejectLookup(found);

    const item = { ...found.value, deviceLicensed };
    const known = phone.apps.find(item.bundleId);
    if (known && isBusy(known)) return rejectBusy(known);
    if (known?.installed) return installAgain(phone, command, context, known, item);
    if (!known && phone.apps.list().length >= appsMax)
      return reject("Other", { code: mdmErrors.appInstallationDisabled, description: "The phone is full." });
    const event = phone.installer.beginInstall({
      priceCents: item.priceCents,
      ...{ purchaseMethod, deviceLicensed },
    });
    const app = phone.apps.claim(item);
    app.deviceLicensed = deviceLicensed;
    phone.apps.putLast(app);
    return begin(phone, command, context, app, event);
  },
});

function nameOf(command: InstallApplication): AppName | undefined {
  if (command.iTunesStoreID !== undefined) return { adamId: String(command.iTunesStoreID) };
  return command.Identifier === undefined ? undefined : { bundleId: command.Identifier };
}

function methodOf(command: InstallApplication): number {
  return command.Options?.PurchaseMethod ?? purchaseMethodOwn;
}

/**
 * What the phone refuses by itself, without asking the store about the app. With a licence of its own (`deviceLicensed`) it gets the
 * app where the App Store is closed to its person.
 */
function refuse(phone: PhoneCore, command: InstallApplication, deviceLicensed: boolean): Report | undefined {
  const { config, store } = phone;
  const method = methodOf(command);
  if (command.ManifestURL !== undefined)
    return reject("NotSupported", {
      code: mdmErrors.manifestNotValidated,
      description: "This phone installs apps from the App Store only.",
    });
  const { refusesVpp = config.kind === "dep" } = config;
  if (refusesVpp && method === purchaseMethodVpp)
    return reject("NotSupported", {
      code: mdmErrors.appCannotBePurchased,
      description: "The app can't be purchased: volume-purchased apps are not for phones enrolled this way.",
    });
  if (!deviceLicensed && !restrictions(store.state).allowAppInstallation)
    return reject("AppStoreDisabled", {
      code: mdmErrors.appInstallationDisabled,
      description: "A restriction does not allow apps to be installed.",
    });
  const knowsMethod =
    method === purchaseMethodOwn || (method === purchaseMethodVpp && isAtLeast(config.osVersion, "7.0"));
  if (!knowsMethod)
    return reject("PurchaseMethodNotSupported", {
      code: mdmErrors.appCannotBePurchased,
      description: "The app can't be purchased: the phone does not know this purchase method.",
    });
  const change = command.ChangeManagementState;
  if (change !== undefined && !(change === "Managed" && isAtLeast(config.osVersion, "9.0")))
    return reject("ManagementChangeNotSupported", {
      code: mdmErrors.malformedRequest,
      description: "The phone can't change the management of an app in this way.",
    });
  return undefined;
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
  app.deviceLicensed = item.deviceLicensed;
  if (app.state === "UpdateRejected") apps.move(app, "superseded", context);
  if (app.state === "Managed") {
    if (item.externalVersionIdentifier > app.externalVersionIdentifier)
      return begin(phone, command, context, app, installer.beginUpdate(app));
    takeSettings(app, command);
    return accept(app);
  }
  if (command.ChangeManagementState === undefined) {
    if (app.state === "absent") apps.move(app, "installedByPerson", context);
    return reject("AppAlreadyInstalled", {
      code: mdmErrors.appAlreadyInstalled,
      description: "The person has installed this app, and it is not managed.",
    });
  }
  return begin(phone, command, context, app, phone.supervised ? "managementTaken" : "managementAsked");
}

function begin(
  phone: PhoneCore,
  command: InstallApplication,
  context: PerformContext,
  app: AppRecord,
  event: AppEvent,
): Report {
  app.commandUUID = context.commandUUID;
  app.purchaseMethod = methodOf(command);
  takeSettings(app, command);
  phone.apps.move(app, event, context);
  if (isBusy(app)) phone.installer.begin(app);
  return accept(app);
}

/** What the command doesn't mention stays as it was. */
function takeSettings(app: AppRecord, command: InstallApplication): void {
  app.managementFlags = command.ManagementFlags ?? app.managementFlags;
  // The command came as a property list, so these are such too.
  if (command.Configuration) writeDictionary(app, "configuration", command.Configuration as PlistDictionary);
  if (command.Attributes) writeDictionary(app, "attributes", command.Attributes as PlistDictionary);
}

function accept(app: AppRecord): Report {
  return { Status: "Acknowledged", Identifier: app.bundleId, State: app.state };
}

function reject(reason: RejectionReason, ...causes: readonly [ErrorCause, ...ErrorCause[]]): Report {
  return { ...errorReport(...causes), RejectionReason: reason };
}

/** The person is being asked about this very app, or it is on its way without them. */
function rejectBusy(app: AppRecord): Report {
  if (isAsking(app))
    return reject("Other", { ...alreadyPrompting, description: "The person is being asked already." });
  const queued: ErrorCause = {
    code: mdmErrors.appAlreadyQueued,
    description: "An installation of this app is under way.",
  };
  const isFetched = app.state !== "Queued" && app.state !== "NeedsRedemption";
  return isFetched
    ? reject("AppAlreadyQueued", queued, { ...duplicateRequest, description: "Duplicate request" })
    : reject("AppAlreadyQueued", queued);
}

function rejectLookup(found: StoreResult<LookupItem> | undefined): Report {
  const cause = {
    code: mdmErrors.storeIdNotValidated,
    description: "The App Store could not confirm the app's id.",
  };
  if (found && !found.ok && found.code === "unreachable")
    return reject("Other", cause, { ...storeTimedOut, description: "The App Store did not answer." });
  if (found && !found.ok && found.code === "not_an_app")
    return reject("NotAnApp", { code: mdmErrors.notAnApp, description: "That is no app for this phone." });
  return reject("CouldNotVerifyAppID", cause);
}
