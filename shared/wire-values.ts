/** The texts, numbers and data of a wire message, with the places of their bytes: what redaction works on. */
import { BinaryLayout } from "./plist-binary.ts";
import { decodePlist, defaultPlistLimits } from "./plist.ts";
import { unescapeXml } from "./plist-xml.ts";
import type { WireFormat } from "./trace.ts";

export interface WireValue {
  /** First byte of the value itself, without quotes, tags or markers; and the byte after the last. */
  readonly start: number;
  readonly end: number;
  /** How it is spelled: bytes of UTF-8 (perhaps escaped), UTF-16, a decimal number, raw bytes, or base64. */
  readonly spelling: "text" | "utf16" | "digits" | "bytes" | "base64";
  /** What is spelled; a text for texts and numbers, otherwise bytes. */
  readonly meaning: string | Buffer;
  /** The key that it lies under, at any depth, is a secret's. */
  readonly isSecret: boolean;
  /** It is the key of a dictionary. */
  readonly isKey: boolean;
}

/** JSON may be nested deeper than our stack; then it counts as unreadable. */
const jsonDepthMax = 128;

/** Undefined when the bytes can't be read in that format. */
export function wireValues(
  format: WireFormat & ("json" | "plist-xml" | "plist-binary"),
  bytes: Buffer,
  secretKeys: ReadonlySet<string>,
): WireValue[] | undefined {
  if (!isReadable(format, bytes)) return undefined;
  switch (format) {
    case "json":
      return new JsonScan(bytes, secretKeys).values();
    case "plist-xml":
      return xmlValues(bytes, secretKeys);
    case "plist-binary":
      return binaryValues(bytes, secretKeys);
  }
}

function isReadable(format: "json" | "plist-xml" | "plist-binary", bytes: Buffer): boolean {
  try {
    if (format === "json")
      JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    else decodePlist(bytes, format);
    return true;
  } catch {
    return false; // what is wrong with it is for those who handle the message to say
  }
}

/** Walks JSON that is known to be right, one character a byte. */
class JsonScan {
  private readonly found: WireValue[] = [];
  private readonly raw: string;
  private readonly secretKeys: ReadonlySet<string>;
  private at = 0;

  constructor(bytes: Buffer, secretKeys: ReadonlySet<string>) {
    this.raw = bytes.toString("latin1");
    this.secretKeys = secretKeys;
  }

  values(): WireValue[] | undefined {
    return this.value(false, 0) ? this.found : undefined;
  }

  /** False when it is nested too deep. */
  private value(isSecret: boolean, depth: number): boolean {
    if (depth > jsonDepthMax) return false;
    const first = this.next();
    if (first === '"') {
      this.text(isSecret, false);
      return true;
    }
    if (first === "{" || first === "[") return this.members(first === "{", isSecret, depth);
    const start = this.at;
    while (/[-+.\w]/.test(this.raw.charAt(this.at))) this.at += 1;
    const meaning = this.raw.slice(start, this.at);
    if (/\d/.test(meaning))
      this.found.push({ start, end: this.at, spelling: "digits", meaning, isSecret, isKey: false });
    return true;
  }

  private members(isObject: boolean, isSecret: boolean, depth: number): boolean {
    this.at += 1;
    for (;;) {
      const first = this.next();
      if (first === "}" || first === "]" || first === ",") {
        this.at += 1;
        if (first !== ",") return true;
        continue;
      }
      let isSecretMember = isSecret;
      if (isObject) {
        if (this.secretKeys.has(this.text(false, true))) isSecretMember = true;
        this.next();
        this.at += 1; // the colon
      }
      if (!this.value(isSecretMember, depth + 1)) return false;
    }
  }

  private text(isSecret: boolean, isKey: boolean): string {
    const start = this.at + 1;
    let end = start;
    while (this.raw.charAt(end) !== '"') end += this.raw.charAt(end) === "\\" ? 2 : 1;
    this.at = end + 1;
    const spelled = Buffer.from(this.raw.slice(start, end), "latin1").toString("utf8");
    const meaning = spelled.includes("\\") ? String(JSON.parse(`"${spelled}"`)) : spelled;
    this.found.push({ start, end, spelling: "text", meaning, isSecret, isKey });
    return meaning;
  }

  /** Passes over white space and answers with what follows. */
  private next(): string {
    while (" \t\r\n".includes(this.raw.charAt(this.at)) && this.at < this.raw.length) this.at += 1;
    return this.raw.charAt(this.at);
  }
}

const commentOrTag =
  /<!--([\s\S]*?)-->|<(\/?)(dict|array|key|string|integer|real|data|date|true|false)\s*(\/?)>/g;

/** Walks an XML plist that is known to be right, one character a byte. */
function xmlValues(bytes: Buffer, secretKeys: ReadonlySet<string>): WireValue[] {
  const raw = bytes.toString("latin1");
  const found: WireValue[] = [];
  /** Of the containers that are open: whether what they hold is secret. */
  const open: boolean[] = [];
  let isNextSecret = false;
  const tags = new RegExp(commentOrTag);
  for (let tag = tags.exec(raw); tag; tag = tags.exec(raw)) {
    const [, comment, slash, name, selfClosing] = tag;
    const start = comment === undefined ? tags.lastIndex : tag.index + 4;
    if (comment !== undefined) {
      const meaning = utf8(comment);
      found.push({
        start,
        end: start + comment.length,
        spelling: "text",
        meaning,
        isSecret: false,
        isKey: false,
      });
      continue;
    }
    const isSecret = isNextSecret || open.at(-1) === true;
    if (name === "dict" || name === "array") {
      if (slash) open.pop();
      else if (!selfClosing) open.push(isSecret);
      isNextSecret = false;
    } else if (!slash) {
      const end = selfClosing ? start : endOfText(raw, start);
      tags.lastIndex = end;
      const value = xmlValue(raw, start, end, name ?? "", isSecret);
      if (value) found.push(value);
      isNextSecret = name === "key" && secretKeys.has(value?.meaning.toString() ?? "");
    }
  }
  return found;
}

/** Where the end tag begins. */
function endOfText(raw: string, start: number): number {
  let at = raw.indexOf("<", start);
  while (raw.startsWith("<![CDATA[", at)) at = raw.indexOf("<", raw.indexOf("]]>", at));
  return at;
}

function xmlValue(
  raw: string,
  start: number,
  end: number,
  name: string,
  isSecret: boolean,
): WireValue | undefined {
  const spelled = raw.slice(start, end);
  switch (name) {
    case "key":
      return {
        start,
        end,
        spelling: "text",
        meaning: unescapeXml(utf8(spelled)),
        isSecret: false,
        isKey: true,
      };
    case "string":
      return { start, end, spelling: "text", meaning: stringOf(utf8(spelled)), isSecret, isKey: false };
    case "integer":
    case "real":
      return { start, end, spelling: "digits", meaning: spelled, isSecret, isKey: false };
    case "data":
      return {
        start,
        end,
        spelling: "base64",
        meaning: Buffer.from(spelled, "base64"),
        isSecret,
        isKey: false,
      };
    default:
      return undefined;
  }
}

function stringOf(spelled: string): string {
  return spelled
    .split(/(<!\[CDATA\[[\s\S]*?\]\]>)/)
    .map((part) => (part.startsWith("<![CDATA[") ? part.slice(9, -3) : unescapeXml(part)))
    .join("");
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

/** Walks a binary plist that is known to be right, and so is not deep and holds no more than the limits allow. */
function binaryValues(bytes: Buffer, secretKeys: ReadonlySet<string>): WireValue[] {
  const layout = new BinaryLayout(bytes, defaultPlistLimits);
  const found: WireValue[] = [];
  visit(layout.top, false, false);
  return found;

  function visit(index: number, isSecret: boolean, isKey: boolean): string {
    const position = layout.at(index);
    const marker = layout.bytes.readUInt8(position);
    const type = marker >> 4;
    if (type === 0x1 || type === 0x2) {
      const span = { start: position + 1, end: position + 1 + (1 << (marker & 0x0f)) };
      found.push({ ...span, spelling: "bytes", meaning: Buffer.alloc(0), isSecret, isKey });
    }
    if (type < 0x4) return "";
    const { count, start } = layout.extent(position);
    if (type === 0xa) {
      for (let i = 0; i < count; i += 1) visit(layout.reference(start, i), isSecret, false);
    } else if (type === 0xd) {
      for (let i = 0; i < count; i += 1) {
        const key = visit(layout.reference(start, i), false, true);
        visit(layout.reference(start, count + i), isSecret || secretKeys.has(key), false);
      }
    } else if (type === 0x4) {
      const meaning = bytes.subarray(start, start + count);
      found.push({ start, end: start + count, spelling: "bytes", meaning, isSecret, isKey });
    } else {
      const end = start + (type === 0x6 ? 2 : 1) * count;
      const part = bytes.subarray(start, end);
      const meaning = type === 0x6 ? Buffer.from(part).swap16().toString("utf16le") : part.toString("latin1");
      found.push({ start, end, spelling: type === 0x6 ? "utf16" : "text", meaning, isSecret, isKey });
      return meaning;
    }
    return "";
  }
}
