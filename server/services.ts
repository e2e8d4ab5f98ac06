/** What the edges (API, channel) ask of the decisions behind them. */
import type {
  AccountRecord,
  CommandRecord,
  DeploymentAction,
  DeploymentRecord,
  DeviceRecord,
  InstallationRecord,
  LicenseType,
  SyncRecord,
} from "./store/records.ts";
import type { CommandResult } from "../shared/results.ts";
import type { Outbox } from "./outbox.ts";
import type { Transaction } from "./store/store.ts";

/** What is wrong with the token, or soon will be. */
export interface TokenWarning {
  code:
    | "token_expiring"
    | "token_expired"
    | "token_revoked"
    | "token_unknown"
    | "token_claimed_elsewhere"
    | "token_missing";
  /** 30, 15 or 7 for a token that expires soon; null otherwise. */
  days: number | null;
  message: string;
}

/** The account as an admin may see it: without the token. */
export type AccountView = Omit<
  AccountRecord,
  "sealedToken" | "usersSinceToken" | "licensesSinceToken" | "contextGuid" | "nextSyncAt"
> & {
  /** Null when none will come by itself. */
  nextSyncAt: number | null;
  warning: TokenWarning | null;
  /** Licences that can't be returned because the token was deleted; null while there is one. */
  strandedLicenses: number | null;
};

export interface TokenUpload {
  /** The content of the `.vpptoken` file. */
  sToken: string;
  tokenName: string;
  appleId: string;
  /** The admin has understood that the account can't be changed later. */
  acknowledged: boolean;
}

export interface LedgerLine {
  adamId: string;
  name: string;
  /** By Apple's count, asked for now. */
  total: number;
  assigned: number;
  available: number;
  /** Users and phones that hold a seat by our records, and by Apple's. */
  heldHere: number;
  heldAtApple: number;
  /** Seats of users and devices that this server did not give them to. */
  foreign: number;
  /** Of `heldHere`: kept although no phone of the holder needs them, with the reason on record. */
  stranded: number;
  /** When we last read this app's counts; null when we never did. */
  viewReadAt: number | null;
}

export interface LedgerCheck {
  checkedAt: number;
  /** When our view of Apple's side was last read as a whole, and how long that is ago. */
  viewReadAt: number | null;
  viewAgeMs: number | null;
  lines: LedgerLine[];
  /** Seats that one side has and the other hasn't: 0 when both agree. */
  drift: number;
  /** Each of them by name. */
  differences: {
    adamId: string;
    /** Null for a seat that a phone holds: then the serial number says which. */
    userId: string | null;
    clientUserIdStr: string | null;
    serialNumber: string | null;
    here: boolean;
    atApple: boolean;
    message: string;
  }[];
  /** Counts that have moved at Apple since we read them. */
  countDifferences: {
    adamId: string;
    field: "total" | "assigned" | "available";
    here: number;
    atApple: number;
    message: string;
  }[];
  /** Broken invariants, in words. */
  violations: string[];
}

export interface LicensingService {
  /** First upload, or renewal by a token of the same account. Throws token_* codes; then nothing is stored. */
  uploadToken(upload: TokenUpload, cause?: number): Promise<AccountView>;
  account(): Promise<AccountView | undefined>;
  /**
   * Takes an account back that another product claimed, with the stored token or a newer one, and syncs. Throws
   * confirmation_required, conflict (nobody claimed it), token_*, apple_*.
   */
  takeControl(
    input: { confirm: boolean; sToken?: string | undefined },
    cause?: number,
  ): Promise<{ account: AccountView; sync: SyncRecord }>;
  /** Deletes the token and keeps everything else. Throws confirmation_required, with the number of licences it would strand. */
  deleteToken(
    confirm: boolean,
    cause?: number,
  ): Promise<{ organisation: string; strandedLicenses: number; deletedAt: number }>;
  /** Where an organisation signs up with Apple and downloads its token; null when Apple can't be reached. */
  appleWebsite(): Promise<string | null>;
  /** Joins a sync that is running. Throws token_missing; a sync that fails resolves with result `failed`. */
  sync(trigger: SyncRecord["trigger"], cause?: number): Promise<SyncRecord>;
  /** Compares our records with Apple's. Throws token_missing, apple_unavailable. */
  checkLedger(): Promise<LedgerCheck>;
}

export interface PeopleService {
  /**
   * Has Apple retire the user: the licences come back, nobody is invited again by itself. Resolves when Apple was told or, as the
   * user's wish then says, when it is to be told later. Throws not_found, conflict, token_*.
   */
  retire(userId: string, cause?: number): Promise<void>;
  /** Registers a retired user anew; an invitation follows where there is an app to be had. Throws not_found, conflict, token_*. */
  reinstate(userId: string, cause?: number): Promise<void>;
  /** Asks Apple now how the user stands. Throws not_found, conflict (not registered), token_missing, apple_*. */
  refresh(userId: string, cause?: number): Promise<void>;
  /** Sends the invitation again at the next step. Throws not_found, conflict (accepted, retired, or nothing to invite for). */
  resendInvitation(userId: string, cause?: number): Promise<void>;
  /** `deleted` is false while Apple is still to be told. Throws not_found, confirmation_required, token_*. */
  removeUser(userId: string, options: { confirm: boolean }, cause?: number): Promise<{ deleted: boolean }>;
  /** Throws not_found, confirmation_required. */
  removeGroup(groupId: string, options: { confirm: boolean }, cause?: number): Promise<void>;
}

export interface DeploymentService {
  /** Throws not_found (app or group), already_exists (this app and group), device_licensing_off. */
  create(
    input: {
      adamId: string;
      groupId: string;
      action: DeploymentAction;
      deadline: number | null;
      /** Default: the user's. */
      licenseType?: LicenseType;
    },
    cause?: number,
  ): Promise<DeploymentRecord>;
  /**
   * With another action than required the deadline goes. Throws not_found, invalid_request (a deadline for another action),
   * device_licensing_off, license_type_fixed (from licences of phones to those of users, but for an app that is uninstalled).
   */
  change(
    id: string,
    input: { action?: DeploymentAction; deadline?: number | null; licenseType?: LicenseType },
    cause?: number,
  ): Promise<DeploymentRecord>;
  remove(id: string, cause?: number): Promise<void>;
  /** Tries again what failed, or what an admin revoked, reclaimed or cancelled. Throws not_found, conflict. */
  retry(installationId: string, cause?: number): Promise<InstallationRecord>;
  /** Sends a new install command for an app that is to be on the phone and isn't. Throws not_found, conflict. */
  resend(installationId: string, cause?: number): Promise<InstallationRecord>;
  /** Gives up an install that is pending or under way; its seat returns. Throws not_found, conflict. */
  cancel(installationId: string, cause?: number): Promise<InstallationRecord>;
  /** In a transaction that changed who is in which group: marks what that may concern. */
  membershipChanged(tx: Transaction, outbox: Outbox, userId: string): Promise<void>;
  /** After such a transaction: look at once. */
  wake(): void;
}

/** Called by the device side, inside the transaction that stores the fact. */
export interface DeviceHooks {
  deviceEnrolled(tx: Transaction, outbox: Outbox, device: DeviceRecord): Promise<void>;
  deviceUnenrolled(tx: Transaction, outbox: Outbox, device: DeviceRecord): Promise<void>;
  /**
   * The command has reached a state it won't leave: acknowledged, failed, malformed, cancelled or expired. `answer`: what the phone said,
   * for the first two.
   */
  commandSettled(
    tx: Transaction,
    outbox: Outbox,
    command: CommandRecord,
    answer: CommandResult | undefined,
  ): Promise<void>;
  /** After the transaction has committed. */
  wake(): void;
}

/** The device side, as the decisions see it. */
export interface DevicePush {
  /** After commit: commands may wait for these phones; hands out what can be handed out. */
  wake(udids: readonly string[]): void;
  isConnected(udid: string): boolean;
  readonly connectedCount: number;
}
