import { catalogue } from "../../../../shared/web/messages.ts";

export const groupMessages = catalogue({
  lead: {
    en: "Apps are deployed to groups of users.",
    it: "Le app vengono distribuite a gruppi di utenti.",
  },
  add: { en: "New group", it: "Nuovo gruppo" },
  members: { en: "Members", it: "Membri" },
  addMember: { en: "Add member", it: "Aggiungi membro" },
  addMemberTitle: { en: "Add a member to {name}", it: "Aggiungi un membro a {name}" },
  memberHint: {
    en: "Type part of the name or e-mail, and choose.",
    it: "Digitare parte del nome o dell’indirizzo e scegliere.",
  },
  remove: { en: "Remove", it: "Rimuovi" },
  removeTitle: { en: "Take {user} out of {name}?", it: "Rimuovere {user} da {name}?" },
  removeText: {
    en: {
      one: "{n} deployment of the group concerns the user no more. What is installed stays.",
      other: "{n} deployments of the group concern the user no more. What is installed stays.",
    },
    it: {
      one: "{n} distribuzione del gruppo non riguarderà più l’utente. Quanto è installato resta.",
      other: "{n} distribuzioni del gruppo non riguarderanno più l’utente. Quanto è installato resta.",
    },
  },
  rename: { en: "Rename", it: "Rinomina" },
  renameTitle: { en: "Rename {name}", it: "Rinomina {name}" },
  deleteTitle: { en: "Delete {name}?", it: "Eliminare {name}?" },
  deleteMembers: {
    en: { one: "{n} member leaves it and remains a user.", other: "{n} members leave it and remain users." },
    it: {
      one: "{n} membro ne esce e resta utente.",
      other: "{n} membri ne escono e restano utenti.",
    },
  },
  deleteDeployments: {
    en: {
      one: "{n} deployment is withdrawn: what is installed stays, what is under way is watched to its end.",
      other:
        "{n} deployments are withdrawn: what is installed stays, what is under way is watched to its end.",
    },
    it: {
      one: "{n} distribuzione viene ritirata: quanto è installato resta, quanto è in corso viene seguito fino al termine.",
      other:
        "{n} distribuzioni vengono ritirate: quanto è installato resta, quanto è in corso viene seguito fino al termine.",
    },
  },
  deployments: { en: "Deployments", it: "Distribuzioni" },
  noDeployments: {
    en: "No app is deployed to this group.",
    it: "Nessuna app è distribuita a questo gruppo.",
  },
  action: { en: "Action", it: "Azione" },
  deadline: { en: "Deadline", it: "Scadenza" },
  createdAt: { en: "Created", it: "Creazione" },
});
