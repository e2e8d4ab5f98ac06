/** The codes that admins search the web for: what each means, and what can be done about it. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const codeMeanings = catalogue({
  "0x87D1138B": { en: "The phone answered with an error.", it: "Il dispositivo ha risposto con un errore." },
  "0x87D13B60": { en: "A redemption code is needed.", it: "È necessario un codice di riscatto." },
  "0x87D13B61": { en: "The user had installed the app before.", it: "L’utente aveva già installato l’app." },
  "0x87D13B62": {
    en: "The user refused to install the app.",
    it: "L’utente ha rifiutato di installare l’app.",
  },
  "0x87D13B63": { en: "The user refused the update.", it: "L’utente ha rifiutato l’aggiornamento." },
  "0x87D13B64": { en: "The installation failed.", it: "L’installazione non è riuscita." },
  "0x87D13B65": {
    en: "The redemption code is being redeemed.",
    it: "Il codice di riscatto è in corso di utilizzo.",
  },
  "0x87D13B66": {
    en: "The app is managed, but its user removed it.",
    it: "L’app è gestita, ma l’utente l’ha rimossa.",
  },
  "0x87D13B67": {
    en: "The phone does not know the state of the app.",
    it: "Il dispositivo non conosce lo stato dell’app.",
  },
  "0x87D13B68": {
    en: "The user declined the management of the app.",
    it: "L’utente ha rifiutato la gestione dell’app.",
  },
  "0x87D13B69": {
    en: "A licence of the phone itself needs iOS 9.",
    it: "Una licenza per dispositivo richiede iOS 9.",
  },
  "0x87D13B6B": { en: "The phone gets no volume-purchase app.", it: "Il dispositivo non riceve app VPP." },
  "0x87D13B7E": { en: "Apple has no licence of the app left.", it: "Apple non ha altre licenze dell’app." },
  "0x87D13B80": { en: "The iTunes Store can’t be reached.", it: "iTunes Store non è raggiungibile." },
  "0x87D13B94": {
    en: "The App Store is disabled on the phone.",
    it: "App Store è disattivato sul dispositivo.",
  },
  "0x87D13B95": {
    en: "Apple found no licence for the app.",
    it: "Apple non ha trovato una licenza per l’app.",
  },
  "0x87D13B99": {
    en: "The user has to sign in to the App Store.",
    it: "L’utente deve accedere ad App Store.",
  },
  "0x87D13B9F": {
    en: "Installed; there is a newer version.",
    it: "Installata; esiste una versione più recente.",
  },
  "0x87D15607": {
    en: "The id of the app could not be validated.",
    it: "Non è stato possibile convalidare l’ID dell’app.",
  },
  "0x87D15608": {
    en: "The manifest could not be validated.",
    it: "Non è stato possibile convalidare il manifesto.",
  },
  "0x87D15609": { en: "The app is already installed.", it: "L’app è già installata." },
  "0x87D1560A": { en: "The app is already queued.", it: "L’app è già in coda." },
  "0x87D1560D": { en: "The app is not managed.", it: "L’app non è gestita." },
  "0x87D1560F": {
    en: "Installing apps is disabled on the phone.",
    it: "L’installazione di app è disattivata sul dispositivo.",
  },
  "0x87D15613": { en: "The app can’t be purchased.", it: "Non è possibile acquistare l’app." },
  "0x87D15614": {
    en: "The app can’t be removed in its present state.",
    it: "L’app non può essere rimossa nello stato attuale.",
  },
  "0x87D15615": { en: "The redemption code is not valid.", it: "Il codice di riscatto non è valido." },
  "0x87D15616": { en: "The app is not managed.", it: "L’app non è gestita." },
  "0x87D15618": {
    en: "Somebody has to sign in to the App Store.",
    it: "È necessario accedere ad App Store.",
  },
  "0x87D19858": { en: "The phone is not supervised.", it: "Il dispositivo non è supervisionato." },
});

/** Where the phone itself gave the cause, which tells more than the reason it led to. */
export const codeAdvice = catalogue({
  "0x87D13B60": {
    en: "Apps of this program need no redemption code. Send it again.",
    it: "Le app di questo programma non richiedono un codice di riscatto. Inviarla di nuovo.",
  },
  "0x87D13B61": {
    en: "The app is the person’s own. Ask them to delete it, or to accept that it becomes managed; then send it again.",
    it: "L’app appartiene all’utente. Chiedere di eliminarla o di accettarne la gestione, quindi inviarla di nuovo.",
  },
  "0x87D13B63": {
    en: "The older version stays and works. Ask the person to accept the update.",
    it: "La versione precedente resta e funziona. Chiedere all’utente di accettare l’aggiornamento.",
  },
  "0x87D13B65": { en: "Wait: the phone is at it.", it: "Attendere: il dispositivo sta procedendo." },
  "0x87D13B67": {
    en: "The phone is asked again by itself. If it lasts, restart the phone.",
    it: "Il dispositivo viene interrogato di nuovo. Se dura, riavviare il dispositivo.",
  },
  "0x87D13B94": {
    en: "A profile forbids the App Store. Remove that restriction from the phone, then try again.",
    it: "Un profilo vieta App Store. Togliere la restrizione dal dispositivo, quindi riprovare.",
  },
  "0x87D13B95": {
    en: "Sync, revoke the user’s licence of this app, and try again: a new one is taken.",
    it: "Sincronizzare, revocare la licenza dell’utente per questa app e riprovare: ne verrà assegnata una nuova.",
  },
  "0x87D13B99": {
    en: "Ask the person to sign in to the App Store with the Apple ID they accepted the terms with.",
    it: "Chiedere all’utente di accedere ad App Store con l’ID Apple usato per accettare le condizioni.",
  },
  "0x87D13B9F": {
    en: "Nothing is wrong. It can be updated on the phone.",
    it: "Non è un errore. Può essere aggiornata sul dispositivo.",
  },
  "0x87D15607": {
    en: "The App Store does not know the app. See whether it is still sold, and sync.",
    it: "App Store non riconosce l’app. Verificare che sia ancora in vendita e sincronizzare.",
  },
  "0x87D15608": {
    en: "Only apps of the App Store are deployed here. Try again.",
    it: "Qui vengono distribuite solo app di App Store. Riprovare.",
  },
  "0x87D15609": {
    en: "The app is there already. Try again: its state is read anew.",
    it: "L’app è già presente. Riprovare: lo stato viene riletto.",
  },
  "0x87D1560A": {
    en: "The phone has it in its queue. Wait, or try again later.",
    it: "Il dispositivo l’ha in coda. Attendere o riprovare più tardi.",
  },
  "0x87D1560D": {
    en: "The app on the phone is the person’s own. They have to delete it themselves.",
    it: "L’app sul dispositivo appartiene all’utente, che deve eliminarla da sé.",
  },
  "0x87D1560F": {
    en: "A profile forbids installing apps. Remove that restriction from the phone, then try again.",
    it: "Un profilo vieta di installare app. Togliere la restrizione dal dispositivo, quindi riprovare.",
  },
  "0x87D15613": {
    en: "The app is not sold in the country of the Apple ID, or no more. Check it in the App Store.",
    it: "L’app non è in vendita nel paese dell’ID Apple o non lo è più. Verificare in App Store.",
  },
  "0x87D15614": {
    en: "Wait until the phone has finished what it does with the app.",
    it: "Attendere che il dispositivo abbia concluso l’operazione sull’app.",
  },
  "0x87D15615": { en: "Use another redemption code.", it: "Usare un altro codice di riscatto." },
  "0x87D15616": {
    en: "The app on the phone is the person’s own. They have to delete it themselves.",
    it: "L’app sul dispositivo appartiene all’utente, che deve eliminarla da sé.",
  },
  "0x87D15618": {
    en: "Ask the person to sign in to the App Store on the phone, then try again.",
    it: "Chiedere all’utente di accedere ad App Store sul dispositivo, quindi riprovare.",
  },
  "0x87D19858": { en: "That needs a supervised phone.", it: "È necessario un dispositivo supervisionato." },
});
