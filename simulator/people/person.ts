/** The person who holds the phone: reads what it shows, thinks, and answers. */
import type { Phone, Prompt, PromptAnswer } from "../../agent/phone.ts";
import { PippinError } from "../../shared/errors.ts";
import type { World } from "../../shared/world.ts";

/** `ignore` leaves the sheet where it is. */
export type TermsHabit = "accept" | "decline" | "ignore";
export type InstallHabit = "install" | "cancel" | "ignore";

/** To what the phone asks otherwise. */
export type SheetHabit = "agree" | "decline" | "ignore";

export interface Persona {
  readonly appleId: string;
  readonly password: string;
  readonly terms: TermsHabit;
  readonly install: InstallHabit;
  /** `decline` is also what somebody without an Apple ID does. Default: agree. */
  readonly signIn?: SheetHabit;
  /** The App Store's own terms. Default: agree. */
  readonly storeTerms?: SheetHabit;
  /** A server wants to manage an app of theirs. Default: agree. */
  readonly management?: SheetHabit;
  /** Default: agree. */
  readonly update?: SheetHabit;
  /** Wrong passwords typed before the right one, at the first sign-in. */
  readonly wrongPasswords: number;
  /** How long this person looks at a sheet before answering. */
  readonly thinkMsMin: number;
  readonly thinkMsMax: number;
}

/** Puts a phone in a person's hand. Answers with the function that takes it out again. */
export function givePhone(world: World, phone: Phone, persona: Persona): () => void {
  let seen: string | undefined;
  let wrongLeft = persona.wrongPasswords;
  let gone = false;

  function look(prompt: Prompt | null): void {
    if (gone || prompt === null || prompt.id === seen) return;
    seen = prompt.id;
    const thinkMs = persona.thinkMsMin + world.random() * (persona.thinkMsMax - persona.thinkMsMin);
    world.after(Math.round(thinkMs), () => respond(prompt));
  }

  function respond(prompt: Prompt): void {
    if (gone) return;
    const answer = decide(prompt);
    if (answer === undefined) return;
    try {
      phone.answer(prompt.id, answer);
    } catch (error) {
      // The sheet went away while the person was thinking; when it comes back it is read anew.
      if (!(error instanceof PippinError && error.code === "conflict")) throw error;
      seen = undefined;
      look(phone.view().prompt);
    }
  }

  /** Undefined: leaves it alone. */
  function decide(prompt: Prompt): PromptAnswer | undefined {
    const declines = { choice: prompt.choices[0] ?? "" };
    const agrees = { choice: prompt.choices.at(-1) ?? "" };
    const by = (habit: SheetHabit = "agree", agreement: () => PromptAnswer = () => agrees) =>
      habit === "ignore" ? undefined : habit === "agree" ? agreement() : declines;
    switch (prompt.kind) {
      case "programTerms":
        if (persona.terms === "ignore") return undefined;
        return persona.terms === "accept" ? agrees : declines;
      case "appInstallation":
        if (persona.install === "ignore") return undefined;
        return persona.install === "install" ? agrees : declines;
      case "appleIdSignIn":
        return by(persona.signIn, () => ({ ...agrees, appleId: persona.appleId, password: typed() }));
      case "storeTerms":
        return by(persona.storeTerms);
      case "managementChange":
        return by(persona.management);
      case "appUpdate":
        return by(persona.update);
      case "notice":
        return agrees;
    }
  }

  function typed(): string {
    if (wrongLeft === 0) return persona.password;
    wrongLeft -= 1;
    return `${persona.password}?`;
  }

  const unsubscribe = phone.onChange((view) => look(view.prompt));
  look(phone.view().prompt);
  return () => {
    gone = true;
    unsubscribe();
  };
}
