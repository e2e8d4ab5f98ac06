/** Policies by name, what each is for, and the words for its choices. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const policyNames = catalogue({
  syncIntervalHours: {
    en: "Hours between two syncs with Apple",
    it: "Ore tra due sincronizzazioni con Apple",
  },
  conflictRules: {
    en: "Rules when deployments of one app meet",
    it: "Regole quando più distribuzioni di un’app si incontrano",
  },
  dep: { en: "Devices enrolled through DEP", it: "Dispositivi registrati tramite DEP" },
  licensing: { en: "Whom licences go to", it: "A chi vanno le licenze" },
  licenseOnUnenroll: {
    en: "Licence when the last device leaves",
    it: "Licenza quando l’ultimo dispositivo viene rimosso",
  },
  setupAssistant: {
    en: "Devices that wait in Setup Assistant",
    it: "Dispositivi in attesa in Impostazione Assistita",
  },
  inventoryIntervalDays: { en: "Days between two inventories", it: "Giorni tra due inventari" },
  commandExpiryDays: {
    en: "Days until a command is given up",
    it: "Giorni dopo i quali un comando viene abbandonato",
  },
  installAttemptsMax: {
    en: "Install commands before it counts as failed",
    it: "Comandi di installazione prima dell’esito negativo",
  },
  installRetry: {
    en: "Waits before an install is tried again",
    it: "Attese prima di ritentare un’installazione",
  },
  inviteElsewhereHours: {
    en: "Hours until another device is invited",
    it: "Ore prima di invitare un altro dispositivo",
  },
  termsPoll: { en: "Waits between questions about the terms", it: "Attese tra le domande sulle condizioni" },
  verify: { en: "Waits between questions about an install", it: "Attese tra le domande su un’installazione" },
  retry: {
    en: "Waits before trying Apple or a device again",
    it: "Attese prima di ritentare con Apple o un dispositivo",
  },
  auditRetentionDays: {
    en: "Days that audit records are kept",
    it: "Giorni di conservazione dei record di audit",
  },
  webhookRetry: { en: "Waits before a webhook is tried again", it: "Attese prima di ritentare un webhook" },
  webhookAttemptsMax: {
    en: "Attempts before a delivery is given up",
    it: "Tentativi prima di abbandonare una consegna",
  },
  webhookTimeoutSeconds: {
    en: "Seconds a receiver has to answer",
    it: "Secondi entro cui il destinatario deve rispondere",
  },
});

export const policyHints = catalogue({
  syncIntervalHours: { en: "Twelve are twice a day.", it: "Dodici equivalgono a due volte al giorno." },
  conflictRules: {
    en: "They differ where an app is available to one group of a user, and uninstalled or not applicable for another.",
    it: "Differiscono quando un’app è disponibile per un gruppo di un utente e disinstallata o non applicabile per un altro.",
  },
  dep: {
    en: "Whether they get volume-purchased apps.",
    it: "Se ricevono le app acquistate con Volume Purchase Program.",
  },
  licensing: {
    en: "A licence of the device itself needs neither an invitation nor an Apple ID.",
    it: "Una licenza del dispositivo non richiede né un invito né un ID Apple.",
  },
  licenseOnUnenroll: {
    en: "Keeping it is what a wiped device that comes back expects.",
    it: "Mantenerla è ciò che serve a un dispositivo inizializzato che ritorna.",
  },
  setupAssistant: {
    en: "Held devices wait until DeviceConfigured is sent.",
    it: "I dispositivi trattenuti attendono l’invio di DeviceConfigured.",
  },
  inventoryIntervalDays: {
    en: "A required app that its user deleted comes back then.",
    it: "Un’app richiesta eliminata dall’utente viene reinstallata in quel momento.",
  },
  commandExpiryDays: {
    en: "Counts for commands queued from now on.",
    it: "Vale per i comandi accodati da ora in poi.",
  },
  installAttemptsMax: {
    en: "Attempts that the App Store did not answer don’t count.",
    it: "I tentativi ai quali App Store non ha risposto non contano.",
  },
});

export const policyChoices = catalogue({
  "conflictRules.2016": {
    en: "the rules of 2016: available stays",
    it: "le regole del 2016: resta disponibile",
  },
  "conflictRules.2017": {
    en: "the table of 2017: the other action counts",
    it: "la tabella del 2017: vale l’altra azione",
  },
  "dep.refuse": { en: "no volume-purchased apps", it: "nessuna app acquistata con VPP" },
  "dep.userless-only": {
    en: "only those without a user get none",
    it: "solo quelli senza utente non ne ricevono",
  },
  "dep.documented": { en: "like any supervised device", it: "come ogni dispositivo supervisionato" },
  "licensing.user": { en: "to users", it: "agli utenti" },
  "licensing.user-and-device": { en: "to users and devices", it: "agli utenti e ai dispositivi" },
  "licenseOnUnenroll.keep": { en: "stays with the user", it: "resta all’utente" },
  "licenseOnUnenroll.reclaim": { en: "goes back to the pool", it: "torna disponibile" },
  "setupAssistant.release": { en: "are let go on at once", it: "proseguono subito" },
  "setupAssistant.hold": { en: "wait for DeviceConfigured", it: "attendono DeviceConfigured" },
});
