import { catalogue } from "../../../shared/web/messages.ts";

export const portalMessages = catalogue({
  title: { en: "Company Portal", it: "Portale aziendale" },
  intro: { en: "Apps for you", it: "App per te" },
  sync: { en: "Sync", it: "Sincronizza" },
  syncing: { en: "Synchronising…", it: "Sincronizzazione…" },
  none: {
    en: "Your organisation offers no apps to you.",
    it: "La tua organizzazione non ti offre app.",
  },
  install: { en: "Install", it: "Installa" },
  installApp: { en: "Install {app}", it: "Installa {app}" },
  tryAgain: { en: "Try again", it: "Riprova" },
  tryAgainApp: { en: "Try again: {app}", it: "Riprova: {app}" },
  deadline: { en: "Required by {when}", it: "Richiesta entro {when}" },
  requested: { en: "{app} was requested.", it: "{app} è stata richiesta." },
});

export const portalStatusMessages = catalogue({
  Available: { en: "Available", it: "Disponibile" },
  Requested: { en: "Requested", it: "Richiesta" },
  WaitingForTerms: { en: "Waiting for the terms", it: "In attesa delle condizioni" },
  Installing: { en: "Installing", it: "Installazione in corso" },
  Installed: { en: "Installed", it: "Installata" },
  Removing: { en: "Being removed", it: "Rimozione in corso" },
  Failed: { en: "Failed", it: "Non riuscita" },
});

/** Of a failed one: why. */
export const portalReasonMessages = catalogue({
  "no-license": { en: "No licence is left.", it: "Non ci sono più licenze." },
  "user-rejected": { en: "You declined it.", it: "L'hai rifiutata." },
  "install-failed": { en: "The installation failed.", it: "L'installazione non è riuscita." },
  "install-refused": { en: "The phone refused it.", it: "Il telefono l'ha rifiutata." },
  "license-refused": { en: "Apple refused the licence.", it: "Apple ha rifiutato la licenza." },
  "user-removed": { en: "It was deleted.", it: "È stata eliminata." },
  "apple-unavailable": { en: "Apple can't be reached.", it: "Apple non è raggiungibile." },
});

export const settingsMessages = catalogue({
  title: { en: "Settings", it: "Impostazioni" },
  appleId: { en: "Apple ID", it: "ID Apple" },
  signedInAs: { en: "Signed in as {appleId}", it: "Accesso eseguito come {appleId}" },
  notSignedIn: { en: "Not signed in", it: "Accesso non eseguito" },
  signIn: { en: "Sign in", it: "Accedi" },
  signOut: { en: "Sign out", it: "Esci" },
  password: { en: "Password", it: "Password" },
  management: { en: "Device management", it: "Gestione dispositivo" },
  managed: {
    en: "This phone is managed by the organisation's server.",
    it: "Questo telefono è gestito dal server dell'organizzazione.",
  },
  notManaged: { en: "This phone is not managed.", it: "Questo telefono non è gestito." },
  removeManagement: { en: "Remove management…", it: "Rimuovi gestione…" },
  removeTitle: { en: "Remove management?", it: "Rimuovere la gestione?" },
  removeText: {
    en: "Managed apps and profiles go with it.",
    it: "Anche le app e i profili gestiti vengono rimossi.",
  },
  remove: { en: "Remove", it: "Rimuovi" },
  removeProfile: { en: "Remove {name}", it: "Rimuovi {name}" },
  profiles: { en: "Profiles", it: "Profili" },
  noProfiles: { en: "No configuration profiles.", it: "Nessun profilo di configurazione." },
  byServer: { en: "installed by the organisation", it: "installato dall'organizzazione" },
  byPerson: { en: "installed by you", it: "installato da te" },
  restrictions: { en: "Restrictions", it: "Restrizioni" },
  noRestrictions: { en: "Nothing is restricted.", it: "Nessuna restrizione." },
  passcode: { en: "Passcode", it: "Codice" },
  hasPasscode: { en: "A passcode is set.", it: "È impostato un codice." },
  hasNoPasscode: { en: "No passcode is set.", it: "Non è impostato alcun codice." },
  newPasscode: { en: "New passcode", it: "Nuovo codice" },
  setPasscode: { en: "Set", it: "Imposta" },
  clearPasscode: { en: "Take away", it: "Togli" },
  about: { en: "About", it: "Info" },
  name: { en: "Name", it: "Nome" },
  model: { en: "Model", it: "Modello" },
  version: { en: "Version", it: "Versione" },
  serial: { en: "Serial number", it: "Numero di serie" },
  udid: { en: "UDID", it: "UDID" },
  owner: { en: "Owner", it: "Proprietario" },
  kind: { en: "Enrolment", it: "Registrazione" },
  supervision: { en: "Supervised", it: "Supervisionato" },
  yes: { en: "yes", it: "sì" },
  no: { en: "no", it: "no" },
});

export const kindMessages = catalogue({
  user: { en: "by its user", it: "da parte dell'utente" },
  device: { en: "corporate", it: "aziendale" },
  configurator: { en: "by Configurator", it: "con Configurator" },
  dep: { en: "Device Enrollment Program", it: "Device Enrollment Program" },
});

export const restrictionMessages = catalogue({
  allowAppInstallation: { en: "The App Store is blocked", it: "L'App Store è bloccato" },
  allowUIAppInstallation: {
    en: "You can't install apps yourself",
    it: "Non puoi installare app da te",
  },
  allowAppRemoval: { en: "Apps can't be deleted", it: "Le app non possono essere eliminate" },
  allowEraseContentAndSettings: {
    en: "The phone can't be erased here",
    it: "Il telefono non può essere inizializzato qui",
  },
  allowPasscodeModification: {
    en: "The passcode can't be changed",
    it: "Il codice non può essere cambiato",
  },
  allowUIConfigurationProfileInstallation: {
    en: "You can't install profiles",
    it: "Non puoi installare profili",
  },
});

export const storeMessages = catalogue({
  title: { en: "App Store", it: "App Store" },
  id: { en: "App Store id", it: "ID App Store" },
  idHelp: {
    en: "The number of an app, such as 361309726.",
    it: "Il numero di un'app, per esempio 361309726.",
  },
  get: { en: "Get", it: "Ottieni" },
  blockedTitle: { en: "App Store blocked", it: "App Store bloccato" },
  blockedText: {
    en: "A profile on this phone doesn't allow the App Store. Ask your administrator.",
    it: "Un profilo su questo telefono non consente l'App Store. Rivolgiti all'amministratore.",
  },
});
