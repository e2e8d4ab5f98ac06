import { createHash } from "node:crypto";
import type { EventIds, EventName } from "../../shared/trace.ts";

/** What the model needs from outside: the clock, chance, somewhere to tell what happened. */
export interface Environment {
  /** Milliseconds since the epoch. */
  now(): number;
  randomHex(byteCount: number): string;
  emit(event: EventName, details: EventIds & Record<string, unknown>): void;
}

/** The last number given out, by kind of record. Numbers are never used twice. */
export interface Numbers {
  organisation: number;
  user: number;
  license: number;
  token: number;
}

export const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");
