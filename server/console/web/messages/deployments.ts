import { catalogue } from "../../../../shared/web/messages.ts";

export const deploymentMessages = catalogue({
  lead: {
    en: "What should be true of which app for which group. Where several reach one user, they are resolved to one.",
    it: "Che cosa deve valere per quale app e quale gruppo. Se più distribuzioni riguardano un utente, ne risulta una sola.",
  },
  none: {
    en: "Nothing is deployed yet. Choose an app, then Manage deployment.",
    it: "Non è stata ancora distribuita alcuna app. Scegliere un’app, quindi Gestisci distribuzione.",
  },
  add: { en: "New deployment", it: "Nuova distribuzione" },
  manageTitle: { en: "Manage deployment: {app}", it: "Gestisci distribuzione: {app}" },
  action: { en: "Deployment action", it: "Azione di distribuzione" },
  deadline: { en: "Deadline", it: "Scadenza" },
  licenseType: { en: "Licences", it: "Licenze" },
  userLicense: { en: "of users", it: "per utente" },
  deviceLicense: { en: "of devices", it: "per dispositivo" },
  changed: { en: "Last changed", it: "Ultima modifica" },
  created: { en: "Made", it: "Creata" },
  pageTitle: { en: "{app} for {group}", it: "{app} per {group}" },
  toInstallations: {
    en: "What became of it on the devices of this group",
    it: "L’esito sui dispositivi di questo gruppo",
  },
  expanding: { en: "being carried out", it: "in applicazione" },
  change: { en: "Change", it: "Modifica" },
  withdraw: { en: "Withdraw", it: "Ritira" },
  withdrawTitle: {
    en: "Withdraw the deployment of {app} to {group}?",
    it: "Ritirare la distribuzione di {app} a {group}?",
  },
  withdrawText: {
    en: "It counts no more for the members of the group. What is installed stays on the devices, with its licences; to get those back, change the action to Uninstall instead.",
    it: "Non varrà più per i membri del gruppo. Le app installate restano sui dispositivi con le relative licenze; per recuperarle, impostare invece l’azione Disinstalla.",
  },
  withdrawCounts: {
    en: {
      one: "The group has {n} member. Of all groups together, devices that have the app: {installed}, that are to get it: {pending}.",
      other:
        "The group has {n} members. Of all groups together, devices that have the app: {installed}, that are to get it: {pending}.",
    },
    it: {
      one: "Il gruppo ha {n} membro. In tutti i gruppi, dispositivi che hanno l’app: {installed}, che devono riceverla: {pending}.",
      other:
        "Il gruppo ha {n} membri. In tutti i gruppi, dispositivi che hanno l’app: {installed}, che devono riceverla: {pending}.",
    },
  },
  whichApp: { en: "Which app?", it: "Quale app?" },
  next: { en: "Next", it: "Avanti" },
  back: { en: "Back", it: "Indietro" },
  steps: { en: "Steps", it: "Passaggi" },
  stepGroups: { en: "Groups", it: "Gruppi" },
  stepAction: { en: "Action", it: "Azione" },
  stepDeadline: { en: "Deadline", it: "Scadenza" },
  stepConfirm: { en: "Confirm", it: "Conferma" },
  askGroups: { en: "Who is it for?", it: "A chi è destinata?" },
  noGroups: {
    en: "There is no group yet. Make one under Groups, or import people with their groups.",
    it: "Non esiste ancora alcun gruppo. Crearne uno in Gruppi o importare gli utenti con i loro gruppi.",
  },
  findGroup: { en: "Find a group", it: "Trova un gruppo" },
  hasNow: { en: "now: {action}", it: "ora: {action}" },
  hasNone: { en: "no deployment of this app", it: "nessuna distribuzione di questa app" },
  askAction: { en: "What is to become of the app?", it: "Che cosa deve accadere all’app?" },
  hintRequired: {
    en: "It is pushed to the devices. Each user who installs it uses one licence.",
    it: "Viene inviata ai dispositivi. Ogni utente che la installa usa una licenza.",
  },
  hintAvailable: {
    en: "It is listed in the company portal; a licence is used by those who install it.",
    it: "Viene elencata nel portale aziendale; usa una licenza chi la installa.",
  },
  hintUninstall: {
    en: "It is removed from the devices; licences return when the removal has finished.",
    it: "Viene rimossa dai dispositivi; le licenze tornano al termine della disinstallazione.",
  },
  hintNotApplicable: {
    en: "It is neither shown nor installed. What is installed stays.",
    it: "Non viene mostrata né installata. Ciò che è installato resta.",
  },
  askLicense: { en: "Whose licences?", it: "Licenze di chi?" },
  hintUser: {
    en: "One for each user, for all devices of theirs. They accept the terms and have an Apple ID.",
    it: "Una per utente, per tutti i suoi dispositivi. L’utente accetta le condizioni e ha un ID Apple.",
  },
  hintDevice: {
    en: "One for each device. Nobody is invited, and no Apple ID is asked for.",
    it: "Una per dispositivo. Nessun invito e nessun ID Apple richiesto.",
  },
  askDeadline: { en: "Until when?", it: "Entro quando?" },
  deadlineHint: {
    en: "Until then people may install it from the company portal; then it is pushed.",
    it: "Fino ad allora gli utenti possono installarla dal portale aziendale; poi viene inviata.",
  },
  atOnce: { en: "At once", it: "Subito" },
  inDay: { en: "In one day", it: "Tra un giorno" },
  inWeek: { en: "In one week", it: "Tra una settimana" },
  inMonth: { en: "In 30 days", it: "Tra 30 giorni" },
  custom: { en: "Another time", it: "Personalizzata" },
  customTime: {
    en: "Date and time, by this browser’s clock",
    it: "Data e ora, secondo l’orologio del browser",
  },
  askConfirm: { en: "This will happen", it: "Ecco che cosa accadrà" },
  submit: { en: "Deploy", it: "Distribuisci" },
  forGroups: { en: "{action}: {groups}", it: "{action}: {groups}" },
  dueAt: { en: "Deadline: {time}", it: "Scadenza: {time}" },
});
