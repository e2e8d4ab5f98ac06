/** What the server's refusals mean to somebody at the console, by their stable codes. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const failures = catalogue({
  no_answer: {
    en: "The server does not answer. Nothing is known of what became of the last request; try again.",
    it: "Il server non risponde. L’esito dell’ultima richiesta non è noto: riprovare.",
  },
  unauthorized: {
    en: "The key is unknown, revoked or expired.",
    it: "La chiave è sconosciuta, revocata o scaduta.",
  },
  forbidden: { en: "Your key may not do this.", it: "La chiave in uso non consente questa operazione." },
  csrf_token_invalid: {
    en: "The request did not come from this page’s session. Load the page again.",
    it: "La richiesta non proviene dalla sessione di questa pagina. Ricaricare la pagina.",
  },
  invalid_request: {
    en: "Something in the form is not as expected.",
    it: "Un valore nel modulo non è quello previsto.",
  },
  body_too_large: { en: "That is too large.", it: "Le dimensioni sono eccessive." },
  malformed_csv: { en: "The file is not the expected CSV.", it: "Il file non è il CSV previsto." },
  malformed_json: { en: "That is not JSON.", it: "Il testo non è JSON." },
  malformed_plist: {
    en: "That can’t be written as a property list.",
    it: "Non può essere scritto come property list.",
  },
  not_found: { en: "It does not exist (any more).", it: "Non esiste (più)." },
  conflict: {
    en: "That is not possible as things are now.",
    it: "Operazione non possibile nello stato attuale.",
  },
  already_exists: { en: "That exists already.", it: "Esiste già." },
  request_under_way: { en: "The same request is under way.", it: "La stessa richiesta è già in corso." },
  request_interrupted: {
    en: "The server was interrupted at the first attempt. Look at what became of it before you try again.",
    it: "Il server è stato interrotto al primo tentativo. Verificare l’esito prima di riprovare.",
  },
  limit_exceeded: { en: "A limit of the server is reached.", it: "È stato raggiunto un limite del server." },
  queue_full: {
    en: "Too many commands wait for this device.",
    it: "Troppi comandi in attesa per questo dispositivo.",
  },
  token_malformed: {
    en: "This is no VPP token: choose the file that was downloaded from Apple, unchanged.",
    it: "Questo non è un token VPP: scegliere il file scaricato da Apple, senza modificarlo.",
  },
  token_not_acknowledged: {
    en: "The account can’t be changed later; this has to be acknowledged.",
    it: "L’account non potrà essere cambiato in seguito: è necessario confermarlo.",
  },
  token_expired: {
    en: "The token has expired: download a new one from Apple.",
    it: "Il token è scaduto: scaricarne uno nuovo da Apple.",
  },
  token_revoked: { en: "The token was revoked at Apple.", it: "Il token è stato revocato da Apple." },
  token_unknown: { en: "Apple does not know this token.", it: "Il token non è noto ad Apple." },
  token_other_account: {
    en: "This token belongs to another Apple VPP account. The account can’t be changed.",
    it: "Questo token appartiene a un altro account VPP di Apple. L’account non può essere cambiato.",
  },
  token_claimed_elsewhere: {
    en: "Another product uses this token. Generate a new one for this server, or take control.",
    it: "Un altro prodotto usa questo token. Generarne uno nuovo per questo server oppure assumere il controllo.",
  },
  token_missing: { en: "There is no VPP token.", it: "Non è presente alcun token VPP." },
  apple_unavailable: {
    en: "Apple’s service can’t be reached.",
    it: "Il servizio di Apple non è raggiungibile.",
  },
  apple_refused: { en: "Apple’s service refused.", it: "Il servizio di Apple ha rifiutato la richiesta." },
  no_license: { en: "There are no licences left.", it: "Non ci sono altre licenze disponibili." },
  device_licensing_off: {
    en: "Licences of devices are switched off in the policies.",
    it: "Le licenze per dispositivo sono disattivate nei criteri.",
  },
  license_type_fixed: {
    en: "The licence type can’t go back to users’ licences.",
    it: "Il tipo di licenza non può tornare a quello per utente.",
  },
  confirmation_required: { en: "This has to be confirmed.", it: "È necessaria una conferma." },
  unavailable: {
    en: "The server is stopping or starting. Try again.",
    it: "Il server si sta arrestando o avviando. Riprovare.",
  },
  store_unwritable: {
    en: "The server can’t write to its disk. Nothing was changed.",
    it: "Il server non può scrivere sul disco. Nulla è stato modificato.",
  },
  store_failed: {
    en: "The server’s disk fails. Nothing was changed.",
    it: "Errore del disco del server. Nulla è stato modificato.",
  },
  store_full: {
    en: "The server’s disk is full. Nothing was changed.",
    it: "Il disco del server è pieno. Nulla è stato modificato.",
  },
  internal: {
    en: "A fault of the server. It is in the log.",
    it: "Errore interno del server. È riportato nel registro.",
  },
  unknown: { en: "The server refused.", it: "Il server ha rifiutato la richiesta." },
});
