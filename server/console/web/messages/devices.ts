/** Phones. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const deviceMessages = catalogue({
  lead: { en: "Every phone that was ever enrolled.", it: "Tutti i dispositivi mai registrati." },
  kind: { en: "Enrolment", it: "Registrazione" },
  connection: { en: "Connection", it: "Connessione" },
  connected: { en: "connected", it: "connesso" },
  notConnected: { en: "not connected", it: "non connesso" },
  lastSeen: { en: "Last seen", it: "Ultimo contatto" },
  searchHint: { en: "Name, serial or UDID", it: "Nome, n. di serie o UDID" },
  supervised: { en: "Supervised", it: "Supervisionato" },
  serialNumber: { en: "Serial number", it: "Numero di serie" },
  model: { en: "Model", it: "Modello" },
  os: { en: "iOS", it: "iOS" },
  enrolledAt: { en: "Enrolled", it: "Registrazione il" },
  awaiting: {
    en: "It waits in Setup Assistant for DeviceConfigured.",
    it: "È fermo in Impostazione Assistita, in attesa di DeviceConfigured.",
  },
  queue: { en: "Open commands", it: "Comandi aperti" },
  queueMore: { en: "{n} or more", it: "{n} o più" },
  installations: { en: "Apps on this phone", it: "App su questo dispositivo" },
  noInstallations: {
    en: "No deployment concerns this phone.",
    it: "Nessuna distribuzione riguarda questo dispositivo.",
  },
  facts: { en: "The phone", it: "Il dispositivo" },
});

export const enrollmentKinds = catalogue({
  user: { en: "personal", it: "personale" },
  device: { en: "corporate", it: "aziendale" },
  configurator: { en: "corporate, Configurator", it: "aziendale, Configurator" },
  dep: { en: "corporate, DEP", it: "aziendale, DEP" },
});

export const deviceStates = catalogue({
  enrolling: { en: "enrolling", it: "registrazione in corso" },
  enrolled: { en: "enrolled", it: "registrato" },
  unenrolled: { en: "unenrolled", it: "non più gestito" },
});

export const deviceDeedMessages = catalogue({
  lock: { en: "Lock", it: "Blocca" },
  lockTitle: { en: "Lock {name}?", it: "Bloccare {name}?" },
  lockText: {
    en: "The screen locks at once; whoever knows the passcode can open it. The message shows on the lock screen.",
    it: "Lo schermo si blocca subito; chi conosce il codice può sbloccarlo. Il messaggio compare sulla schermata di blocco.",
  },
  message: { en: "Message", it: "Messaggio" },
  phoneNumber: { en: "Telephone number", it: "Numero di telefono" },
  optional: { en: "May be left out.", it: "Facoltativo." },
  restart: { en: "Restart", it: "Riavvia" },
  restartTitle: { en: "Restart {name}?", it: "Riavviare {name}?" },
  restartText: {
    en: "A phone takes this only when it is supervised. It is away until its passcode has been typed.",
    it: "Un dispositivo lo accetta solo se è supervisionato. Resta irraggiungibile finché non viene digitato il codice.",
  },
  clearPasscode: { en: "Clear passcode", it: "Rimuovi codice" },
  clearTitle: { en: "Clear the passcode of {name}?", it: "Rimuovere il codice di {name}?" },
  clearText: {
    en: "Whoever holds the phone can open it, until a new passcode is set.",
    it: "Chiunque abbia in mano il dispositivo potrà sbloccarlo, finché non viene impostato un nuovo codice.",
  },
  erase: { en: "Erase", it: "Inizializza" },
  eraseTitle: { en: "Erase {name}?", it: "Inizializzare {name}?" },
  eraseText: {
    en: {
      one: "Everything on the phone is deleted, {n} installed app among it, and it leaves the management. This can’t be undone.",
      other:
        "Everything on the phone is deleted, {n} installed apps among it, and it leaves the management. This can’t be undone.",
    },
    it: {
      one: "Tutto il contenuto del dispositivo viene eliminato, compresa {n} app installata, e il dispositivo esce dalla gestione. L’operazione non può essere annullata.",
      other:
        "Tutto il contenuto del dispositivo viene eliminato, comprese {n} app installate, e il dispositivo esce dalla gestione. L’operazione non può essere annullata.",
    },
  },
  eraseCheck: {
    en: "To confirm, type the serial number: {serial}",
    it: "Per confermare, digitare il numero di serie: {serial}",
  },
  eraseCheckUdid: {
    en: "To confirm, type the UDID: {serial}",
    it: "Per confermare, digitare l’UDID: {serial}",
  },
  inventory: { en: "Inventory", it: "Inventario" },
  queued: {
    en: { one: "{n} command queued.", other: "{n} commands queued." },
    it: { one: "{n} comando in coda.", other: "{n} comandi in coda." },
  },
});
