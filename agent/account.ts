import type { SignInAnswer } from "../shared/app-store.ts";
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

export type SignInOutcome = "signedIn" | "cancelled" | "locked" | "unreachable";

export interface SignInPurpose {
  /** Whether the password must be fresh (an install), or being signed in will do (the program's terms). */
  readonly freshPassword: boolean;
  readonly app?: { readonly adamId: string; readonly name: string };
  readonly commandUUID?: string;
}

/** The Apple ID signed in to the App Store. The password goes to Apple and is kept nowhere. */
export interface Account {
  isReady(freshPassword: boolean): boolean;
  /** Asks the person until it is ready, or they give up. One sign-in at a time; whoever comes second profits from the first. */
  prepare(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome>;
  /** Apple no longer accepts the session, or the person signed out. */
  forget(): void;
}

export function createAccount(phone: PhoneBase): Account {
  const { world, store, prompts, appStore, changed } = phone;
  const { state } = store;
  let passwordTypedAt: number | undefined;
  let ongoing: Promise<void> | undefined;

  function isReady(freshPassword: boolean): boolean {
    if (!state.account) return false;
    if (!freshPassword) return true;
    return passwordTypedAt !== undefined && world.now() - passwordTypedAt < passwordHoldsMs;
  }

  function question(purpose: SignInPurpose, wrongPasswords: number): Question {
    const { app, commandUUID } = purpose;
    const why = app ? `to install “${app.name}”` : "to join the program";
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
      ...(app ? { app } : {}),
      ...(commandUUID === undefined ? {} : { commandUUID }),
    };
  }

  async function ask(purpose: SignInPurpose, signal: AbortSignal): Promise<SignInOutcome> {
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
        prompts.tell(
          "Apple ID Locked",
          "This Apple ID was locked after too many wrong passwords. Try again later.",
        );
        return "locked";
      }
      if (result.code === "unreachable") {
        prompts.tell(
          "Cannot Connect to the App Store",
          "The App Store did not answer. Check the connection and try again.",
        );
        return "unreachable";
      }
      wrongPasswords += 1;
    }
    return "cancelled";
  }

  async function accept(answer: SignInAnswer): Promise<void> {
    const { appleId, itsIdHash, sessionToken } = answer;
    state.account = { appleId, itsIdHash, sessionToken };
    passwordTypedAt = world.now();
    changed();
    await store.save();
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
    forget() {
      state.account = null;
      passwordTypedAt = undefined;
      changed();
    },
  };
}
