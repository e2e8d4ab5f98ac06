import { catalogue } from "../../../shared/web/messages.ts";

/** By the code of the refusal, where nothing more is known. */
export const problemMessages = catalogue({
  unreachable: {
    en: "The phone can't be reached just now.",
    it: "Il telefono non è raggiungibile in questo momento.",
  },
  unauthorized: {
    en: "This page is no longer let in. Open the printed link again.",
    it: "Questa pagina non ha più accesso. Aprire di nuovo il link.",
  },
  conflict: { en: "That isn't possible just now.", it: "In questo momento non è possibile." },
  forbidden: { en: "That is not allowed on this phone.", it: "Su questo telefono non è consentito." },
  unavailable: {
    en: "No answer came. Check the connection and try again.",
    it: "Nessuna risposta. Controllare la connessione e riprovare.",
  },
  invalid_request: { en: "That is not as expected.", it: "Il valore non è quello atteso." },
  not_found: { en: "There is no such thing.", it: "Non esiste." },
  limit_exceeded: { en: "Too many at a time.", it: "Troppi alla volta." },
  internal: { en: "Something went wrong.", it: "Qualcosa è andato storto." },
});

/** By act and code, where more is known. */
export const actProblemMessages = catalogue({
  "unlock forbidden": { en: "That is not the passcode.", it: "Il codice non è corretto." },
  "sign-in forbidden": {
    en: "The Apple ID or the password is wrong.",
    it: "ID Apple o password errati.",
  },
  "passcode invalid_request": {
    en: "A profile wants another passcode than this.",
    it: "Un profilo richiede un codice diverso.",
  },
  "get not_found": { en: "The App Store has no such app.", it: "L'App Store non ha questa app." },
  "get conflict": { en: "It is installed already.", it: "È già installata." },
  "install conflict": {
    en: "That app is on the phone already, or the portal is out of reach.",
    it: "L'app è già sul telefono oppure il portale non è raggiungibile.",
  },
  "install forbidden": { en: "That app is not offered to you.", it: "Questa app non ti è offerta." },
  "delete-app conflict": {
    en: "Wait until the app is done.",
    it: "Attendere che l'app abbia finito.",
  },
  "delete-app forbidden": { en: "This app may not be deleted.", it: "Questa app non può essere eliminata." },
  "erase forbidden": {
    en: "A profile doesn't allow to erase the phone.",
    it: "Un profilo non consente di inizializzare il telefono.",
  },
  "enroll conflict": {
    en: "The phone is under management: that comes first.",
    it: "Il telefono è gestito: prima va tolta la gestione.",
  },
  "enroll invalid_request": { en: "That is no link to enrol by.", it: "Non è un link di registrazione." },
  "remove-profile forbidden": {
    en: "This profile may not be removed.",
    it: "Questo profilo non può essere rimosso.",
  },
});

/** By the reason that the refusal gives. */
export const reasonMessages = catalogue({
  apple_id_locked: {
    en: "This Apple ID is locked after too many wrong passwords.",
    it: "Questo ID Apple è bloccato dopo troppe password errate.",
  },
});
