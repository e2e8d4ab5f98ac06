import { readPeople, appleIdOf } from "../organisation.ts";
import { Findings, isDictionary, type Checker, type WireEntry } from "./trace-reading.ts";

/** Under one of these keys there may be a placeholder only: a text of asterisks, zero bytes, or a number of ones. */
const secretKeys: ReadonlySet<string> = new Set([
  "sToken",
  "password",
  "Password",
  "Passcode",
  "PIN",
  "sessionToken",
  "ticket",
  "PushMagic",
  "UnlockToken",
  "apiKey",
  "adminKey",
  "controlKey",
  "privateKey",
  "privateKeyPem",
  "enrollmentToken",
]);

/** What gives a secret away by its looks. */
const telltales: readonly (readonly [what: string, looks: string])[] = [
  ["an sToken", "eyJ0b2tlbiI6"], // base64 of {"token":
  ["an API key", "pk_[\\w-]{8,}"],
  ["an enrolment link", "/enroll/[\\w.~%-]{8,}"],
  ["a private key", "-----BEGIN (?:RSA )?PRIVATE KEY-----"],
];

/**
 * No secret anywhere. What is a secret is known by the key it lies under, by its looks, and by `secrets`: values that were used in
 * the run. The passwords of the sample organisation are always looked for.
 */
export function secretsChecker(secrets: readonly string[] = []): Checker {
  const known = [...readPeople().map((person) => appleIdOf(person).password), ...secrets];
  const looks = new RegExp(
    [...telltales.map(([, look]) => `(${look})`), `(${known.map(escaped).join("|")})`].join("|"),
  );
  const names = [...telltales.map(([what]) => what), "a secret value of this run"];
  const nameOf = (text: string): string | undefined => {
    const match = looks.exec(text);
    if (match === null) return undefined;
    return names[match.slice(1).findIndex((group) => group !== undefined)] ?? "a secret";
  };

  return (trace) => {
    const findings = new Findings();
    for (const event of trace.events) {
      const what = nameOf(JSON.stringify({ ...event, bytes: "" }));
      if (what !== undefined) findings.add(event, `${what} in the event itself`);
      if (event["password"] !== undefined) findings.add(event, "a password in the event itself");
    }
    for (const wire of trace.wires.values()) checkMessage(wire, nameOf, findings);
    return findings.all;
  };
}

function checkMessage(
  wire: WireEntry,
  nameOf: (text: string) => string | undefined,
  findings: Findings,
): void {
  const where = `a ${wire.channel} message from ${wire.from}`;
  // The bytes as they are, and the values as they read: a plist may spell a text in UTF-16, and JSON may escape it.
  const raw = nameOf(wire.bytes.toString("latin1"));
  if (raw !== undefined) return findings.add(wire.seq, `${raw} in ${where}`);
  for (const { key, value } of leavesOf(wire.message)) {
    if (secretKeys.has(key) && !isPlaceholder(value)) {
      return findings.add(wire.seq, `the value of ${key} stands in ${where}`);
    }
    // The Apple ID's password goes to the store and nowhere else, blackened or not.
    if (key === "password" && wire.channel !== "store") {
      return findings.add(wire.seq, `a password in ${where}`);
    }
    const text = value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value);
    const what = nameOf(text);
    if (what !== undefined) return findings.add(wire.seq, `${what} in ${where}`);
  }
}

interface Leaf {
  readonly key: string;
  readonly value: string | number | boolean | Date | Uint8Array;
}

/** Every value, under the nearest key. A secret's key counts for all that lies under it. */
function leavesOf(value: unknown, key = ""): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, key));
  if (isDictionary(value)) {
    return Object.entries(value).flatMap(([name, member]) =>
      leavesOf(member, secretKeys.has(key) ? key : name),
    );
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return [{ key, value }];
  }
  return value instanceof Date || value instanceof Uint8Array ? [{ key, value }] : [];
}

function isPlaceholder(value: Leaf["value"]): boolean {
  if (value instanceof Uint8Array) return value.every((byte) => byte === 0);
  return typeof value === "number" ? /^1+$/.test(String(value)) : /^\**$/.test(String(value));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
