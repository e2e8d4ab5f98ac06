/** Activity, audit, sessions, policies. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const activityTexts = catalogue({
  lead: {
    en: "What happens, as it happens: newest first.",
    it: "Ciò che accade, nel momento in cui accade: gli eventi più recenti per primi.",
  },
  events: { en: "Events that begin with", it: "Eventi che iniziano con" },
  eventsHint: { en: "e.g. installation., license.", it: "ad esempio installation., license." },
  udid: { en: "Device (UDID)", it: "Dispositivo (UDID)" },
  userId: { en: "User (id)", it: "Utente (id)" },
  adamId: { en: "App (App Store id)", it: "App (ID App Store)" },
  pause: { en: "Pause", it: "Pausa" },
  goOn: { en: "Go on", it: "Riprendi" },
  paused: {
    en: { one: "Paused; {n} event came since.", other: "Paused; {n} events came since." },
    it: { one: "In pausa; da allora {n} evento.", other: "In pausa; da allora {n} eventi." },
  },
  event: { en: "Event", it: "Evento" },
  about: { en: "About", it: "Riguarda" },
  number: { en: "No.", it: "N." },
  cause: { en: "Cause", it: "Causa" },
  eventTitle: { en: "Event {n}", it: "Evento {n}" },
});

export const auditTexts = catalogue({
  lead: {
    en: "What was done through the API, or tried: by whom, to what, and what changed.",
    it: "Ciò che è stato fatto o tentato tramite l’API: da chi, su che cosa e che cosa è cambiato.",
  },
  who: { en: "Who", it: "Chi" },
  operation: { en: "Operation", it: "Operazione" },
  target: { en: "On", it: "Su" },
  result: { en: "Result", it: "Risultato" },
  address: { en: "From", it: "Da" },
  request: { en: "What was sent", it: "Richiesta inviata" },
  before: { en: "Before", it: "Prima" },
  after: { en: "After", it: "Dopo" },
  operationHint: { en: "exactly, e.g. PUT /api/v1/policies", it: "esatta, ad esempio PUT /api/v1/policies" },
  targetHint: {
    en: "it or anything below it, e.g. users/anna",
    it: "con tutto ciò che contiene, ad esempio users/anna",
  },
  unknown: { en: "not identified", it: "non identificato" },
});

export const auditResults = catalogue({
  done: { en: "done", it: "eseguito" },
  refused: { en: "refused", it: "rifiutato" },
  failed: { en: "failed", it: "non riuscito" },
});

export const sessionTexts = catalogue({
  lead: {
    en: "Browsers that are signed in. A session ends twelve hours after the sign-in, and after an hour without use.",
    it: "Browser con accesso eseguito. Una sessione termina dodici ore dopo l’accesso e dopo un’ora di inattività.",
  },
  key: { en: "Key", it: "Chiave" },
  began: { en: "Signed in", it: "Accesso" },
  lastSeen: { en: "Last seen", it: "Ultima attività" },
  ends: { en: "Ends", it: "Termina" },
  browser: { en: "Browser", it: "Browser" },
  address: { en: "From", it: "Da" },
  this: { en: "this one", it: "questa" },
  end: { en: "End", it: "Termina" },
  endTitle: { en: "End this session?", it: "Terminare questa sessione?" },
  endText: {
    en: "The browser at {address} has to sign in again.",
    it: "Il browser all’indirizzo {address} dovrà accedere di nuovo.",
  },
});

export const policyTexts = catalogue({
  lead: {
    en: "How this server behaves where there is a choice. A change counts from now on.",
    it: "Comportamento del server dove è possibile scegliere. Una modifica vale da subito.",
  },
  saved: { en: "Saved.", it: "Salvato." },
  reset: { en: "Undo changes", it: "Annulla modifiche" },
  firstSeconds: { en: "First wait (seconds)", it: "Prima attesa (secondi)" },
  factor: { en: "Growth factor", it: "Fattore di crescita" },
  maxSeconds: { en: "Longest wait (seconds)", it: "Attesa massima (secondi)" },
});
