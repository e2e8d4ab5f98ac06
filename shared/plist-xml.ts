/**
 * Reads XML plists. The `plist` package's reader goes through a forgiving XML parser, which prints to the console, repairs what it
 * can, expands entities of a document's own, rewrites U+2028, and takes four times the time we have. A property list needs a dozen
 * tags, one attribute and five entities, so this reads exactly those and refuses the rest of XML.
 */
import { isUtf8 } from "node:buffer";
import {
  Budget,
  addMember,
  checkedDate,
  checkedNumber,
  malformed,
  type PlistDictionary,
  type PlistLimits,
  type PlistValue,
} from "./plist-value.ts";

const declaration =
  /<\?xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])utf-8\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>/iy;
/** No internal subset: that is where entities would be declared. */
const documentType =
  /<!DOCTYPE\s+plist(?:\s+(?:PUBLIC\s+(?:"[^"<>&]*"|'[^'<>&]*')|SYSTEM)\s+(?:"[^"<>&]*"|'[^'<>&]*'))?\s*>/y;
const plistStart = /<plist(?:\s+version\s*=\s*(?:"1\.0"|'1\.0'))?\s*>/y;
const plistEnd = /<\/plist\s*>/y;
const startTag = /<(dict|array|key|string|integer|real|data|date|true|false)\s*(\/?)>/y;
const endTag = /<\/(dict|array|key|string|integer|real|data|date|true|false)\s*>/y;
const reference = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));|&/g;
const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** Characters that XML 1.0 can't carry, not even escaped. Lone surrogates are looked for elsewhere. */
export const notXml = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

const decimalInteger = /^\s*[+-]?[0-9]+\s*$/;
const decimalReal = /^\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$/;
const wholeSecond = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Throws PippinError `malformed_plist`, and nothing else. */
export function readXmlPlist(bytes: Uint8Array, limits: PlistLimits): PlistDictionary {
  if (bytes.length > limits.bytesMax)
    throw malformed("The property list has more bytes than the limit allows.");
  if (!isUtf8(bytes)) throw malformed("An XML property list must be UTF-8.");
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = buffer.toString("utf8");
  if (text.startsWith("\ufeff")) text = text.slice(1);
  if (notXml.test(text)) throw malformed("The property list has a control character that XML can't carry.");
  if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
  return new XmlReader(text, new Budget(limits)).document();
}

class XmlReader {
  private at = 0;
  private readonly text: string;
  private readonly budget: Budget;
  /** Of the tag that was read last. */
  private name = "";
  private isEmpty = false;

  constructor(text: string, budget: Budget) {
    this.text = text;
    this.budget = budget;
  }

  document(): PlistDictionary {
    this.take(declaration);
    this.skipBlank();
    if (this.take(documentType)) this.skipBlank();
    if (!this.take(plistStart))
      throw malformed('An XML property list must begin with <plist version="1.0">.');
    this.skipBlank();
    if (!this.takeStart() || this.name !== "dict")
      throw malformed("A property list must have a dictionary at its top.");
    const dictionary = this.dictionary(1);
    this.skipBlank();
    if (!this.take(plistEnd))
      throw malformed("The property list must end with </plist> after its dictionary.");
    this.skipBlank();
    if (this.at !== this.text.length) throw malformed("Nothing may follow </plist>.");
    return dictionary;
  }

  /** The value whose start tag was just read. */
  private value(depth: number): PlistValue {
    switch (this.name) {
      case "dict":
        return this.dictionary(depth);
      case "array":
        return this.array(depth);
      case "string":
        this.budget.takeObjects(1);
        return ownText(this.content("string"));
      case "true":
      case "false": {
        const isTrue = this.name === "true";
        this.budget.takeObjects(1);
        if (this.content(this.name) !== "") throw malformed("<true/> and <false/> hold no text.");
        return isTrue;
      }
      case "integer": {
        const digits = this.scalar("integer");
        if (!decimalInteger.test(digits)) throw malformed("An <integer> must be a decimal number.");
        return checkedNumber(Number(digits));
      }
      case "real": {
        const digits = this.scalar("real");
        if (!decimalReal.test(digits)) throw malformed("A <real> must be a finite decimal number.");
        return checkedNumber(Number(digits));
      }
      case "date":
        return readDate(this.scalar("date").trim());
      case "data":
        return readData(this.scalar("data"));
      default:
        throw malformed("Keys and values of a dictionary must alternate.");
    }
  }

  private dictionary(depth: number): PlistDictionary {
    this.budget.takeObjects(1);
    this.budget.checkDepth(depth);
    const dictionary: PlistDictionary = {};
    if (this.isEmpty) return dictionary;
    for (;;) {
      this.skipBlank();
      if (!this.takeStart()) break;
      if (this.name !== "key") throw malformed("Each value of a dictionary must have a <key> before it.");
      this.budget.takeObjects(1);
      const key = this.content("key");
      this.skipBlank();
      if (!this.takeStart()) throw malformed("Each <key> of a dictionary must have a value after it.");
      addMember(dictionary, key, this.value(depth + 1));
    }
    this.end("dict");
    return dictionary;
  }

  private array(depth: number): PlistValue[] {
    this.budget.takeObjects(1);
    this.budget.checkDepth(depth);
    const list: PlistValue[] = [];
    if (this.isEmpty) return list;
    for (;;) {
      this.skipBlank();
      if (!this.takeStart()) break;
      list.push(this.value(depth + 1));
    }
    this.end("array");
    return list;
  }

  private scalar(name: string): string {
    this.budget.takeObjects(1);
    return this.content(name);
  }

  /** Text up to the end tag, which is read too. */
  private content(name: string): string {
    if (this.isEmpty) return "";
    let content = "";
    for (;;) {
      const next = this.text.indexOf("<", this.at);
      if (next < 0) throw malformed(`The property list ends inside <${name}>.`);
      content += unescapeXml(this.text.slice(this.at, next));
      this.at = next;
      if (name !== "string" || !this.text.startsWith("<![CDATA[", next)) break;
      const close = this.text.indexOf("]]>", next);
      if (close < 0) throw malformed("The property list ends inside a CDATA section.");
      content += this.text.slice(next + 9, close);
      this.at = close + 3;
    }
    this.end(name);
    return content;
  }

  private end(name: string): void {
    endTag.lastIndex = this.at;
    if (endTag.exec(this.text)?.[1] !== name)
      throw malformed(`Only </${name}> may stand where <${name}> ends.`);
    this.at = endTag.lastIndex;
  }

  private takeStart(): boolean {
    startTag.lastIndex = this.at;
    const match = startTag.exec(this.text);
    if (!match) return false;
    this.at = startTag.lastIndex;
    this.name = match[1] ?? "";
    this.isEmpty = match[2] !== "";
    return true;
  }

  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  /** White space and comments. */
  private skipBlank(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === 0x20 || code === 0x0a || code === 0x09) {
        this.at += 1;
      } else if (code === 0x3c && this.text.startsWith("<!--", this.at)) {
        const dashes = this.text.indexOf("--", this.at + 4);
        if (dashes < 0 || this.text[dashes + 2] !== ">")
          throw malformed("A comment must end with --> and hold no other double hyphen.");
        this.at = dashes + 3;
      } else {
        return;
      }
    }
  }
}

/** A part of a text keeps the whole of it in memory; what is read here may be kept for years. */
function ownText(part: string): string {
  return Buffer.from(part).toString();
}

/** The characters that text between tags stands for. */
export function unescapeXml(raw: string): string {
  if (raw.includes("]]>")) throw malformed("]]> must be escaped in text.");
  if (!raw.includes("&")) return raw;
  return raw.replace(reference, (_whole, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return named[name] ?? "";
    const code = decimal !== undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? "", 16);
    // An ampersand that begins no reference comes here as NaN.
    const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    const character = isCharacter ? String.fromCodePoint(code) : "\0";
    if (notXml.test(character))
      throw malformed("Only XML's five entities and numbers of characters may follow &.");
    return character;
  });
}

function readDate(text: string): Date {
  const date = new Date(wholeSecond.test(text) ? text : NaN);
  // 30 February would quietly become 2 March.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 19) !== text.slice(0, 19))
    throw malformed("A <date> must be a real one such as 2016-06-01T12:00:00Z.");
  return checkedDate(date);
}

function readData(text: string): Uint8Array {
  const packed = text.replace(/\s+/g, "");
  if (packed.length % 4 !== 0 || !base64.test(packed)) throw malformed("A <data> must be base64.");
  return new Uint8Array(Buffer.from(packed, "base64"));
}
