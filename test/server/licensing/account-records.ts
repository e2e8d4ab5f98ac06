/** Records that decisions about licences need to be there, as a server has them in good order. */
import type { AccountRecord, UserRecord } from "../../../server/store/records.ts";

/** An account that may be used, synced just now. */
export function usableAccount(now: number): AccountRecord {
  return {
    ...{ id: "vpp", tokenName: "Orchard", appleId: "vpp@orchard.example", organisation: "Orchard" },
    ...{ accountHash: "hash", countryCode: "US", sealedToken: "token", contextGuid: "guid", state: "valid" },
    ...{ claimedBy: null, uploadedAt: now, updatedAt: now, expiresAt: now + 1e10, lastSyncAt: now },
    ...{
      lastSyncResult: "completed",
      usersSinceToken: null,
      licensesSinceToken: null,
      nextSyncAt: now + 1e9,
    },
  };
}

/** Somebody who has accepted the terms. */
export function associatedUser(id: string, now: number): UserRecord {
  return {
    ...{ id, name: id, email: `${id}@orchard.example`, groupIds: [], createdAt: now },
    vpp: {
      ...{ clientUserIdStr: `client-${id}`, status: "Associated", inviteUrl: null, itsIdHash: null },
      ...{ invitedAt: now, inviteCount: 1, inviteUdid: null, inviteCommandUUID: null },
      ...{ acceptedAt: now, checkedAt: now, pollAt: null, pollCount: 0 },
    },
  };
}
