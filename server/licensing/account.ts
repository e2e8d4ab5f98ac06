/** The organisation's one volume-purchase account: its token, and whether it may be used. */
import { PippinError, type ProblemCode } from "../../shared/errors.ts";
import { ClientContext, parseVppDate, ServiceToken, type ClientConfig } from "../../shared/vpp.ts";
import type { ServerContext } from "../context.ts";
import { readPolicies } from "../policies.ts";
import type { SecretBox } from "../secrets.ts";
import type { AccountView, TokenUpload } from "../services.ts";
import type { AccountRecord } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { VppClient, VppError } from "./vpp-client.ts";

export const accountId = "vpp";
const sealContext = "vpp sToken";
const uploadBytesMax = 16 * 1024;

export interface LicensingContext extends ServerContext {
  readonly vpp: VppClient;
  readonly box: SecretBox;
  /** What this installation calls itself in Apple's clientContext. */
  readonly hostname: string;
}

/** What stands between a token and its use, by Apple's error number. */
const tokenFaults: Readonly<
  Record<number, { state: AccountRecord["state"]; code: ProblemCode; message: string }>
> = {
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

export function tokenFault(error: unknown) {
  return error instanceof VppError ? tokenFaults[error.errorNumber] : undefined;
}

export function viewAccount(account: AccountRecord): AccountView {
  const {
    sealedToken: _token,
    usersSinceToken: _users,
    licensesSinceToken: _licenses,
    contextGuid: _guid,
    ...view
  } = account;
  return view;
}

/** The account with its token in clear, for a call to Apple. Throws token_missing. */
export async function openAccount(
  context: LicensingContext,
  reader: Reader,
): Promise<{ account: AccountRecord; sToken: string }> {
  const account = await reader.get("accounts", accountId);
  if (account === undefined) {
    throw new PippinError("token_missing", "No volume-purchase token is uploaded yet.");
  }
  return { account, sToken: context.box.open(account.sealedToken, sealContext) };
}

/** Whether new seats may be taken. */
export function accountState(
  account: AccountRecord | undefined,
  now: number,
): "usable" | "unusable" | "missing" {
  if (account === undefined) return "missing";
  return account.state === "valid" && account.expiresAt > now ? "usable" : "unusable";
}

function parseUpload(
  upload: TokenUpload,
  now: number,
): { sToken: string; expiresAt: number; organisation: string } {
  if (!upload.acknowledged) {
    throw new PippinError(
      "token_not_acknowledged",
      "Confirm with `acknowledged: true` that the account can't be changed later.",
    );
  }
  const sToken = upload.sToken.trim();
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

/** The host name of the product that holds the account, when it isn't us; null when it is free or ours. */
export function foreignContext(config: ClientConfig, ownGuid: string): string | null {
  if (config.clientContext === undefined || config.clientContext === "") return null;
  let json: unknown;
  try {
    json = JSON.parse(config.clientContext);
  } catch {
    return "a product that wrote something unreadable";
  }
  const parsed = ClientContext.safeParse(json);
  if (!parsed.success) return "a product that wrote something unreadable";
  // The guid alone decides; host names change.
  return parsed.data.guid === ownGuid ? null : parsed.data.hostname;
}

/** First upload, or renewal by a token of the same account. Nothing is stored unless everything is in order. */
export async function uploadToken(
  context: LicensingContext,
  upload: TokenUpload,
  cause: number,
): Promise<AccountView> {
  const { world, store, recorder, vpp, box } = context;
  const { sToken, expiresAt, organisation } = parseUpload(upload, world.now());
  const guid = await store.transaction((tx) => installationGuid(tx, context));
  const config = await askAccount(() => vpp.clientConfig(sToken));
  const accountHash = config.organizationIdHash;
  if (accountHash === undefined) {
    throw new PippinError("apple_refused", "Apple did not say which organisation the token belongs to.");
  }
  const before = await store.read((reader) => reader.get("accounts", accountId));
  refuseOtherAccount(before, accountHash);
  const holder = foreignContext(config, guid);
  if (holder !== null) {
    throw new PippinError(
      "token_claimed_elsewhere",
      `The account is managed by ${holder}. Generate a token for this server alone.`,
      {
        details: { claimedBy: holder },
      },
    );
  }
  const claim = JSON.stringify({ hostname: context.hostname, guid });
  if (config.clientContext !== claim) await askAccount(() => vpp.clientConfig(sToken, claim));
  const account = await store.transaction(async (tx) => {
    const existing = await tx.get("accounts", accountId);
    refuseOtherAccount(existing, accountHash);
    const now = world.now();
    const policies = await readPolicies(tx);
    const record: AccountRecord = {
      id: accountId,
      tokenName: upload.tokenName,
      appleId: upload.appleId,
      organisation,
      accountHash,
      countryCode: config.countryCode ?? "US",
      sealedToken: box.seal(sToken, sealContext),
      contextGuid: guid,
      state: "valid",
      claimedBy: null,
      uploadedAt: existing?.uploadedAt ?? now,
      updatedAt: now,
      expiresAt,
      lastSyncAt: existing?.lastSyncAt ?? null,
      lastSyncResult: existing?.lastSyncResult ?? null,
      usersSinceToken: existing?.usersSinceToken ?? null,
      licensesSinceToken: existing?.licensesSinceToken ?? null,
      nextSyncAt: now + policies.syncIntervalHours * 3_600_000,
    };
    await tx.put("accounts", record);
    return record;
  });
  recorder.record("token.uploaded", { organisation, expiresAt: new Date(expiresAt).toISOString(), cause });
  return viewAccount(account);
}

function refuseOtherAccount(existing: AccountRecord | undefined, accountHash: string): void {
  if (existing && existing.accountHash !== accountHash) {
    throw new PippinError(
      "token_other_account",
      `This server is tied to the account of ${existing.organisation} (${existing.appleId}); another can't take its place.`,
    );
  }
}

async function askAccount<T>(ask: () => Promise<T>): Promise<T> {
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

/** Notes what a call to Apple revealed of the token. Answers true when the error was about the token. */
export async function noteTokenFault(context: LicensingContext, error: unknown): Promise<boolean> {
  const fault = tokenFault(error);
  if (fault === undefined) return false;
  await changeAccountState(context, fault.state, null);
  return true;
}

export async function changeAccountState(
  context: LicensingContext,
  state: AccountRecord["state"],
  claimedBy: string | null,
): Promise<void> {
  const changed = await context.store.transaction(async (tx) => {
    const account = await tx.get("accounts", accountId);
    if (account === undefined || (account.state === state && account.claimedBy === claimedBy)) return false;
    await tx.put("accounts", { ...account, state, claimedBy, updatedAt: context.world.now() });
    return true;
  });
  if (changed)
    context.recorder.record("token.changed", { state, ...(claimedBy === null ? {} : { claimedBy }) });
}
