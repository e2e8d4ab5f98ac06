/** What the person at the browser prefers: kept in the browser, and the browser's own preference until then. */
import { useEffect, useState } from "preact/hooks";
import { chooseLanguage, languages, say, type Language, type Message, type Values } from "./messages.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
}

const listeners = new Set<() => void>();
let preferences: Preferences = {
  language:
    languages.find((one) => one === stored("pippin-language")) ?? chooseLanguage(navigator.languages ?? []),
  theme: themes.find((one) => one === stored("pippin-theme")) ?? "system",
};
show();

/** Calls again for a render when a preference changes. */
export function usePreferences(): Preferences {
  const [current, setCurrent] = useState(preferences);
  useEffect(() => {
    const look = () => setCurrent(preferences);
    listeners.add(look);
    look();
    return () => void listeners.delete(look);
  }, []);
  return current;
}

/** Changes some of them, here and at the next visit. */
export function prefer(changes: Partial<Preferences>): void {
  preferences = { ...preferences, ...changes };
  store("pippin-language", preferences.language);
  store("pippin-theme", preferences.theme);
  show();
  for (const listener of [...listeners]) listener();
}

export type Say = (message: Message, values?: Values) => string;

/** How to say something in the language that is chosen. */
export function useSay(): Say {
  const { language } = usePreferences();
  return (message, values) => say(language, message, values);
}

/** For what is said outside of a component. */
export function chosenLanguage(): Language {
  return preferences.language;
}

function show(): void {
  const { documentElement } = document;
  documentElement.lang = preferences.language;
  documentElement.dataset["theme"] = preferences.theme;
}

/** A browser may have been told to keep nothing. */
function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It lasts as long as the page.
  }
}
