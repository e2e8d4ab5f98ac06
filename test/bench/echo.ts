import { join } from "node:path";
import { Child } from "./child.ts";
import type { EchoCalls } from "./echo-process.ts";

const warmUpMs = 1_500;
const measuredMs = 5_000;

/**
 * The yardstick: what this machine can do with `ws` alone. Each connection has one message on its way at any time, as a phone
 * has one command.
 *
 * @returns round trips a second
 */
export async function measureEcho(options: {
  connections: number;
  commandBytes: number;
  resultBytes: number;
}): Promise<number> {
  const { connections, commandBytes, resultBytes } = options;
  const file = join(import.meta.dirname, "echo-process.ts");
  const server = new Child<EchoCalls>(file);
  const client = new Child<EchoCalls>(file);
  try {
    const port = await server.call("serve", { commandBytes });
    await client.call("connect", { port, count: connections, resultBytes });
    await server.call("begin", { commandBytes });
    await pass(warmUpMs);
    const before = await server.call("answers", undefined);
    const startedAt = performance.now();
    await pass(measuredMs);
    const after = await server.call("answers", undefined);
    return ((after - before) / (performance.now() - startedAt)) * 1_000;
  } finally {
    await client.stop();
    await server.stop();
  }
}

function pass(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
