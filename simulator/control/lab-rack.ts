/** The phones of a lab, as its screen has them. */
import type { PhoneRack, ScreenPhone } from "../../agent/screen/screen-phone.ts";
import { PippinError } from "../../shared/errors.ts";
import type { Hand } from "../people/hand.ts";
import { makeEnrollmentLink, type ControlledLab } from "./controlled-lab.ts";
import { requireRunning } from "./phone-routes.ts";

export function labRack(control: ControlledLab): PhoneRack {
  const { clock } = control;
  const handOf = (udid: string): Hand | undefined =>
    control.lab.hands.find(({ phone }) => phone.config.udid === udid);
  const requireHand = (udid: string): Hand => {
    requireRunning(control);
    const hand = handOf(udid);
    if (hand === undefined) throw new PippinError("not_found", `this lab has no phone ${udid}`);
    return hand;
  };
  return {
    single: false,
    phones() {
      requireRunning(control);
      return control.lab.hands.map(screenPhone);
    },
    find(udid) {
      const hand = handOf(udid);
      return hand && screenPhone(hand);
    },
    now: () => control.lab.world.now(),
    drive: (deed) => control.drive(deed),
    advance: clock && ((ms) => clock.advance(ms)),
    setHeld: (udid, isHeld) => control.drive(() => control.lab.setHeld(requireHand(udid), isHeld)),
    enrollmentLink(udid) {
      const { phone, owner } = requireHand(udid);
      return makeEnrollmentLink(control.lab, phone.config.kind, owner);
    },
  };
}

function screenPhone(hand: Hand): ScreenPhone {
  return {
    hand,
    owner: hand.owner ?? null,
    heldBy: hand.isHeld ? "person" : "nobody",
    hasPerson: hand.persona !== undefined,
  };
}
