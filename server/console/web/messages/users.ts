/** People, and how they stand with Apple's program. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const userMessages = catalogue({
  lead: {
    en: "People whose phones are managed, and whether they have joined the program.",
    it: "Persone di cui si gestiscono i dispositivi, e la loro adesione al programma.",
  },
  email: { en: "E-mail", it: "Posta elettronica" },
  phones: { en: "Phones", it: "Dispositivi" },
  licenses: { en: "Licences", it: "Licenze" },
  terms: { en: "VPP Terms Status", it: "Stato delle condizioni per l’utilizzo di VPP" },
  searchHint: { en: "Part of the name or e-mail", it: "Parte del nome o dell’indirizzo" },
  id: { en: "ID", it: "ID" },
  idHint: {
    en: "Letters, digits and . _ - @; it can’t be changed later.",
    it: "Lettere, cifre e . _ - @; non può essere modificato in seguito.",
  },
  add: { en: "Add user", it: "Aggiungi utente" },
  addLong: { en: "New user", it: "Nuovo utente" },
  edit: { en: "Edit", it: "Modifica" },
  editTitle: { en: "Edit {name}", it: "Modifica {name}" },
  createdAt: { en: "Created", it: "Creazione" },
  noGroups: { en: "There are no groups yet.", it: "Non ci sono ancora gruppi." },
  conflict: { en: "Apple ID conflict", it: "Conflitto di ID Apple" },
  conflictWith: { en: "With", it: "Con" },
  apps: { en: "Apps on the phones", it: "App sui dispositivi" },
  noApps: {
    en: "No app concerns this user. Deploy one to a group of theirs.",
    it: "Nessuna app riguarda questo utente. Distribuirne una a un suo gruppo.",
  },
  noPhones: {
    en: "No phone yet. Make an enrolment link for this user.",
    it: "Ancora nessun dispositivo. Creare un collegamento di registrazione per questo utente.",
  },
  makeLink: { en: "New enrolment link", it: "Nuovo collegamento di registrazione" },
  noLicenses: { en: "Holds no licences.", it: "Non dispone di licenze." },
  storeAccount: { en: "App Store account", it: "Account App Store" },
  checked: { en: "checked {age}", it: "verificato {age}" },
});

export const termsNames = catalogue({
  notInvited: { en: "Not invited", it: "Non invitato" },
  invited: { en: "Invited", it: "Invitato" },
  accepted: { en: "Accepted", it: "Accettate" },
  retired: { en: "Retired", it: "Ritirato" },
});

export const termsFacts = catalogue({
  title: { en: "The terms", it: "Le condizioni" },
  checkedAt: { en: "Apple last told", it: "Ultima conferma di Apple" },
  neverTold: { en: "Apple was not asked yet", it: "Apple non è ancora stata interpellata" },
  stale: { en: "stale", it: "non aggiornato" },
  pending: { en: "to be told to Apple", it: "da comunicare ad Apple" },
  staleText: {
    en: "Apple has not told for more than two sync intervals: this may be out of date.",
    it: "Apple non fornisce conferme da più di due intervalli di sincronizzazione: lo stato potrebbe non essere aggiornato.",
  },
  invitedAt: { en: "Last invited", it: "Ultimo invito" },
  inviteCount: { en: "Invitations sent", it: "Inviti inviati" },
  acceptedAt: { en: "Accepted on", it: "Accettazione" },
  retiredAt: { en: "Retired on", it: "Ritiro" },
});

export const pendingWishes = catalogue({
  retire: {
    en: "Apple is still to be told that this user is retired.",
    it: "Il ritiro di questo utente deve ancora essere comunicato ad Apple.",
  },
  reinstate: {
    en: "Apple is still to be told that this user is taken in again.",
    it: "La riammissione di questo utente deve ancora essere comunicata ad Apple.",
  },
  delete: {
    en: "Apple is still to be told; then this user is deleted.",
    it: "La comunicazione ad Apple è in attesa; al termine l’utente verrà eliminato.",
  },
});

export const conflictKinds = catalogue({
  "shared-apple-id": {
    en: "Somebody else accepted with the same Apple ID: of each app only one of them can hold a licence. Retire one of them, and have the person accept with an Apple ID of their own.",
    it: "Un altro utente ha accettato con lo stesso ID Apple: di ogni app uno solo dei due può avere una licenza. Ritirarne uno e far accettare le condizioni con un ID Apple proprio.",
  },
  "other-store": {
    en: "The Apple ID belongs to the App Store of another country. Retire the user, reinstate, and have the person accept with another Apple ID.",
    it: "L’ID Apple appartiene all’App Store di un altro paese. Ritirare l’utente, riammetterlo e fargli accettare le condizioni con un altro ID Apple.",
  },
  "other-organisation": {
    en: "The Apple ID is unknown to Apple or managed by another organisation. Retire the user, reinstate, and have the person accept with another Apple ID.",
    it: "L’ID Apple è sconosciuto ad Apple o gestito da un’altra organizzazione. Ritirare l’utente, riammetterlo e fargli accettare le condizioni con un altro ID Apple.",
  },
});

export const storeAccounts = catalogue({
  matches: { en: "the one that holds the licences", it: "quello che detiene le licenze" },
  differs: { en: "another Apple ID: apps can’t be installed", it: "altro ID Apple: app non installabili" },
  signedOut: { en: "nobody is signed in", it: "nessun accesso eseguito" },
  unknown: { en: "not known", it: "non noto" },
});

export const seatStates = catalogue({
  associating: { en: "being taken", it: "in assegnazione" },
  held: { en: "held", it: "assegnata" },
  disassociating: { en: "being returned", it: "in restituzione" },
});

export const userDeedMessages = catalogue({
  resend: { en: "Resend invitation", it: "Invia di nuovo l’invito" },
  resendTitle: { en: "Invite {name} again?", it: "Invitare di nuovo {name}?" },
  resendText: {
    en: {
      one: "{n} invitation was sent so far. The next goes to the phone that was heard of last among those that wait for an app.",
      other:
        "{n} invitations were sent so far. The next goes to the phone that was heard of last among those that wait for an app.",
    },
    it: {
      one: "Finora è stato inviato {n} invito. Il prossimo andrà al dispositivo rilevato per ultimo tra quelli in attesa di un’app.",
      other:
        "Finora sono stati inviati {n} inviti. Il prossimo andrà al dispositivo rilevato per ultimo tra quelli in attesa di un’app.",
    },
  },
  refresh: { en: "Ask Apple now", it: "Verifica presso Apple" },
  retire: { en: "Retire", it: "Ritira" },
  retireTitle: { en: "Retire {name}?", it: "Ritirare {name}?" },
  retireText: {
    en: "Apple takes the user out of the program. Nobody is invited again until the user is reinstated. What is installed stays on the phones.",
    it: "Apple esclude l’utente dal programma. Nessun altro invito fino alla riammissione. Quanto è installato resta sui dispositivi.",
  },
  reinstate: { en: "Reinstate", it: "Riammetti" },
  reinstateTitle: { en: "Reinstate {name}?", it: "Riammettere {name}?" },
  reinstateText: {
    en: "The user is registered with Apple anew and, where there is an app to be had, invited once more. Licences are taken after the terms were accepted.",
    it: "L’utente viene registrato di nuovo presso Apple e, se è prevista un’app, invitato ancora una volta. Le licenze vengono assegnate dopo l’accettazione delle condizioni.",
  },
  licensesReturn: {
    en: { one: "{n} licence comes back to the pool.", other: "{n} licences come back to the pool." },
    it: {
      one: "{n} licenza torna disponibile.",
      other: "{n} licenze tornano disponibili.",
    },
  },
  deleteTitle: { en: "Delete {name}?", it: "Eliminare {name}?" },
  phonesStay: {
    en: {
      one: "{n} phone stays managed and belongs to nobody, with what is installed on it.",
      other: "{n} phones stay managed and belong to nobody, with what is installed on them.",
    },
    it: {
      one: "{n} dispositivo resta gestito senza utente, con quanto vi è installato.",
      other: "{n} dispositivi restano gestiti senza utente, con quanto vi è installato.",
    },
  },
  deleteText: {
    en: "Whom Apple knows is retired there first. The user leaves all groups, and enrolment links of the user end.",
    it: "Se noto ad Apple, l’utente viene prima ritirato. L’utente esce da tutti i gruppi e i suoi collegamenti di registrazione decadono.",
  },
});
