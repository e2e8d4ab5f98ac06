import type { PhoneHand } from "../hand.ts";

/** A phone on the screen, with what whoever serves it knows beside. */
export interface ScreenPhone {
  readonly hand: PhoneHand;
  readonly owner: string | null;
  /** `nobody` also where there is no person who could hold it. */
  readonly heldBy: "person" | "nobody";
  /** Whether there is a person who answers when the phone is given to them. */
  readonly hasPerson: boolean;
}

/** Where the screen's phones are. */
export interface PhoneRack {
  /** Whether there is one and there will be no other. */
  readonly single: boolean;
  /** In the order in which they are shown. Throws PippinError `unavailable` while they are on their way. */
  phones(): readonly ScreenPhone[];
  /** Undefined when there is no such phone. */
  find(udid: string): ScreenPhone | undefined;
  /** By the phones' clock. */
  now(): number;
  /** Does something in the phones' world, whose time goes on until it is done. */
  drive<T>(deed: () => Promise<T>): Promise<T>;
  /** Undefined where the clock is everybody's. */
  readonly advance?: ((ms: number) => Promise<void>) | undefined;
  /** Gives a phone to its person or takes it away. Throws PippinError `conflict` when there is none. */
  readonly setHeld?: ((udid: string, isHeld: boolean) => Promise<void>) | undefined;
  /** A link to enrol by. Undefined where nobody here can make one. */
  readonly enrollmentLink?: ((udid: string) => Promise<string>) | undefined;
}
