import type { ManagedAppState } from "../shared/app-states.ts";
import type { ChannelProtocol } from "../shared/channel.ts";
import type { ProblemCode } from "../shared/errors.ts";
import type { PlistDictionary } from "../shared/plist.ts";
import type { PortalAppStatus } from "../shared/portal.ts";
import type { RestrictionName } from "./restrictions.ts";

/** How the phone came under management; it decides what the person is asked. */
export type PhoneKind = "user" | "device" | "configurator" | "dep";

export interface PhoneConfig {
  readonly udid: string;
  readonly serialNumber: string;
  readonly productName: string;
  readonly osVersion: string;
  readonly buildVersion: string;
  readonly deviceName: string;
  readonly kind: PhoneKind;
  /** Where the enrolment profile is fetched, once. */
  readonly enrollmentUrl: string;
  /** Base URL of Apple's App Store and Apple ID service, e.g. `http://127.0.0.1:8081`. */
  readonly appleUrl: string;
  readonly protocol: ChannelProtocol;
  /** Folder that keeps the phone across restarts. */
  readonly dataDirectory: string;
  /** Download speed. */
  readonly bytesPerSecond: number;
  /**
   * A new phone begins in Setup Assistant and waits there until the server says that it is configured. For `dep` phones alone.
   * Default: false.
   */
  readonly setupAssistant?: boolean;
  /** Refuses the program and apps bought in volume. Default: a `dep` phone does, as the product's own rule has it. */
  readonly refusesVpp?: boolean;
}

export type PromptKind =
  | "programTerms"
  | "appInstallation"
  | "appleIdSignIn"
  | "storeTerms"
  | "managementChange"
  | "appUpdate"
  | "notice";

/** What a notice tells. */
export type NoticeCode =
  | "appStoreUnreachable"
  | "appleIdLocked"
  | "invitationNotApples"
  | "invitationUsed"
  | "invitationInvalid"
  | "programUnreachable";

/** What a sheet is about, for who puts it in words of their own. */
export interface PromptSubject {
  readonly notice?: NoticeCode;
  /** Who wants it, as the invitation or the management names them. */
  readonly organisation?: string;
  /** What the Apple ID is asked for. */
  readonly purpose?: "program" | "install" | "update";
  /** In how many minutes it may be tried again. */
  readonly minutes?: number;
}

/** A sheet on the phone's screen. One at a time. */
export interface Prompt extends PromptSubject {
  readonly id: string;
  readonly kind: PromptKind;
  readonly title: string;
  readonly text: string;
  /** The buttons, by the name an answer gives. The first declines and the last agrees. */
  readonly choices: readonly string[];
  /** What the person may type. */
  readonly fields: readonly ("appleId" | "password")[];
  readonly adamId?: string;
  readonly appName?: string;
  /** How often this person was told the password was wrong, in this sign-in. */
  readonly wrongPasswords: number;
}

export interface PromptAnswer {
  readonly choice: string;
  readonly appleId?: string;
  readonly password?: string;
}

export interface PhoneApp {
  readonly adamId: string;
  readonly bundleId: string;
  readonly name: string;
  readonly state: ManagedAppState | "absent";
  readonly installed: boolean;
}

/**
 * `enrolling` until the server has confirmed the enrolment, `enrolled` from then on, `restarting` while it starts again. The others
 * are where a phone rests and does nothing more: `refused` (the enrolment was turned down), `unenrolled` (the profile is gone:
 * enrol again), `erased` (all content and settings are gone: enrol again), `off` (switched off), `replaced` (another connection
 * took over this identity), `failed` (the disk can't keep the phone) and `stopped`.
 */
export type PhoneStatus =
  | "enrolling"
  | "enrolled"
  | "restarting"
  | "refused"
  | "unenrolled"
  | "erased"
  | "off"
  | "replaced"
  | "failed"
  | "stopped";

/** What stands on the lock screen by the server's will. */
export interface LockMessage {
  readonly message: string | null;
  readonly phoneNumber: string | null;
}

/** A configuration profile, as the settings show it. */
export interface PhoneProfile {
  readonly identifier: string;
  readonly displayName: string;
  /** Whether the server installed it. */
  readonly managed: boolean;
}

/** Why things don't go on, in words for the person. */
export interface PhoneTrouble {
  readonly code: ProblemCode;
  readonly message: string;
}

export interface PhoneView {
  readonly udid: string;
  readonly status: PhoneStatus;
  readonly trouble: PhoneTrouble | null;
  readonly enrolled: boolean;
  readonly connected: boolean;
  readonly locked: boolean;
  /** Null unless the phone is locked with a message of the server's. */
  readonly lockMessage: LockMessage | null;
  readonly hasPasscode: boolean;
  readonly busy: boolean;
  /** In airplane mode: no network, until the person switches it off. */
  readonly airplane: boolean;
  /** In Setup Assistant, until the server lets it go on. */
  readonly inSetupAssistant: boolean;
  readonly deviceName: string;
  /** What profiles forbid here. */
  readonly forbidden: readonly RestrictionName[];
  /** Beside the one of the management. */
  readonly profiles: readonly PhoneProfile[];
  readonly appleId: string | null;
  readonly prompt: Prompt | null;
  readonly apps: readonly PhoneApp[];
}

/** An app that the organisation offers, as the company portal shows it. */
export interface OfferedApp {
  readonly adamId: string;
  readonly bundleId: string;
  readonly name: string;
  readonly status: PortalAppStatus;
  /** Of a failed one: why, e.g. `no-license`. */
  readonly reason: string | null;
  /** When the organisation installs it by itself; null when it doesn't. */
  readonly deadline: number | null;
}

/** What the organisation offers to the phone's user. Both throw PippinError `unavailable` while the server can't be asked. */
export interface CompanyPortal {
  /** By name. Throws PippinError `conflict` while the phone is locked, off, in Setup Assistant or not under management. */
  list(): Promise<readonly OfferedApp[]>;
  /**
   * The person asks for an app. Resolves once the server has the wish on record; what becomes of it, `list` tells. Asking twice is
   * asking once. Throws PippinError `forbidden` when the app is not offered to this user, `conflict` when it is on the phone, or
   * as `list` does.
   */
  install(adamId: string): Promise<void>;
}

/** A simulated iPhone that runs. What a person does, `answer` does: there is no other way in. */
export interface Phone {
  readonly config: PhoneConfig;
  readonly portal: CompanyPortal;
  view(): PhoneView;
  /** Called after every change of the view. Answers with the function that ends the subscription. */
  onChange(listener: (view: PhoneView) => void): () => void;
  /** Throws PippinError `conflict` when that prompt is no longer open, `invalid_request` for a choice it doesn't offer. */
  answer(promptId: string, answer: PromptAnswer): void;
  lock(): void;
  /** Throws PippinError `forbidden` when the phone has a passcode and this isn't it. */
  unlock(passcode?: string): void;
  /**
   * The person sets a passcode, or with null takes it away. Throws PippinError `conflict` while the phone is locked, `forbidden`
   * where a profile doesn't let them, `invalid_request` for one that a profile's policy doesn't take.
   */
  setPasscode(passcode: string | null): Promise<void>;
  /** The phone is not at leisure (it restores, updates, …): it puts off what can be put off. */
  setBusy(busy: boolean): void;
  /** The person switches airplane mode on or off. What was under way over the network breaks off. */
  setAirplane(airplane: boolean): void;
  /**
   * The person installs a configuration profile, signed or not. Throws PippinError `invalid_request` for one that the phone does not
   * take, `forbidden` where a profile doesn't let them.
   */
  installProfile(profile: Uint8Array): Promise<void>;
  /** Switches a phone on that is off. Throws PippinError `conflict` when it isn't. */
  boot(): Promise<void>;
  /** Resolves when the phone is down; it comes back by itself. Throws PippinError `conflict` while it isn't on. */
  restart(): Promise<void>;
  /** Resolves when the phone is off. Throws PippinError `conflict` while it isn't on. */
  shutDown(): Promise<void>;
  /**
   * The person erases all content and settings. The server hears nothing of it. Resolves when all is gone; the phone then waits for
   * `enroll`. Throws PippinError `conflict` while it isn't on, `forbidden` where a profile doesn't let them.
   */
  erase(): Promise<void>;
  /** Enrols a phone that is not under management, by this link. Throws PippinError `conflict` when it is, or isn't on. */
  enroll(enrollmentUrl: string): Promise<void>;
  /**
   * The person deletes an app from the home screen. Throws PippinError `not_found` when it isn't installed, `conflict` while
   * it is being installed or updated.
   */
  deleteApp(bundleId: string): Promise<void>;
  /**
   * The person gets an app in the App Store without being asked by the server; signs in first when nobody is. Resolves when it
   * is installed or the person gave up. Throws PippinError `not_found`, `conflict` (it is there already), `forbidden` (the
   * store refused) or `unavailable`.
   */
  installFromStore(adamId: string): Promise<void>;
  /**
   * The person signs in to the App Store in the settings. Throws PippinError `forbidden` (the password is wrong, or the Apple ID
   * locked) or `unavailable`.
   */
  signIn(credentials: { readonly appleId: string; readonly password: string }): Promise<void>;
  /** The person signs out of the Apple ID in the settings. */
  signOut(): Promise<void>;
  /** The person opens an app, and leaves it with null. Throws PippinError `not_found` when it isn't installed, `conflict` while locked. */
  openApp(bundleId: string | null): void;
  /**
   * An app puts down what it has to tell the server (`com.apple.feedback.managed`); null takes it back. Throws PippinError
   * `not_found` when it isn't installed, `invalid_request` for what no property list holds, `limit_exceeded` above 64 KiB.
   */
  setAppFeedback(bundleId: string, feedback: PlistDictionary | null): Promise<void>;
  /**
   * The person removes the management profile: the phone says so to the server once, if it can, and takes the managed apps and
   * profiles away. With an identifier, the profile of that name. Throws PippinError `conflict` when there is no management,
   * `not_found` when there is no such profile, `forbidden` when it may not be removed.
   */
  removeProfile(identifier?: string): Promise<void>;
  /** Leaves the channel in good order; the state stays on disk. */
  stop(): Promise<void>;
  /** Ends as if the battery was pulled: nothing more is said or written. A write already under way is waited for. */
  kill(): Promise<void>;
}
