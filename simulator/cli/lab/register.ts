/** The lab in the hand: `pippin device …` and `pippin lab …`, over the control API of a lab that is up. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { PippinError } from "../../../shared/errors.ts";
import { createLiveWorld } from "../../../shared/live-world.ts";
import type { World } from "../../../shared/world.ts";
import { ApiError, problemFrom } from "../../json-client.ts";
import { addSurfaceOptions, connectionOf, registerVerbs, type Surface } from "../admin/register.ts";
import { renderObject } from "../admin/render.ts";
import type { Given } from "../admin/verb.ts";
import { deviceVerbs } from "./device-verbs.ts";
import { labVerbs } from "./lab-verbs.ts";

export const labPort = 8082;
/** As long as a year of a large fleet takes. */
const timeoutMs = 60 * 60_000;
const exportBytesMax = 1024 * 1024 * 1024;

export const labSurface: Surface = {
  name: "the lab",
  url: { flag: "lab", variable: "PIPPIN_LAB", default: `http://127.0.0.1:${labPort}` },
  key: { flag: "lab-key", variable: "PIPPIN_LAB_KEY" },
  timeoutMs,
};

export function registerLabCommands(program: Command): void {
  const help = {
    device: "a phone in the hand",
    lab: "the lab as a whole: keep it, bring it back, its clock",
  };
  const groups = registerVerbs(program, [...deviceVerbs, ...labVerbs], help, labSurface);
  const lab = groups.get("lab");
  if (lab === undefined) throw new Error("no verb of the lab");
  addSurfaceOptions(
    lab.command("export").description("the lab, or a snapshot of it, as one file").argument("<file>"),
    labSurface,
  )
    .option("--snapshot <name>", "this one (default: the lab as it is now)")
    .option("--json", "the answer as one JSON document, the last line of stdout")
    .action(async (file: string, given: Given) => {
      print(await exportLab(createLiveWorld(), file, given), given);
    });
  addSurfaceOptions(
    lab.command("import").description("make this lab the one in a file").argument("<file>"),
    labSurface,
  )
    .option("--json", "the answer as one JSON document, the last line of stdout")
    .action(async (file: string, given: Given) => {
      print(await importLab(createLiveWorld(), file, given), given);
    });
}

/** Throws ApiError, NetworkError, DiskError, PippinError `usage`. */
export async function exportLab(world: World, file: string, given: Given): Promise<Record<string, unknown>> {
  const { snapshot } = given;
  const query = typeof snapshot === "string" ? `?snapshot=${encodeURIComponent(snapshot)}` : "";
  const bytes = await transfer(world, given, "GET", `/lab/v1/export${query}`);
  await world.disk.writeFileAtomic(resolve(file), bytes);
  return { file: resolve(file), bytes: bytes.length };
}

/** Throws ApiError, NetworkError, DiskError, PippinError `usage`. */
export async function importLab(world: World, file: string, given: Given): Promise<Record<string, unknown>> {
  const bytes = await world.disk.readFile(resolve(file));
  if (bytes === undefined) throw new PippinError("usage", `There is no file ${file}.`);
  const answer = await transfer(world, given, "POST", "/lab/v1/import", bytes);
  return JSON.parse(answer.toString("utf8")) as Record<string, unknown>;
}

/** What is no JSON, one way or the other. */
async function transfer(
  world: World,
  given: Given,
  method: "GET" | "POST",
  path: string,
  body?: Buffer,
): Promise<Buffer> {
  const { url, key } = connectionOf(given, labSurface);
  const answer = await world.request(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body }),
    ...{ timeoutMs, bodyBytesMax: exportBytesMax },
  });
  if (answer.status === 200) return answer.body;
  throw problemFrom(answer.status, answer.body) satisfies ApiError;
}

function print(answer: Record<string, unknown>, given: Given): void {
  process.stdout.write(`${given["json"] === true ? JSON.stringify(answer) : renderObject(answer)}\n`);
}
