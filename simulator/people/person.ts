/** The person who holds the phone: reads what it shows, thinks, and answers. */
import type { Phone, Prompt, PromptAnswer } from "../../agent/phone.ts";
import { PippinError } from "../../shared/errors.ts";
import type { Timer, World } from "../../shared/world.ts";

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
  /** In minutes since midnight (UTC): the phone is locked then, and nobody answers. It may go past midnight. */
  readonly asleep?: { readonly fromMinute: number; readonly toMinute: number };
}

const minuteMs = 60_000;
const dayMinutes = 24 * 60;

/** How long it is until then, from this moment on: more than 0, and a day at most. */
function msUntil(minuteOfDay: number, now: number): number {
  const ms =
    (minuteOfDay * minuteMs - (now % (dayMinutes * minuteMs)) + dayMinutes * minuteMs) %
    (dayMinutes * minuteMs);
  return ms === 0 ? dayMinutes * minuteMs : ms;
}

/** Puts a phone in a person's hand. Answers with the function that takes it out again. */
export function givePhone(world: World, phone: Phone, persona: Persona): () => void {
  let seen: string | undefined;
  let wrongLeft = persona.wrongPasswords;
  let gone = false;
  let isAsleep = false;
  let alarm: Timer | undefined;

  function look(prompt: Prompt | null): void {
    if (gone || isAsleep || prompt === null || prompt.id === seen) return;
    seen = prompt.id;
    const thinkMs = persona.thinkMsMin + world.random() * (persona.thinkMsMax - persona.thinkMsMin);
    world.after(Math.round(thinkMs), () => respond(prompt));
  }

  /** Goes to bed, or gets up, and sets the alarm for the other. What was being read is read anew in the morning. */
  function turn(asleep: boolean, { fromMinute, toMinute }: NonNullable<Persona["asleep"]>): void {
    isAsleep = asleep;
    const waitMs = msUntil(isAsleep ? toMinute : fromMinute, world.now());
    alarm = world.after(waitMs, () => turn(!isAsleep, { fromMinute, toMinute }));
    if (isAsleep) {
      seen = undefined;
      phone.lock();
      return;
    }
    const { locked, prompt } = phone.view();
    // A sheet that comes to light with the unlocking is told of as any change is.
    if (locked) phone.unlock();
    else look(prompt);
  }

  function respond(prompt: Prompt): void {
    if (gone || isAsleep) return;
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
  const { asleep } = persona;
  if (asleep === undefined) look(phone.view().prompt);
  // Whichever comes first is what it isn't now.
  else turn(msUntil(asleep.toMinute, world.now()) < msUntil(asleep.fromMinute, world.now()), asleep);
  return () => {
    gone = true;
    alarm?.cancel();
    unsubscribe();
  };
}
