import type { Phone, PromptAnswer } from "./phone.ts";

export interface AutomaticPerson {
  /** `accept` agrees to everything, `decline` to nothing, `ignore` never answers. */
  readonly manner: "accept" | "decline" | "ignore";
  readonly appleId?: string;
  readonly password?: string;
}

/** Answers the phone's prompts without anybody there. Answers with the function that ends it. */
export function answerAutomatically(phone: Phone, person: AutomaticPerson): () => void {
  function look(): void {
    const { prompt } = phone.view();
    if (!prompt || person.manner === "ignore") return;
    const answers: Record<string, string | undefined> = {
      appleId: person.appleId,
      password: person.password,
    };
    const isMissing = prompt.fields.some((field) => !answers[field]);
    // The same wrong password again would only lock the Apple ID.
    const declines = person.manner === "decline" || isMissing || prompt.wrongPasswords > 0;
    const choice = declines ? prompt.choices[0] : prompt.choices.at(-1);
    if (choice === undefined) return;
    const answer: PromptAnswer = declines
      ? { choice }
      : { choice, ...Object.fromEntries(prompt.fields.map((field) => [field, answers[field]])) };
    phone.answer(prompt.id, answer);
  }
  const end = phone.onChange(look);
  look();
  return end;
}
