/** What each command does, and what its members mean. */
import { catalogue } from "../../../../shared/web/messages.ts";

export const commandPurposes = catalogue({
  ApplyRedemptionCode: {
    en: "Hands the phone a code with which it gets an app that waits for one.",
    it: "Fornisce al dispositivo un codice con cui ottenere un’app che ne è in attesa.",
  },
  CertificateList: {
    en: "Asks for the certificates on the phone.",
    it: "Richiede i certificati presenti sul dispositivo.",
  },
  ClearPasscode: {
    en: "Takes the passcode off the phone. The server adds the UnlockToken by itself.",
    it: "Rimuove il codice dal dispositivo. UnlockToken viene aggiunto dal server.",
  },
  DeviceConfigured: {
    en: "Lets a phone of Apple’s enrolment program go on that waits in Setup Assistant.",
    it: "Fa proseguire un dispositivo DEP in attesa in Impostazione Assistita.",
  },
  DeviceInformation: {
    en: "Asks for facts about the phone, each by its name.",
    it: "Richiede informazioni sul dispositivo, ciascuna per nome.",
  },
  DeviceLock: {
    en: "Locks the screen at once.",
    it: "Blocca subito lo schermo.",
  },
  EraseDevice: {
    en: "Deletes everything on the phone, at once and without asking.",
    it: "Elimina tutto il contenuto del dispositivo, subito e senza chiedere.",
  },
  InstallApplication: {
    en: "Installs an app: exactly one of iTunesStoreID, Identifier and ManifestURL says which.",
    it: "Installa un’app: esattamente uno tra iTunesStoreID, Identifier e ManifestURL la indica.",
  },
  InstallProfile: {
    en: "Installs a configuration profile.",
    it: "Installa un profilo di configurazione.",
  },
  InstalledApplicationList: {
    en: "Asks for the apps on the phone, the person’s own among them.",
    it: "Richiede le app presenti sul dispositivo, comprese quelle personali.",
  },
  InviteToProgram: {
    en: "Shows the person the terms of the program.",
    it: "Mostra alla persona le condizioni del programma.",
  },
  ManagedApplicationAttributes: {
    en: "Asks for the attributes of managed apps.",
    it: "Richiede gli attributi di app gestite.",
  },
  ManagedApplicationConfiguration: {
    en: "Asks for the configuration that managed apps were given.",
    it: "Richiede la configurazione fornita ad app gestite.",
  },
  ManagedApplicationFeedback: {
    en: "Asks for what managed apps report back.",
    it: "Richiede i riscontri di app gestite.",
  },
  ManagedApplicationList: {
    en: "Asks how the managed apps stand.",
    it: "Richiede lo stato delle app gestite.",
  },
  ProfileList: {
    en: "Asks for the profiles on the phone.",
    it: "Richiede i profili presenti sul dispositivo.",
  },
  RemoveApplication: {
    en: "Removes a managed app and its data.",
    it: "Rimuove un’app gestita e i relativi dati.",
  },
  RemoveProfile: {
    en: "Removes a profile. Without the management profile the phone is managed no more.",
    it: "Rimuove un profilo. Senza il profilo di gestione il dispositivo non è più gestito.",
  },
  RestartDevice: {
    en: "Restarts a supervised phone.",
    it: "Riavvia un dispositivo supervisionato.",
  },
  SecurityInfo: {
    en: "Asks how the phone is protected.",
    it: "Richiede lo stato di protezione del dispositivo.",
  },
  Settings: {
    en: "Changes settings; each is answered by itself.",
    it: "Modifica impostazioni; a ciascuna corrisponde una risposta.",
  },
  ShutDownDevice: {
    en: "Switches a supervised phone off.",
    it: "Spegne un dispositivo supervisionato.",
  },
  ValidateApplications: {
    en: "Has the phone check the profiles of in-house apps.",
    it: "Fa verificare al dispositivo i profili delle app interne.",
  },
});

const identifiers = {
  en: "Bundle ids of the apps; where it may be left out, all of them.",
  it: "ID bundle delle app; dove è facoltativo, tutte.",
};

export const memberMeanings = catalogue({
  "ApplyRedemptionCode.Identifier": { en: "Bundle id of the app.", it: "ID bundle dell’app." },
  "ApplyRedemptionCode.RedemptionCode": { en: "The code.", it: "Il codice." },
  "DeviceInformation.Queries": {
    en: "What is asked for, for example OSVersion, BatteryLevel, iTunesStoreAccountHash.",
    it: "Che cosa si richiede, ad esempio OSVersion, BatteryLevel, iTunesStoreAccountHash.",
  },
  "DeviceLock.Message": {
    en: "Shown on the lock screen of a phone with a passcode.",
    it: "Visualizzato sulla schermata di blocco di un dispositivo con codice.",
  },
  "DeviceLock.PhoneNumber": { en: "Shown with the message.", it: "Visualizzato con il messaggio." },
  "EraseDevice.PreserveDataPlan": {
    en: "Keeps an eSIM’s data plan.",
    it: "Conserva il piano dati di una eSIM.",
  },
  "EraseDevice.DisallowProximitySetup": {
    en: "Setup can’t be helped by a phone nearby.",
    it: "La configurazione non può avvalersi di un dispositivo vicino.",
  },
  "InstallApplication.iTunesStoreID": {
    en: "The app’s id in the App Store.",
    it: "L’ID dell’app nell’App Store.",
  },
  "InstallApplication.Identifier": { en: "The app’s bundle id.", it: "L’ID bundle dell’app." },
  "InstallApplication.ManifestURL": {
    en: "Where the manifest of an in-house app lies.",
    it: "Indirizzo del manifesto di un’app interna.",
  },
  "InstallApplication.Options": {
    en: "PurchaseMethod: 1 takes a volume-purchased licence, 0 the Apple ID’s own purchase.",
    it: "PurchaseMethod: 1 usa una licenza Volume Purchase, 0 un acquisto dell’ID Apple.",
  },
  "InstallApplication.ManagementFlags": {
    en: "1: the app goes with the management; 4: its data stays out of backups; 5: both.",
    it: "1: l’app viene rimossa con la gestione; 4: dati esclusi dai backup; 5: entrambi.",
  },
  "InstallApplication.ChangeManagementState": {
    en: "“Managed”: takes an app over that the person installed.",
    it: "«Managed»: assume la gestione di un’app installata dalla persona.",
  },
  "InstallApplication.Configuration": {
    en: "What the app is configured with.",
    it: "Configurazione fornita all’app.",
  },
  "InstallApplication.Attributes": {
    en: "Attributes of the app, such as its VPN.",
    it: "Attributi dell’app, ad esempio la VPN.",
  },
  "InstallProfile.Payload": {
    en: "The profile, signed or not, as base64.",
    it: "Il profilo, firmato o meno, in base64.",
  },
  "InstalledApplicationList.Identifiers": identifiers,
  "InstalledApplicationList.ManagedAppsOnly": {
    en: "Leaves the person’s own apps out.",
    it: "Esclude le app personali.",
  },
  "InstalledApplicationList.Items": {
    en: "Which facts of each app.",
    it: "Quali informazioni di ciascuna app.",
  },
  "InviteToProgram.ProgramID": { en: "com.apple.cloudvpp", it: "com.apple.cloudvpp" },
  "InviteToProgram.InvitationURL": {
    en: "The person’s own invitation, as Apple gave it.",
    it: "L’invito personale, come fornito da Apple.",
  },
  "ManagedApplicationAttributes.Identifiers": identifiers,
  "ManagedApplicationConfiguration.Identifiers": identifiers,
  "ManagedApplicationFeedback.Identifiers": identifiers,
  "ManagedApplicationFeedback.DeleteFeedback": {
    en: "Forgets the reports once they were read.",
    it: "Elimina i riscontri dopo la lettura.",
  },
  "ManagedApplicationList.Identifiers": identifiers,
  "RemoveApplication.Identifier": { en: "Bundle id of the app.", it: "ID bundle dell’app." },
  "RemoveProfile.Identifier": {
    en: "PayloadIdentifier of the profile.",
    it: "PayloadIdentifier del profilo.",
  },
  "Settings.Settings": {
    en: "Each with an Item, such as DeviceName or Wallpaper, and what belongs to it.",
    it: "Ciascuna con un Item, ad esempio DeviceName o Wallpaper, e i relativi valori.",
  },
  "ValidateApplications.Identifiers": identifiers,
});
