/** The wall of phones as its readers follow it: all of them first, then those that changed. */
import type { Timer, World } from "../../shared/world.ts";
import type { PhoneRack, ScreenPhone } from "./screen-phone.ts";
import { wallPhone, type WallPhone } from "./sight.ts";
import { message, StateStream } from "./state-stream.ts";

export const wallSpacingMs = 500;
/** How often it is looked whether phones came or went. */
const lookMs = 1_000;
const phonesPerMessage = 2_000;

export interface WallMessage {
  readonly phones: readonly WallPhone[];
  readonly gone: readonly string[];
  /** Everything told before is void. */
  readonly isFirst: boolean;
}

interface Reader {
  readonly stream: StateStream;
  /** By UDID: what it has not been told yet. */
  readonly due: Set<string>;
  isNew: boolean;
}

/** Listens to the phones only while somebody looks. */
export class WallFeed {
  readonly #world: Pick<World, "after">;
  readonly #rack: PhoneRack;
  readonly #readers = new Set<Reader>();
  readonly #followed = new Map<string, { on: ScreenPhone; readonly end: () => void }>();
  #looking: Timer | undefined;

  constructor(world: Pick<World, "after">, rack: PhoneRack) {
    this.#world = world;
    this.#rack = rack;
  }

  get followedCount(): number {
    return this.#followed.size;
  }

  open(closed: () => void): StateStream {
    const isFirst = this.#readers.size === 0;
    const reader: Reader = {
      due: new Set(),
      isNew: true,
      stream: new StateStream({
        world: this.#world,
        spacingMs: wallSpacingMs,
        compose: () => this.#compose(reader),
        closed: () => {
          this.#readers.delete(reader);
          if (this.#readers.size === 0) this.#end();
          closed();
        },
      }),
    };
    this.#readers.add(reader);
    if (isFirst) this.#begin();
    return reader.stream;
  }

  #compose(reader: Reader): string | undefined {
    const { due, isNew } = reader;
    reader.isNew = false;
    if (isNew) for (const udid of this.#followed.keys()) due.add(udid);
    const phones: WallPhone[] = [];
    const gone: string[] = [];
    for (const udid of due) {
      const followed = this.#followed.get(udid);
      if (followed === undefined) gone.push(udid);
      else phones.push(wallPhone(followed.on));
    }
    due.clear();
    if (!isNew && phones.length === 0 && gone.length === 0) return undefined;
    const messages: string[] = [];
    for (let from = 0; from === 0 || from < phones.length; from += phonesPerMessage) {
      const told: WallMessage = {
        phones: phones.slice(from, from + phonesPerMessage),
        gone: from === 0 ? gone : [],
        isFirst: isNew && from === 0,
      };
      messages.push(message("wall", told));
    }
    return messages.join("");
  }

  #begin(): void {
    this.#look();
    const again = (): void => {
      this.#looking = this.#world.after(lookMs, () => {
        this.#look();
        again();
      });
    };
    again();
  }

  #end(): void {
    this.#looking?.cancel();
    for (const { end } of this.#followed.values()) end();
    this.#followed.clear();
  }

  /** Follows the phones that came, and lets go of those that went. */
  look(): void {
    if (this.#readers.size > 0) this.#look();
  }

  #look(): void {
    let phones;
    try {
      phones = this.#rack.phones();
    } catch {
      // They are on their way as a whole, and will be there at another look.
      return;
    }
    const present = new Set<string>();
    for (const on of phones) {
      const { phone } = on.hand;
      const { udid } = phone.config;
      present.add(udid);
      const known = this.#followed.get(udid);
      if (known?.on.hand.phone === phone) {
        if (known.on.heldBy !== on.heldBy) this.#touch(udid);
        known.on = on;
        continue;
      }
      known?.end();
      this.#followed.set(udid, { on, end: phone.onChange(() => this.#touch(udid)) });
      this.#touch(udid);
    }
    if (present.size === this.#followed.size) return;
    for (const [udid, { end }] of [...this.#followed]) {
      if (present.has(udid)) continue;
      end();
      this.#followed.delete(udid);
      this.#touch(udid);
    }
  }

  #touch(udid: string): void {
    for (const { due, stream } of this.#readers) {
      due.add(udid);
      stream.touch();
    }
  }
}
