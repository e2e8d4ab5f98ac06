/** The two switches that every page has: language, and light or dark. */
import { languages, type Language } from "./messages.ts";
import { preferenceMessages } from "./preference-messages.ts";
import { prefer, themes, usePreferences, useSay, type Theme } from "./preferences.ts";

const languageNames = { en: preferenceMessages.english, it: preferenceMessages.italian };

export function PreferenceSwitches() {
  const say = useSay();
  const { language, theme } = usePreferences();
  return (
    <div class="preferences">
      <label>
        <span class="label">{say(preferenceMessages.language)}</span>
        <select
          value={language}
          onChange={({ currentTarget }) => prefer({ language: currentTarget.value as Language })}
        >
          {languages.map((one) => (
            <option key={one} value={one} lang={one}>
              {say(languageNames[one])}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="label">{say(preferenceMessages.theme)}</span>
        <select
          value={theme}
          onChange={({ currentTarget }) => prefer({ theme: currentTarget.value as Theme })}
        >
          {themes.map((one) => (
            <option key={one} value={one}>
              {say(preferenceMessages[one])}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
