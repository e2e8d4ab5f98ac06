/** What pages say, in every language there is. A message that lacks one doesn't compile. */

export const languages = ["en", "it"] as const;
export type Language = (typeof languages)[number];

/** With `{name}` where a value goes. A text that counts has a form for one and one for all others; it counts `{n}`. */
export type Text = string | { readonly one: string; readonly other: string };
export type Message = Readonly<Record<Language, Text>>;
export type Values = Readonly<Record<string, string | number>>;

/** A part of the catalogue. It is what it is given; it keeps the names of the messages for who uses them. */
export function catalogue<const C extends Record<string, Message>>(messages: C): C {
  return messages;
}

const plurals = new Map<Language, Intl.PluralRules>();

/** Numbers are written as the language has it. A value that is missing stays visible as `{name}`. */
export function say(language: Language, message: Message, values: Values = {}): string {
  const text = message[language];
  const form = typeof text === "string" ? text : text[formOf(language, Number(values["n"]))];
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language) : value;
  });
}

function formOf(language: Language, count: number): "one" | "other" {
  let rules = plurals.get(language);
  if (rules === undefined) plurals.set(language, (rules = new Intl.PluralRules(language)));
  return rules.select(count) === "one" ? "one" : "other";
}

/** The first of these languages (BCP 47 tags) that there is; English otherwise. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = languages.find((language) => tag.toLowerCase().split("-")[0] === language);
    if (found !== undefined) return found;
  }
  return "en";
}
