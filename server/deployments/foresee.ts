/** What becomes of one app on one phone, once a wish is carried out as far as the server can. */
import type { Policies } from "../policies.ts";
import type { DeviceRecord, InstallationReason } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { asWished } from "./desired.ts";
import { seatIdOf } from "./installations.ts";
import { isPresent, nextStep, type Observed, type Step } from "./next-step.ts";
import { observe } from "./observe.ts";
import { isPushed, type Desired } from "./wish.ts";

export type Outcome =
  /** It is pushed, or comes by itself. */
  | "install"
  /** The person may install it. */
  | "offer"
  | "remove"
  /** It is there, and stays. */
  | "keep"
  /** It is not there, and nothing is done. */
  | "untouched"
  /** It is to be there and won't be, for the reason given. */
  | "refused";

export interface Foreseen {
  readonly outcome: Outcome;
  /** Of a refusal. */
  readonly reason: InstallationReason | null;
  /** The seat that is taken for it, which nobody has yet. */
  readonly takes: string | null;
  /** Its user has to accept the terms first. */
  readonly needsTerms: boolean;
  /** A seat that the phone holds itself. */
  readonly ownSeat: "none" | "stays" | "returns";
  /** The user's seat can't go back because of this phone. */
  readonly livesOnUsers: boolean;
}

/** As of the deadline, where there is one to come. What is only offered is seen as if the person had asked for it. */
export async function foresee(
  reader: Reader,
  device: DeviceRecord,
  adamId: string,
  wanted: Desired,
  policies: Policies,
  now: number,
): Promise<Foreseen> {
  const wished = await asWished(reader, device, adamId, wanted, now, 0, now);
  if (wished === undefined) throw new Error("a phone that something is wished for has an installation");
  const at = Math.max(now, wanted.requiredAt ?? now);
  // Whatever the phone is being asked just now, it will have answered.
  const asked = { ...wished.after, commandUUID: null, commandType: null };
  const isOffer = wanted.action === "available";
  const { observed, holder } = await observe(reader, isOffer ? { ...asked, wantedAt: at } : asked, at);
  const step = nextStep(asked.desired, settled(observed), policies);
  const isToBeThere = isOffer || isPushed(asked, at);
  const { outcome, reason } = outcomeOf(step, isToBeThere);
  const seatId = holder === null ? null : seatIdOf(holder, adamId);
  const isOwn = observed.licenseType === "device";
  const isThere = isPresent(asked.appState) || outcome === "keep";
  const remains = outcome === "keep" || outcome === "install" || (outcome === "refused" && isThere);
  return {
    outcome: isOffer && outcome === "install" ? "offer" : outcome,
    reason,
    takes: isToBeThere && takesSeat(step) ? seatId : null,
    needsTerms: isToBeThere && needsTerms(step, observed),
    ownSeat: !isOwn || observed.seat !== "held" ? "none" : remains ? "stays" : "returns",
    livesOnUsers:
      !isOwn && (isOffer && outcome === "install" ? asked.appState === "ManagedButUninstalled" : remains),
  };
}

/** As it will be when what is under way at Apple has ended. A user's seat that no phone needs is counted elsewhere. */
function settled(observed: Observed): Observed {
  const { userSeat, ...rest } = observed;
  const seat = observed.seat === "disassociating" ? "none" : observed.seat;
  return userSeat === undefined || userSeat.neededBy === "nobody"
    ? { ...rest, seat }
    : { ...rest, seat, userSeat };
}

function outcomeOf(step: Step, isToBeThere: boolean): Pick<Foreseen, "outcome" | "reason"> {
  const as = (outcome: Outcome) => ({ outcome, reason: null });
  switch (step.kind) {
    case "register":
    case "invite":
    case "install":
      return as("install");
    case "associate":
      return as(step.staysUntil === undefined ? "install" : "keep");
    case "remove":
    case "withdraw":
      return as("remove");
    case "disassociate":
      return as("untouched");
    case "verify":
      return as(step.state === "installed" ? "keep" : step.state === "removing" ? "remove" : "install");
    case "rest":
      return outcomeOfRest(step, isToBeThere);
  }
}

function outcomeOfRest(
  { state, reason }: Extract<Step, { kind: "rest" }>,
  isToBeThere: boolean,
): Pick<Foreseen, "outcome" | "reason"> {
  switch (state) {
    case "pending":
    case "waitingForTerms":
    case "installing":
      return { outcome: "install", reason: null };
    case "installed":
      return { outcome: "keep", reason: null };
    case "removing":
      return { outcome: "remove", reason: null };
    case "notInstalled":
      // What its user deleted comes back with the next inventory.
      return { outcome: reason === "user-removed" ? "install" : "untouched", reason: null };
    case "failed":
    case "notApplicable":
      return isToBeThere ? { outcome: "refused", reason } : { outcome: "untouched", reason: null };
  }
}

/** The steps behind which a seat has to be taken that nobody has yet. */
function takesSeat(step: Step): boolean {
  if (step.kind === "associate") return !step.again;
  if (step.kind === "register" || step.kind === "invite") return true;
  return step.kind === "rest" && (step.state === "waitingForTerms" || step.state === "pending");
}

function needsTerms(step: Step, { licenseType, user }: Observed): boolean {
  if (licenseType === "device") return false;
  return takesSeat(step) && (user?.status === "unregistered" || user?.status === "Registered");
}
