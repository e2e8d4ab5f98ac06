import { createHash, timingSafeEqual } from "node:crypto";
import { sha256Hex, type Environment } from "./environment.ts";
import { AppStoreRefusal } from "./refusals.ts";

/** A person's account. */
export interface AppleAccount {
  /** In lower case. */
  readonly appleId: string;
  readonly countryCode: string;
  /** The organisation that made it (a Managed Apple ID). */
  readonly managedBy: number | undefined;
  readonly itsIdHash: string;
  salt: string;
  passwordHash: string;
  /** Whether the person has agreed to the App Store's own terms; without that the Apple ID gets nothing there. */
  storeTermsAccepted: boolean;
  /** adamIds of the apps that the person got without the organisation. */
  readonly purchases: Set<string>;
}

export interface Session {
  readonly tokenHash: string;
  readonly account: AppleAccount;
  /** The phone that used it last, once known. */
  udid: string | undefined;
}

export interface Attempts {
  wrongCount: number;
  lockedUntil: number;
}

/** Makes the hash independent of any organisation: the MDM and the phone get the same value from different sides. */
export function itsIdHashOf(appleId: string): string {
  return createHash("sha1").update(`pippin-apple-id:${appleId}`).digest("base64");
}

/**
 * One round of salted SHA-256 would be too fast for a service that guards real passwords. Here they are invented by testers, and
 * ten thousand phones sign in within a second; the hash only keeps passwords out of the state file.
 */
const hashPassword = (salt: string, password: string): string => sha256Hex(`${salt}:${password}`);

export const normaliseAppleId = (appleId: string): string => appleId.trim().toLowerCase();

/** The Apple ID service: accounts, passwords with a lock-out, sessions. */
export class AppleIds {
  static readonly accountsMax = 100_000;
  static readonly wrongPasswordsMax = 3;
  static readonly lockMs = 30 * 60_000;
  static readonly sessionsPerAccountMax = 20;
  static readonly attemptsMax = 10_000;

  readonly accounts = new Map<string, AppleAccount>();
  /** By the hash of their token. */
  readonly sessions = new Map<string, Session>();
  /** Also for names that no account has, so that their answers don't give that away. */
  readonly attempts = new Map<string, Attempts>();
  readonly #sessionsOf = new Map<string, Session[]>();
  readonly #environment: Environment;
  readonly #changed: () => void;

  constructor(environment: Environment, changed: () => void) {
    this.#environment = environment;
    this.#changed = changed;
  }

  get(appleId: string): AppleAccount | undefined {
    return this.accounts.get(normaliseAppleId(appleId));
  }

  /** The name must be free. */
  add(input: {
    appleId: string;
    password: string;
    countryCode: string;
    managedBy?: number | undefined;
    storeTermsAccepted?: boolean | undefined;
  }): AppleAccount {
    const appleId = normaliseAppleId(input.appleId);
    const salt = this.#environment.randomHex(8);
    const account: AppleAccount = {
      appleId,
      countryCode: input.countryCode,
      managedBy: input.managedBy,
      itsIdHash: itsIdHashOf(appleId),
      salt,
      passwordHash: hashPassword(salt, input.password),
      storeTermsAccepted: input.storeTermsAccepted ?? true,
      purchases: new Set(),
    };
    this.accounts.set(appleId, account);
    this.#changed();
    return account;
  }

  /** Ends all sessions, as Apple does. */
  setPassword(account: AppleAccount, password: string): void {
    account.salt = this.#environment.randomHex(8);
    account.passwordHash = hashPassword(account.salt, password);
    for (const session of this.#sessionsOf.get(account.appleId) ?? [])
      this.sessions.delete(session.tokenHash);
    this.#sessionsOf.delete(account.appleId);
    this.unlock(account);
  }

  /** Forgets the wrong passwords that were typed. */
  unlock(account: AppleAccount): void {
    this.attempts.delete(account.appleId);
    this.#changed();
  }

  setStoreTerms(account: AppleAccount, accepted: boolean): void {
    account.storeTermsAccepted = accepted;
    this.#changed();
  }

  /** Wrong passwords in a row, and until when the account is locked for them; 0 when it isn't. */
  attemptsOf(account: AppleAccount): Attempts {
    const { wrongCount, lockedUntil } = this.attempts.get(account.appleId) ?? {
      wrongCount: 0,
      lockedUntil: 0,
    };
    if (lockedUntil === 0) return { wrongCount, lockedUntil };
    const isLocked = lockedUntil > this.#environment.now();
    return isLocked ? { wrongCount, lockedUntil } : { wrongCount: 0, lockedUntil: 0 };
  }

  /** Answers with a new session's token. Throws AppStoreRefusal wrong_password, apple_id_locked. */
  signIn(name: string, password: string): { sessionToken: string; account: AppleAccount } {
    const appleId = normaliseAppleId(name);
    const nowMs = this.#environment.now();
    const attempts = this.attempts.get(appleId) ?? { wrongCount: 0, lockedUntil: 0 };
    if (attempts.lockedUntil > nowMs) throw this.#locked(attempts.lockedUntil - nowMs);
    const account = this.accounts.get(appleId);
    const expected = Buffer.from(account?.passwordHash ?? "0".repeat(64), "hex");
    const given = Buffer.from(hashPassword(account?.salt ?? "", password), "hex");
    if (!account || !timingSafeEqual(expected, given)) {
      this.#countWrong(appleId, attempts, nowMs);
      if (attempts.lockedUntil > nowMs) throw this.#locked(AppleIds.lockMs);
      throw new AppStoreRefusal("wrong_password", "the Apple ID or the password is wrong");
    }
    this.attempts.delete(appleId);
    const sessionToken = this.#environment.randomHex(24);
    this.openSession({ tokenHash: sha256Hex(sessionToken), account, udid: undefined });
    return { sessionToken, account };
  }

  /** Throws AppStoreRefusal session_invalid. */
  session(sessionToken: string): Session {
    const session = this.findSession(sessionToken);
    if (!session) throw new AppStoreRefusal("session_invalid", "sign in with the Apple ID again");
    return session;
  }

  findSession(sessionToken: string): Session | undefined {
    return this.sessions.get(sha256Hex(sessionToken));
  }

  /** The oldest session of the account ends when there are too many. */
  openSession(session: Session): void {
    const { appleId } = session.account;
    const own = this.#sessionsOf.get(appleId) ?? [];
    own.push(session);
    if (own.length > AppleIds.sessionsPerAccountMax) {
      const oldest = own.shift();
      if (oldest) this.sessions.delete(oldest.tokenHash);
    }
    this.#sessionsOf.set(appleId, own);
    this.sessions.set(session.tokenHash, session);
    this.#changed();
  }

  #countWrong(appleId: string, attempts: Attempts, nowMs: number): void {
    if (attempts.lockedUntil > 0) attempts.wrongCount = 0; // an earlier lock has run out
    attempts.lockedUntil = 0;
    attempts.wrongCount += 1;
    if (attempts.wrongCount >= AppleIds.wrongPasswordsMax) attempts.lockedUntil = nowMs + AppleIds.lockMs;
    this.attempts.delete(appleId);
    this.attempts.set(appleId, attempts);
    for (const oldest of this.attempts.keys()) {
      if (this.attempts.size <= AppleIds.attemptsMax) break;
      this.attempts.delete(oldest);
    }
    this.#changed();
  }

  #locked(retryAfterMs: number): AppStoreRefusal {
    return new AppStoreRefusal(
      "apple_id_locked",
      "too many wrong passwords: this Apple ID is locked for a while",
      {
        retryAfterMs,
      },
    );
  }
}
