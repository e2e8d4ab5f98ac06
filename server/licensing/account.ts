/** The organisation's one volume-purchase account: its token, and whether it may be used. */
import { PippinError, type ProblemCode } from "../../shared/errors.ts";
import { parseVppDate, ServiceToken, type ClientConfig } from "../../shared/vpp.ts";
import type { ServerContext } from "../context.ts";
import { transact } from "../outbox.ts";
import type { SecretBox } from "../secrets.ts";
import type { TokenUpload } from "../services.ts";
import type { AccountRecord } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { claimedElsewhere, foreignHolder } from "./client-context.ts";
import type { SeatTurns } from "./seat-turns.ts";
import { VppError, type VppClient } from "./vpp-client.ts";

export const accountId = "vpp";
export const sealContext = "vpp sToken";
const uploadBytesMax = 16 * 1024;

export interface LicensingContext extends ServerContext {
  readonly vpp: VppClient;
  readonly box: SecretBox;
  /** What this installation calls itself in Apple's clientContext. */
  readonly hostname: string;
  readonly seatTurns: SeatTurns;
}

interface TokenFault {
  readonly state: AccountRecord["state"];
  readonly code: ProblemCode;
  readonly message: string;
}

/** What stands between a token and its use, by Apple's error number. */
const tokenFaults: Readonly<Record<number, TokenFault>> = {
  9601: { state: "invalid", code: "token_unknown", message: "Apple doesn't accept this token." },
  9621: {
    state: "expired",
    code: "token_expired",
    message: "The token has expired: download a new one from Apple.",
  },
  9622: { state: "invalid", code: "token_unknown", message: "Apple doesn't know this token." },
  9625: {
    state: "revoked",
    code: "token_revoked",
    message: "The token was revoked: download a new one from Apple.",
  },
};

export function tokenFault(error: unknown): TokenFault | undefined {
  return error instanceof VppError ? tokenFaults[error.errorNumber] : undefined;
}

/**
 * The account with its token in clear, for calls to Apple. Every call to Apple begins here, so that nothing is sent for an account
 * that another product has claimed. Throws token_missing, token_claimed_elsewhere.
 */
export async function openAccount(
  context: LicensingContext,
  reader: Reader,
): Promise<{ account: AccountRecord; sToken: string }> {
  const account = await usableAccount(reader);
  context.vpp.identifyAs(account.contextGuid);
  return { account, sToken: context.box.open(account.sealedToken, sealContext) };
}

/** The account, unless its token is gone or it is another's. Throws token_missing, token_claimed_elsewhere. */
export async function usableAccount(reader: Reader): Promise<AccountRecord> {
  const account = await presentAccount(reader);
  if (account.state === "assignedToExternalMdm") throw claimedElsewhere(account.claimedBy);
  return account;
}

/** The account, whatever its state, unless its token is gone. Throws token_missing. */
export async function presentAccount(reader: Reader): Promise<AccountRecord> {
  const account = await reader.get("accounts", accountId);
  if (account === undefined)
    throw new PippinError("token_missing", "No volume-purchase token is uploaded yet.");
  if (account.state === "deleted")
    throw new PippinError("token_missing", `The token of ${account.organisation} was deleted.`);
  return account;
}

/** Whether new seats may be taken. */
export function accountState(
  account: AccountRecord | undefined,
  now: number,
): "usable" | "unusable" | "missing" {
  if (account === undefined || account.state === "deleted") return "missing";
  return account.state === "valid" && account.expiresAt > now ? "usable" : "unusable";
}

export interface ReadToken {
  readonly sToken: string;
  readonly expiresAt: number;
  readonly organisation: string;
}

/** What the text of a `.vpptoken` file says. Throws token_malformed, token_expired. */
export function readToken(text: string, now: number): ReadToken {
  const sToken = text.trim();
  const expected =
    "Expected the content of the .vpptoken file: base64 of JSON with token, expDate and orgName.";
  if (sToken.length > uploadBytesMax || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(sToken)) {
    throw new PippinError("token_malformed", expected);
  }
  let json: unknown;
  try {
    // Both alphabets occur; Node's base64 reader takes either.
    json = JSON.parse(Buffer.from(sToken, "base64").toString("utf8"));
  } catch {
    // The cause is left out: its message would quote the secret.
    throw new PippinError("token_malformed", expected);
  }
  const token = ServiceToken.safeParse(json);
  if (!token.success) throw new PippinError("token_malformed", expected);
  const expiresAt = parseVppDate(token.data.expDate);
  if (expiresAt <= now) {
    throw new PippinError("token_expired", `The token expired at ${new Date(expiresAt).toISOString()}.`);
  }
  return { sToken, expiresAt, organisation: token.data.orgName };
}

/** The guid by which this installation is known in Apple's clientContext. */
async function installationGuid(tx: Transaction, context: LicensingContext): Promise<string> {
  const stored = await tx.get("settings", "installation");
  if (stored && typeof stored.value === "string") return stored.value;
  const guid = context.world.uuid().toLowerCase();
  await tx.put("settings", { id: "installation", value: guid });
  return guid;
}

/**
 * First upload, or renewal by a token of the same account: whatever hangs on the account stays. Nothing is stored unless everything
 * is in order.
 */
export async function uploadToken(
  context: LicensingContext,
  upload: TokenUpload,
  cause: number,
): Promise<void> {
  const { world, store, vpp } = context;
  if (!upload.acknowledged) {
    throw new PippinError(
      "token_not_acknowledged",
      "Confirm with `acknowledged: true` that the account can't be changed later, and see to it that more than one person can sign in to it.",
    );
  }
  const token = readToken(upload.sToken, world.now());
  const before = await store.read((reader) => reader.get("accounts", accountId));
  // To upload is not to take control: Apple isn't even asked.
  if (before?.state === "assignedToExternalMdm") throw claimedElsewhere(before.claimedBy);
  const guid = await store.transaction((tx) => installationGuid(tx, context));
  const { config, accountHash } = await askWhose(context, token.sToken);
  refuseOtherAccount(before, accountHash);
  const holder = foreignHolder(config.clientContext, guid);
  if (holder !== null) {
    if (before !== undefined && before.state !== "deleted")
      await changeAccountState(context, "assignedToExternalMdm", holder);
    throw new PippinError(
      "token_claimed_elsewhere",
      `The account is managed by ${holder}. Generate a token for this server alone.`,
      { details: { claimedBy: holder } },
    );
  }
  await claimAccount(context, token.sToken, guid, config);
  vpp.reopen();
  await storeToken(context, token, guid, { ...upload, accountHash, config }, cause);
}

/** Whose account a token stands for. Throws token_*, apple_*. */
export async function askWhose(
  context: LicensingContext,
  sToken: string,
): Promise<{ config: ClientConfig; accountHash: string }> {
  const config = await askAccount(() => context.vpp.clientConfig(sToken));
  const accountHash = config.organizationIdHash;
  if (accountHash === undefined) {
    throw new PippinError("apple_refused", "Apple did not say which organisation the token belongs to.");
  }
  return { config, accountHash };
}

/** Writes that the account is this installation's, unless Apple has that already. Throws token_*, apple_*. */
export async function claimAccount(
  context: LicensingContext,
  sToken: string,
  guid: string,
  config: ClientConfig,
): Promise<void> {
  const claim = JSON.stringify({ hostname: context.hostname, guid });
  if (config.clientContext === claim) return;
  const after = await askAccount(() => context.vpp.clientConfig(sToken, claim));
  const holder = foreignHolder(after.clientContext, guid);
  if (holder !== null) throw claimedElsewhere(holder);
}

async function storeToken(
  context: LicensingContext,
  token: ReadToken,
  contextGuid: string,
  facts: { tokenName: string; appleId: string; accountHash: string; config: ClientConfig },
  cause: number,
): Promise<void> {
  const { world, box } = context;
  const { tokenName, appleId, accountHash, config } = facts;
  await transact(context, async (tx, outbox) => {
    const existing = await tx.get("accounts", accountId);
    refuseOtherAccount(existing, accountHash);
    const now = world.now();
    const returns = existing?.state === "deleted";
    await tx.put("accounts", {
      ...existing,
      id: accountId,
      tokenName,
      appleId,
      organisation: token.organisation,
      accountHash,
      countryCode: config.countryCode ?? "US",
      sealedToken: box.seal(token.sToken, sealContext),
      contextGuid,
      state: "valid",
      claimedBy: null,
      uploadedAt: existing?.uploadedAt ?? now,
      updatedAt: now,
      expiresAt: token.expiresAt,
      lastSyncAt: existing?.lastSyncAt ?? null,
      lastSyncResult: existing?.lastSyncResult ?? null,
      // Without a token nothing was heard for a time: everything is read anew.
      usersSinceToken: returns ? null : (existing?.usersSinceToken ?? null),
      licensesSinceToken: returns ? null : (existing?.licensesSinceToken ?? null),
      // The upload syncs at once; if the server stops before that, the schedule does.
      nextSyncAt: now,
      warnedDays: null,
      deletedAt: null,
      syncFailures: 0,
    });
    const expiresAt = new Date(token.expiresAt).toISOString();
    const renewed = existing !== undefined && !returns;
    outbox.record("token.uploaded", { organisation: token.organisation, expiresAt, renewed, cause });
  });
}

/**
 * One account, and never another (R12, R13), also after its token expired or was deleted. Accounts are compared by Apple's
 * organizationIdHash: names and Apple IDs change, and every token has another secret.
 */
export function refuseOtherAccount(existing: AccountRecord | undefined, accountHash: string): void {
  if (existing && existing.accountHash !== accountHash) {
    throw new PippinError(
      "token_other_account",
      `This server is tied to the account of ${existing.organisation} (${existing.appleId}); another can't take its place.`,
    );
  }
}

/** What `askAccount` and `openAccount` may refuse with. */
export const accountRefusals = [
  "token_missing",
  "token_claimed_elsewhere",
  "token_expired",
  "token_revoked",
  "token_unknown",
  "apple_unavailable",
  "apple_refused",
] as const;

/** Makes refusals of Apple's into ours. */
export async function askAccount<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const fault = tokenFault(error);
    if (fault) throw new PippinError(fault.code, fault.message, { cause: error });
    if (error instanceof VppError) {
      throw new PippinError("apple_refused", `Apple refused (${error.errorNumber}): ${error.message}.`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** Notes what was found out about the account. An account whose token was deleted has no such state. */
export async function changeAccountState(
  context: LicensingContext,
  state: AccountRecord["state"],
  claimedBy: string | null,
  concerns: (account: AccountRecord) => boolean = () => true,
): Promise<void> {
  await transact(context, async (tx, outbox) => {
    const account = await tx.get("accounts", accountId);
    if (account === undefined || account.state === "deleted" || !concerns(account)) return;
    if (account.state === state && account.claimedBy === claimedBy) return;
    // Only an administrator ends another product's claim.
    if (account.state === "assignedToExternalMdm" && state !== "assignedToExternalMdm") return;
    await tx.put("accounts", { ...account, state, claimedBy });
    outbox.record("token.changed", { state, ...(claimedBy === null ? {} : { claimedBy }) });
  });
}
