import { catalogue } from "../../../../shared/web/messages.ts";

export const importing = catalogue({
  open: { en: "Import…", it: "Importa…" },
  title: { en: "Import users", it: "Importa utenti" },
  lead: {
    en: "A CSV file with the columns id, name, email and, where wanted, groups (names with semicolons between them), or a JSON file with the same fields. All or none are imported.",
    it: "Un file CSV con le colonne id, name, email e, se servono, groups (nomi separati da punto e virgola), oppure un file JSON con gli stessi campi. Vengono importati tutti o nessuno.",
  },
  file: { en: "File", it: "File" },
  commit: { en: "Import", it: "Importa" },
  commitCount: {
    en: { one: "Import {n} user", other: "Import {n} users" },
    it: { one: "Importa {n} utente", other: "Importa {n} utenti" },
  },
  tooLarge: { en: "{name} is larger than 10 MB.", it: "{name} supera i 10 MB." },
  notJson: { en: "{name} is not JSON with users in it.", it: "{name} non è un file JSON con utenti." },
  would: { en: "This would happen:", it: "Ecco cosa succederà:" },
  was: { en: "Imported.", it: "Importazione eseguita." },
  created: { en: { one: "{n} new", other: "{n} new" }, it: { one: "{n} nuovo", other: "{n} nuovi" } },
  updated: {
    en: { one: "{n} changed", other: "{n} changed" },
    it: { one: "{n} modificato", other: "{n} modificati" },
  },
  unchanged: {
    en: { one: "{n} as before", other: "{n} as before" },
    it: { one: "{n} invariato", other: "{n} invariati" },
  },
  newGroups: { en: "New groups: {names}", it: "Nuovi gruppi: {names}" },
  changes: { en: "Changes", it: "Modifiche" },
  errors: {
    en: { one: "{n} error: nothing is imported", other: "{n} errors: nothing is imported" },
    it: { one: "{n} errore: nessuna importazione", other: "{n} errori: nessuna importazione" },
  },
  place: { en: "Place", it: "Posizione" },
  line: { en: "line {n}", it: "riga {n}" },
  lineColumn: { en: "line {n}, {column}", it: "riga {n}, {column}" },
  expected: { en: "Expected", it: "Valore previsto" },
  change: { en: "Change", it: "Modifica" },
  fields: { en: "Fields", it: "Campi" },
});

export const importChanges = catalogue({
  created: { en: "new", it: "nuovo" },
  updated: { en: "changed", it: "modificato" },
});

export const importFields = catalogue({
  name: { en: "name", it: "nome" },
  email: { en: "e-mail", it: "posta elettronica" },
  groups: { en: "groups", it: "gruppi" },
});
