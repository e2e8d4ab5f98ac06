/** Keeps what opens something (a phone, an account, a person's invitation) out of answers and traces. */

/** Keys of Apple's commands and results; a flag such as PasscodePresent is no secret, a text or data under such a name may be. */
const secretKey =
  /^(UnlockToken|PushMagic|PIN|Pin|EscrowKeybagData|InvitationURL)$|Password|Passcode$|Secret/;
const placeholder = "[redacted]";

/** The JSON value with the values of secrets replaced; the very same value when there are none. */
export function hideSecrets(value: unknown, alsoHidden: readonly string[] = []): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const members = value.map((member) => hideSecrets(member, alsoHidden));
    return members.every((member, index) => member === value[index]) ? value : members;
  }
  const entries = Object.entries(value);
  const shown = entries.map(([key, member]: [string, unknown]): [string, unknown] => [
    key,
    isSecret(key, member, alsoHidden) ? placeholder : hideSecrets(member, alsoHidden),
  ]);
  return shown.every(([, member], index) => member === entries[index]?.[1])
    ? value
    : Object.fromEntries(shown);
}

function isSecret(key: string, value: unknown, alsoHidden: readonly string[]): boolean {
  if (typeof value !== "string" && (typeof value !== "object" || value === null)) return false;
  return alsoHidden.includes(key) || secretKey.test(key);
}
