import { join } from "node:path";
import { Child } from "./child.ts";
import type { EchoCalls } from "./echo-process.ts";

const warmUpMs = 500;
const file = join(import.meta.dirname, "echo-process.ts");

export interface EchoOptions {
  readonly connections: number;
  readonly commandBytes: number;
  readonly resultBytes: number;
}

/**
 * The yardstick: what this machine can do with `ws` alone. Each connection has one message on its way at any time, as a phone
 * has one command.
 */
export class Echo {
  readonly #server = new Child<EchoCalls>(file);
  readonly #client = new Child<EchoCalls>(file);

  /** Opens the connections, and leaves them idle. */
  async open({ connections, commandBytes, resultBytes }: EchoOptions): Promise<void> {
    const port = await this.#server.call("serve", { commandBytes });
    await this.#client.call("connect", { port, count: connections, resultBytes });
  }

  /** Round trips a second over so long. */
  async measure(durationMs: number): Promise<number> {
    await this.#server.call("begin", undefined);
    await pass(warmUpMs);
    const before = await this.#server.call("answers", undefined);
    const startedAt = performance.now();
    await pass(durationMs);
    const after = await this.#server.call("answers", undefined);
    const seconds = (performance.now() - startedAt) / 1_000;
    await this.#server.call("pause", undefined);
    return (after - before) / seconds;
  }

  async close(): Promise<void> {
    await this.#client.stop();
    await this.#server.stop();
  }
}

function pass(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
