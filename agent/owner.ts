/** What the person does with the phone's buttons and in its settings. The errors are those of Phone. */
import { PippinError } from "../shared/errors.ts";
import type { ServerConnection } from "./connection.ts";
import type { PhoneCore } from "./core.ts";
import { lockPhone, unlockPhone } from "./lock.ts";
import { passcodeCharactersMax, passcodeFault } from "./passcode.ts";
import type { Phone } from "./phone.ts";
import { findProfile, installProfile, removeInstalled } from "./profiles.ts";
import type { Radio } from "./radio.ts";
import { restrictions, type RestrictionName } from "./restrictions.ts";

export type Owner = Pick<
  Phone,
  "lock" | "unlock" | "setPasscode" | "setBusy" | "setAirplane" | "installProfile" | "removeProfile"
>;

export function createOwner(
  phone: PhoneCore,
  connection: Pick<ServerConnection, "pollAfterNotNow" | "retryNow">,
  radio: Pick<Radio, "wentOff">,
  leaveManagement: () => Promise<void>,
): Owner {
  const { store, tasks, changed, supervised } = phone;
  const { state } = store;

  function requireAllowed(name: RestrictionName, what: string): void {
    if (!restrictions(state)[name])
      throw new PippinError("forbidden", `a configuration profile does not allow to ${what}`);
  }

  return {
    lock() {
      if (state.locked) return;
      lockPhone(phone, null);
      tasks.run(() => store.save());
    },
    unlock(passcode) {
      if (!state.locked) return;
      unlockPhone(phone, passcode);
      tasks.run(() => store.save());
      connection.pollAfterNotNow();
    },
    async setPasscode(passcode) {
      if (state.locked) throw new PippinError("conflict", "the phone is locked");
      requireAllowed("allowPasscodeModification", "change the passcode");
      if (passcode !== null && (passcode.length === 0 || passcode.length > passcodeCharactersMax))
        throw new PippinError("invalid_request", `a passcode has 1 to ${passcodeCharactersMax} characters`);
      const fault = passcodeFault(state, passcode);
      if (fault !== undefined)
        throw new PippinError("invalid_request", `by a configuration profile ${fault}`);
      state.passcode = passcode;
      changed();
      await store.save();
    },
    setBusy(busy) {
      if (state.busy === busy) return;
      state.busy = busy;
      changed();
      tasks.run(() => store.save());
      if (!busy) connection.pollAfterNotNow();
    },
    setAirplane(airplane) {
      if (state.airplane === airplane) return;
      state.airplane = airplane;
      changed();
      tasks.run(() => store.save());
      if (airplane) radio.wentOff();
      else connection.retryNow();
    },
    async installProfile(profile) {
      requireAllowed("allowUIConfigurationProfileInstallation", "install another one");
      const refusal = installProfile(phone, profile, "person");
      if (refusal)
        throw new PippinError("invalid_request", refusal.map(({ description }) => description).join(" "));
      await store.save();
    },
    async removeProfile(identifier) {
      const management = state.enrollment?.profile.identifier;
      if (identifier === undefined || identifier === management) {
        if (!state.enrollment) throw new PippinError("conflict", "there is no management profile to remove");
        return await leaveManagement();
      }
      const profile = findProfile(phone, identifier);
      if (profile === undefined) throw new PippinError("not_found", `there is no profile ${identifier}`);
      // Apple: of no account on a phone that isn't supervised.
      if (profile.removalDisallowed && supervised)
        throw new PippinError("forbidden", `the profile ${identifier} may not be removed`);
      removeInstalled(phone, profile);
      await store.save();
    },
  };
}
