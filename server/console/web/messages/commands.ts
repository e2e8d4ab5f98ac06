/** Commands: what became of them, and how one is written. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const commandMessages = catalogue({
  send: { en: "Send a command", it: "Invia un comando" },
  sendTo: { en: "Send a command to {name}", it: "Invia un comando a {name}" },
  toGroup: {
    en: {
      one: "It goes to the phones of the group’s {n} member.",
      other: "It goes to the phones of the group’s {n} members.",
    },
    it: {
      one: "Viene inviato ai dispositivi di {n} membro del gruppo.",
      other: "Viene inviato ai dispositivi dei {n} membri del gruppo.",
    },
  },
  requestType: { en: "RequestType", it: "RequestType" },
  otherType: { en: "Another (raw)", it: "Altro (raw)" },
  members: { en: "Members", it: "Elementi" },
  member: { en: "Member", it: "Elemento" },
  type: { en: "Type", it: "Tipo" },
  meaning: { en: "Meaning", it: "Significato" },
  required: { en: "required", it: "obbligatorio" },
  noMembers: { en: "It has no members but RequestType.", it: "Non ha elementi oltre a RequestType." },
  command: { en: "Command as JSON", it: "Comando in JSON" },
  commandHint: {
    en: 'A date is written {"$date": "2016-07-01T09:30:00.000Z"}, data {"$data": "base64"}.',
    it: 'Una data si scrive {"$date": "2016-07-01T09:30:00.000Z"}, i dati {"$data": "base64"}.',
  },
  raw: {
    en: "Raw: send it as it is, also what is unknown here",
    it: "Raw: invia così com’è, anche se sconosciuto",
  },
  eraseOne: {
    en: "Yes, delete everything on this phone",
    it: "Sì, elimina tutto il contenuto di questo dispositivo",
  },
  eraseGroup: {
    en: {
      one: "Yes, delete everything on every phone of {n} member",
      other: "Yes, delete everything on every phone of {n} members",
    },
    it: {
      one: "Sì, elimina tutto il contenuto di ogni dispositivo di {n} membro",
      other: "Sì, elimina tutto il contenuto di ogni dispositivo di {n} membri",
    },
  },
  example: { en: "Back to the example", it: "Ripristina l’esempio" },
  submit: { en: "Send", it: "Invia" },
  good: { en: "Fits the schema.", it: "Conforme allo schema." },
  goodRaw: { en: "Sent without a check.", it: "Inviato senza verifica." },
  notJson: { en: "Not JSON: {detail}", it: "JSON non valido: {detail}" },
  notObject: {
    en: "Expected an object with a RequestType.",
    it: "È previsto un oggetto con un RequestType.",
  },
  unknownType: {
    en: "{type} is unknown here: it needs raw.",
    it: "{type} è sconosciuto: richiede raw.",
  },
  unknownMember: { en: "{member} is unknown: it needs raw.", it: "{member} è sconosciuto: richiede raw." },
  missingMember: { en: "{member} is missing.", it: "Manca {member}." },
  wrongType: { en: "{member} should be: {type}", it: "{member} deve essere: {type}" },
  result: {
    en: { one: "{n} phone got it.", other: "{n} phones got it." },
    it: { one: "Inviato a {n} dispositivo.", other: "Inviato a {n} dispositivi." },
  },
  refused: {
    en: { one: "{n} phone could not take it:", other: "{n} phones could not take it:" },
    it: { one: "{n} dispositivo non può riceverlo:", other: "{n} dispositivi non possono riceverlo:" },
  },
  timeline: { en: "Commands", it: "Comandi" },
  none: { en: "No command was sent to this phone yet.", it: "Nessun comando inviato finora." },
  more: { en: "Show more", it: "Mostra altri" },
  cancel: { en: "Cancel command", it: "Annulla comando" },
  cancelTitle: { en: "Cancel {type}?", it: "Annullare {type}?" },
  cancelText: {
    en: "It is not sent any more. What is under way, the phone may perform all the same.",
    it: "Non verrà più inviato. Se è già in corso, il dispositivo potrebbe eseguirlo ugualmente.",
  },
  open: { en: "Open only", it: "Solo aperti" },
  createdAt: { en: "Queued", it: "In coda" },
  sentAt: { en: "Sent", it: "Inviato" },
  settledAt: { en: "Settled", it: "Concluso" },
  expiresAt: { en: "Expires", it: "Scade" },
  sendCount: { en: "Times sent", it: "Invii" },
  notNowCount: { en: "NotNow", it: "NotNow" },
  origin: { en: "Asked by", it: "Richiesto da" },
  originServer: { en: "the server itself", it: "il server stesso" },
  originKey: { en: "API key {id}", it: "chiave API {id}" },
  installation: { en: "Installation", it: "Installazione" },
  sentPlist: { en: "Command", it: "Comando" },
  answerPlist: { en: "Answer", it: "Risposta" },
  noAnswer: { en: "No answer.", it: "Nessuna risposta." },
});

export const commandStates = catalogue({
  queued: { en: "queued", it: "in coda" },
  sent: { en: "sent", it: "inviato" },
  deferred: { en: "NotNow", it: "NotNow" },
  acknowledged: { en: "acknowledged", it: "confermato" },
  failed: { en: "failed", it: "esito negativo" },
  malformed: { en: "malformed answer", it: "risposta non valida" },
  cancelled: { en: "cancelled", it: "annullato" },
  expired: { en: "expired", it: "scaduto" },
});

export const memberTypes = catalogue({
  string: { en: "text", it: "testo" },
  integer: { en: "whole number", it: "numero intero" },
  number: { en: "number", it: "numero" },
  boolean: { en: "true or false", it: "true o false" },
  array: { en: "list", it: "elenco" },
  object: { en: "dictionary", it: "dizionario" },
  data: { en: "data", it: "dati" },
});
