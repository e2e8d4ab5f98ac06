/** The volume-purchase pages, with the words of the console that admins know. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const vpp = catalogue({
  title: { en: "Volume Purchase Program", it: "Volume Purchase Program" },
  manageTitle: {
    en: "Manage Apple Volume Purchase Program (VPP)",
    it: "Gestisci Volume Purchase Program (VPP) di Apple",
  },
  appleAccount: { en: "Apple VPP Account", it: "Account VPP di Apple" },
  appleAccountHint: {
    en: "Sign up with Apple if that has not been done yet, then download the token of the account.",
    it: "Registrarsi ad Apple se non è già stato fatto, quindi scaricare il token dell’account.",
  },
  appleUnreachable: {
    en: "Apple can’t be reached just now.",
    it: "Apple non è raggiungibile in questo momento.",
  },
  before: { en: "Before you start", it: "Prima di iniziare" },
  before1: {
    en: "An organisation can have only one VPP account and one token.",
    it: "Ogni organizzazione può avere solo un account e un token VPP.",
  },
  before2: {
    en: "Once an account is tied to this server, no other can take its place. See to it that more than one person knows its details.",
    it: "Dopo aver associato un account a questo server, nessun altro può prenderne il posto. Comunicarne i dettagli a più persone.",
  },
  before3: {
    en: "A token that was used with another product is refused: generate a new one. After the upload, don’t import it anywhere else: records of users and licences may be lost.",
    it: "Un token usato con un altro prodotto viene rifiutato: generarne uno nuovo. Dopo il caricamento non importarlo altrove: si potrebbero perdere record di utenti e licenze.",
  },
  before4: { en: "A token is valid for one year.", it: "Ogni token è valido per un anno." },
  upload: { en: "Upload the VPP token", it: "Carica un token VPP" },
  renew: { en: "Renew the VPP token", it: "Rinnova il token VPP" },
  uploadCommit: { en: "Upload", it: "Carica" },
  tokenFile: { en: "Token file (.vpptoken)", it: "File del token (.vpptoken)" },
  tokenText: { en: "… or paste the token", it: "… oppure incollare il token" },
  tokenName: { en: "VPP token name", it: "Nome del token VPP" },
  appleId: { en: "Your Apple ID", it: "ID Apple" },
  fileRead: { en: "{name}, {n} characters", it: "{name}, {n} caratteri" },
  fileTooLarge: {
    en: "{name} is far too large to be a token.",
    it: "{name} è troppo grande per essere un token.",
  },
  warningTitle: {
    en: "The account can’t be changed later",
    it: "L’account non potrà essere cambiato in seguito",
  },
  warningText: {
    en: "This ties the VPP account of the token to this server for good, even after the token has expired or was deleted.",
    it: "L’account VPP del token verrà associato a questo server in modo definitivo, anche dopo la scadenza o l’eliminazione del token.",
  },
  renewText: {
    en: "The new token must be of the same account. Users, assignments and history stay.",
    it: "Il nuovo token deve essere dello stesso account. Utenti, assegnazioni e cronologia restano.",
  },
  acknowledge: {
    en: "I understand that it will not be possible to change to a different VPP account later.",
    it: "Ho compreso che in seguito non sarà possibile passare a un account VPP diverso.",
  },
  organisation: { en: "Organisation", it: "Organizzazione" },
  country: { en: "Country", it: "Paese" },
  lastUpdated: { en: "Last updated", it: "Data dell’ultimo aggiornamento" },
  expires: { en: "Expires", it: "Data di scadenza" },
  lastSynced: { en: "Last synchronised", it: "Data dell’ultima sincronizzazione" },
  lastResult: { en: "Last result", it: "Ultimo risultato" },
  nextSync: { en: "Next sync", it: "Prossima sincronizzazione" },
  firstUploaded: { en: "First uploaded", it: "Primo caricamento" },
  syncNow: { en: "Sync now", it: "Sincronizza" },
  syncing: { en: "Synchronising…", it: "Sincronizzazione in corso…" },
  syncDone: {
    en: "Synchronised: {apps} apps, {users} users and {licenses} licences were read.",
    it: "Sincronizzazione completata: lette {apps} app, {users} utenti e {licenses} licenze.",
  },
  syncFailed: { en: "The sync failed.", it: "La sincronizzazione non è riuscita." },
  history: { en: "Synchronisations", it: "Sincronizzazioni" },
  trigger: { en: "Began by", it: "Avvio" },
  result: { en: "Result", it: "Risultato" },
  read: { en: "Read", it: "Letti" },
  readCounts: {
    en: "{apps} apps · {users} users · {licenses} licences",
    it: "{apps} app · {users} utenti · {licenses} licenze",
  },
  foreignColumn: { en: "Of other products", it: "Di altri prodotti" },
  foreignCounts: { en: "{users} users · {licenses} licences", it: "{users} utenti · {licenses} licenze" },
  lost: { en: "Lost", it: "Persi" },
  duration: { en: "Took", it: "Durata" },
  seconds: { en: "{n} s", it: "{n} s" },
  takeControl: { en: "Take control", it: "Assumi il controllo" },
  takeControlTitle: { en: "Take this account back?", it: "Riprendere questo account?" },
  takeControlText: {
    en: "{other} has claimed the account and loses it by this. Then everything is synchronised; what the other product took away shows below.",
    it: "{other} ha preso in carico l’account e in questo modo lo perde. Quindi tutto viene sincronizzato; ciò che l’altro prodotto ha tolto viene mostrato più sotto.",
  },
  takeControlCheck: {
    en: "I understand that the other product loses the account.",
    it: "Ho compreso che l’altro prodotto perde l’account.",
  },
  newerToken: {
    en: "A newer token of the same account, if the stored one no longer works",
    it: "Un token più recente dello stesso account, se quello memorizzato non funziona più",
  },
  deleteToken: { en: "Delete the token", it: "Elimina il token" },
  deleteTitle: { en: "Delete the VPP token?", it: "Eliminare il token VPP?" },
  deleteText: {
    en: {
      one: "{n} licence stays with its user, and nobody can take it back until a token of the same account is uploaded. Apple is told nothing.",
      other:
        "{n} licences stay with their users, and nobody can take them back until a token of the same account is uploaded. Apple is told nothing.",
    },
    it: {
      one: "{n} licenza resta al suo utente e nessuno potrà riprenderla finché non viene caricato un token dello stesso account. Ad Apple non viene comunicato nulla.",
      other:
        "{n} licenze restano ai rispettivi utenti e nessuno potrà riprenderle finché non viene caricato un token dello stesso account. Ad Apple non viene comunicato nulla.",
    },
  },
  deleteCheck: {
    en: "I understand that these licences can’t be returned.",
    it: "Ho compreso che queste licenze non potranno essere restituite.",
  },
  stranded: {
    en: {
      one: "{n} licence can’t be returned because the token was deleted.",
      other: "{n} licences can’t be returned because the token was deleted.",
    },
    it: {
      one: "{n} licenza non può essere restituita perché il token è stato eliminato.",
      other: "{n} licenze non possono essere restituite perché il token è stato eliminato.",
    },
  },
  losses: { en: "Users and licences that were lost", it: "Utenti e licenze persi" },
  lossesHint: {
    en: "The records had them, and Apple no longer has them.",
    it: "Erano nei record, ma Apple non li ha più.",
  },
  lossWhat: { en: "What", it: "Che cosa" },
  lossUser: { en: "User", it: "Utente" },
  lossLicense: { en: "Licence of app {adamId}", it: "Licenza dell’app {adamId}" },
  foreign: { en: "Users of other products", it: "Utenti di altri prodotti" },
  foreignHint: {
    en: "Another product created them at Apple. They are never imported; their licences count as used. Remove them there before you start.",
    it: "Creati presso Apple da un altro prodotto. Non vengono mai importati; le loro licenze contano come usate. Rimuoverli prima di iniziare.",
  },
  foreignName: { en: "Name at Apple (clientUserIdStr)", it: "Nome presso Apple (clientUserIdStr)" },
});

export const accountStates = catalogue({
  valid: { en: "valid", it: "valido" },
  expired: { en: "expired", it: "scaduto" },
  revoked: { en: "revoked", it: "revocato" },
  invalid: { en: "invalid", it: "non valido" },
  assignedToExternalMdm: { en: "assigned to another MDM", it: "assegnato a un altro MDM" },
  deleted: { en: "deleted", it: "eliminato" },
});

export const syncTriggers = catalogue({
  manual: { en: "an admin", it: "un amministratore" },
  schedule: { en: "the schedule", it: "la pianificazione" },
  upload: { en: "a token upload", it: "un caricamento del token" },
  takeControl: { en: "taking control", it: "l’assunzione del controllo" },
});

export const syncResults = catalogue({
  running: { en: "running", it: "in corso" },
  completed: { en: "completed", it: "completata" },
  failed: { en: "failed", it: "non riuscita" },
});

export const lossReasons = catalogue({
  "user-retired": {
    en: "retired at Apple, not by this server",
    it: "ritirato presso Apple, non da questo server",
  },
  "user-missing": { en: "Apple doesn’t list the user", it: "Apple non elenca l’utente" },
  "gone-at-apple": {
    en: "the licence was taken back at Apple",
    it: "la licenza è stata ripresa presso Apple",
  },
});
