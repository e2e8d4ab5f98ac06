/** Locking and unlocking. While the phone is locked nothing is shown, and what is protected is out of reach. */
import { timingSafeEqual } from "node:crypto";
import { PippinError } from "../shared/errors.ts";
import type { PhoneBase } from "./core.ts";
import type { PhoneState } from "./state.ts";

type LockPhone = Pick<PhoneBase, "config" | "changed" | "prompts" | "recorder"> & {
  readonly store: Pick<PhoneBase["store"], "state" | "whenSaved">;
};

/** The change lasts once the caller has saved it. */
export function lockPhone(phone: LockPhone, lockMessage: PhoneState["lockMessage"]): void {
  const { state } = phone.store;
  state.lockMessage = lockMessage;
  if (!state.locked) note(phone, "locked");
  state.locked = true;
  phone.prompts.refresh();
}

/** Throws PippinError `forbidden` when the passcode is not the phone's. */
export function unlockPhone(phone: LockPhone, passcode: string | undefined): void {
  const { state } = phone.store;
  if (!state.locked) return;
  if (state.passcode !== null && !isSame(state.passcode, passcode ?? ""))
    throw new PippinError("forbidden", "that is not the phone's passcode");
  release(phone);
}

/** The passcode is taken away, and with it what keeps the phone locked. */
export function clearPasscode(phone: LockPhone): void {
  const { state } = phone.store;
  state.passcode = null;
  phone.changed();
}

function release(phone: LockPhone): void {
  const { state } = phone.store;
  state.locked = false;
  state.lockMessage = null;
  note(phone, "unlocked");
  phone.prompts.refresh();
}

function note(phone: LockPhone, to: string): void {
  const { udid } = phone.config;
  phone.store.whenSaved(() => phone.recorder.record("phone.changed", { udid, to }));
}

function isSame(known: string, given: string): boolean {
  const [a, b] = [Buffer.from(known), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
