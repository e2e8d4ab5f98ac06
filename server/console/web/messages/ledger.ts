import { catalogue } from "../../../../shared/web/messages.ts";

export const ledgerMessages = catalogue({
  lead: {
    en: "Every movement of a licence, with its cause; and whether our books and Apple’s agree.",
    it: "Ogni movimento di licenza con la sua causa, e il confronto tra i nostri dati e quelli di Apple.",
  },
  none: { en: "No licence has moved yet.", it: "Non si è ancora mossa alcuna licenza." },
  kind: { en: "Movement", it: "Movimento" },
  from: { en: "From", it: "Dal" },
  to: { en: "Until", it: "Fino al" },
  holder: { en: "Holder", it: "Titolare" },
  act: { en: "Revoke or reclaim", it: "Revoca o recupero" },
  check: { en: "Check against Apple", it: "Confronta con Apple" },
  checking: { en: "Asking Apple…", it: "Richiesta ad Apple in corso…" },
  checkTitle: { en: "Our books and Apple’s", it: "I nostri dati e quelli di Apple" },
  agree: {
    en: "They agree: no drift, and every invariant holds.",
    it: "Concordano: nessuno scostamento e tutte le invarianti valgono.",
  },
  checkedAt: { en: "Checked", it: "Confronto eseguito" },
  viewAge: { en: "Our view was read from Apple", it: "Dati letti da Apple" },
  neverRead: { en: "never", it: "mai" },
  drift: { en: "Drift", it: "Scostamento" },
  driftText: {
    en: {
      one: "{n} licence is held on one side alone. A sync brings our records up to date.",
      other: "{n} licences are held on one side alone. A sync brings our records up to date.",
    },
    it: {
      one: "{n} licenza risulta da una sola parte. Una sincronizzazione aggiorna i nostri dati.",
      other: "{n} licenze risultano da una sola parte. Una sincronizzazione aggiorna i nostri dati.",
    },
  },
  violations: { en: "Broken invariants", it: "Invarianti violate" },
  differences: { en: "Differences by holder", it: "Differenze per titolare" },
  countDifferences: {
    en: "Counts that moved at Apple since the last sync",
    it: "Conteggi cambiati presso Apple dall’ultima sincronizzazione",
  },
  here: { en: "Here", it: "Qui" },
  atApple: { en: "At Apple", it: "Presso Apple" },
  field: { en: "Count", it: "Conteggio" },
  fieldTotal: { en: "owned", it: "possedute" },
  fieldAssigned: { en: "in use", it: "in uso" },
  fieldAvailable: { en: "available", it: "disponibili" },
  foreign: { en: "Assigned elsewhere", it: "Assegnate altrove" },
  stranded: { en: "Kept", it: "Mantenute" },
  byApp: { en: "App by app", it: "Per app" },
  kept: { en: "kept", it: "mantenuta" },
  taken: { en: "taken", it: "presa" },
  returned: { en: "returned", it: "restituita" },
  refused: { en: "refused", it: "rifiutata" },
});

/** Why a licence moved, as far as it isn't the reason of an installation. */
export const movementReasons = catalogue({
  licensed: { en: "needed for an install", it: "serve a un’installazione" },
  uninstalled: { en: "the app was uninstalled", it: "app disinstallata" },
  "not-deployed": { en: "not deployed any more", it: "non più distribuita" },
  "moved-to-device": { en: "the device has its own now", it: "il dispositivo ne ha una propria" },
  revoked: { en: "revoked by an admin", it: "revocata da un amministratore" },
  reclaimed: { en: "reclaimed by an admin", it: "recuperata da un amministratore" },
  cancelled: { en: "cancelled by an admin", it: "annullata da un amministratore" },
  unenrolled: { en: "the device left management", it: "dispositivo non più gestito" },
  wiped: { en: "the device was erased", it: "dispositivo inizializzato" },
  "gone-at-apple": { en: "gone at Apple", it: "non più presso Apple" },
  "found-at-apple": { en: "found at Apple", it: "trovata presso Apple" },
  irrevocable: { en: "Apple never takes it back", it: "Apple non la riprende mai" },
  returned: { en: "returned", it: "restituita" },
});
