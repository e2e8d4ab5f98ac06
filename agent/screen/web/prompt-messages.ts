import { catalogue } from "../../../shared/web/messages.ts";

export const promptMessages = catalogue({
  newSheet: { en: "The phone asks: {title}", it: "Il telefono chiede: {title}" },
  yourOrganisation: { en: "Your organisation", it: "La tua organizzazione" },
  lockInstead: { en: "Lock the phone", it: "Blocca il telefono" },
  // The volume-purchase program.
  termsTitle: { en: "Apps from {organisation}", it: "App da {organisation}" },
  termsText: {
    en: "{organisation} would like to assign apps to you. Read what that means, then decide.",
    it: "{organisation} desidera assegnarti delle app. Leggi che cosa comporta, poi decidi.",
  },
  termsHeading: { en: "Terms of the program", it: "Condizioni del programma" },
  terms1: {
    en: "Your organisation has bought licences of apps and books in volume. When you join, it can assign some of them to the Apple ID you are signed in with. They then appear among your purchases, and you can install them on your phones.",
    it: "La tua organizzazione ha acquistato licenze di app e libri in volume. Se partecipi, può assegnarne alcune all'ID Apple con cui hai eseguito l'accesso. Compaiono allora tra i tuoi acquisti e puoi installarle sui tuoi telefoni.",
  },
  terms2: {
    en: "Nothing is charged to you. The licences stay the property of your organisation: it can take back an app at any time, and the app stops working after a while of grace. A book that was assigned to you is yours to keep.",
    it: "Non ti viene addebitato nulla. Le licenze restano dell'organizzazione: può riprendersi un'app in qualsiasi momento e l'app smette di funzionare dopo un periodo di tolleranza. Un libro assegnato resta tuo.",
  },
  terms3: {
    en: "Your organisation doesn't learn your Apple ID, and sees nothing of what else you bought or do with your phone through this program. It learns that you have accepted, and which of its own licences you hold.",
    it: "L'organizzazione non viene a conoscenza del tuo ID Apple e, tramite questo programma, non vede nulla degli altri tuoi acquisti né di ciò che fai con il telefono. Viene a sapere che hai accettato e quali delle sue licenze possiedi.",
  },
  terms4: {
    en: "You need to join only once, with the Apple ID you want the apps on. You can leave the program whenever you want; the licences then go back. If you decline, apps that need a licence of your own can't be installed. You may be invited again.",
    it: "Basta partecipare una volta sola, con l'ID Apple su cui vuoi le app. Puoi lasciare il programma quando vuoi; le licenze tornano allora indietro. Se rifiuti, le app che richiedono una licenza a tuo nome non possono essere installate. Potrai essere invitato di nuovo.",
  },
  terms5: {
    en: "This is a lab. The organisation, the licences and the Apple ID are made up, and accepting binds you to nothing.",
    it: "Questo è un laboratorio. L'organizzazione, le licenze e l'ID Apple sono inventati e accettare non ti impegna a nulla.",
  },
  // An app.
  installTitle: { en: "App Installation", it: "Installazione app" },
  installText: {
    en: "{organisation} would like to install “{app}” from the App Store and manage it. Nothing is charged to your Apple ID.",
    it: "{organisation} desidera installare “{app}” dall'App Store e gestirla. Non viene addebitato nulla al tuo ID Apple.",
  },
  updateTitle: { en: "App Update", it: "Aggiornamento app" },
  updateText: {
    en: "{organisation} would like to update “{app}” to the version in the App Store.",
    it: "{organisation} desidera aggiornare “{app}” alla versione presente nell'App Store.",
  },
  manageTitle: { en: "App Management Change", it: "Modifica gestione app" },
  manageText: {
    en: "{organisation} would like to manage “{app}”. It could then also remove the app and its data.",
    it: "{organisation} desidera gestire “{app}”. Potrà quindi anche rimuovere l'app e i suoi dati.",
  },
  // The Apple ID.
  signInTitle: { en: "Sign In to the App Store", it: "Accedi all'App Store" },
  passwordTitle: { en: "Apple ID Password", it: "Password ID Apple" },
  signInProgram: {
    en: "Sign in with your Apple ID to join the program.",
    it: "Accedi con il tuo ID Apple per partecipare al programma.",
  },
  signInInstall: {
    en: "Sign in with your Apple ID to install “{app}”.",
    it: "Accedi con il tuo ID Apple per installare “{app}”.",
  },
  signInUpdate: {
    en: "Sign in with your Apple ID to update “{app}”.",
    it: "Accedi con il tuo ID Apple per aggiornare “{app}”.",
  },
  passwordFor: {
    en: "Enter the password of the Apple ID {appleId}.",
    it: "Inserisci la password dell'ID Apple {appleId}.",
  },
  wrong: {
    en: {
      one: "The Apple ID or the password was wrong. That was {n} attempt.",
      other: "The Apple ID or the password was wrong. That was {n} attempts.",
    },
    it: {
      one: "ID Apple o password errati. Era {n} tentativo.",
      other: "ID Apple o password errati. Erano {n} tentativi.",
    },
  },
  appleId: { en: "Apple ID", it: "ID Apple" },
  password: { en: "Password", it: "Password" },
  toAppleAlone: {
    en: "The password goes to Apple alone.",
    it: "La password va soltanto ad Apple.",
  },
  needed: { en: "Type it first.", it: "Da compilare." },
  storeTermsTitle: { en: "Terms and Conditions", it: "Termini e condizioni" },
  storeTermsText: {
    en: "The conditions of the App Store have changed. Before this Apple ID gets anything more, you must agree to them.",
    it: "Le condizioni dell'App Store sono cambiate. Prima che questo ID Apple ottenga altro, devi accettarle.",
  },
  other: { en: "Message", it: "Messaggio" },
});

/** By the name of the choice. */
export const choiceMessages = catalogue({
  decline: { en: "Decline", it: "Rifiuta" },
  accept: { en: "Accept", it: "Accetta" },
  cancel: { en: "Cancel", it: "Annulla" },
  install: { en: "Install", it: "Installa" },
  update: { en: "Update", it: "Aggiorna" },
  manage: { en: "Manage", it: "Gestisci" },
  signIn: { en: "Sign In", it: "Accedi" },
  agree: { en: "Agree", it: "Accetta" },
  ok: { en: "OK", it: "OK" },
});

/** By the code of the notice. */
export const noticeTitles = catalogue({
  appStoreUnreachable: { en: "Cannot Connect to the App Store", it: "Impossibile connettersi all'App Store" },
  appleIdLocked: { en: "Apple ID Locked", it: "ID Apple bloccato" },
  invitationNotApples: { en: "Invitation Not Valid", it: "Invito non valido" },
  invitationUsed: { en: "Invitation Not Valid", it: "Invito non valido" },
  invitationInvalid: { en: "Invitation Not Valid", it: "Invito non valido" },
  programUnreachable: { en: "Cannot Join the Program", it: "Impossibile partecipare al programma" },
});

export const noticeTexts = catalogue({
  appStoreUnreachable: {
    en: "The App Store did not answer. Check the connection and try again.",
    it: "L'App Store non ha risposto. Controlla la connessione e riprova.",
  },
  appleIdLocked: {
    en: "This Apple ID was locked after too many wrong passwords. Try again later.",
    it: "Questo ID Apple è stato bloccato dopo troppe password errate. Riprova più tardi.",
  },
  invitationNotApples: {
    en: "This invitation does not lead to Apple. Nothing was sent.",
    it: "Questo invito non porta ad Apple. Non è stato inviato nulla.",
  },
  invitationUsed: {
    en: "This invitation was used already.",
    it: "Questo invito è già stato usato.",
  },
  invitationInvalid: {
    en: "This invitation is no longer valid. Ask your administrator for a new one.",
    it: "Questo invito non è più valido. Chiedine uno nuovo all'amministratore.",
  },
  programUnreachable: {
    en: "Apple did not answer. The invitation stays open; try again later.",
    it: "Apple non ha risposto. L'invito resta aperto; riprova più tardi.",
  },
});

export const lockedForMessages = catalogue({
  lockedFor: {
    en: {
      one: "This Apple ID was locked after too many wrong passwords. Try again in {n} minute.",
      other: "This Apple ID was locked after too many wrong passwords. Try again in {n} minutes.",
    },
    it: {
      one: "Questo ID Apple è stato bloccato dopo troppe password errate. Riprova tra {n} minuto.",
      other: "Questo ID Apple è stato bloccato dopo troppe password errate. Riprova tra {n} minuti.",
    },
  },
});
