/** The navigation that admins know: its areas and nodes, and the titles of pages. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const nav = catalogue({
  label: { en: "Pages", it: "Pagine" },
  dashboard: { en: "Dashboard", it: "Dashboard" },
  apps: { en: "Apps", it: "App" },
  managedSoftware: { en: "Managed Software", it: "Software gestito" },
  volumeApps: { en: "Volume-Purchased apps", it: "App acquistate con Volume Purchase Program" },
  deployments: { en: "Deployments", it: "Distribuzioni" },
  installations: { en: "Installations", it: "Installazioni" },
  licenses: { en: "Licences", it: "Licenze" },
  ledger: { en: "Ledger", it: "Registro delle licenze" },
  groupsArea: { en: "Groups", it: "Gruppi" },
  users: { en: "Users", it: "Utenti" },
  groups: { en: "Groups", it: "Gruppi" },
  devices: { en: "Devices", it: "Dispositivi" },
  enrollment: { en: "Enrolment links", it: "Collegamenti di registrazione" },
  admin: { en: "Admin", it: "Amministrazione" },
  ios: { en: "iOS and Mac OS X", it: "iOS e Mac OS X" },
  vpp: { en: "Volume Purchase Program", it: "Volume Purchase Program" },
  activity: { en: "Activity", it: "Attività" },
  audit: { en: "Audit", it: "Audit" },
  keys: { en: "API keys", it: "Chiavi API" },
  sessions: { en: "Sessions", it: "Sessioni" },
  policies: { en: "Policies", it: "Criteri" },
});
