import { catalogue } from "../../../../shared/web/messages.ts";

export const keyMessages = catalogue({
  lead: {
    en: "Keys open the API to scripts, and this console to people.",
    it: "Le chiavi aprono l’API agli script e questa console alle persone.",
  },
  add: { en: "New API key", it: "Nuova chiave API" },
  role: { en: "Role", it: "Ruolo" },
  lastUsed: { en: "Last used", it: "Ultimo uso" },
  expires: { en: "Expires", it: "Scade" },
  expiresHint: { en: "Empty: it does not expire.", it: "Vuoto: non scade." },
  revoke: { en: "Revoke", it: "Revoca" },
  revoked: { en: "revoked", it: "revocata" },
  expired: { en: "expired", it: "scaduta" },
  inForce: { en: "in force", it: "valida" },
  rotate: { en: "New secret", it: "Nuovo segreto" },
  revokeTitle: { en: "Revoke {name}?", it: "Revocare {name}?" },
  revokeText: {
    en: "It is refused from the next request on, and its sessions end.",
    it: "Verrà rifiutata a partire dalla richiesta successiva e le relative sessioni terminano.",
  },
  rotateTitle: { en: "A new secret for {name}", it: "Un nuovo segreto per {name}" },
  grace: { en: "The present secret stays good for", it: "Il segreto attuale resta valido per" },
  graceNone: { en: "no longer", it: "non oltre" },
  graceHour: { en: "one hour", it: "un’ora" },
  graceDay: { en: "one day", it: "un giorno" },
  shownOnce: {
    en: "This is the key of {name}. It is shown this once: copy it now.",
    it: "Questa è la chiave di {name}. Viene mostrata solo questa volta: copiarla ora.",
  },
});
