import type { AppEvent } from "../shared/app-states.ts";

/** The two ways an app is fetched differ in their names alone. */
export interface Route {
  readonly loginAsked: AppEvent;
  readonly validationBegun: AppEvent;
  readonly loadBegun: AppEvent;
  readonly done: AppEvent;
  readonly rejected: AppEvent;
  readonly failed: AppEvent;
}
export const installRoute: Route = {
  loginAsked: "loginAsked",
  validationBegun: "validationBegun",
  loadBegun: "downloadBegun",
  done: "installed",
  rejected: "installRejected",
  failed: "installFailed",
};
/** A failed update leaves the app as it was. */
export const updateRoute: Route = {
  loginAsked: "updateLoginAsked",
  validationBegun: "updateValidationBegun",
  loadBegun: "updateBegun",
  done: "updated",
  rejected: "updateRejected",
  failed: "updateFailed",
};
