/** The admin API from a terminal: `pippin token|sync|apps|licenses|users|groups|deploy|devices|installations|commands …`. */
import { resolve } from "node:path";
import { Argument, Option, type Command } from "commander";
import { PippinError } from "../../../shared/errors.ts";
import { createLiveWorld } from "../../../shared/live-world.ts";
import type { World } from "../../../shared/world.ts";
import { JsonClient } from "../../json-client.ts";
import { renderObject, renderRows, valueAt } from "./render.ts";
import type { Given, Verb } from "./verb.ts";
import { verbs } from "./verbs.ts";

const groupHelp: Readonly<Record<string, string>> = {
  token: "the volume-purchase account and its token",
  sync: "synchronisation with Apple",
  apps: "the apps bought in volume",
  licenses: "who holds a licence, and taking it back",
  users: "the directory and each user's consent",
  groups: "groups of users",
  deploy: "what is wanted of an app for a group",
  devices: "the phones",
  installations: "each app on each phone",
  commands: "MDM commands of a phone",
  policies: "what an admin may choose",
  audit: "who did what",
};

/** Whose verbs they are: where it is reached, and with which key. */
export interface Surface {
  /** As in a sentence: “Expected a key of the server”. */
  readonly name: string;
  readonly url: { readonly flag: string; readonly variable: string; readonly default: string };
  readonly key: { readonly flag: string; readonly variable: string };
  /** How long an answer may take. Default: as the world has it. */
  readonly timeoutMs?: number;
}

const adminSurface: Surface = {
  name: "the server",
  url: { flag: "server", variable: "PIPPIN_SERVER", default: "http://127.0.0.1:8080" },
  key: { flag: "admin-key", variable: "PIPPIN_ADMIN_KEY" },
};
const patienceMs = 0;
const pageSize = 100;
const rowsMaxDefault = 1_000;

interface Connection {
  readonly url: string;
  readonly key: string;
}

export function registerAdminCommands(program: Command): void {
  registerVerbs(program, verbs, groupHelp, adminSurface);
}

/** Adds `<group> <name>` for each verb. Answers with the groups, for what is no verb. */
export function registerVerbs(
  program: Command,
  offered: readonly Verb[],
  help: Readonly<Record<string, string>>,
  surface: Surface,
): Map<string, Command> {
  const groups = new Map<string, Command>();
  for (const verb of offered) {
    const [groupName, name] = verb.words;
    let group = groups.get(groupName);
    if (group === undefined) {
      group = program.command(groupName).description(help[groupName] ?? "");
      groups.set(groupName, group);
    }
    const command = group.command(name).description(verb.help);
    for (const [argument, help] of verb.args ?? []) command.addArgument(new Argument(argument, help));
    for (const { flags, help, choices, required } of verb.options ?? []) {
      const option = new Option(flags, help);
      if (choices) option.choices([...choices]);
      if (required) option.makeOptionMandatory();
      command.addOption(option);
    }
    addSurfaceOptions(command, surface).option(
      "--json",
      "the answer as one JSON document, the last line of stdout",
    );
    if (verb.columns) command.option("--limit <rows>", "at most so many rows", String(rowsMaxDefault));
    command.action(async (...values: unknown[]) => {
      const options = values[command.registeredArguments.length] as Record<string, string | boolean>;
      const args = command.registeredArguments.map((argument, index) => [
        // As in the path: `<adamId>`.
        argument.name(),
        values[index],
      ]);
      const given = { ...options, ...Object.fromEntries(args) } as Given;
      process.stdout.write(`${await runVerb(createLiveWorld(), verb, given, surface)}\n`);
    });
  }
  return groups;
}

export function addSurfaceOptions(command: Command, { name, url, key }: Surface): Command {
  return command
    .addOption(new Option(`--${url.flag} <url>`, name).env(url.variable).default(url.default))
    .addOption(new Option(`--${key.flag} <key>`, `a key of ${name}`).env(key.variable));
}

/** What the verb prints. Throws ApiError, NetworkError, PippinError `usage`. */
export async function runVerb(
  world: World,
  verb: Verb,
  given: Given,
  surface: Surface = adminSurface,
): Promise<string> {
  const { json, limit } = rowsOf(given);
  connectionOf(given, surface);
  const readText = async (name: string) => {
    const bytes = name === "-" ? await readAll(process.stdin) : await world.disk.readFile(resolve(name));
    if (bytes === undefined) throw new PippinError("usage", `There is no file ${name}.`);
    return bytes.toString("utf8");
  };
  const request = await verb.request(given, readText);
  const client = clientOf(world, given, surface);
  const body = request.raw?.text ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  const mediaType = request.raw?.mediaType ?? (body === undefined ? undefined : "application/json");
  const first = await client.send<Record<string, unknown>>(
    request.method,
    paged(request.path, verb, limit),
    body,
    mediaType,
  );
  const rows = verb.columns && valueAt(first, verb.rows ?? "items");
  if (verb.columns === undefined || !Array.isArray(rows)) {
    if (json) return JSON.stringify(first);
    return Object.keys(first).length === 0 ? (verb.done ?? "done") : renderObject(first);
  }
  const all = [...(rows as Record<string, unknown>[])];
  let cursor = first["nextCursor"];
  while (typeof cursor === "string" && all.length < limit) {
    const path = `${paged(request.path, verb, limit - all.length)}&cursor=${encodeURIComponent(cursor)}`;
    const page = await client.get<Record<string, unknown>>(path);
    all.push(...((valueAt(page, verb.rows ?? "items") ?? []) as Record<string, unknown>[]));
    cursor = page["nextCursor"];
  }
  const isCut = typeof cursor === "string";
  if (json) return JSON.stringify({ items: all, more: isCut });
  return `${renderRows(all, verb.columns)}${isCut ? `\n(there is more: --limit ${limit * 10})` : ""}`;
}

function paged(path: string, verb: Verb, wanted: number): string {
  if (verb.columns === undefined || verb.isWhole === true || /\/acts\/./.test(path)) return path;
  return `${path}${path.includes("?") ? "&" : "?"}limit=${Math.min(pageSize, wanted)}`;
}

/** Throws PippinError `usage`. */
export function clientOf(world: World, given: Given, surface: Surface): JsonClient {
  const { url, key } = connectionOf(given, surface);
  return new JsonClient({ world, baseUrl: url, key, patienceMs, timeoutMs: surface.timeoutMs });
}

/** Throws PippinError `usage`. */
export function connectionOf(given: Given, { name, url, key }: Surface): Connection {
  const address = String(given[camelCase(url.flag)] ?? url.default);
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new PippinError("usage", `--${url.flag}: expected a URL such as ${url.default}`);
  const secret = given[camelCase(key.flag)];
  if (typeof secret !== "string" || secret === "")
    throw new PippinError(
      "usage",
      `Expected a key of ${name}: --${key.flag}, or ${key.variable} in the environment.`,
    );
  return { url: address.replace(/\/+$/, ""), key: secret };
}

function rowsOf(given: Given): { json: boolean; limit: number } {
  const limit = Number(given["limit"] ?? rowsMaxDefault);
  if (!Number.isInteger(limit) || limit < 1)
    throw new PippinError("usage", "--limit: expected a number of rows, 1 or more");
  return { json: given["json"] === true, limit };
}

/** As commander names the option's value. */
function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
