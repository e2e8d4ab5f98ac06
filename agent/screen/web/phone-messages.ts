import { catalogue } from "../../../shared/web/messages.ts";

export const phoneMessages = catalogue({
  // The page around the phone.
  allPhones: { en: "All phones", it: "Tutti i telefoni" },
  lost: {
    en: "The connection to this phone was lost. Trying again…",
    it: "La connessione a questo telefono è caduta. Si riprova…",
  },
  closed: {
    en: "There is nothing to see here any more. Open the link that the program has printed.",
    it: "Qui non c'è più nulla da vedere. Aprire il link scritto dal programma.",
  },
  opening: { en: "Opening…", it: "Apertura…" },
  buttons: { en: "Buttons of the phone", it: "Tasti del telefono" },
  screenOf: { en: "Screen of {name}", it: "Schermo di {name}" },
  facts: { en: "About this phone", it: "Informazioni su questo telefono" },
  lock: { en: "Lock", it: "Blocca" },
  unlock: { en: "Unlock", it: "Sblocca" },
  airplane: { en: "Airplane mode", it: "Modalità aereo" },
  restart: { en: "Restart", it: "Riavvia" },
  shutDown: { en: "Shut down", it: "Spegni" },
  boot: { en: "Switch on", it: "Accendi" },
  erase: { en: "Erase…", it: "Inizializza…" },
  eraseTitle: { en: "Erase all content and settings?", it: "Inizializzare contenuto e impostazioni?" },
  eraseText: {
    en: "Apps, accounts, profiles and the management go. The phone then waits to be enrolled again.",
    it: "App, account, profili e gestione vanno persi. Il telefono attende poi una nuova registrazione.",
  },
  eraseYes: { en: "Erase", it: "Inizializza" },
  cancel: { en: "Cancel", it: "Annulla" },
  close: { en: "Close", it: "Chiudi" },
  done: { en: "Done", it: "Fine" },
  back: { en: "Back", it: "Indietro" },
  on: { en: "on", it: "attiva" },
  off: { en: "off", it: "disattivata" },
  // In whose hand it is.
  heldByPerson: {
    en: "{owner} has this phone in hand and answers what it asks.",
    it: "{owner} ha in mano questo telefono e risponde alle sue domande.",
  },
  heldBySomebody: {
    en: "Its person has this phone in hand and answers what it asks.",
    it: "La sua persona ha in mano questo telefono e risponde alle sue domande.",
  },
  heldByYou: {
    en: "You have this phone in hand: nobody else answers.",
    it: "Hai in mano tu questo telefono: nessun altro risponde.",
  },
  takeInHand: { en: "Take it in hand", it: "Prendilo in mano" },
  giveBack: { en: "Give it back", it: "Restituiscilo" },
  // A clock that stands still.
  clockStands: { en: "The clock of this lab stands still.", it: "L'orologio di questo laboratorio è fermo." },
  letPass: { en: "Let time pass", it: "Fai passare il tempo" },
  tenSeconds: { en: "10 s", it: "10 s" },
  oneMinute: { en: "1 min", it: "1 min" },
  oneHour: { en: "1 h", it: "1 h" },
  // Lock screen.
  locked: { en: "Locked", it: "Bloccato" },
  passcode: { en: "Passcode", it: "Codice" },
  callNumber: { en: "Call {number}", it: "Chiama il {number}" },
  // Status bar.
  connected: { en: "Connected to the server", it: "Connesso al server" },
  notConnected: { en: "Not connected to the server", it: "Non connesso al server" },
  busy: { en: "The phone is busy", it: "Il telefono è occupato" },
  // Where it rests.
  restarting: { en: "Restarting…", it: "Riavvio…" },
  isOff: { en: "The phone is off.", it: "Il telefono è spento." },
  setupTitle: { en: "Hello", it: "Ciao" },
  setupText: {
    en: "Setup Assistant: the organisation is configuring this phone. It goes on by itself.",
    it: "Impostazione Assistita: l'organizzazione sta configurando questo telefono. Prosegue da sola.",
  },
  enrolling: { en: "Enrolling…", it: "Registrazione…" },
  enrollingText: {
    en: "The phone fetches the management profile and its identity.",
    it: "Il telefono ottiene il profilo di gestione e la sua identità.",
  },
  refusedTitle: { en: "Enrolment refused", it: "Registrazione rifiutata" },
  refusedText: {
    en: "The server turned this phone down. Its link may be used up or too old.",
    it: "Il server ha respinto questo telefono. Il link potrebbe essere già usato o troppo vecchio.",
  },
  erasedTitle: { en: "Hello", it: "Ciao" },
  erasedText: {
    en: "All content and settings are gone. Enrol the phone to go on.",
    it: "Contenuto e impostazioni non ci sono più. Registrare il telefono per continuare.",
  },
  unenrolled: {
    en: "No longer under management.",
    it: "Non è più gestito.",
  },
  replacedTitle: { en: "Replaced", it: "Sostituito" },
  replacedText: {
    en: "Another connection took over this phone's identity.",
    it: "Un'altra connessione ha preso l'identità di questo telefono.",
  },
  failedTitle: { en: "Out of order", it: "Guasto" },
  failedText: {
    en: "The phone can't be kept on disk, so it does nothing more.",
    it: "Il telefono non può essere salvato su disco e quindi non fa più nulla.",
  },
  stoppedTitle: { en: "Stopped", it: "Terminato" },
  stoppedText: {
    en: "The program that ran this phone has stopped it.",
    it: "Il programma che faceva funzionare questo telefono lo ha fermato.",
  },
  // Enrolling again.
  enrolLink: { en: "Enrolment link", it: "Link di registrazione" },
  enrol: { en: "Enrol", it: "Registra" },
  enrolByLab: { en: "Enrol with a new link", it: "Registra con un nuovo link" },
  // Home screen.
  apps: { en: "Apps", it: "App" },
  portal: { en: "Company Portal", it: "Portale aziendale" },
  settings: { en: "Settings", it: "Impostazioni" },
  store: { en: "App Store", it: "App Store" },
  storeBlocked: { en: "App Store, blocked", it: "App Store, bloccato" },
  noApps: { en: "No apps yet.", it: "Ancora nessuna app." },
  deleteApp: { en: "Delete app", it: "Elimina app" },
  appManaged: { en: "Managed by the organisation", it: "Gestita dall'organizzazione" },
  appOwn: { en: "Your own app", it: "App personale" },
  appTitle: { en: "This is where {app} would be.", it: "Qui ci sarebbe {app}." },
  // Announced.
  nowInstalled: { en: "{app} is installed.", it: "{app} è installata." },
});

/** What becomes of an app, by the state that its server is told. */
export const appStateMessages = catalogue({
  Queued: { en: "Waiting…", it: "In attesa…" },
  NeedsRedemption: { en: "Waiting for a code…", it: "In attesa di un codice…" },
  Redeeming: { en: "Redeeming…", it: "Riscatto…" },
  Prompting: { en: "Asking you…", it: "Richiesta…" },
  PromptingForLogin: { en: "Sign in…", it: "Accesso…" },
  ValidatingPurchase: { en: "Validating…", it: "Convalida…" },
  Installing: { en: "Installing…", it: "Installazione…" },
  Managed: { en: "Installed", it: "Installata" },
  ManagedButUninstalled: { en: "Deleted", it: "Eliminata" },
  PromptingForUpdate: { en: "Update?", it: "Aggiornare?" },
  PromptingForUpdateLogin: { en: "Sign in…", it: "Accesso…" },
  PromptingForManagement: { en: "Asking you…", it: "Richiesta…" },
  Updating: { en: "Updating…", it: "Aggiornamento…" },
  ValidatingUpdate: { en: "Validating…", it: "Convalida…" },
  Unknown: { en: "Interrupted", it: "Interrotta" },
  UserInstalledApp: { en: "Your own", it: "Personale" },
  UserRejected: { en: "Declined", it: "Rifiutata" },
  UpdateRejected: { en: "Update declined", it: "Aggiornamento rifiutato" },
  ManagementRejected: { en: "Declined", it: "Rifiutata" },
  Failed: { en: "Failed", it: "Non riuscita" },
  absent: { en: "Your own", it: "Personale" },
});
