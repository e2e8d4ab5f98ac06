import { useEffect, useState } from "preact/hooks";
import type { PhoneSight } from "../sight.ts";

/** What the phone's clock says: on from what it last said, unless it stands still. */
export function usePhoneClock({ now, clockIsHeld }: Pick<PhoneSight, "now" | "clockIsHeld">): number {
  const [offset, setOffset] = useState(() => now - Date.now());
  const [, tick] = useState(0);
  useEffect(() => setOffset(now - Date.now()), [now]);
  useEffect(() => {
    if (clockIsHeld) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, [clockIsHeld]);
  return clockIsHeld ? now : Date.now() + offset;
}
