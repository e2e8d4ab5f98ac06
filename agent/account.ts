import type { SignInAnswer } from "../shared/app-store.ts";
import type { Refused, StoreResult } from "./app-store-client.ts";
import type { PhoneBase } from "./core.ts";
import type { GivenAnswer, Question } from "./prompts.ts";
import type { PhoneState } from "./state.ts";
import { throwIfHalted } from "./tasks.ts";

/**
 * A person types the Apple ID password to install an app. Typed once it holds for a quarter of an hour, as a phone's default
 * setting has it, and never across a restart.
 */
export const passwordHoldsMs = 15 * 60_000;
/** Apple locks the Apple ID long before. */
const attemptsMax = 20;

export type SignInOutcome = "signedIn" | "cancelled" | "termsRefused" | "locked" | "unreachable";

export interface SignInPurpose {
  /** Whether the password must be fresh (an install), or being signed in will do (the program's terms). */
  readonly freshPassword: boolean;
  readonly app?: { readonly adamId: string; readonly name: string };
  /** What the app is wanted for. Default: an install. */
  readonly isUpdate?: boolean;
  readonly commandUUID?: string;
}

/** The Apple ID signed in to the App Store. The password goes to Apple and is kept nowhere. */
export interface Account {
  isReady(freshPassword: boolean): boolean;
  /** Asks the person until it is ready, or they give up. One sign-in at a time; whoever comes second profits from the first. */
  prepare(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome>;
  /** The person signs in in the settings, without being asked. Resolves when that is on disk. */
  signIn(
    credentials: { readonly appleId: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<StoreResult<SignInAnswer>>;
  /** Apple wants the App Store's terms accepted before it gives anything more to this Apple ID. */
  noteTermsDue(): void;
  /** Apple no longer accepts the session, or the person signed out. */
  forget(): void;
}

export function createAccount(phone: PhoneBase): Account {
  return new PhoneAccount(phone);
}

/** A class, not an object of functions: a fleet has thousands of them. */
class PhoneAccount implements Account {
  readonly #phone: PhoneBase;
  #passwordTypedAt: number | undefined;
  #termsDue = false;
  #ongoing: Promise<void> | undefined;

  constructor(phone: PhoneBase) {
    this.#phone = phone;
  }

  isReady(freshPassword: boolean): boolean {
    if (!this.#state.account || this.#termsDue) return false;
    return !freshPassword || this.#isPasswordFresh();
  }

  async prepare(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome> {
    while (this.#ongoing) await this.#ongoing;
    throwIfHalted(signal);
    if (this.isReady(purpose.freshPassword)) return "signedIn";
    let end = (): void => undefined;
    this.#ongoing = new Promise((resolve) => {
      end = resolve;
    });
    try {
      return await this.#ask(purpose, signal);
    } finally {
      this.#ongoing = undefined;
      end();
    }
  }

  async signIn(
    credentials: { readonly appleId: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<StoreResult<SignInAnswer>> {
    const result = await this.#phone.appStore.signIn(credentials, signal);
    if (result.ok) await this.#accept(result.value);
    return result;
  }

  noteTermsDue(): void {
    this.#termsDue = true;
    this.#phone.changed();
  }

  forget(): void {
    this.#state.account = null;
    this.#passwordTypedAt = undefined;
    this.#termsDue = false;
    this.#phone.changed();
  }

  get #state(): PhoneState {
    return this.#phone.store.state;
  }

  #isPasswordFresh(): boolean {
    return (
      this.#passwordTypedAt !== undefined && this.#phone.world.now() - this.#passwordTypedAt < passwordHoldsMs
    );
  }

  #question(purpose: SignInPurpose, wrongPasswords: number): Question {
    const { app, commandUUID, isUpdate = false } = purpose;
    const why = app ? `to ${isUpdate ? "update" : "install"} “${app.name}”` : "to join the program";
    const wanted = this.#state.account
      ? `Enter the password of the Apple ID ${this.#state.account.appleId} ${why}.`
      : `Sign in with your Apple ID ${why}.`;
    return {
      kind: "appleIdSignIn",
      title: this.#state.account ? "Apple ID Password" : "Sign In to the App Store",
      text: wrongPasswords > 0 ? `The Apple ID or the password was wrong. ${wanted}` : wanted,
      choices: ["cancel", "signIn"],
      fields: this.#state.account ? ["password"] : ["appleId", "password"],
      wrongPasswords,
      subject: { purpose: app === undefined ? "program" : isUpdate ? "update" : "install" },
      ...(app ? { app } : {}),
      ...(commandUUID === undefined ? {} : { commandUUID }),
    };
  }

  async #ask(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome> {
    if (!this.#state.account || (purpose.freshPassword && !this.#isPasswordFresh())) {
      const outcome = await this.#askForPassword(purpose, signal);
      if (outcome !== "signedIn") return outcome;
    }
    return this.#termsDue ? this.#askForTerms(purpose, signal) : "signedIn";
  }

  async #askForPassword(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome> {
    for (let wrongPasswords = 0; wrongPasswords < attemptsMax;) {
      const answer: GivenAnswer = await this.#phone.prompts.ask(
        this.#question(purpose, wrongPasswords),
        signal,
      );
      const appleId = this.#state.account?.appleId ?? answer.appleId;
      if (!answer.agreed || appleId === undefined || answer.password === undefined) return "cancelled";
      const result = await this.#phone.appStore.signIn({ appleId, password: answer.password }, signal);
      if (result.ok) {
        await this.#accept(result.value);
        return "signedIn";
      }
      if (result.code === "apple_id_locked") {
        const minutes = minutesUntil(result);
        this.#phone.prompts.tell({
          code: "appleIdLocked",
          title: "Apple ID Locked",
          text: `This Apple ID was locked after too many wrong passwords. Try again ${later(minutes)}.`,
          minutes,
        });
        return "locked";
      }
      if (result.code === "unreachable") {
        this.#tellUnreachable();
        return "unreachable";
      }
      wrongPasswords += 1;
    }
    return "cancelled";
  }

  async #askForTerms(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome> {
    const { app, commandUUID } = purpose;
    const answer = await this.#phone.prompts.ask(
      {
        kind: "storeTerms",
        title: "Terms and Conditions",
        text: "Before you can use this Apple ID, you must agree to the terms and conditions of the App Store.",
        choices: ["cancel", "agree"],
        ...(app ? { app } : {}),
        ...(commandUUID === undefined ? {} : { commandUUID }),
      },
      signal,
    );
    if (!answer.agreed) return "termsRefused";
    if (!this.#state.account) return "cancelled"; // signed out meanwhile
    const result = await this.#phone.appStore.acceptStoreTerms(this.#state.account.sessionToken, signal);
    if (result.ok) {
      this.#termsDue = false;
      this.#phone.changed();
      return "signedIn";
    }
    if (result.code === "session_invalid") this.forget();
    this.#tellUnreachable();
    return "unreachable";
  }

  #tellUnreachable(): void {
    this.#phone.prompts.tell({
      code: "appStoreUnreachable",
      title: "Cannot Connect to the App Store",
      text: "The App Store did not answer. Check the connection and try again.",
    });
  }

  async #accept(answer: SignInAnswer): Promise<void> {
    const { appleId, itsIdHash, sessionToken, storeTermsDue = false } = answer;
    this.#state.account = { appleId, itsIdHash, sessionToken };
    this.#passwordTypedAt = this.#phone.world.now();
    this.#termsDue = storeTermsDue;
    this.#phone.changed();
    await this.#phone.store.save();
  }
}

/** When a lock ends; undefined when nobody said. */
function minutesUntil({ retryAfterMs }: Refused<unknown>): number | undefined {
  return retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 60_000));
}

/** As people say it. */
function later(minutes: number | undefined): string {
  if (minutes === undefined) return "later";
  return minutes === 1 ? "in a minute" : `in ${minutes} minutes`;
}
