/** What a deployment will do, in sentences behind their numbers. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const previewMessages = catalogue({
  users: {
    en: { one: "user is concerned", other: "users are concerned" },
    it: { one: "utente interessato", other: "utenti interessati" },
  },
  withoutPhone: {
    en: { one: "of them has no managed device", other: "of them have no managed device" },
    it: { one: "di questi è senza dispositivo gestito", other: "di questi sono senza dispositivo gestito" },
  },
  phones: {
    en: { one: "device of theirs", other: "devices of theirs" },
    it: { one: "loro dispositivo", other: "loro dispositivi" },
  },
  install: {
    en: { one: "device gets the app", other: "devices get the app" },
    it: { one: "dispositivo riceverà l’app", other: "dispositivi riceveranno l’app" },
  },
  offer: {
    en: { one: "device is offered the app", other: "devices are offered the app" },
    it: { one: "dispositivo potrà installare l’app", other: "dispositivi potranno installare l’app" },
  },
  keep: {
    en: { one: "device has it, and keeps it", other: "devices have it, and keep it" },
    it: { one: "dispositivo ce l’ha e la conserva", other: "dispositivi ce l’hanno e la conservano" },
  },
  remove: {
    en: { one: "device removes the app with its data", other: "devices remove the app with its data" },
    it: {
      one: "dispositivo rimuoverà l’app e i suoi dati",
      other: "dispositivi rimuoveranno l’app e i suoi dati",
    },
  },
  untouched: {
    en: { one: "device is left as it is", other: "devices are left as they are" },
    it: { one: "dispositivo resta com’è", other: "dispositivi restano come sono" },
  },
  refusedDep: {
    en: { one: "DEP device is refused", other: "DEP devices are refused" },
    it: { one: "dispositivo DEP verrà rifiutato", other: "dispositivi DEP verranno rifiutati" },
  },
  refused: {
    en: { one: "device does not get it: {reason}", other: "devices do not get it: {reason}" },
    it: { one: "dispositivo non la riceverà: {reason}", other: "dispositivi non la riceveranno: {reason}" },
  },
  outweighed: {
    en: {
      one: "device is reached by another deployment, which counts there",
      other: "devices are reached by another deployment, which counts there",
    },
    it: {
      one: "dispositivo è raggiunto da un’altra distribuzione, che prevale",
      other: "dispositivi sono raggiunti da un’altra distribuzione, che prevale",
    },
  },
  mustAccept: {
    en: { one: "user must accept the terms first", other: "users must accept the terms first" },
    it: {
      one: "utente deve prima accettare le condizioni",
      other: "utenti devono prima accettare le condizioni",
    },
  },
  invitedAlready: {
    en: { one: "of them is invited already", other: "of them are invited already" },
    it: { one: "di questi è già stato invitato", other: "di questi sono già stati invitati" },
  },
  needed: {
    en: { one: "licence is needed; free: {free}", other: "licences are needed; free: {free}" },
    it: { one: "licenza necessaria; disponibili: {free}", other: "licenze necessarie; disponibili: {free}" },
  },
  ifAllAsk: {
    en: {
      one: "licence is used if everybody installs it; free: {free}",
      other: "licences are used if everybody installs it; free: {free}",
    },
    it: {
      one: "licenza usata se tutti la installano; disponibili: {free}",
      other: "licenze usate se tutti la installano; disponibili: {free}",
    },
  },
  returning: {
    en: {
      one: "licence returns when the removal has finished",
      other: "licences return when the removals have finished",
    },
    it: {
      one: "licenza tornerà al termine della disinstallazione",
      other: "licenze torneranno al termine delle disinstallazioni",
    },
  },
  short: {
    en: {
      one: "{n} licence too few: that install will fail until one comes free or more are bought.",
      other: "{n} licences too few: so many installs will fail until some come free or more are bought.",
    },
    it: {
      one: "Manca {n} licenza: l’installazione avrà esito negativo finché non se ne libera o acquista una.",
      other:
        "Mancano {n} licenze: altrettante installazioni avranno esito negativo finché non se ne liberano o acquistano.",
    },
  },
  accountUnusable: {
    en: "The VPP account can’t be used now: what needs a licence waits until it can.",
    it: "L’account VPP non è utilizzabile: ciò che richiede una licenza attenderà.",
  },
  incomplete: {
    en: "There are more users than were looked at: the numbers are too small.",
    it: "Gli utenti sono più di quelli esaminati: i numeri sono inferiori al reale.",
  },
  nobody: { en: "Nobody is concerned.", it: "Nessuno è interessato." },
});
