import { generateKeyPair, randomBytes, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { connectLive } from "./live-channel.ts";
import { LiveDisk } from "./live-disk.ts";
import { LiveHttpClient } from "./live-http.ts";
import { serveLive } from "./live-listener.ts";
import type { KeyPair, Timer, World } from "./world.ts";

const generateKeyPairAsync = promisify(generateKeyPair);

/** A longer delay overflows `setTimeout`, which then fires at once. */
const timeoutMsMax = 2 ** 31 - 1;

class LiveTimer implements Timer {
  #handle: NodeJS.Timeout | undefined;

  constructor(delayMs: number, task: () => void) {
    this.#arm(Math.max(0, delayMs), task);
  }

  #arm(delayMs: number, task: () => void): void {
    this.#handle =
      delayMs <= timeoutMsMax
        ? setTimeout(task, delayMs)
        : setTimeout(() => this.#arm(delayMs - timeoutMsMax, task), timeoutMsMax);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

function sleepLive(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      timer.cancel();
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = new LiveTimer(delayMs, wake);
    signal?.addEventListener("abort", wake);
  });
}

async function generateRsaKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPairAsync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return { privateKeyPem: privateKey, publicKeyPem: publicKey };
}

/** This machine: its clock, its strong randomness, its sockets and its disk. */
export function createLiveWorld(): World {
  const http = new LiveHttpClient();
  return {
    kind: "live",
    now: () => Date.now(),
    sleep: sleepLive,
    after: (delayMs, task) => new LiveTimer(delayMs, task),
    random: () => Math.random(),
    randomBytes: (length) => randomBytes(length),
    uuid: () => randomUUID().toUpperCase(),
    generateKeyPair: generateRsaKeyPair,
    request: (url, init) => http.request(url, init),
    serve: serveLive,
    connect: connectLive,
    disk: new LiveDisk(),
  };
}
