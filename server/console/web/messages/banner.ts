import { catalogue } from "../../../../shared/web/messages.ts";

export const banner = catalogue({
  expiring: {
    en: "The VPP token of {organisation} expires on {date}. Download a new one from Apple and renew it.",
    it: "Il token VPP di {organisation} scade il {date}. Scaricarne uno nuovo da Apple e rinnovarlo.",
  },
  expired: {
    en: "The VPP token of {organisation} expired on {date}. No licences can be assigned; what is installed stays.",
    it: "Il token VPP di {organisation} è scaduto il {date}. Non è possibile assegnare licenze; le app installate restano.",
  },
  revoked: {
    en: "The VPP token of {organisation} was revoked at Apple. Download a new one and renew it.",
    it: "Il token VPP di {organisation} è stato revocato da Apple. Scaricarne uno nuovo e rinnovarlo.",
  },
  unknown: {
    en: "Apple no longer knows the VPP token of {organisation}. Download a new one and renew it.",
    it: "Il token VPP di {organisation} non è più noto ad Apple. Scaricarne uno nuovo e rinnovarlo.",
  },
  claimed: {
    en: "The VPP account of {organisation} is assigned to another MDM ({other}). Nothing is sent to Apple until you take control.",
    it: "L’account VPP di {organisation} è assegnato a un altro MDM ({other}). Nulla viene inviato ad Apple finché non si assume il controllo.",
  },
  missing: {
    en: "The VPP token of {organisation} was deleted. Licences can’t be assigned or returned.",
    it: "Il token VPP di {organisation} è stato eliminato. Non è possibile assegnare o restituire licenze.",
  },
  toPage: { en: "Volume Purchase Program", it: "Volume Purchase Program" },
});
