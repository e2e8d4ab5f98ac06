/** Where an installation may come to rest, by the model, once nothing goes wrong any more. */
import type { Model, ModelPhone, Verb } from "./model.ts";

/** `state` or `state/reason`; `none` when there need be no record. */
export type End = string;

export interface Circumstances {
  /** Seats of the app that nobody holds. */
  readonly free: number;
  /** Another phone of the user has left, and could not say so: the invitation may have gone with it. */
  readonly isInvitationLost: boolean;
}

export function expectedEnds(
  model: Model,
  held: ModelPhone,
  app: number,
  circumstances: Circumstances,
): readonly End[] {
  if (!held.managed) return ["none", "notInstalled"];
  return [...model.standing(held.owner)].flatMap((standing) =>
    standing === "deleted" ? ["none", "notApplicable"] : endsWith(standing, model, held, app, circumstances),
  );
}

function endsWith(
  standing: "present" | "retired",
  model: Model,
  held: ModelPhone,
  app: number,
  circumstances: Circumstances,
): readonly End[] {
  const desired = model.desired(held.owner, app);
  if (held.kind === "dep")
    return desired === undefined ? ["none", "notApplicable"] : ["notApplicable/dep-enrolled"];
  const overridden = [...model.above(held.index, app)].flatMap((verb) => overriddenEnds[verb]);
  const wanted = (): readonly End[] =>
    // Nothing new is begun for whom Apple doesn't know any more.
    standing === "retired" ? ["installed/user-retired", "failed"] : wantedEnds(model, held, circumstances);
  switch (desired) {
    case "required":
      return [...wanted(), ...overridden];
    case "uninstall":
      return ["notInstalled", "none", ...overridden];
    case "available":
      if (model.isWished(held.index, app)) return [...wanted(), ...overridden];
      return ["none", "notInstalled", "installed", "notApplicable", ...overridden];
    case "notApplicable":
    case undefined:
      return ["none", "notInstalled", "installed", "notApplicable", ...overridden];
  }
}

function wantedEnds(model: Model, held: ModelPhone, { free, isInvitationLost }: Circumstances): End[] {
  const isLockedOut = model.mayBeLockedOut(held.owner);
  const { terms, install } = model.setup.habits[held.owner];
  if (terms === "decline") return ["waitingForTerms"];
  const other = [
    ...(free === 0 ? ["failed/no-license"] : []),
    ...(isInvitationLost || isLockedOut ? ["waitingForTerms"] : []),
  ];
  if (model.mayHaveGivenUp || isLockedOut) other.push("failed/install-failed");
  const isAsked = held.kind !== "configurator";
  if (install === "cancel" && isAsked) return ["failed/user-rejected", ...other];
  return ["installed", ...other];
}

const overriddenEnds: Readonly<Record<Verb, readonly End[]>> = {
  // The app stays where it was.
  revoked: ["installed/license-revoked", "notInstalled/license-revoked"],
  reclaimed: ["notInstalled/reclaimed"],
  cancelled: ["notInstalled/cancelled"],
};

/** Whether the installation rests where it may. A bare state allows any reason. */
export function isExpected(found: End, ends: readonly End[]): boolean {
  return ends.some((end) => end === found || found.startsWith(`${end}/`));
}
