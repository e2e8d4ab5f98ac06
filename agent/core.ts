import type { Recorder } from "../shared/trace.ts";
import type { World } from "../shared/world.ts";
import type { Account } from "./account.ts";
import type { AppStoreClient } from "./app-store-client.ts";
import type { Apps } from "./apps.ts";
import type { Downloads } from "./downloads.ts";
import type { Installer } from "./installer.ts";
import type { Invitations } from "./invitations.ts";
import type { PhoneConfig } from "./phone.ts";
import type { Prompts } from "./prompts.ts";
import type { PhoneStore } from "./state.ts";
import type { Tasks } from "./tasks.ts";

/** What every part of the phone may need; start-phone.ts puts it together. */
export interface PhoneBase {
  readonly world: World;
  readonly recorder: Recorder;
  readonly config: PhoneConfig;
  readonly supervised: boolean;
  readonly store: PhoneStore;
  readonly tasks: Tasks;
  /** Aborts when the phone stops or is switched off. */
  readonly signal: AbortSignal;
  /** To be called after a change that the view shows. */
  readonly changed: () => void;
  /** Calls `listener` after changes, when whoever made them is done. Answers with the function that ends it. */
  readonly onChange: (listener: () => void) => () => void;
  /** The app that the person uses just now. Nothing of it outlives a restart. */
  readonly front: { bundleId: string | null };
  readonly apps: Apps;
  readonly prompts: Prompts;
  readonly appStore: AppStoreClient;
}

/** With the parts that work in the background. */
export interface PhoneCore extends PhoneBase {
  readonly account: Account;
  readonly downloads: Downloads;
  readonly installer: Installer;
  readonly invitations: Invitations;
}
