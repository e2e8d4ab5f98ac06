import { catalogue } from "../../../../shared/web/messages.ts";

export const licenseMessages = catalogue({
  lead: {
    en: "Who holds a licence by this server’s records, and what admins took back.",
    it: "Chi ha una licenza secondo i dati di questo server e che cosa è stato ripreso dagli amministratori.",
  },
  holder: { en: "Holder", it: "Titolare" },
  type: { en: "Licence of", it: "Licenza di" },
  ofUser: { en: "the user", it: "utente" },
  ofDevice: { en: "the device", it: "dispositivo" },
  stateAssociating: { en: "being assigned", it: "in assegnazione" },
  stateHeld: { en: "assigned", it: "assegnata" },
  stateDisassociating: { en: "being returned", it: "in restituzione" },
  stranded: { en: "Kept without need", it: "Mantenuta senza necessità" },
  strandedOnly: { en: "Only those kept without need", it: "Solo quelle mantenute senza necessità" },
  notStranded: { en: "Only those in use", it: "Solo quelle in uso" },
  phones: { en: "Devices", it: "Dispositivi" },
  revoke: { en: "Revoke", it: "Revoca" },
  reclaim: { en: "Reclaim", it: "Recupera" },
  none: { en: "Nobody holds a licence.", it: "Nessuno ha una licenza." },
  holdersTab: { en: "Holders", it: "Titolari" },
  actsTab: { en: "Revoked and reclaimed", it: "Revoche e recuperi" },
  revokeTitle: { en: "Revoke: {name}", it: "Revoca: {name}" },
  reclaimTitle: { en: "Reclaim: {name}", it: "Recupera: {name}" },
  revokeText: {
    en: {
      one: "{n} licence is taken back at Apple now. The app stays on the device.",
      other: "{n} licences are taken back at Apple now. The apps stay on the devices.",
    },
    it: {
      one: "{n} licenza verrà revocata subito presso Apple. L’app resta sul dispositivo.",
      other: "{n} licenze verranno revocate subito presso Apple. Le app restano sui dispositivi.",
    },
  },
  revokeAfter: {
    en: "Nobody concerned gets a licence of it again until somebody tries or sends an installation again, or changes a deployment.",
    it: "Gli interessati non riceveranno di nuovo una licenza finché non si riprova o si invia di nuovo un’installazione, o si modifica una distribuzione.",
  },
  reclaimText: {
    en: {
      one: "{n} licence returns when the removal has finished on the last device it is for.",
      other: "{n} licences return, each when the removal has finished on the last device it is for.",
    },
    it: {
      one: "{n} licenza tornerà al termine della disinstallazione sull’ultimo dispositivo interessato.",
      other:
        "{n} licenze torneranno, ciascuna al termine della disinstallazione sull’ultimo dispositivo interessato.",
    },
  },
  reclaimDevices: {
    en: {
      one: "The app and its data are removed from {n} device.",
      other: "The app and its data are removed from {n} devices.",
    },
    it: {
      one: "L’app e i relativi dati verranno rimossi da {n} dispositivo.",
      other: "L’app e i relativi dati verranno rimossi da {n} dispositivi.",
    },
  },
  reclaimAfter: {
    en: "This outranks the deployments. A device that can’t be reached keeps its licence until it comes back.",
    it: "Prevale sulle distribuzioni. Un dispositivo non raggiungibile conserva la licenza finché non torna in linea.",
  },
  understood: { en: "I know what becomes of them.", it: "Ho compreso le conseguenze." },
  verbRevoke: { en: "Revoke (apps stay)", it: "Revoca (le app restano)" },
  verbReclaim: { en: "Reclaim by uninstall", it: "Recupero con disinstallazione" },
  what: { en: "What", it: "Operazione" },
  whose: { en: "Whose", it: "Di chi" },
  everybody: { en: "everybody", it: "tutti" },
  everyApp: { en: "all apps", it: "tutte le app" },
  progress: { en: "Progress", it: "Avanzamento" },
  doneOf: { en: "{done} of {asked} back", it: "{done} di {asked} tornate" },
  failedOf: {
    en: { one: "{n} failed", other: "{n} failed" },
    it: { one: "{n} con esito negativo", other: "{n} con esito negativo" },
  },
  pendingOf: {
    en: { one: "{n} pending", other: "{n} pending" },
    it: { one: "{n} in sospeso", other: "{n} in sospeso" },
  },
  started: { en: "Started", it: "Inizio" },
  finished: { en: "Finished", it: "Fine" },
  underWay: { en: "under way", it: "in corso" },
  noActs: {
    en: "Nothing was revoked or reclaimed yet.",
    it: "Non è stata ancora revocata o recuperata alcuna licenza.",
  },
  single: { en: "Single licences", it: "Singole licenze" },
  outcome: { en: "Outcome", it: "Esito" },
  outcomeDone: { en: "returned", it: "restituita" },
  outcomeFailed: { en: "failed", it: "esito negativo" },
  outcomePending: { en: "pending", it: "in sospeso" },
  detail: { en: "Detail", it: "Dettaglio" },
  allTitle: { en: "all licences", it: "tutte le licenze" },
  revokeAll: { en: "Revoke all", it: "Revoca tutte" },
  reclaimAll: { en: "Reclaim all", it: "Recupera tutte" },
  askedFor: {
    en: "The server is at it; this page follows.",
    it: "Il server sta procedendo; la pagina si aggiorna.",
  },
});

export const strandedNames = catalogue({
  unenrolled: { en: "last device left management", it: "ultimo dispositivo non più gestito" },
  wiped: { en: "last device was erased", it: "ultimo dispositivo inizializzato" },
  "found-at-apple": { en: "found at Apple by a sync", it: "trovata presso Apple da una sincronizzazione" },
  irrevocable: { en: "Apple never takes it back", it: "Apple non la riprende mai" },
  "token-deleted": { en: "the token was deleted", it: "il token è stato eliminato" },
});
