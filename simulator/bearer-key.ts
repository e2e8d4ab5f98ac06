import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a request's `Authorization` header bears this key. In constant time, whatever the length of what was sent. */
export function bearsKey(authorization: string | undefined, key: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(authorization ?? ""), hash(`Bearer ${key}`));
}
