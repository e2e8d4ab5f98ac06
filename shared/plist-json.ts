/** Property lists as plain JSON and back, for storage. Nothing is lost: what JSON lacks is written as `{"$date": …}`, `{"$data": …}`. */
import type { JsonValue } from "./json.ts";
import {
  checkedDate,
  checkedKey,
  checkedNumber,
  checkedString,
  malformed,
  type PlistDictionary,
  type PlistValue,
} from "./plist-value.ts";

/**
 * Dates become `{"$date": ISO 8601}`, data `{"$data": base64}`; a dictionary's own key that begins with `$` gets one more. Throws
 * PippinError `malformed_plist` for what a property list can't hold.
 */
export function plistToJson(value: PlistValue): JsonValue {
  if (typeof value === "string") return checkedString(value);
  if (typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") return checkedNumber(Number(value));
  if (value instanceof Date) return { $date: checkedDate(value).toISOString() };
  if (value instanceof Uint8Array) return { $data: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(plistToJson);
  const json: Record<string, JsonValue> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    // Different keys stay different.
    if (member !== undefined) json[checkedKey(key.startsWith("$") ? `$${key}` : key)] = plistToJson(member);
  }
  return json;
}

/** The way back. Throws PippinError `malformed_plist` for JSON that `plistToJson` doesn't write, `null` above all. */
export function plistFromJson(value: JsonValue): PlistValue {
  if (value === null) throw malformed("A property list holds no null.");
  if (typeof value === "string") return checkedString(value);
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return checkedNumber(value);
  if (Array.isArray(value)) return value.map(plistFromJson);
  const keys = Object.keys(value);
  if (keys.length === 1 && typeof value.$date === "string") return dateFromIso(value.$date);
  if (keys.length === 1 && typeof value.$data === "string") return dataFromBase64(value.$data);
  const dictionary: PlistDictionary = {};
  for (const key of keys) {
    const member = value[key];
    if (key.startsWith("$") && !key.startsWith("$$"))
      throw malformed("A key that begins with one $ marks a date or data, alone and with a text.");
    if (member !== undefined)
      dictionary[checkedKey(key.startsWith("$") ? key.slice(1) : key)] = plistFromJson(member);
  }
  return dictionary;
}

function dateFromIso(text: string): Date {
  const date = checkedDate(new Date(text));
  if (date.toISOString() !== text) throw malformed("A $date must be written as toISOString() does.");
  return date;
}

function dataFromBase64(text: string): Uint8Array {
  const data = Buffer.from(text, "base64");
  if (data.toString("base64") !== text) throw malformed("A $data must be base64.");
  return new Uint8Array(data);
}
