import { catalogue } from "../../../shared/web/messages.ts";

export const wallMessages = catalogue({
  title: { en: "Phones", it: "Telefoni" },
  count: {
    en: { one: "{n} phone", other: "{n} phones" },
    it: { one: "{n} telefono", other: "{n} telefoni" },
  },
  shown: {
    en: { one: "{n} of {all} phones", other: "{n} of {all} phones" },
    it: { one: "{n} di {all} telefoni", other: "{n} di {all} telefoni" },
  },
  search: {
    en: "Search by name, serial number or owner",
    it: "Cerca per nome, numero di serie o proprietario",
  },
  status: { en: "Status", it: "Stato" },
  allStatuses: { en: "All", it: "Tutti" },
  askingOnly: { en: "Only those that ask something", it: "Solo quelli che chiedono qualcosa" },
  none: { en: "No phone is like that.", it: "Nessun telefono corrisponde." },
  empty: { en: "There are no phones yet.", it: "Non ci sono ancora telefoni." },
  list: { en: "The phones", it: "I telefoni" },
  lost: { en: "The connection was lost. Trying again…", it: "La connessione è caduta. Si riprova…" },
  appCount: { en: { one: "{n} app", other: "{n} apps" }, it: { one: "{n} app", other: "{n} app" } },
  coming: { en: "{n} on the way", it: "{n} in arrivo" },
  locked: { en: "locked", it: "bloccato" },
  airplane: { en: "airplane mode", it: "modalità aereo" },
  offline: { en: "not connected", it: "non connesso" },
  inYourHand: { en: "in your hand", it: "in mano tua" },
  setup: { en: "being set up", it: "in configurazione" },
});

export const statusMessages = catalogue({
  enrolling: { en: "Enrolling", it: "In registrazione" },
  enrolled: { en: "Enrolled", it: "Registrato" },
  restarting: { en: "Restarting", it: "In riavvio" },
  refused: { en: "Refused", it: "Rifiutato" },
  unenrolled: { en: "Not managed", it: "Non gestito" },
  erased: { en: "Erased", it: "Inizializzato" },
  off: { en: "Off", it: "Spento" },
  replaced: { en: "Replaced", it: "Sostituito" },
  failed: { en: "Out of order", it: "Guasto" },
  stopped: { en: "Stopped", it: "Terminato" },
});

export const askingMessages = catalogue({
  programTerms: { en: "asks for the terms", it: "chiede le condizioni" },
  appInstallation: { en: "asks to install", it: "chiede di installare" },
  appleIdSignIn: { en: "asks for the Apple ID", it: "chiede l'ID Apple" },
  storeTerms: { en: "asks for the store's terms", it: "chiede i termini dello store" },
  managementChange: { en: "asks about management", it: "chiede della gestione" },
  appUpdate: { en: "asks to update", it: "chiede di aggiornare" },
  notice: { en: "tells something", it: "comunica qualcosa" },
});
