/** What the person at the browser does with a phone, and what is said when it can't be done. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Say } from "../../../shared/web/preferences.ts";
import type { PhoneSight } from "../sight.ts";
import { ActError, ask } from "./api.ts";
import { actProblemMessages, problemMessages, reasonMessages } from "./problem-messages.ts";

export interface PhoneInHand {
  readonly phone: PhoneSight;
  /** Whether what is shown is what is. */
  readonly isLive: boolean;
  /** Does it, and shows what went wrong. Resolves with whether it was done. */
  readonly act: (name: string, given?: object) => Promise<boolean>;
  /** Does it; throws ActError, for who shows it in a place of its own. */
  readonly tryAct: (name: string, given?: object) => Promise<void>;
  /** Back to the other phones, where there are others. */
  readonly leave: (() => void) | undefined;
  /** Says something to who can't see it happen. */
  readonly announce: (text: string) => void;
}

export const HandContext = createContext<PhoneInHand | undefined>(undefined);

export function usePhone(): PhoneInHand {
  const hand = useContext(HandContext);
  if (hand === undefined) throw new Error("there is no phone in hand");
  return hand;
}

export async function perform(udid: string, name: string, given: object = {}): Promise<void> {
  await ask(`/phones/${udid}/${name}`, given);
}

/** What went wrong, in the person's language. */
export function problemText(say: Say, name: string, error: unknown): string {
  const { code, reason } = error instanceof ActError ? error : new ActError("internal");
  const found =
    (reason === undefined ? undefined : pick(reasonMessages, reason)) ??
    pick(actProblemMessages, `${name} ${code}`) ??
    pick(problemMessages, code) ??
    problemMessages.internal;
  return say(found);
}

/** The message of that name, if there is one. */
export function pick<C extends object>(messages: C, name: string): C[keyof C] | undefined {
  return Object.hasOwn(messages, name) ? messages[name as keyof C] : undefined;
}
