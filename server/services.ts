/** What the edges (API, channel) ask of the decisions behind them. */
import type {
  AccountRecord,
  CommandRecord,
  DeploymentAction,
  DeploymentRecord,
  DeviceRecord,
  InstallationRecord,
  SyncRecord,
} from "./store/records.ts";
import type { Outbox } from "./outbox.ts";
import type { Transaction } from "./store/store.ts";

/** The account as an admin may see it: without the token. */
export type AccountView = Omit<
  AccountRecord,
  "sealedToken" | "usersSinceToken" | "licensesSinceToken" | "contextGuid"
>;

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
  /** Users who hold a seat by our records, and by Apple's. */
  heldHere: number;
  heldAtApple: number;
  /** Seats of users whom this server did not create. */
  foreign: number;
}

export interface LedgerCheck {
  checkedAt: number;
  lines: LedgerLine[];
  /** Seats that one side has and the other hasn't: 0 when both agree. */
  drift: number;
  differences: { adamId: string; clientUserIdStr: string; here: boolean; atApple: boolean }[];
  /** Broken invariants, in words. */
  violations: string[];
}

export interface LicensingService {
  /** First upload, or renewal by a token of the same account. Throws token_* codes; then nothing is stored. */
  uploadToken(upload: TokenUpload, cause?: number): Promise<AccountView>;
  account(): Promise<AccountView | undefined>;
  /** Joins a sync that is running. Throws token_missing; a sync that fails resolves with result `failed`. */
  sync(trigger: SyncRecord["trigger"], cause?: number): Promise<SyncRecord>;
  /** Compares our records with Apple's. Throws token_missing, apple_unavailable. */
  checkLedger(): Promise<LedgerCheck>;
  /** Sends the invitation again at the next step. Throws not_found, conflict (already accepted, or nothing to invite for). */
  resendInvitation(userId: string, cause?: number): Promise<void>;
}

export interface DeploymentService {
  /** Throws not_found (app or group), already_exists (this app and group). */
  create(
    input: { adamId: string; groupId: string; action: DeploymentAction; deadline: number | null },
    cause?: number,
  ): Promise<DeploymentRecord>;
  change(
    id: string,
    input: { action?: DeploymentAction; deadline?: number | null },
    cause?: number,
  ): Promise<DeploymentRecord>;
  remove(id: string, cause?: number): Promise<void>;
  /** Tries a failed installation again. Throws not_found, conflict. */
  retry(installationId: string, cause?: number): Promise<InstallationRecord>;
  /** In a transaction that changed who is in which group: marks what that may concern. */
  membershipChanged(tx: Transaction, outbox: Outbox, userId: string): Promise<void>;
  /** After such a transaction: look at once. */
  wake(): void;
}

/** Called by the device side, inside the transaction that stores the fact. */
export interface DeviceHooks {
  deviceEnrolled(tx: Transaction, outbox: Outbox, device: DeviceRecord): Promise<void>;
  deviceUnenrolled(tx: Transaction, outbox: Outbox, device: DeviceRecord): Promise<void>;
  /** The command has reached a state it won't leave: acknowledged, failed, malformed, cancelled or expired. */
  commandSettled(tx: Transaction, outbox: Outbox, command: CommandRecord): Promise<void>;
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
