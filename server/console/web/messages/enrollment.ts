import { catalogue } from "../../../../shared/web/messages.ts";

export const enrollmentMessages = catalogue({
  lead: {
    en: "A link brings a phone under management. It is shown once, when it is made.",
    it: "Un collegamento porta un dispositivo sotto gestione. Viene mostrato una volta sola, alla creazione.",
  },
  add: { en: "New link", it: "Nuovo collegamento" },
  addTitle: { en: "New enrolment link", it: "Nuovo collegamento di registrazione" },
  kind: { en: "Enrolment", it: "Registrazione" },
  userHint: {
    en: "Whose phone it is. Type part of the name or e-mail, and choose; empty for a phone without a user.",
    it: "A chi appartiene il dispositivo. Digitare parte del nome o dell’indirizzo e scegliere; vuoto per un dispositivo senza utente.",
  },
  noUser: { en: "without a user", it: "senza utente" },
  hours: { en: "Good for how many hours", it: "Durata in ore" },
  uses: { en: "For how many phones", it: "Per quanti dispositivi" },
  createdAt: { en: "Made", it: "Creazione" },
  expires: { en: "Expires", it: "Scade" },
  usesLeft: { en: "Uses left", it: "Usi rimasti" },
  good: { en: "in force", it: "valido" },
  used: { en: "used up", it: "esaurito" },
  expired: { en: "expired", it: "scaduto" },
  none: { en: "No link was made yet.", it: "Ancora nessun collegamento." },
  shownOnce: {
    en: "This link is shown this once: copy it now, or scan it with the phone.",
    it: "Questo collegamento viene mostrato solo questa volta: copiarlo ora oppure inquadrarlo con il dispositivo.",
  },
  until: { en: "Good until {time}.", it: "Valido fino al {time}." },
  qrCode: { en: "QR code of the link below", it: "Codice QR del collegamento riportato sotto" },
});
