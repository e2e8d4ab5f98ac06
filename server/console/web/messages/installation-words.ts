/** The words for what became of an app on a phone. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const labelNames = catalogue({
  Installed: { en: "Installed", it: "Installata" },
  "Not Installed": { en: "Not Installed", it: "Non installata" },
  Failed: { en: "Failed", it: "Esito negativo" },
  "Install Pending": { en: "Install Pending", it: "Installazione in sospeso" },
  "Not Applicable": { en: "Not Applicable", it: "Non applicabile" },
});

/** In the lines of numbers. */
export const labelCounts = catalogue({
  installed: {
    en: { one: "{n} installed", other: "{n} installed" },
    it: { one: "{n} installata", other: "{n} installate" },
  },
  failed: {
    en: { one: "{n} failed", other: "{n} failed" },
    it: { one: "{n} esito negativo", other: "{n} esito negativo" },
  },
  pending: {
    en: { one: "{n} pending", other: "{n} pending" },
    it: { one: "{n} in sospeso", other: "{n} in sospeso" },
  },
  notInstalled: {
    en: { one: "{n} not installed", other: "{n} not installed" },
    it: { one: "{n} non installata", other: "{n} non installate" },
  },
  notApplicable: {
    en: { one: "{n} not applicable", other: "{n} not applicable" },
    it: { one: "{n} non applicabile", other: "{n} non applicabili" },
  },
});

export const stateNames = catalogue({
  pending: { en: "to be begun", it: "da iniziare" },
  waitingForTerms: { en: "waits for the terms", it: "in attesa delle condizioni" },
  installing: { en: "being installed", it: "installazione in corso" },
  installed: { en: "installed", it: "installata" },
  removing: { en: "being removed", it: "rimozione in corso" },
  notInstalled: { en: "not installed", it: "non installata" },
  failed: { en: "failed", it: "esito negativo" },
  notApplicable: { en: "not applicable", it: "non applicabile" },
});

export const desiredNames = catalogue({
  required: { en: "Required install", it: "Installazione richiesta" },
  available: { en: "Available install", it: "Installazione disponibile" },
  requiredAndAvailable: { en: "Required and available", it: "Richiesta e disponibile" },
  uninstall: { en: "Uninstall", it: "Disinstalla" },
  notApplicable: { en: "Not applicable", it: "Non applicabile" },
});

export const reasonNames = catalogue({
  "dep-enrolled": { en: "enrolled through DEP", it: "registrato mediante DEP" },
  "no-user": { en: "phone without a user", it: "dispositivo senza utente" },
  "no-license": { en: "no licence left", it: "nessuna licenza disponibile" },
  "license-refused": { en: "Apple refused the licence", it: "licenza rifiutata da Apple" },
  "shared-apple-id": {
    en: "Apple ID shared with another user",
    it: "ID Apple condiviso con un altro utente",
  },
  "foreign-apple-id": { en: "unsuitable Apple ID", it: "ID Apple non idoneo" },
  "user-retired": { en: "user retired from the program", it: "utente ritirato dal programma" },
  "user-rejected": { en: "refused by the user", it: "rifiutata dall’utente" },
  "install-failed": { en: "installation failed", it: "installazione non riuscita" },
  "install-refused": { en: "refused by the phone", it: "rifiutata dal dispositivo" },
  "remove-failed": { en: "removal failed", it: "rimozione non riuscita" },
  "user-removed": { en: "deleted by the user", it: "eliminata dall’utente" },
  "invitation-failed": { en: "invitation undeliverable", it: "invito non recapitabile" },
  "account-unusable": { en: "VPP account unusable", it: "account VPP inutilizzabile" },
  "apple-unavailable": { en: "Apple unreachable", it: "Apple non raggiungibile" },
  unenrolled: { en: "no longer managed", it: "non più gestito" },
  excluded: { en: "excluded by a deployment", it: "esclusa da una distribuzione" },
  "device-limit": { en: "on five phones already", it: "già su cinque dispositivi" },
  "license-revoked": { en: "licence revoked", it: "licenza revocata" },
  reclaimed: { en: "licence reclaimed", it: "licenza recuperata" },
  cancelled: { en: "cancelled by an admin", it: "annullata da un amministratore" },
  "before-deadline": { en: "before its deadline", it: "prima della scadenza" },
  "device-licensing-off": { en: "device licences are off", it: "licenze per dispositivo disattivate" },
  "not-device-assignable": { en: "not licensable to phones", it: "non assegnabile a dispositivi" },
  "ios-too-old": { en: "iOS too old", it: "iOS troppo vecchio" },
  "no-serial-number": { en: "serial number unknown", it: "numero di serie sconosciuto" },
});
