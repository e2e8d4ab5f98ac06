/** What an admin can do about an installation that is not as it should be. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const reasonAdvice = catalogue({
  "dep-enrolled": {
    en: "Volume-purchase apps don’t go to phones of Apple’s enrolment program. Nothing is wrong: give the user another phone, or choose a later behaviour under Policies.",
    it: "Le app VPP non vengono distribuite ai dispositivi registrati mediante DEP. Non è un errore: usare un altro dispositivo oppure scegliere un comportamento successivo in Criteri.",
  },
  "no-user": {
    en: "Licences go to users. Enrol the phone again with a link made for its user.",
    it: "Le licenze vengono assegnate agli utenti. Registrare di nuovo il dispositivo con un collegamento creato per il suo utente.",
  },
  "no-license": {
    en: "Buy more licences and sync, uninstall the app somewhere else, or choose a smaller group. It is tried again by itself as soon as a licence comes free.",
    it: "Acquistare altre licenze e sincronizzare, disinstallare l’app altrove oppure scegliere un gruppo più piccolo. Un nuovo tentativo parte da solo appena si libera una licenza.",
  },
  "license-refused": {
    en: "Sync with Apple and try again. If it stays so, look at the app in Apple’s store for business: its licences may be withdrawn.",
    it: "Sincronizzare con Apple e riprovare. Se persiste, controllare l’app nel portale di Apple: le licenze potrebbero essere state ritirate.",
  },
  "shared-apple-id": {
    en: "Another user joined with the same Apple ID. Ask one of the two to sign in with an Apple ID of their own, retire and reinstate that user, and send the invitation again.",
    it: "Un altro utente ha aderito con lo stesso ID Apple. Chiedere a uno dei due di usare un proprio ID Apple, ritirarlo e riammetterlo, quindi inviare di nuovo l’invito.",
  },
  "foreign-apple-id": {
    en: "The Apple ID is of another country or organisation. The person needs an Apple ID of the country of your account; then try again.",
    it: "L’ID Apple è di un altro paese o di un’altra organizzazione. Serve un ID Apple del paese dell’account; quindi riprovare.",
  },
  "user-retired": {
    en: "Reinstate the user under Users if they are to have apps again; they will be invited anew.",
    it: "Riammettere l’utente in Utenti se deve ricevere di nuovo app: verrà invitato di nuovo.",
  },
  "user-rejected": {
    en: "The person tapped Cancel. Tell them what the app is for, then try again: the phone will ask once more.",
    it: "L’utente ha annullato la richiesta. Spiegare a cosa serve l’app, quindi riprovare: il dispositivo chiederà di nuovo.",
  },
  "install-failed": {
    en: "Look at the phone: free storage, network, the Apple ID that is signed in. Then try again.",
    it: "Controllare il dispositivo: spazio libero, rete, ID Apple in uso. Quindi riprovare.",
  },
  "install-refused": {
    en: "The phone answered the command with an error. See the command for its words, put that right, then try again.",
    it: "Il dispositivo ha risposto al comando con un errore. Leggere il comando, risolvere la causa e riprovare.",
  },
  "remove-failed": {
    en: "The app is still on the phone and keeps its licence. See the command for the phone’s error; the removal is tried again by itself.",
    it: "L’app è ancora sul dispositivo e conserva la licenza. Leggere l’errore nel comando; la rimozione viene ritentata automaticamente.",
  },
  "user-removed": {
    en: "A required app comes back with the next inventory; send it again to have it at once. The licence stays with the user.",
    it: "Un’app richiesta torna con il prossimo inventario; inviarla di nuovo per averla subito. La licenza resta all’utente.",
  },
  "invitation-failed": {
    en: "The phone did not take up the invitation several times. Make sure that it is online and unlocked, then try again.",
    it: "Il dispositivo non ha ricevuto più volte l’invito. Verificare che sia in linea e sbloccato, quindi riprovare.",
  },
  "account-unusable": {
    en: "Renew the token, or take control of the account, under Volume Purchase Program. What waits goes on by itself then.",
    it: "Rinnovare il token o assumere il controllo dell’account in Volume Purchase Program. Ciò che attende prosegue poi da solo.",
  },
  "apple-unavailable": {
    en: "Nothing to do: Apple’s service is asked again by itself. If it lasts, look at the server’s way to the internet.",
    it: "Nessuna azione necessaria: il servizio di Apple viene interrogato di nuovo. Se dura, controllare la connessione del server.",
  },
  unenrolled: {
    en: "The phone left management. Enrol it again if it is to have the app.",
    it: "Il dispositivo non è più gestito. Registrarlo di nuovo se deve avere l’app.",
  },
  excluded: {
    en: "A deployment says Not applicable for one of the user’s groups. Change it, or leave it so.",
    it: "Una distribuzione indica Non applicabile per un gruppo dell’utente. Modificarla o lasciarla così.",
  },
  "device-limit": {
    en: "One licence serves five phones. Uninstall the app from one of the user’s other phones.",
    it: "Una licenza vale per cinque dispositivi. Disinstallare l’app da un altro dispositivo dell’utente.",
  },
  "license-revoked": {
    en: "An admin took the licence; the app stays as long as it runs. Try again to have the deployments count once more.",
    it: "Un amministratore ha revocato la licenza; l’app resta finché funziona. Riprovare per rendere di nuovo valide le distribuzioni.",
  },
  reclaimed: {
    en: "An admin had the app removed to get its licence back. Try again to have the deployments count once more.",
    it: "Un amministratore ha fatto rimuovere l’app per recuperare la licenza. Riprovare per rendere di nuovo valide le distribuzioni.",
  },
  cancelled: {
    en: "Rests until somebody tries again or sends it again.",
    it: "Resta ferma finché qualcuno non riprova o la invia di nuovo.",
  },
  "before-deadline": {
    en: "Nothing to do: the person may install it from the company portal until then.",
    it: "Nessuna azione necessaria: fino ad allora l’utente può installarla dal portale aziendale.",
  },
  "device-licensing-off": {
    en: "Let licences go to phones under Policies, or change the deployment to users’ licences.",
    it: "Consentire le licenze per dispositivo in Criteri oppure passare la distribuzione alle licenze per utente.",
  },
  "not-device-assignable": {
    en: "The developer lets no phone hold a licence of this app. Deploy it with users’ licences.",
    it: "Lo sviluppatore non consente licenze per dispositivo. Distribuire l’app con licenze per utente.",
  },
  "ios-too-old": {
    en: "Update the phone to iOS 9 or later, or deploy with users’ licences.",
    it: "Aggiornare il dispositivo a iOS 9 o successivo oppure distribuire con licenze per utente.",
  },
  "no-serial-number": {
    en: "Ask the phone for its DeviceInformation, so that its serial number is known.",
    it: "Chiedere al dispositivo DeviceInformation, così che il numero di serie sia noto.",
  },
});

/** Where no reason says more: what a state waits for. */
export const stateAdvice = catalogue({
  pending: {
    en: "The server is about to begin. Nothing to do.",
    it: "Il server sta per iniziare. Nessuna azione necessaria.",
  },
  waitingForTerms: {
    en: "The person has to accept the program’s terms on the phone. Remind them, or send the invitation again from the user’s page.",
    it: "L’utente deve accettare le condizioni del programma sul dispositivo. Ricordarlo all’utente o inviare di nuovo l’invito dalla sua pagina.",
  },
  installing: {
    en: "The phone is asked, or at it. It may wait for its person: unlock it, tap Install, give the Apple ID password.",
    it: "Il dispositivo ha ricevuto la richiesta o sta installando. Può attendere l’utente: sbloccare, scegliere Installa, immettere la password dell’ID Apple.",
  },
  removing: {
    en: "The licence returns when the phone has removed the app. It has to be switched on and reachable.",
    it: "La licenza torna quando il dispositivo ha rimosso l’app. Deve essere acceso e raggiungibile.",
  },
});
