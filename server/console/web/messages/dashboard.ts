import { catalogue } from "../../../../shared/web/messages.ts";

export const dashboard = catalogue({
  phones: { en: "Devices", it: "Dispositivi" },
  connected: { en: "connected", it: "connessi" },
  enrolled: { en: "enrolled", it: "registrati" },
  enrolling: { en: "enrolling", it: "in registrazione" },
  unenrolled: { en: "not managed any more", it: "non più gestiti" },
  installations: { en: "Installations", it: "Installazioni" },
  commandsPerSecond: { en: "Commands a second", it: "Comandi al secondo" },
  queued: { en: "queued", it: "accodati" },
  acknowledged: { en: "acknowledged", it: "confermati" },
  failuresPerSecond: { en: "Failures a second", it: "Errori al secondo" },
  commandsFailed: { en: "commands refused", it: "comandi rifiutati" },
  installsFailed: { en: "installs failed", it: "installazioni non riuscite" },
  faults: { en: "faults of the server", it: "errori del server" },
  licenses: { en: "Licences by app", it: "Licenze per app" },
  licensesOf: { en: "{used} of {owned} used", it: "{used} di {owned} usate" },
  allApps: { en: "All volume-purchased apps", it: "Tutte le app acquistate con Volume Purchase Program" },
  noApps: {
    en: "No apps yet: upload the VPP token and synchronise.",
    it: "Ancora nessuna app: caricare il token VPP e sincronizzare.",
  },
  plotOf: {
    en: "{title}, the last minutes. Now: {values}.",
    it: "{title}, gli ultimi minuti. Ora: {values}.",
  },
});

export const labelNames = catalogue({
  installed: { en: "Installed", it: "Installata" },
  pending: { en: "Install Pending", it: "Installazione in sospeso" },
  failed: { en: "Failed", it: "Non riuscita" },
  notInstalled: { en: "Not Installed", it: "Non installata" },
  notApplicable: { en: "Not Applicable", it: "Non applicabile" },
});
