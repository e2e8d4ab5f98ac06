/** What the screen tells the browser. Nothing of what was typed into a sheet is ever among it. */
import type { Phone, PhoneView } from "../phone.ts";
import type { PhoneRack, ScreenPhone } from "./screen-phone.ts";

/** A phone on the wall. */
export interface WallPhone {
  readonly udid: string;
  readonly serialNumber: string;
  readonly name: string;
  readonly owner: string | null;
  readonly status: PhoneView["status"];
  readonly connected: boolean;
  readonly locked: boolean;
  readonly airplane: boolean;
  readonly inSetupAssistant: boolean;
  readonly asking: NonNullable<PhoneView["prompt"]>["kind"] | null;
  /** Installed, and on their way. */
  readonly appCount: number;
  readonly comingCount: number;
  readonly heldBy: ScreenPhone["heldBy"];
}

/** All that is to be seen of a phone in the hand. */
export interface PhoneSight extends PhoneView {
  readonly serialNumber: string;
  readonly productName: string;
  readonly osVersion: string;
  readonly kind: Phone["config"]["kind"];
  readonly owner: string | null;
  readonly heldBy: ScreenPhone["heldBy"];
  readonly hasPerson: boolean;
  /** By the phone's clock, in milliseconds since 1970. */
  readonly now: number;
  /** Whether that clock stands still unless it is moved. */
  readonly clockIsHeld: boolean;
  /** Whether a link to enrol by is to be had here. */
  readonly canMakeLink: boolean;
}

/** What the page is to begin with. */
export interface ScreenFacts {
  /** Null on a wall. */
  readonly phone: string | null;
}

const restful: ReadonlySet<string> = new Set([
  ...["Managed", "ManagedButUninstalled", "absent", "UserInstalledApp", "UserRejected"],
  ...["UpdateRejected", "ManagementRejected", "Failed"],
]);

export function wallPhone({ hand, owner, heldBy }: ScreenPhone): WallPhone {
  const { phone } = hand;
  const { udid, status, connected, locked, airplane, inSetupAssistant, deviceName, prompt, apps } =
    phone.view();
  let appCount = 0;
  let comingCount = 0;
  for (const { installed, state } of apps) {
    if (installed) appCount += 1;
    if (!restful.has(state)) comingCount += 1;
  }
  return {
    ...{ udid, status, connected, locked, airplane, inSetupAssistant, owner, heldBy, appCount, comingCount },
    serialNumber: phone.config.serialNumber,
    name: deviceName,
    asking: prompt?.kind ?? null,
  };
}

export function phoneSight({ hand, owner, heldBy, hasPerson }: ScreenPhone, rack: PhoneRack): PhoneSight {
  const { config } = hand.phone;
  const { serialNumber, productName, osVersion, kind } = config;
  return {
    ...hand.phone.view(),
    ...{ serialNumber, productName, osVersion, kind, owner, heldBy, hasPerson },
    now: rack.now(),
    clockIsHeld: rack.advance !== undefined,
    canMakeLink: rack.enrollmentLink !== undefined,
  };
}
