/** How many wrong messages each test of this folder sends: together more than 100,000. */
export const hostileCounts = {
  /** Property lists for the reader itself, of each format. */
  propertyLists: 32_000,
  /** Frames on a channel before anything is proved, of each format. */
  proofs: 3_000,
  /** Frames of a phone that has proved who it is, of each format. */
  frames: 4_000,
  /** Bodies for the admin API. */
  bodies: 10_000,
  /** Signing requests sent to the server. */
  signingRequests: 3_000,
  /** Signed messages and certificates for their readers, of each. */
  signed: 6_000,
  /** Requests on a socket that want to become a channel, or seem to. */
  upgrades: 2_500,
} as const;

export const hostileTotal =
  2 * (hostileCounts.propertyLists + hostileCounts.proofs + hostileCounts.frames + hostileCounts.signed) +
  hostileCounts.bodies +
  hostileCounts.signingRequests +
  hostileCounts.upgrades;

/** The heap may end so much above where it began: what is kept for each message would be more. */
export const heapGrowthMax = 24 * 1024 * 1024;
