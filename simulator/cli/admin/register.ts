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
const serverDefault = "http://127.0.0.1:8080";
const patienceMs = 0;
const pageSize = 100;
const rowsMaxDefault = 1_000;

interface Connection {
  readonly server: string;
  readonly adminKey: string;
  readonly json: boolean;
  readonly limit: number;
}

export function registerAdminCommands(program: Command): void {
  const groups = new Map<string, Command>();
  for (const verb of verbs) {
    const [groupName, name] = verb.words;
    let group = groups.get(groupName);
    if (group === undefined) {
      group = program.command(groupName).description(groupHelp[groupName] ?? "");
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
    command
      .addOption(new Option("--server <url>", "the server").env("PIPPIN_SERVER").default(serverDefault))
      .addOption(new Option("--admin-key <key>", "a key of the server").env("PIPPIN_ADMIN_KEY"))
      .option("--json", "the answer as one JSON document, the last line of stdout");
    if (verb.columns) command.option("--limit <rows>", "at most so many rows", String(rowsMaxDefault));
    command.action(async (...values: unknown[]) => {
      const options = values[command.registeredArguments.length] as Record<string, string | boolean>;
      const args = command.registeredArguments.map((argument, index) => [
        // As in the path: `<adamId>`.
        argument.name(),
        values[index],
      ]);
      const given = { ...options, ...Object.fromEntries(args) } as Given;
      process.stdout.write(`${await runVerb(createLiveWorld(), verb, given)}\n`);
    });
  }
}

/** What the verb prints. Throws ApiError, NetworkError, PippinError `usage`. */
export async function runVerb(world: World, verb: Verb, given: Given): Promise<string> {
  const connection = connectionOf(given);
  const readText = async (name: string) => {
    const bytes = name === "-" ? await readAll(process.stdin) : await world.disk.readFile(resolve(name));
    if (bytes === undefined) throw new PippinError("usage", `There is no file ${name}.`);
    return bytes.toString("utf8");
  };
  const request = await verb.request(given, readText);
  const { server, adminKey, json, limit } = connection;
  const client = new JsonClient({ world, baseUrl: server, key: adminKey, patienceMs });
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
  if (verb.columns === undefined || /\/acts\/./.test(path)) return path;
  return `${path}${path.includes("?") ? "&" : "?"}limit=${Math.min(pageSize, wanted)}`;
}

function connectionOf(given: Given): Connection {
  const server = String(given["server"] ?? serverDefault);
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
    throw new PippinError("usage", `--server: expected a URL such as ${serverDefault}`);
  const adminKey = given["adminKey"];
  if (typeof adminKey !== "string" || adminKey === "")
    throw new PippinError(
      "usage",
      "Expected a key of the server: --admin-key, or PIPPIN_ADMIN_KEY in the environment.",
    );
  const limit = Number(given["limit"] ?? rowsMaxDefault);
  if (!Number.isInteger(limit) || limit < 1)
    throw new PippinError("usage", "--limit: expected a number of rows, 1 or more");
  return { server: server.replace(/\/+$/, ""), adminKey, json: given["json"] === true, limit };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
