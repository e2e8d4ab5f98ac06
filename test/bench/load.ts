/** Commands for connected phones: queued through the admin API, and waited for until every result is stored. */
import type { BenchLab } from "./bench-lab.ts";

/** Short, and answered without a look at anything else. */
const command = { RequestType: "DeviceInformation", Queries: ["DeviceName", "OSVersion", "BuildVersion"] };

/** Calls of the API under way at once: phones should find the next command waiting when they have done one. */
const callsAtOnce = 4;

export interface Span {
  readonly commands: number;
  readonly seconds: number;
  /** Of the whole server process: its threads and its collector too. */
  readonly serverCpuMs: number;
  readonly phonesCpuMs: number;
}

/** Gives each phone so many commands, one call of the API for a command to all of them. */
export async function drive(lab: BenchLab, udids: readonly string[], perPhone: number): Promise<Span> {
  const { server, phones, admin } = lab;
  const commands = udids.length * perPhone;
  const before = await server.call("settledCount", undefined);
  const [serverBefore, phonesBefore] = [
    await server.call("cpuMs", undefined),
    await phones.call("cpuMs", undefined),
  ];
  const startedAt = performance.now();
  const settled = server.call("settled", before + commands);
  let wave = 0;
  async function queue(): Promise<void> {
    for (; wave < perPhone;) {
      wave += 1;
      const { refused } = await admin.post<{ refused: unknown[] }>("/api/v1/commands", { udids, command });
      if (refused.length > 0) throw new Error(`the server refused ${refused.length} commands`);
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, queue));
  await settled;
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    commands,
    seconds,
    serverCpuMs: (await server.call("cpuMs", undefined)) - serverBefore,
    phonesCpuMs: (await phones.call("cpuMs", undefined)) - phonesBefore,
  };
}

export function sumSpans(spans: readonly Span[]): Span {
  const sum = (of: (span: Span) => number) => spans.reduce((total, span) => total + of(span), 0);
  return {
    commands: sum((span) => span.commands),
    seconds: sum((span) => span.seconds),
    serverCpuMs: sum((span) => span.serverCpuMs),
    phonesCpuMs: sum((span) => span.phonesCpuMs),
  };
}
