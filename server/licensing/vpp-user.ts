/** What Apple knows of one person, as a record: how it begins, and what remains of it after the person left the program. */
import type { VppUser } from "../store/records.ts";

/** A person whom Apple knows nothing of yet. */
export function unregisteredVpp(clientUserIdStr: string): VppUser {
  return {
    clientUserIdStr,
    status: "unregistered",
    inviteUrl: null,
    itsIdHash: null,
    invitedAt: null,
    inviteCount: 0,
    inviteUdid: null,
    inviteCommandUUID: null,
    acceptedAt: null,
    checkedAt: null,
    pollAt: null,
    pollCount: 0,
  };
}

/** The link to the Apple ID is cut and the invitation is void; the name at Apple and the number of its record stay. */
export function retiredVpp(vpp: VppUser, by: "admin" | "apple", now: number): VppUser {
  return {
    ...vpp,
    ...withoutInvitation,
    status: "Retired",
    inviteUrl: null,
    itsIdHash: null,
    checkedAt: now,
    pollAt: null,
    pollCount: 0,
    refusal: null,
    retiredAt: vpp.status === "Retired" ? (vpp.retiredAt ?? now) : now,
    // Whom an admin retired stays so, whoever tells of it next.
    retiredBy: vpp.retiredBy === "admin" ? "admin" : by,
  };
}

/** No invitation is on its way, nor lies before the person. */
export const withoutInvitation = { invitedAt: null, inviteUdid: null, inviteCommandUUID: null } as const;

/** The person is to be registered anew, and invited again. Seats and the Apple ID of before are not taken over. */
export function returningVpp(vpp: VppUser): VppUser {
  return {
    ...vpp,
    ...withoutInvitation,
    status: "unregistered",
    inviteFailures: 0,
    acceptedAt: null,
    checkedAt: null,
    pollAt: null,
    pollCount: 0,
    retiredAt: null,
    retiredBy: null,
  };
}
