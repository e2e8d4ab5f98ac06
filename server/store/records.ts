/**
 * What the store holds. Every record has an `id` that is unique in its collection. All of it is plain JSON: times are
 * milliseconds since 1970, bytes are base64.
 */
import type { JsonValue } from "../../shared/json.ts";
import type { ManagedAppState } from "../../shared/app-states.ts";

export interface SettingRecord {
  /** `policies`, `organisation`, `authority`, … */
  id: string;
  value: JsonValue;
}

export type Role = "admin" | "operator" | "read-only";

export interface ApiKeyRecord {
  id: string;
  name: string;
  role: Role;
  /** SHA-256 of the key, hex. Keys are 256 random bits, so a plain hash is enough. */
  keyHash: string;
  createdAt: number;
  revokedAt: number | null;
}

/** The answer to a create that carried an Idempotency-Key, kept for a day. */
export interface IdempotencyRecord {
  /** `<api key id> <key>` */
  id: string;
  requestHash: string;
  status: number;
  body: JsonValue;
  createdAt: number;
}

/** `user` personal, `device` corporate, `configurator` corporate and supervised, `dep` through Apple's enrolment program. */
export type EnrollmentKind = "user" | "device" | "configurator" | "dep";

export interface EnrollmentTokenRecord {
  id: string;
  /** SHA-256 of the token, hex: the token itself is shown once. */
  tokenHash: string;
  kind: EnrollmentKind;
  /** Whose phone enrols with it; null for a phone without a user. */
  userId: string | null;
  createdAt: number;
  expiresAt: number;
  usesLeft: number;
}

export interface DeviceRecord {
  /** UDID */
  id: string;
  serialNumber: string | null;
  kind: EnrollmentKind;
  supervised: boolean;
  userId: string | null;
  /** `enrolling` from Authenticate to the first TokenUpdate; `unenrolled` after CheckOut or replacement. */
  state: "enrolling" | "enrolled" | "unenrolled";
  /** SHA-256 of the identity certificate, hex. */
  identity: string;
  topic: string;
  /** Sealed: it is a secret between server and phone. */
  pushMagic: string | null;
  /** Base64. */
  pushToken: string | null;
  awaitingConfiguration: boolean;
  productName: string | null;
  osVersion: string | null;
  enrolledAt: number | null;
  lastSeenAt: number;
}

/** An identity certificate that the server's authority issued. */
export interface IdentityRecord {
  /** SHA-256 of the certificate, hex. */
  id: string;
  /** Serial number of the certificate, hex. */
  serial: string;
  /** The enrolment token that paid for it. */
  enrollmentTokenId: string;
  /** What was asked for, `<token id> <common name> <hash of the public key>`: asking again gets the same certificate. */
  request?: string;
  kind: EnrollmentKind;
  userId: string | null;
  /** Bound at Authenticate, then fixed. */
  udid: string | null;
  issuedAt: number;
  expiresAt: number;
  revokedAt: number | null;
}

export const openCommandStates = ["queued", "sent", "deferred"] as const;
export type CommandState =
  "queued" | "sent" | "deferred" | "acknowledged" | "failed" | "malformed" | "cancelled" | "expired";

export interface CommandRecord {
  /** CommandUUID */
  id: string;
  udid: string;
  /** Place in the order of all commands. */
  sequence: number;
  requestType: string;
  /** The `Command` dictionary, in the JSON form of shared/plist.ts (`plistToJson`). */
  command: JsonValue;
  state: CommandState;
  createdAt: number;
  expiresAt: number;
  sentAt: number | null;
  /** How often it was handed to the phone. */
  sendCount: number;
  notNowCount: number;
  settledAt: number | null;
  /** The whole result, in the JSON form of shared/plist.ts; for a malformed one `{bytes: <base64>}`. */
  result: JsonValue | null;
  /** Results that came again or too late. */
  duplicateResults: number;
  /** The installation that asked for it, if one did. */
  installationId: string | null;
  /** Who asked: `reconciler`, or an API key's id. */
  origin: string;
  /** `seq` of the event that led to it. */
  cause: number;
}

/** What Apple knows of a directory user. */
export interface VppUser {
  clientUserIdStr: string;
  status: "unregistered" | "Registered" | "Associated" | "Retired";
  inviteUrl: string | null;
  itsIdHash: string | null;
  invitedAt: number | null;
  inviteCount: number;
  /** The phone and the command that carried the last invitation. */
  inviteUdid: string | null;
  inviteCommandUUID: string | null;
  acceptedAt: number | null;
  /** When Apple last told. */
  checkedAt: number | null;
  /** When to ask Apple again whether the terms were accepted; null when nothing is awaited. */
  pollAt: number | null;
  pollCount: number;
}

/** *VPP Terms Status*: what the server can know of a person's consent. */
export type TermsStatus = "notInvited" | "invited" | "accepted" | "retired";

export function termsStatus(vpp: VppUser): TermsStatus {
  if (vpp.status === "Retired") return "retired";
  if (vpp.status === "Associated") return "accepted";
  return vpp.invitedAt === null ? "notInvited" : "invited";
}

export interface UserRecord {
  id: string;
  name: string;
  email: string;
  groupIds: string[];
  createdAt: number;
  vpp: VppUser;
}

export interface GroupRecord {
  id: string;
  name: string;
  createdAt: number;
}

/** The organisation's one volume-purchase account; id `vpp`. */
export interface AccountRecord {
  id: string;
  tokenName: string;
  appleId: string;
  organisation: string;
  /** Apple's `organizationIdHash`: what makes two tokens the same account. */
  accountHash: string;
  countryCode: string;
  /** The sToken, sealed. */
  sealedToken: string;
  /** Our installation's guid in Apple's clientContext. */
  contextGuid: string;
  state: "valid" | "expired" | "revoked" | "invalid" | "assignedToExternalMdm";
  /** The other product's host name, when it has claimed the account. */
  claimedBy: string | null;
  uploadedAt: number;
  updatedAt: number;
  expiresAt: number;
  lastSyncAt: number | null;
  lastSyncResult: string | null;
  usersSinceToken: string | null;
  licensesSinceToken: string | null;
  nextSyncAt: number;
}

export interface AppRecord {
  /** adamId */
  id: string;
  name: string;
  bundleId: string;
  pricingParam: string;
  deviceAssignable: boolean;
  irrevocable: boolean;
  total: number;
  /** Seats Apple counts as assigned, whoever assigned them. */
  assigned: number;
  available: number;
  retired: number;
  syncedAt: number;
}

/**
 * One user's seat of one app. An intent is recorded before Apple is asked and settled after it answered, so a crash in between is
 * made good by asking again.
 */
export interface AssignmentRecord {
  /** `<userId> <adamId>` */
  id: string;
  userId: string;
  adamId: string;
  state: "associating" | "held" | "disassociating";
  since: number;
  /** Installation that asked for it. */
  installationId: string | null;
  /** Why it is being returned; null while it is wanted. */
  returnReason: string | null;
}

export type LedgerKind = "taken" | "returned" | "refused";

/** One movement of a seat, with its cause. Never changed once written. */
export interface LedgerRecord {
  id: string;
  sequence: number;
  at: number;
  kind: LedgerKind;
  adamId: string;
  userId: string;
  installationId: string | null;
  reason: string;
}

export type DeploymentAction = "required" | "available" | "uninstall" | "notApplicable";

export interface DeploymentRecord {
  id: string;
  adamId: string;
  groupId: string;
  action: DeploymentAction;
  deadline: number | null;
  createdAt: number;
  updatedAt: number;
  /** Phones still to be told: the last user id done, `""` at the start, null when all are. */
  expandAfter: string | null;
  /** Asked to go: it counts no more, and is deleted once every phone was told. */
  removed: boolean;
  /** `seq` of the event that led to it. */
  cause: number;
}

export type InstallationState =
  | "pending"
  | "waitingForTerms"
  | "installing"
  | "installed"
  | "removing"
  | "notInstalled"
  | "failed"
  | "notApplicable";

export const installationStates: readonly InstallationState[] = [
  "pending",
  "waitingForTerms",
  "installing",
  "installed",
  "removing",
  "notInstalled",
  "failed",
  "notApplicable",
];

export type InstallationReason =
  | "dep-enrolled"
  | "no-user"
  | "no-license"
  | "license-refused"
  | "user-rejected"
  | "install-failed"
  | "install-refused"
  | "remove-failed"
  | "user-removed"
  | "invitation-failed"
  | "account-unusable"
  | "apple-unavailable"
  | "unenrolled"
  | "excluded"
  | "cancelled";

/** One app on one phone: what is, and what is being done about it. */
export interface InstallationRecord {
  /** `<udid> <adamId>` */
  id: string;
  udid: string;
  adamId: string;
  userId: string | null;
  /** What the deployments ask for, after their conflicts are resolved; null when none does any more. */
  desired: "required" | "available" | "requiredAndAvailable" | "uninstall" | "notApplicable" | null;
  state: InstallationState;
  reason: InstallationReason | null;
  /** A sentence for the admin. */
  detail: string | null;
  since: number;
  /** Install commands sent so far. */
  attempts: number;
  /** What the phone last said of the app; null before it said anything. */
  appState: ManagedAppState | "absent" | null;
  appStateAt: number | null;
  /** The command whose result is awaited, if any. */
  commandUUID: string | null;
  commandType: string | null;
  /** Questions asked of the phone since the last install or remove command. */
  verifications: number;
  /** When to look again; null when only an event can change anything. */
  dueAt: number | null;
  /** Failed for want of a licence: place in the queue for the next free one. */
  waitingSince: number | null;
  cause: number;
}

export interface SyncRecord {
  id: string;
  sequence: number;
  startedAt: number;
  finishedAt: number | null;
  trigger: "manual" | "schedule" | "upload";
  result: "running" | "completed" | "failed";
  error: string | null;
  apps: number;
  users: number;
  licenses: number;
  foreignUsers: number;
  foreignLicenses: number;
}

export interface Collections {
  settings: SettingRecord;
  apiKeys: ApiKeyRecord;
  idempotency: IdempotencyRecord;
  enrollmentTokens: EnrollmentTokenRecord;
  devices: DeviceRecord;
  identities: IdentityRecord;
  commands: CommandRecord;
  users: UserRecord;
  groups: GroupRecord;
  accounts: AccountRecord;
  apps: AppRecord;
  assignments: AssignmentRecord;
  ledger: LedgerRecord;
  deployments: DeploymentRecord;
  installations: InstallationRecord;
  syncs: SyncRecord;
}
export type CollectionName = keyof Collections;
export type IndexSort = string | number;
/** Where a record stands in an index: a partition and a place in it. Undefined: not in the index. */
export type IndexEntry = readonly [partition: string, sort: IndexSort];
type IndexFunctions<R> = Record<string, (record: R) => IndexEntry | readonly IndexEntry[] | undefined>;

function define<T extends { [C in CollectionName]: IndexFunctions<Collections[C]> }>(definition: T): T {
  return definition;
}

const isOpen = (state: CommandState) => (openCommandStates as readonly CommandState[]).includes(state);

/** Every index there is. A list always goes through one; there is no reading of a whole collection otherwise. */
export const indexes = define({
  settings: { all: (r) => ["", r.id] },
  apiKeys: { all: (r) => ["", r.id], byHash: (r) => [r.keyHash, r.id] },
  idempotency: { byAge: (r) => ["", r.createdAt] },
  enrollmentTokens: { all: (r) => ["", r.createdAt], byHash: (r) => [r.tokenHash, r.id] },
  devices: {
    all: (r) => ["", r.id],
    byUser: (r) => (r.userId === null ? undefined : [r.userId, r.id]),
    bySerial: (r) => (r.serialNumber === null ? undefined : [r.serialNumber, r.id]),
    byState: (r) => [r.state, r.id],
  },
  identities: {
    byDevice: (r) => (r.udid === null ? undefined : [r.udid, r.issuedAt]),
    byRequest: (r) => (r.request === undefined ? undefined : [r.request, r.issuedAt]),
  },
  commands: {
    all: (r) => ["", r.sequence],
    byDevice: (r) => [r.udid, r.sequence],
    open: (r) => (isOpen(r.state) ? [r.udid, r.sequence] : undefined),
    settled: (r) => (isOpen(r.state) ? undefined : [r.udid, r.sequence]),
    inFlight: (r) => (r.state === "sent" ? [r.udid, r.sequence] : undefined),
    expiring: (r) => (isOpen(r.state) ? ["", r.expiresAt] : undefined),
  },
  users: {
    all: (r) => ["", r.id],
    byEmail: (r) => [r.email.toLowerCase(), r.id],
    byGroup: (r) => r.groupIds.map((groupId) => [groupId, r.id] as const),
    byClientUserId: (r) => [r.vpp.clientUserIdStr, r.id],
    byTerms: (r) => [termsStatus(r.vpp), r.id],
    awaitingTerms: (r) => (r.vpp.pollAt === null ? undefined : ["", r.vpp.pollAt]),
  },
  groups: { all: (r) => ["", r.id], byName: (r) => [r.name.toLowerCase(), r.id] },
  accounts: { all: (r) => ["", r.id] },
  apps: { all: (r) => ["", r.id], byBundleId: (r) => [r.bundleId, r.id] },
  assignments: {
    all: (r) => ["", r.id],
    byApp: (r) => [r.adamId, r.id],
    byUser: (r) => [r.userId, r.id],
    associating: (r) => (r.state === "associating" ? [r.adamId, r.id] : undefined),
  },
  ledger: {
    all: (r) => ["", r.sequence],
    byApp: (r) => [r.adamId, r.sequence],
    byUser: (r) => [r.userId, r.sequence],
  },
  deployments: {
    all: (r) => ["", r.createdAt],
    byApp: (r) => [r.adamId, r.id],
    byGroup: (r) => [r.groupId, r.id],
    expanding: (r) => (r.expandAfter === null ? undefined : ["", r.updatedAt]),
  },
  installations: {
    all: (r) => ["", r.id],
    byDevice: (r) => [r.udid, r.id],
    byApp: (r) => [r.adamId, r.id],
    byUser: (r) => (r.userId === null ? undefined : [r.userId, r.id]),
    byState: (r) => [r.state, r.id],
    byAppState: (r) => [`${r.adamId} ${r.state}`, r.id],
    /** Of one user and app: the phones that share the seat. */
    byHolder: (r) => (r.userId === null ? undefined : [`${r.userId} ${r.adamId}`, r.id]),
    due: (r) => (r.dueAt === null ? undefined : ["", r.dueAt]),
    waiting: (r) => (r.waitingSince === null ? undefined : [r.adamId, r.waitingSince]),
  },
  syncs: { all: (r) => ["", r.sequence] },
});
export type IndexName<C extends CollectionName> = keyof (typeof indexes)[C] & string;
