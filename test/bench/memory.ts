import type { BenchLab } from "./bench-lab.ts";
import type { Memory } from "./child.ts";
import type { Figure } from "./report.ts";

export interface LabMemory {
  readonly server: Memory;
  readonly phones: Memory;
}

export async function readMemory(lab: BenchLab): Promise<LabMemory> {
  return {
    server: await lab.server.call("measureMemory", undefined),
    phones: await lab.phones.call("measureMemory", undefined),
  };
}

export interface MemoryOfPhones {
  readonly count: number;
  readonly memory: LabMemory;
}

/** What one idle phone more takes: the first few made the processes load and compile what all the others use. */
export function memoryFigures(few: MemoryOfPhones, all: MemoryOfPhones): Figure[] {
  return (["server", "phones"] as const).map((side) => {
    const kilobytesEach = (of: keyof Memory) =>
      (all.memory[side][of] - few.memory[side][of]) / (all.count - few.count) / 1024;
    return {
      id: `memory.${side}`,
      title: `Memory per connected phone, ${side === "server" ? "server" : "fleet"}`,
      value: kilobytesEach("usedBytes"),
      unit: "KB",
      goal: { at: "most", value: 12 },
      how: `heapUsed + external after a collection, ${all.count.toLocaleString("en")} enrolled, connected and idle real agents less ${few.count}, divided by how many these are more${side === "phones" ? "; their disk, in memory, is in it" : "; their records in the store are in it"}. By resident set size it is ${kilobytesEach("rssBytes").toFixed(0)} KB.`,
    };
  });
}
