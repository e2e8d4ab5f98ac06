import { catalogue } from "../../../../shared/web/messages.ts";

export const signInMessages = catalogue({
  title: { en: "Sign in", it: "Accedi" },
  lead: {
    en: "The console opens with an API key. A first start of the server prints one for an administrator.",
    it: "La console si apre con una chiave API. Al primo avvio il server ne stampa una per un amministratore.",
  },
  key: { en: "API key", it: "Chiave API" },
  submit: { en: "Sign in", it: "Accedi" },
  ended: {
    en: "Your session has ended. Sign in again to go on where you were.",
    it: "La sessione è terminata. Accedere di nuovo per riprendere da dove si era.",
  },
  keyHint: {
    en: "The key is sent once, and not kept in the browser.",
    it: "La chiave viene inviata una sola volta e non viene conservata nel browser.",
  },
});
