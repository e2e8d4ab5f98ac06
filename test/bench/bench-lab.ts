/** A server and its phones, each a process of its own, and an admin who talks to the server over HTTP. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLiveWorld } from "../../shared/live-world.ts";
import { JsonClient } from "../../simulator/json-client.ts";
import { Child } from "./child.ts";
import type { PhonesCalls } from "./phones-process.ts";
import type { ServerCalls } from "./server-process.ts";

const world = createLiveWorld();
const patienceMs = 10_000;
/** Tokens that one call makes. */
const tokensMax = 1_000;

export interface BenchLab {
  /** Another after `restartServer`. */
  server: Child<ServerCalls>;
  readonly phones: Child<PhonesCalls>;
  readonly admin: JsonClient;
  readonly serverUrl: string;
  readonly adminKey: string;
  readonly dataDirectory: string;
  /** Its server must end in good order: a profile is written at the end. */
  readonly isProfiled: boolean;
  /** Stops the server in good order and starts it again, on the same data at the same address. Resolves when it listens. */
  restartServer(): Promise<void>;
  /** Ends both processes and takes the data away. */
  close(): Promise<void>;
}

export interface BenchLabOptions {
  /** Writes a CPU profile of the server into this folder. */
  readonly profileDirectory?: string | undefined;
  /** Fills the data folder before the server opens it. */
  readonly prepare?: (dataDirectory: string) => Promise<void>;
}

export async function openBenchLab(options: BenchLabOptions = {}): Promise<BenchLab> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "pippin-bench-"));
  await options.prepare?.(dataDirectory);
  const adminKey = `pk_${world.randomBytes(24).toString("base64url")}`;
  const flags =
    options.profileDirectory === undefined
      ? []
      : ["--cpu-prof", "--cpu-prof-dir", options.profileDirectory, "--cpu-prof-interval", "500"];
  const server = new Child<ServerCalls>(join(import.meta.dirname, "server-process.ts"), { flags });
  const phones = new Child<PhonesCalls>(join(import.meta.dirname, "phones-process.ts"));
  const [url] = await Promise.all([
    server.call("start", { dataDirectory, adminKey }),
    phones.call("prepare", undefined),
  ]);
  const lab: BenchLab = {
    server,
    phones,
    admin: new JsonClient({ world, baseUrl: url, key: adminKey, patienceMs }),
    serverUrl: url,
    adminKey,
    dataDirectory,
    isProfiled: options.profileDirectory !== undefined,
    async restartServer() {
      await lab.server.stop();
      lab.server = new Child<ServerCalls>(join(import.meta.dirname, "server-process.ts"), { flags });
      await lab.server.call("start", { dataDirectory, adminKey, port: Number(new URL(url).port) });
    },
    async close() {
      await phones.stop();
      await lab.server.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
  return lab;
}

/** Enrolment links, one for each phone. */
export async function createLinks(admin: JsonClient, count: number): Promise<string[]> {
  const urls: string[] = [];
  while (urls.length < count) {
    const tokens = Array.from({ length: Math.min(tokensMax, count - urls.length) }, () => ({
      kind: "device",
    }));
    const created = await admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", {
      tokens,
    });
    for (const { url } of created.tokens) urls.push(url);
  }
  return urls;
}
