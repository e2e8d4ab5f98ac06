import { createLinks, openBenchLab, type BenchLab } from "./bench-lab.ts";
import { drive, sumSpans, type Span } from "./load.ts";
import type { Figure } from "./report.ts";
import { fillStore } from "./stored.ts";

const phonesCount = 100;
const few = 100;
const many = 10_000;
const commandsEach = 5;
const warmUpPerPhone = 40;
const roundPerPhone = 40;
const rounds = 4;

/** The same load on two servers, in turns, so that whatever else the machine does meets both. */
export async function measureScale(tell: (line: string) => void): Promise<Figure[]> {
  const labs: BenchLab[] = [];
  try {
    const sides = [];
    for (const devices of [few, many]) {
      tell(`cost at ${devices} stored devices`);
      const lab = await openBenchLab({
        prepare: (directory) => fillStore(directory, { devices: devices - phonesCount, commandsEach }),
      });
      labs.push(lab);
      await lab.phones.call("enrol", { urls: await createLinks(lab.admin, phonesCount), width: 16 });
      const udids = await lab.phones.call("udids", undefined);
      await lab.phones.call("replaceAgents", undefined);
      await drive(lab, udids, warmUpPerPhone);
      sides.push({ devices, lab, udids, spans: [] as Span[] });
    }
    tell("cost at both, in turns");
    for (let round = 0; round < rounds; round += 1)
      for (const { lab, udids, spans } of sides) spans.push(await drive(lab, udids, roundPerPhone));
    const [small = 0, large = 0] = sides.map(({ spans }) => cpuEach(spans));
    return [
      {
        id: "scale",
        title: `Cost per command at ${many.toLocaleString("en")} stored devices, against ${few}`,
        value: large / small,
        unit: "×",
        goal: { at: "most", value: 1.3 },
        how: `Server CPU per command: ${large.toFixed(3)} ms against ${small.toFixed(3)} ms. The same ${phonesCount} phones connected in both, ${(rounds * roundPerPhone * phonesCount).toLocaleString("en")} commands each, in turns; every other device is in the store with an identity and ${commandsEach} settled commands.`,
      },
    ];
  } finally {
    for (const lab of labs) await lab.close();
  }
}

function cpuEach(spans: readonly Span[]): number {
  const { serverCpuMs, commands } = sumSpans(spans);
  return serverCpuMs / commands;
}
