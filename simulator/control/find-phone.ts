import { PippinError } from "../../shared/errors.ts";
import type { Hand } from "../people/hand.ts";

/** Candidates that a refusal names. */
const candidatesMax = 10;

/**
 * The phone that somebody means by its UDID, serial number, name or owner, or by the beginning of one of them. Case doesn't count.
 * Throws PippinError `not_found`, and `ambiguous_name` when several phones answer to it.
 */
export function findPhone(hands: readonly Hand[], wanted: string): Hand {
  const sought = wanted.trim().toLowerCase();
  const exact = hands.filter((hand) => namesOf(hand).includes(sought));
  const found =
    exact.length > 0
      ? exact
      : hands.filter((hand) => sought !== "" && namesOf(hand).some((name) => name.startsWith(sought)));
  const [first] = found;
  if (first === undefined) throw new PippinError("not_found", `this lab has no phone “${wanted}”`);
  if (found.length === 1) return first;
  const candidates = found.slice(0, candidatesMax).map(({ phone }) => {
    return { serialNumber: phone.config.serialNumber, name: phone.view().deviceName };
  });
  const some = candidates.map(({ serialNumber, name }) => `${serialNumber} (${name})`).join(", ");
  const more = found.length > candidatesMax ? ", …" : "";
  throw new PippinError("ambiguous_name", `${found.length} phones answer to “${wanted}”: ${some}${more}`, {
    details: { candidates, count: found.length },
  });
}

function namesOf({ phone, owner }: Hand): string[] {
  const { udid, serialNumber } = phone.config;
  const names = [udid, serialNumber, phone.view().deviceName, ...(owner === undefined ? [] : [owner])];
  return names.map((name) => name.toLowerCase());
}
