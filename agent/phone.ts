import type { ManagedAppState } from "../shared/app-states.ts";
import type { ChannelProtocol } from "../shared/channel.ts";
import type { ProblemCode } from "../shared/errors.ts";

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
  /** Refuses the program and apps bought in volume. Default: a `dep` phone does, as the product's own rule has it. */
  readonly refusesVpp?: boolean;
}

export type PromptKind =
  "programTerms" | "appInstallation" | "appleIdSignIn" | "managementChange" | "appUpdate" | "notice";

/** A sheet on the phone's screen. One at a time. */
export interface Prompt {
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
 * `enrolling` until the server has confirmed the enrolment, `enrolled` from then on. The others are where a phone rests and
 * does nothing more: `refused` (the enrolment was turned down), `unenrolled` (the profile is gone: enrol again), `replaced`
 * (another connection took over this identity), `failed` (the disk can't keep the phone) and `stopped`.
 */
export type PhoneStatus =
  "enrolling" | "enrolled" | "refused" | "unenrolled" | "replaced" | "failed" | "stopped";

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
  readonly appleId: string | null;
  readonly prompt: Prompt | null;
  readonly apps: readonly PhoneApp[];
}

/** A simulated iPhone that runs. What a person does, `answer` does: there is no other way in. */
export interface Phone {
  readonly config: PhoneConfig;
  view(): PhoneView;
  /** Called after every change of the view. Answers with the function that ends the subscription. */
  onChange(listener: (view: PhoneView) => void): () => void;
  /** Throws PippinError `conflict` when that prompt is no longer open, `invalid_request` for a choice it doesn't offer. */
  answer(promptId: string, answer: PromptAnswer): void;
  lock(): void;
  unlock(): void;
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
  /** The person signs out of the Apple ID in the settings. */
  signOut(): Promise<void>;
  /**
   * The person removes the management profile: the phone says so to the server once, if it can, and takes the managed apps away.
   * Throws PippinError `conflict` when there is none.
   */
  removeProfile(): Promise<void>;
  /** Leaves the channel in good order; the state stays on disk. */
  stop(): Promise<void>;
  /** Ends as if the battery was pulled: nothing more is said or written. A write already under way is waited for. */
  kill(): Promise<void>;
}
