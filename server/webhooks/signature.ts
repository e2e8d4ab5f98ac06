import { createHmac } from "node:crypto";

/**
 * The value of the header `Pippin-Signature`: `t=<seconds since 1970>,v1=<hex>`, an HMAC-SHA256 over `<t>.<body>`. The receiver
 * computes it anew over the bytes it got, compares in constant time, and refuses an old `t`.
 */
export function signatureOf(secret: string, body: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}
