import type { SignInAnswer } from "../shared/app-store.ts";
import type { Refused, StoreResult } from "./app-store-client.ts";
import type { PhoneBase } from "./core.ts";
import type { GivenAnswer, Question } from "./prompts.ts";
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
  const { world, store, prompts, appStore, changed } = phone;
  const { state } = store;
  let passwordTypedAt: number | undefined;
  let termsDue = false;
  let ongoing: Promise<void> | undefined;

  function isReady(freshPassword: boolean): boolean {
    if (!state.account || termsDue) return false;
    return !freshPassword || isPasswordFresh();
  }

  function isPasswordFresh(): boolean {
    return passwordTypedAt !== undefined && world.now() - passwordTypedAt < passwordHoldsMs;
  }

  function question(purpose: SignInPurpose, wrongPasswords: number): Question {
    const { app, commandUUID, isUpdate = false } = purpose;
    const why = app ? `to ${isUpdate ? "update" : "install"} “${app.name}”` : "to join the program";
    const wanted = state.account
      ? `Enter the password of the Apple ID ${state.account.appleId} ${why}.`
      : `Sign in with your Apple ID ${why}.`;
    return {
      kind: "appleIdSignIn",
      title: state.account ? "Apple ID Password" : "Sign In to the App Store",
      text: wrongPasswords > 0 ? `The Apple ID or the password was wrong. ${wanted}` : wanted,
      choices: ["cancel", "signIn"],
      fields: state.account ? ["password"] : ["appleId", "password"],
      wrongPasswords,
      subject: { purpose: app === undefined ? "program" : isUpdate ? "update" : "install" },
      ...(app ? { app } : {}),
      ...(commandUUID === undefined ? {} : { commandUUID }),
    };
  }

  async function ask(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome> {
    if (!state.account || (purpose.freshPassword && !isPasswordFresh())) {
      const outcome = await askForPassword(purpose, signal);
      if (outcome !== "signedIn") return outcome;
    }
    return termsDue ? askForTerms(purpose, signal) : "signedIn";
  }

  async function askForPassword(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome> {
    for (let wrongPasswords = 0; wrongPasswords < attemptsMax;) {
      const answer: GivenAnswer = await prompts.ask(question(purpose, wrongPasswords), signal);
      const appleId = state.account?.appleId ?? answer.appleId;
      if (!answer.agreed || appleId === undefined || answer.password === undefined) return "cancelled";
      const result = await appStore.signIn({ appleId, password: answer.password }, signal);
      if (result.ok) {
        await accept(result.value);
        return "signedIn";
      }
      if (result.code === "apple_id_locked") {
        const minutes = minutesUntil(result);
        prompts.tell({
          code: "appleIdLocked",
          title: "Apple ID Locked",
          text: `This Apple ID was locked after too many wrong passwords. Try again ${later(minutes)}.`,
          minutes,
        });
        return "locked";
      }
      if (result.code === "unreachable") {
        tellUnreachable();
        return "unreachable";
      }
      wrongPasswords += 1;
    }
    return "cancelled";
  }

  async function askForTerms(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome> {
    const { app, commandUUID } = purpose;
    const answer = await prompts.ask(
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
    if (!state.account) return "cancelled"; // signed out meanwhile
    const result = await appStore.acceptStoreTerms(state.account.sessionToken, signal);
    if (result.ok) {
      termsDue = false;
      changed();
      return "signedIn";
    }
    if (result.code === "session_invalid") forget();
    tellUnreachable();
    return "unreachable";
  }

  function tellUnreachable(): void {
    prompts.tell({
      code: "appStoreUnreachable",
      title: "Cannot Connect to the App Store",
      text: "The App Store did not answer. Check the connection and try again.",
    });
  }

  async function accept(answer: SignInAnswer): Promise<void> {
    const { appleId, itsIdHash, sessionToken, storeTermsDue = false } = answer;
    state.account = { appleId, itsIdHash, sessionToken };
    passwordTypedAt = world.now();
    termsDue = storeTermsDue;
    changed();
    await store.save();
  }

  function forget(): void {
    state.account = null;
    passwordTypedAt = undefined;
    termsDue = false;
    changed();
  }

  return {
    isReady,
    async prepare(purpose, signal) {
      while (ongoing) await ongoing;
      throwIfHalted(signal);
      if (isReady(purpose.freshPassword)) return "signedIn";
      let end = (): void => undefined;
      ongoing = new Promise((resolve) => {
        end = resolve;
      });
      try {
        return await ask(purpose, signal);
      } finally {
        ongoing = undefined;
        end();
      }
    },
    async signIn(credentials, signal) {
      const result = await appStore.signIn(credentials, signal);
      if (result.ok) await accept(result.value);
      return result;
    },
    noteTermsDue() {
      termsDue = true;
      changed();
    },
    forget,
  };
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
