/** A phone and whose hand it is in: its person's, or that of whoever works with the lab. */
import { PhoneHand } from "../../agent/hand.ts";
import type { Phone } from "../../agent/phone.ts";
import { PippinError } from "../../shared/errors.ts";
import type { World } from "../../shared/world.ts";
import { givePhone, type Persona } from "./person.ts";

export class Hand extends PhoneHand {
  /** Who owns it, by the directory. */
  readonly owner: string | undefined;
  /** Undefined: nobody was ever meant to hold it. */
  readonly persona: Persona | undefined;
  readonly #world: World;
  #putAway: (() => void) | undefined;

  constructor(
    world: World,
    phone: Phone,
    of: { readonly owner?: string | undefined; readonly persona?: Persona | undefined } = {},
  ) {
    super(phone);
    this.#world = world;
    this.owner = of.owner;
    this.persona = of.persona;
  }

  /** Whether the person has it in hand, and answers what it asks. */
  get isHeld(): boolean {
    return this.#putAway !== undefined;
  }

  /** Gives it to its person. Throws PippinError `conflict` when there is none. */
  give(): void {
    if (this.persona === undefined)
      throw new PippinError("conflict", `${this.phone.config.serialNumber} belongs to nobody`);
    this.#putAway ??= givePhone(this.#world, this.phone, this.persona);
  }

  /** Takes it out of the person's hand: from now on nobody answers but `tap`. */
  take(): void {
    this.#putAway?.();
    this.#putAway = undefined;
  }
}
