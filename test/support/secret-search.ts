/** Looks for secrets in bytes, in every spelling that programs give them. */

/** Shorter ones are found everywhere. */
const lengthMin = 6;

interface Spelling {
  readonly name: string;
  readonly needle: Buffer;
}

/** How `secret` may stand in other bytes: as it is, or inside of something that was encoded as a whole. */
export function spellingsOf(secret: string | Buffer): Spelling[] {
  const bytes = Buffer.from(secret);
  if (bytes.length < lengthMin) throw new Error("This secret is too short to look for.");
  const text = bytes.toString("utf8");
  const found: [string, string | Buffer][] = [
    ["plain", bytes],
    ["hex", bytes.toString("hex")],
    ["HEX", bytes.toString("hex").toUpperCase()],
    ["reversed", Buffer.from(bytes).reverse()],
    ["UTF-16LE", Buffer.from(text, "utf16le")],
    ["UTF-16BE", Buffer.from(text, "utf16le").swap16()],
    ["JSON", JSON.stringify(text).slice(1, -1)],
    ["URL", encodeURIComponent(text)],
    ["form", encodeURIComponent(text).replaceAll("%20", "+")],
    ["percent", Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")],
    ["XML", text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")],
  ];
  // Within longer bytes it may begin at any of three places of a group: what depends on its neighbours is left out.
  for (const before of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((padded.length * 8) / 6);
    for (const encoding of ["base64", "base64url"] as const) {
      found.push([`${encoding} at ${before}`, padded.toString(encoding).slice(first, last)]);
    }
  }
  const distinct = new Map<string, Spelling>();
  for (const [name, needle] of found) {
    const at = Buffer.from(needle);
    if (at.length >= lengthMin && !distinct.has(at.toString("latin1")))
      distinct.set(at.toString("latin1"), { name, needle: at });
  }
  return [...distinct.values()];
}

/** What was found where: `<secret> (<spelling>) in <place>`. */
export function findSecrets(
  secrets: ReadonlyMap<string, string | Buffer>,
  places: ReadonlyMap<string, Buffer>,
): string[] {
  const found: string[] = [];
  for (const [what, secret] of secrets) {
    for (const { name, needle } of spellingsOf(secret)) {
      for (const [where, content] of places)
        if (content.includes(needle)) found.push(`${what} (${name}) in ${where}`);
    }
  }
  return found;
}
