import { catalogue } from "./messages.ts";

export const preferenceMessages = catalogue({
  language: { en: "Language", it: "Lingua" },
  english: { en: "English", it: "English" },
  italian: { en: "Italiano", it: "Italiano" },
  theme: { en: "Appearance", it: "Aspetto" },
  system: { en: "Automatic", it: "Automatico" },
  light: { en: "Light", it: "Chiaro" },
  dark: { en: "Dark", it: "Scuro" },
});
