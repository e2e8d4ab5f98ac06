/** What the exchanges with Apple's volume-purchase service say about users and seats, read off the wire alone. */
import { ManageLicensesAnswer, type LicenseChange } from "../../shared/vpp.ts";
import { dictionariesIn, isDictionary, textOf, type Dictionary, type WireEntry } from "./trace-reading.ts";

/** What Apple says it owns and has given away, of one app. */
export interface AssetCount {
  readonly adamId: string;
  readonly total: number;
  readonly assigned: number;
}

/** Who holds a seat, in words: a user by name, or a phone by its serial number. */
export function holderKey(user: string | undefined, serialNumber: unknown): string | undefined {
  return user ?? (typeof serialNumber === "string" ? `the phone ${serialNumber}` : undefined);
}

export type VppFact =
  | {
      readonly kind: "taken" | "returned" | "freed";
      readonly adamId: string;
      readonly holder: string;
      readonly isDevice: boolean;
    }
  /** Apple took all seats of the user back. */
  | { readonly kind: "retired"; readonly clientUserIdStr: string }
  | { readonly kind: "invited"; readonly clientUserIdStr: string; readonly inviteUrl: string }
  | { readonly kind: "accepted"; readonly clientUserIdStr: string }
  | { readonly kind: "assets"; readonly assets: readonly AssetCount[] }
  | { readonly kind: "app"; readonly adamId: string; readonly bundleId: string };

/** What an answer of Apple's tells; nothing for a request or a refusal. */
export function factsOf(wire: WireEntry): VppFact[] {
  if (wire.channel !== "vpp" || wire.from !== "apple" || wire.message === undefined) return [];
  switch (wire.service) {
    case "manageVPPLicensesByAdamIdSrv":
      return seatFacts(wire.message);
    case "getVPPAssetsSrv":
      return [{ kind: "assets", assets: dictionariesIn(wire.message["assets"]).flatMap(assetCount) }];
    case "lookup":
      return appFacts(wire.message["results"]);
    case "retireVPPUserSrv":
      return wire.message["status"] === 0
        ? [{ kind: "retired", clientUserIdStr: textOf(wire.request?.message?.["clientUserIdStr"]) }]
        : [];
    default: {
      const { user, users } = wire.message;
      // In a list, a retired user may stand beside the one who took the same name again.
      const listed = dictionariesIn(users).filter(
        ({ status }) => status !== "Retired" && status !== "Deleted",
      );
      return [...dictionariesIn([user]), ...listed].flatMap(userFacts);
    }
  }
}

function seatFacts(message: Dictionary): VppFact[] {
  const parsed = ManageLicensesAnswer.safeParse(message);
  if (!parsed.success) return [];
  const { associations = [], disassociations = [] } = parsed.data;
  const adamId = textOf(message["adamIdStr"]);
  // What is taken back comes first: it may be given away again in the same call.
  return [
    ...disassociations.flatMap((change) =>
      seatFact(change, adamId, { done: "returned", already: [9619, 9609] }),
    ),
    ...associations.flatMap((change) => seatFact(change, adamId, { done: "taken", already: [] })),
  ];
}

function seatFact(
  change: LicenseChange,
  adamId: string,
  kinds: { done: "taken" | "returned"; already: readonly number[] },
): VppFact[] {
  const { clientUserIdStr, serialNumber, errorNumber } = change;
  const holder = holderKey(clientUserIdStr, serialNumber);
  if (holder === undefined) return [];
  const seat = { adamId, holder, isDevice: clientUserIdStr === undefined };
  if (errorNumber === undefined) return [{ kind: kinds.done, ...seat }];
  return kinds.already.includes(errorNumber) ? [{ kind: "freed", ...seat }] : [];
}

function assetCount(asset: Dictionary): AssetCount[] {
  const { adamIdStr, totalCount, assignedCount } = asset;
  if (typeof totalCount !== "number" || typeof assignedCount !== "number") return [];
  return [{ adamId: textOf(adamIdStr), total: totalCount, assigned: assignedCount }];
}

function appFacts(results: unknown): VppFact[] {
  if (!isDictionary(results)) return [];
  return Object.entries(results).flatMap(([adamId, found]) =>
    isDictionary(found) ? [{ kind: "app", adamId, bundleId: textOf(found["bundleId"]) }] : [],
  );
}

function userFacts(user: Dictionary): VppFact[] {
  const clientUserIdStr = textOf(user["clientUserIdStr"]);
  const inviteUrl = textOf(user["inviteUrl"]);
  const facts: VppFact[] = inviteUrl === "" ? [] : [{ kind: "invited", clientUserIdStr, inviteUrl }];
  if (user["status"] === "Associated") facts.push({ kind: "accepted", clientUserIdStr });
  if (user["status"] === "Retired" || user["status"] === "Deleted")
    facts.push({ kind: "retired", clientUserIdStr });
  return facts;
}
