/**
 * What the store holds. Every record has an `id` that is unique in its collection. All of it is plain JSON: times are
 * milliseconds since 1970, bytes are base64.
 */
import type { JsonValue } from "../../shared/json.ts";
import type { ManagedAppState } from "../../shared/app-states.ts";
import type { InstallationReason, InstallationState } from "../../shared/installations.ts";

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
  /** Refused from then on; null: never. */
  expiresAt: number | null;
  /** When it was last used, to the hour. */
  lastUsedAt: number | null;
  /** The secret before the last rotation, while it may still be used. */
  previous: { readonly keyHash: string; readonly until: number } | null;
}

/** A browser that signed in with an API key and may act as that key for a while. Signed out, it is gone. */
export interface SessionRecord {
  id: string;
  /** SHA-256 of the secret in the browser's cookie, hex. */
  secretHash: string;
  keyId: string;
  /** Of the key's secret it was opened with: once that is good no longer, neither is the session. */
  keyHash: string;
  createdAt: number;
  /** To the minute. */
  lastSeenAt: number;
  /** However much it is used. */
  expiresAt: number;
  /** Unless it is used before. */
  endsAt: number;
  /** IP address it was opened from. */
  address: string;
  /** As the browser called itself. */
  userAgent: string | null;
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
  /** Sealed: with it the passcode can be cleared. Null or missing when the phone gave none. */
  unlockToken?: string | null;
  awaitingConfiguration: boolean;
  /** As the phone last told, at check-in or when it was asked. */
  deviceName?: string | null;
  buildVersion?: string | null;
  productName: string | null;
  osVersion: string | null;
  enrolledAt: number | null;
  lastSeenAt: number;
  /** The App Store account on the phone, as it last told in DeviceInformation; `hash` is null when nobody is signed in. */
  storeAccount?: { hash: string | null; at: number };
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
  /** API key of the admin who cancelled it; left out where the server did so by itself. */
  cancelledBy?: string;
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
  /** Apple's number for the record that is the person's now; an older one may stay retired beside it. */
  appleUserId?: number;
  /** When Apple last did what we asked for this user: an answer to a question asked before says nothing. */
  changedAt?: number;
  /** Invitations in a row that did not reach the person. */
  inviteFailures?: number;
  retiredAt?: number | null;
  /** `admin`: retired here, and to stay so; `apple`: found retired. */
  retiredBy?: "admin" | "apple" | null;
  /** Why Apple last refused this person a seat, when that has to do with the Apple ID. */
  refusal?: VppRefusal | null;
  /** What Apple is still to be told. Recorded before it is asked, so that a crash in between is made good. */
  wish?: VppWish | null;
}

export interface VppRefusal {
  /** Apple's: 9605, 9616 or 9635. */
  errorNumber: number;
  adamId: string;
  at: number;
}

export interface VppWish {
  kind: "retire" | "register" | "delete";
  since: number;
  /** When to ask Apple (again). */
  dueAt: number;
  tries: number;
  /** `seq` of the event that led to it. */
  cause: number;
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
  /** Asked to go: it is gone for admins, and its members are still being taken out. */
  removedAt?: number;
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
  /** `deleted`: the token is gone, and the account is remembered, because another can never take its place. */
  state: "valid" | "expired" | "revoked" | "invalid" | "assignedToExternalMdm" | "deleted";
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
  /** The last warning that was given of the token's end: so many days before it. */
  warnedDays?: number | null;
  deletedAt?: number | null;
  /** Start of the last sync, whatever came of it. */
  syncStartedAt?: number | null;
  /** Stable code of what the last sync failed for. */
  lastSyncErrorCode?: string | null;
  /** Syncs that failed in a row. */
  syncFailures?: number;
  /** Every user's status was known to be as stored at this time: when the last completed sync began. */
  usersConfirmedAt?: number;
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

/** Who a licence is for: a user, on all phones of theirs, or one phone, whoever has it. */
export type LicenseType = "user" | "device";

/** Who holds a seat. One of the two says it: a phone is known to Apple by its serial number. */
export interface SeatHolder {
  userId: string | null;
  /** Missing for a user's seat. */
  serialNumber?: string | null;
}

/**
 * The seat that one user, or one phone, has of one app. An intent is recorded before Apple is asked and settled after it answered, so
 * a crash in between is made good by asking again.
 */
export interface AssignmentRecord extends SeatHolder {
  /** `<userId> <adamId>`, or `serial:<serialNumber> <adamId>`: a user's id has no colon. */
  id: string;
  adamId: string;
  state: "associating" | "held" | "disassociating";
  since: number;
  /** Installation that asked for it. */
  installationId: string | null;
  /** Why it is being returned; null while it is wanted. Set while `associating`: it goes back as soon as Apple has given it. */
  returnReason: string | null;
  /** Why it is kept although no phone of the holder needs it. */
  stranded?: { reason: StrandedReason; at: number } | null;
  /** The admin's revoke or reclaim that waits for its return. */
  actId?: string | null;
  /** Why Apple has not taken it back yet. */
  problem?: { code: string; message: string } | null;
  /** Apple's licence id, once a sync or the assignment itself told it. */
  licenseIdStr?: string;
}

/**
 * `unenrolled`, `wiped`: the holder's last phone left management and policy keeps the seat. `found-at-apple`: a sync found it there.
 * `irrevocable`: Apple never takes it back (9607).
 */
export type StrandedReason = "unenrolled" | "wiped" | "found-at-apple" | "irrevocable";

/** `kept` is no movement: it says why a seat stays with somebody whose last phone is gone. */
export type LedgerKind = "taken" | "returned" | "refused" | "kept";

/** One movement of a seat, with its cause. Never changed once written. */
export interface LedgerRecord extends SeatHolder {
  id: string;
  sequence: number;
  at: number;
  kind: LedgerKind;
  adamId: string;
  installationId: string | null;
  reason: string;
  /** The admin's revoke or reclaim behind it. */
  actId?: string;
}

/**
 * An admin's revoke (the licence now, the app stays) or reclaim (the app goes, then the licence returns) of one seat or many. Kept
 * before anything is done, so that a crash in the middle loses nothing.
 */
export interface LicenseActRecord {
  id: string;
  sequence: number;
  verb: "revoke" | "reclaim";
  /** Whose seats, those of the user's phones among them; null: everybody's. */
  userId: string | null;
  /** The seats of the phone with this serial number; null or missing: of any. */
  serialNumber?: string | null;
  /** Of which app; null: of all. */
  adamId: string | null;
  /** API key of who asked. */
  by: string;
  /** `seq` of the event that led to it. */
  cause: number;
  startedAt: number;
  finishedAt: number | null;
  /** First the seats are looked at; a reclaim then looks for phones that have the app without one. */
  phase: "seats" | "phones";
  /** What is still to be looked at comes after this one: `""` at the start, null when all was. */
  expandAfter: string | null;
  asked: number;
  done: number;
  failed: number;
  /** What there is to say of single seats, the first few hundred. */
  items: LicenseActItem[];
}

export interface LicenseActItem extends SeatHolder {
  adamId: string;
  outcome: "done" | "failed";
  /** Apple's error number, or a code of ours; null when all went well. */
  code: string | null;
  message: string;
}

export type DeploymentAction = "required" | "available" | "uninstall" | "notApplicable";

export interface DeploymentRecord {
  id: string;
  adamId: string;
  groupId: string;
  action: DeploymentAction;
  /** Missing: `user`. */
  licenseType?: LicenseType;
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

export {
  installationStates,
  type InstallationReason,
  type InstallationState,
} from "../../shared/installations.ts";

/** An admin's act on installations that outranks the deployments until an admin asks for the app again or changes a deployment. */
export interface InstallationOverride {
  verb: "revoked" | "reclaimed" | "cancelled";
  at: number;
}

/** Why a phone refused a command: Apple's RejectionReason, and the first error of the ErrorChain. */
export interface DeviceError {
  rejection: string | null;
  domain: string | null;
  code: number | null;
}

/** One app on one phone: what is, and what is being done about it. */
export interface InstallationRecord {
  /** `<udid> <adamId>` */
  id: string;
  udid: string;
  adamId: string;
  userId: string | null;
  /** What the deployments ask for, after their conflicts are resolved; null when none does any more. */
  desired: "required" | "available" | "requiredAndAvailable" | "uninstall" | "notApplicable" | null;
  /**
   * Whose licence the deployments ask for, as they last did; missing: the user's. What counts is what `licenseTypeOf` makes of it: a
   * phone that holds one of its own keeps to that.
   */
  licenseType?: LicenseType;
  /** Of a required app whose deadline is still to come: when it will be pushed. Until then it is offered. */
  requiredAt?: number | null;
  /** When the person last asked for the app in the company portal; null when nobody did, or the wish was fulfilled or is void. */
  wantedAt?: number | null;
  /** When the phone last said that it has the app. */
  presentAt?: number | null;
  state: InstallationState;
  reason: InstallationReason | null;
  /** A sentence for the admin. */
  detail: string | null;
  /** Of the last install or remove command, when the phone refused it. */
  deviceError?: DeviceError | null;
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
  override?: InstallationOverride | null;
  /** Install commands in a row that the phone refused because its person was being asked something already. */
  busyCount?: number;
  /** Install commands in a row that the phone could not take up because the App Store did not answer it. */
  storeAwayCount?: number;
  cause: number;
}

export interface SyncRecord {
  id: string;
  sequence: number;
  startedAt: number;
  finishedAt: number | null;
  trigger: "manual" | "schedule" | "upload" | "takeControl";
  result: "running" | "completed" | "failed";
  error: string | null;
  /** Stable code of what it failed for. */
  errorCode?: string | null;
  apps: number;
  /** Of ours, as far as they were read: an incremental read has only those that changed. */
  users: number;
  licenses: number;
  /** All that are known by the end of the sync. */
  foreignUsers: number;
  foreignLicenses: number;
  usersMode?: SyncMode;
  licensesMode?: SyncMode;
  /** What our records had and Apple no longer has. */
  lostUsers?: number;
  lostLicenses?: number;
}

/** Everything was read, or only what changed since the last sync. */
export type SyncMode = "full" | "incremental";

/** Something that our records had and Apple, by the word of a sync, no longer has. */
export interface LossRecord {
  id: string;
  sequence: number;
  at: number;
  syncId: string;
  kind: "user" | "license";
  /** Null for a licence that a phone held. */
  userId: string | null;
  serialNumber?: string | null;
  /** Empty for a phone's. */
  clientUserIdStr: string;
  /** The licence's app; null for a user. */
  adamId: string | null;
  reason: "user-retired" | "user-missing" | "gone-at-apple";
}

/** A user or a licence at Apple that another product created: counted and named, never imported (R21–R23). */
export interface ForeignRecord {
  /** `user <clientUserIdStr>` or `license <licenseIdStr>` */
  id: string;
  kind: "user" | "license";
  /** Null for a licence that is assigned to a device. */
  clientUserIdStr: string | null;
  serialNumber: string | null;
  adamId: string | null;
  /** The last sync that read it. */
  syncId: string;
}

/** Somebody who is to be told of events by HTTP. */
export interface WebhookRecord {
  id: string;
  url: string;
  /** Beginnings of event names, e.g. `installation.`; empty for all. */
  events: string[];
  /** Sealed. */
  secret: string;
  enabled: boolean;
  createdAt: number;
  updatedAt: number;
  /** `failing` from the first delivery that failed to the next one that did not. */
  state: "ok" | "failing";
  failingSince: number | null;
  /** Attempts that failed since. */
  failures: number;
  lastSuccessAt: number | null;
  /** Of the last attempt that failed, in a sentence. */
  lastError: string | null;
  /** Deliveries that were dropped because too many waited. */
  dropped: number;
}

/** `waiting` to be delivered (again), `delivered`, or `failed`: given up. */
export type WebhookDeliveryState = "waiting" | "delivered" | "failed";

/** One event on its way to one webhook. */
export interface WebhookDeliveryRecord {
  /** The same in every attempt, so that the receiver can tell a repetition. */
  id: string;
  webhookId: string;
  /** Place in the order of all deliveries. */
  sequence: number;
  /** Deliveries of one lane go one after another: those about one phone. */
  lane: string;
  event: string;
  /** What is sent, byte for byte. */
  body: string;
  state: WebhookDeliveryState;
  createdAt: number;
  attempts: number;
  /** When to send it (again); null while an earlier one of its lane has to go first, and once it is settled. */
  nextAt: number | null;
  lastAttemptAt: number | null;
  /** HTTP status of the last attempt; null when there was no answer. */
  lastStatus: number | null;
  lastError: string | null;
  settledAt: number | null;
}

export type AuditResult = "done" | "refused" | "failed";

/** What somebody did, or tried to do, through the API. Never changed once written. */
export interface AuditRecord {
  /** Time and event of the request: sorts as it happened. */
  id: string;
  at: number;
  /** Null when nobody could be identified. */
  keyId: string | null;
  /** As the key was called then. */
  keyName: string | null;
  role: Role | null;
  /** IP address. */
  address: string;
  /** `PUT /api/v1/policies`, or `authenticate`. */
  operation: string;
  /** `users/anna`: what it was done to. */
  target: string;
  /** What was sent, bounded and without secrets; null when there is nothing to show. */
  request: JsonValue;
  before: JsonValue;
  after: JsonValue;
  result: AuditResult;
  /** Of a refusal or failure. */
  code: string | null;
  /** `seq` of the request's event. */
  cause: number;
  /** Refusals just before this record that were too many to be written. */
  suppressed: number;
}

export interface Collections {
  settings: SettingRecord;
  apiKeys: ApiKeyRecord;
  sessions: SessionRecord;
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
  licenseActs: LicenseActRecord;
  deployments: DeploymentRecord;
  installations: InstallationRecord;
  syncs: SyncRecord;
  audit: AuditRecord;
  webhooks: WebhookRecord;
  webhookDeliveries: WebhookDeliveryRecord;
  losses: LossRecord;
  foreign: ForeignRecord;
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
  apiKeys: {
    all: (r) => ["", r.id],
    byHash: (r) => [[r.keyHash, r.id] as const, ...(r.previous ? [[r.previous.keyHash, r.id] as const] : [])],
  },
  sessions: {
    all: (r) => ["", r.createdAt],
    byHash: (r) => [r.secretHash, r.id],
    byKey: (r) => [r.keyId, r.createdAt],
    ending: (r) => ["", r.endsAt],
  },
  idempotency: { byAge: (r) => ["", r.createdAt] },
  enrollmentTokens: {
    all: (r) => ["", r.createdAt],
    byHash: (r) => [r.tokenHash, r.id],
    byUser: (r) => (r.userId === null ? undefined : [r.userId, r.createdAt]),
    ending: (r) => ["", r.expiresAt],
  },
  devices: {
    all: (r) => ["", r.id],
    byUser: (r) => (r.userId === null ? undefined : [r.userId, r.id]),
    bySerial: (r) => (r.serialNumber === null ? undefined : [r.serialNumber, r.id]),
    byState: (r) => [r.state, r.id],
  },
  identities: {
    byDevice: (r) => (r.udid === null ? undefined : [r.udid, r.issuedAt]),
    byRequest: (r) => (r.request === undefined ? undefined : [r.request, r.issuedAt]),
    /** By when it is good for nothing more. */
    ending: (r) => ["", Math.min(r.expiresAt, r.revokedAt ?? r.expiresAt)],
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
    /** Usually one for each Apple ID. */
    byItsIdHash: (r) => (r.vpp.itsIdHash === null ? undefined : [r.vpp.itsIdHash, r.id]),
    wishing: (r) => (r.vpp.wish ? ["", r.vpp.wish.dueAt] : undefined),
  },
  groups: {
    all: (r) => (r.removedAt === undefined ? ["", r.id] : undefined),
    byName: (r) => (r.removedAt === undefined ? [r.name.toLowerCase(), r.id] : undefined),
    removing: (r) => (r.removedAt === undefined ? undefined : ["", r.removedAt]),
  },
  accounts: { all: (r) => ["", r.id] },
  apps: {
    all: (r) => ["", r.id],
    byBundleId: (r) => [r.bundleId, r.id],
    byAssigned: (r) => ["", r.assigned],
  },
  assignments: {
    all: (r) => ["", r.id],
    byApp: (r) => [r.adamId, r.id],
    byUser: (r) => (r.userId === null ? undefined : [r.userId, r.id]),
    bySerial: (r) => (r.serialNumber ? [r.serialNumber, r.id] : undefined),
    associating: (r) => (r.state === "associating" ? [r.adamId, r.id] : undefined),
    byLicense: (r) => (r.licenseIdStr === undefined ? undefined : [r.licenseIdStr, r.id]),
    /** Held, and which of Apple's licences it is isn't known yet. */
    unnamed: (r) => (r.licenseIdStr === undefined && r.state === "held" ? [r.adamId, r.id] : undefined),
    byState: (r) => [r.state, r.id],
    /** Intended, outcome not known. */
    unsettled: (r) => (r.state === "held" ? undefined : ["", r.since]),
    byAct: (r) => (r.actId ? [r.actId, r.id] : undefined),
  },
  ledger: {
    all: (r) => ["", r.sequence],
    byApp: (r) => [r.adamId, r.sequence],
    byUser: (r) => (r.userId === null ? undefined : [r.userId, r.sequence]),
    bySerial: (r) => (r.serialNumber ? [r.serialNumber, r.sequence] : undefined),
  },
  licenseActs: {
    all: (r) => ["", r.sequence],
    expanding: (r) => (r.expandAfter === null ? undefined : ["", r.sequence]),
    finished: (r) => (r.finishedAt === null ? undefined : ["", r.sequence]),
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
    byReason: (r) => (r.reason === null ? undefined : [r.reason, r.id]),
    /** Of one app, user by user. A space comes before every character of an id. */
    byAppUser: (r) => (r.userId === null ? undefined : [r.adamId, `${r.userId} ${r.udid}`]),
    /** Of one user and app: the phones that share the seat. */
    byHolder: (r) => (r.userId === null ? undefined : [`${r.userId} ${r.adamId}`, r.id]),
    due: (r) => (r.dueAt === null ? undefined : ["", r.dueAt]),
    waiting: (r) => (r.waitingSince === null ? undefined : [r.adamId, r.waitingSince]),
  },
  syncs: { all: (r) => ["", r.sequence] },
  webhooks: { all: (r) => ["", r.id], enabled: (r) => (r.enabled ? ["", r.id] : undefined) },
  webhookDeliveries: {
    byWebhook: (r) => [r.webhookId, r.sequence],
    waiting: (r) => (r.state === "waiting" ? [r.webhookId, r.sequence] : undefined),
    delivered: (r) => (r.state === "delivered" ? [r.webhookId, r.sequence] : undefined),
    failed: (r) => (r.state === "failed" ? [r.webhookId, r.sequence] : undefined),
    lane: (r) => (r.state === "waiting" ? [`${r.webhookId} ${r.lane}`, r.sequence] : undefined),
    due: (r) => (r.nextAt === null ? undefined : [r.webhookId, r.nextAt]),
  },
  audit: {
    all: (r) => ["", r.at],
    byKey: (r) => (r.keyId === null ? undefined : [r.keyId, r.at]),
    byOperation: (r) => [r.operation, r.at],
    /** Under the target and each folder above it. */
    byTarget: (r) => {
      const parts = r.target.split("/");
      return parts.map((_, at) => [parts.slice(0, at + 1).join("/"), r.at] as const);
    },
  },
  losses: { all: (r) => ["", r.sequence], bySync: (r) => [r.syncId, r.sequence] },
  foreign: { byKind: (r) => [r.kind, r.id] },
});
export type IndexName<C extends CollectionName> = keyof (typeof indexes)[C] & string;
