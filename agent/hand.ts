/** Fingers on a phone's sheet: whoever works with a phone, by screen, command or scenario, types and taps here. */
import { PippinError } from "../shared/errors.ts";
import type { Phone, Prompt, PromptAnswer } from "./phone.ts";

export type SheetField = Prompt["fields"][number];

/** What was typed into a sheet that is still open. */
interface Typed {
  readonly promptId: string;
  readonly fields: Map<SheetField, string>;
}

/** As it stands on the button: `signIn` is “Sign In”. */
export function buttonLabel(choice: string): string {
  if (choice === "ok") return "OK";
  return choice
    .replace(/[A-Z]/g, (letter) => ` ${letter}`)
    .replace(/(?:^| )[a-z]/g, (letter) => letter.toUpperCase());
}

export class PhoneHand {
  readonly phone: Phone;
  #typed: Typed | undefined;

  constructor(phone: Phone) {
    this.phone = phone;
  }

  /** The fields of the open sheet that something was typed into. */
  get typedFields(): SheetField[] {
    const { prompt } = this.phone.view();
    return this.#typed !== undefined && this.#typed.promptId === prompt?.id
      ? [...this.#typed.fields.keys()]
      : [];
  }

  /**
   * Types into the sheet on the screen, in place of what was typed there before; a button sends it. Without `field`, into the first
   * one that is empty. Throws PippinError `conflict` when there is no sheet, or with `promptId` another one; `invalid_request` for a
   * field that it doesn't have.
   */
  type(text: string, field?: SheetField, promptId?: string): void {
    const prompt = this.#sheet(promptId);
    if (this.#typed?.promptId !== prompt.id) this.#typed = { promptId: prompt.id, fields: new Map() };
    const { fields } = this.#typed;
    const into = field ?? prompt.fields.find((name) => !fields.has(name)) ?? prompt.fields.at(-1);
    if (into === undefined || !prompt.fields.includes(into)) {
      const has = prompt.fields.length === 0 ? "no field" : prompt.fields.join(" and ");
      throw new PippinError("invalid_request", `the sheet “${prompt.title}” has ${has}`);
    }
    fields.set(into, text);
  }

  /**
   * Taps a button of the sheet on the screen, by its name or by what stands on it. Throws PippinError `conflict` when there is no
   * sheet, or with `promptId` another one; `invalid_request` for a button that it doesn't have or a field that is empty.
   */
  tap(button: string, promptId?: string): void {
    const prompt = this.#sheet(promptId);
    const wanted = button.trim().toLowerCase();
    const choice = prompt.choices.find(
      (name) => name.toLowerCase() === wanted || buttonLabel(name).toLowerCase() === wanted,
    );
    if (choice === undefined) {
      const labels = prompt.choices.map((name) => `“${buttonLabel(name)}”`).join(" and ");
      throw new PippinError("invalid_request", `the sheet “${prompt.title}” has the buttons ${labels}`);
    }
    const typed = this.#typed?.promptId === prompt.id ? Object.fromEntries(this.#typed.fields) : {};
    const answer: PromptAnswer = { choice, ...typed };
    this.phone.answer(prompt.id, answer);
    this.#typed = undefined;
  }

  #sheet(promptId: string | undefined): Prompt {
    const { prompt, locked, status } = this.phone.view();
    if (prompt !== null) {
      if (promptId === undefined || promptId === prompt.id) return prompt;
      throw new PippinError("conflict", "that prompt is not on the screen (any more)");
    }
    const why = locked ? ": it is locked" : status === "enrolled" ? "" : `: it is ${status}`;
    throw new PippinError("conflict", `there is no sheet on the screen of this phone${why}`);
  }
}
