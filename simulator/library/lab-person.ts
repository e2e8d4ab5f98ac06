import type { Stage } from "../scenarios/stage.ts";
import type { LabPhone } from "./lab-phone.ts";

/** Somebody of the lab's organisation, with the phones they hold. */
export class LabPerson {
  readonly id: string;
  readonly phones: readonly LabPhone[];
  readonly #stage: Stage;

  constructor(id: string, phones: readonly LabPhone[], stage: Stage) {
    this.id = id;
    this.phones = phones;
    this.#stage = stage;
  }

  /** What this person signs in to the App Store with, to be typed into a sheet. Undefined before the phones are enrolled. */
  get credentials(): { readonly appleId: string; readonly password: string } | undefined {
    const persona = this.#stage.personas.get(this.id);
    return persona && { appleId: persona.appleId, password: persona.password };
  }

  /** From now on they behave as this persona, with each phone that is in their hand. */
  behave(persona: string): void {
    this.#stage.behave(this.id, persona);
  }

  /** Leaves every sheet where it is. */
  putAway(): void {
    for (const phone of this.phones) phone.putAway();
  }

  pickUp(): void {
    for (const phone of this.phones) phone.pickUp();
  }
}
