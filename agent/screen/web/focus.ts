import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

let isFirst = true;

/** Where the focus goes when what had it is no longer there. A page that has just opened leaves it where the browser has it. */
export function useFocusWhenLost<T extends HTMLElement>(): RefObject<T | null> {
  const place = useRef<T | null>(null);
  useEffect(() => {
    const { activeElement, body } = document;
    if (!isFirst && (activeElement === null || activeElement === body)) place.current?.focus();
    isFirst = false;
  }, []);
  return place;
}
