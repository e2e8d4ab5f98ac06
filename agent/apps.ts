import type { LookupItem } from "../shared/app-store.ts";
import { placeAfter, type AppEvent } from "../shared/app-states.ts";
import { PippinError } from "../shared/errors.ts";
import type { EventIds, Recorder } from "../shared/trace.ts";
import type { AppRecord, PhoneStore } from "./state.ts";

/** An app in one of these is being worked on, or waits for the person. */
const busy: ReadonlySet<AppRecord["state"]> = new Set([
  "Queued",
  "NeedsRedemption",
  "Redeeming",
  "Prompting",
  "PromptingForLogin",
  "ValidatingPurchase",
  "Installing",
  "PromptingForUpdate",
  "PromptingForUpdateLogin",
  "ValidatingUpdate",
  "Updating",
  "PromptingForManagement",
  "Unknown",
]);

export function isBusy(app: AppRecord): boolean {
  return busy.has(app.state);
}

/** Managed for good: with the app on the phone, or deleted by the person and wanted back. */
export function isManaged(app: AppRecord): boolean {
  return app.state === "Managed" || app.state === "ManagedButUninstalled" || app.state === "UpdateRejected";
}

/** The person is asked, or will be once the screen is free. */
export function isAsking(app: AppRecord): boolean {
  return app.state.startsWith("Prompting");
}

/** On the phone and managed; an app of the person's own is not, whatever the server may have asked about it. */
export function isInstalledByServer(app: AppRecord): boolean {
  if (!app.installed) return false;
  return isManaged(app) || (isBusy(app) && app.state !== "PromptingForManagement");
}

export interface MoveDetails {
  /** Why, where the states alone don't say it. */
  readonly reason?: string;
  /** `seq` of the event that led to it, known by the time the move is on disk. */
  readonly cause?: () => number;
}

/** The apps on the phone and what the server may know about them. Changes last once the store saved them. */
export interface Apps {
  /** In the order they came to the phone. */
  list(): readonly AppRecord[];
  find(bundleId: string): AppRecord | undefined;
  /** The app's record, made if there is none. The commands that ask for an app come through here. */
  claim(item: LookupItem): AppRecord;
  /**
   * The only place where a state changes. Throws PippinError `conflict` when that can't happen to the app where it stands. An app
   * that ends `absent` and isn't installed is forgotten; one that is installed is the person's own from then on.
   */
  move(app: AppRecord, event: AppEvent, details?: MoveDetails): void;
  /** Makes it the last of the list, which is the order in which apps are taken up. */
  putLast(app: AppRecord): void;
  /** Drops the record of an app that the server knows nothing about. */
  forget(app: AppRecord): void;
}

export function createApps(options: {
  store: PhoneStore;
  recorder: Recorder;
  udid: string;
  changed(): void;
}): Apps {
  const { store, recorder, udid, changed } = options;
  const { state } = store;

  function forget(app: AppRecord): void {
    state.apps = state.apps.filter((other) => other !== app);
    changed();
  }

  /** What came from the server goes with its management. */
  function letGo(app: AppRecord): void {
    app.managementFlags = 0;
    delete app.configuration;
    delete app.attributes;
    delete app.redemptionCode;
    delete app.unusedRedemptionCode;
    if (!app.installed) forget(app);
  }

  return {
    list: () => state.apps,
    find: (bundleId) => state.apps.find((app) => app.bundleId === bundleId),
    claim(item) {
      const known = state.apps.find((app) => app.bundleId === item.bundleId);
      if (known) return known;
      const { adamId, bundleId, name, version, externalVersionIdentifier, bytes } = item;
      const app: AppRecord = {
        ...{ adamId, bundleId, name, version, externalVersionIdentifier, bytes },
        state: "absent",
        installed: false,
        managementFlags: 0,
        purchaseMethod: 0,
        commandUUID: null,
        moves: 0,
      };
      state.apps.push(app);
      return app;
    },
    move(app, event, details = {}) {
      const from = app.state;
      const to = placeAfter(from, event);
      if (to === undefined)
        throw new PippinError("conflict", `${app.bundleId} is ${from}: ${event} can't happen to it`);
      app.state = to;
      app.moves += 1;
      if (to === "absent") letGo(app);
      const ids: EventIds = { udid, adamId: app.adamId };
      if (app.commandUUID !== null) ids.commandUUID = app.commandUUID;
      const { bundleId } = app;
      store.whenSaved(() => {
        const cause = details.cause?.() ?? 0;
        recorder.record("app.state", {
          ...ids,
          bundleId,
          from,
          to,
          trigger: event,
          ...(details.reason === undefined ? {} : { reason: details.reason }),
          ...(cause === 0 ? {} : { cause }),
        });
      });
      changed();
    },
    putLast(app) {
      state.apps = [...state.apps.filter((other) => other !== app), app];
    },
    forget,
  };
}
