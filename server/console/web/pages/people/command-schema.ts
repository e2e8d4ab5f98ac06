/** A command as it is typed, against the schema that the server tells: what is wrong is said before it is sent. */
import type { Message, Values } from "../../../../../shared/web/messages.ts";
import type { CommandSchemaView } from "../../../../api/command-schemas-view.ts";
import { commandMessages, memberTypes } from "../../messages/commands.ts";

export interface Member {
  readonly name: string;
  readonly type: keyof typeof memberTypes;
  readonly isRequired: boolean;
}

interface MemberSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Those beside RequestType, what is required first. */
export function membersOf({ schema }: CommandSchemaView): readonly Member[] {
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, MemberSchema>>;
  const required = (schema["required"] ?? []) as readonly string[];
  return Object.entries(properties)
    .filter(([name]) => name !== "RequestType")
    .map(([name, member]) => ({ name, type: typeOf(member), isRequired: required.includes(name) }))
    .sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

function typeOf({ type = "object", properties }: MemberSchema): Member["type"] {
  if (properties && "$data" in properties) return "data";
  return type in memberTypes ? (type as Member["type"]) : "object";
}

/** What is wrong, as something to be said; `type` of a member is to be said too. */
export interface Fault {
  readonly message: Message;
  readonly values?: Values;
  readonly type?: Member["type"];
}

export type Checked =
  | { readonly command: Readonly<Record<string, unknown>>; readonly fault?: undefined }
  | { readonly command?: undefined; readonly fault: Fault };

export function checkCommand(text: string, schemas: readonly CommandSchemaView[], isRaw: boolean): Checked {
  let command: unknown;
  try {
    command = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : "";
    return { fault: { message: commandMessages.notJson, values: { detail } } };
  }
  if (!isDictionary(command) || typeof command["RequestType"] !== "string" || command["RequestType"] === "")
    return { fault: { message: commandMessages.notObject } };
  const fault = isRaw ? undefined : faultOf(command, command["RequestType"], schemas);
  return fault ? { fault } : { command };
}

function faultOf(
  command: Readonly<Record<string, unknown>>,
  type: string,
  schemas: readonly CommandSchemaView[],
): Fault | undefined {
  const schema = schemas.find(({ requestType }) => requestType === type);
  if (!schema) return { message: commandMessages.unknownType, values: { type } };
  const members = membersOf(schema);
  const unknown = Object.keys(command).find(
    (name) => name !== "RequestType" && !members.some((member) => member.name === name),
  );
  if (unknown !== undefined) return { message: commandMessages.unknownMember, values: { member: unknown } };
  for (const { name, type: wanted, isRequired } of members) {
    const value = command[name];
    if (value === undefined) {
      if (isRequired) return { message: commandMessages.missingMember, values: { member: name } };
    } else if (!fits(value, wanted)) {
      return { message: commandMessages.wrongType, values: { member: name }, type: wanted };
    }
  }
  return undefined;
}

function fits(value: unknown, type: Member["type"]): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "array":
      return Array.isArray(value);
    case "data":
      return isDictionary(value) && typeof value["$data"] === "string";
    case "object":
      return isDictionary(value);
  }
}

function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
