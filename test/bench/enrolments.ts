import { createLinks, type BenchLab } from "./bench-lab.ts";
import type { Figure } from "./report.ts";

/** Phones on their way at once. */
const width = 32;
const warmUpCount = 50;

/** Enrols `count` real agents, after a few that only warm up. They stay connected. */
export async function measureEnrolments(lab: BenchLab, count: number): Promise<Figure> {
  const urls = await createLinks(lab.admin, count);
  await lab.phones.call("enrol", { urls: urls.splice(0, warmUpCount), width });
  const measured = urls.length;
  const before = [
    await lab.server.call("cpuMs", undefined),
    await lab.phones.call("cpuMs", undefined),
  ] as const;
  const seconds = await lab.phones.call("enrol", { urls, width });
  const [serverMs, phonesMs] = [
    (await lab.server.call("cpuMs", undefined)) - before[0],
    (await lab.phones.call("cpuMs", undefined)) - before[1],
  ];
  return {
    id: "enrolments",
    title: "Enrolments",
    value: measured / seconds,
    unit: "phones/s",
    goal: { at: "least", value: 100 },
    how: `${measured} real agents, ${width} on their way at once, keys from a pool of 8: signed profile fetched and checked, CSR, certificate, channel, proof, Authenticate, TokenUpdate. ${(serverMs / measured).toFixed(1)} ms of CPU each in the server, ${(phonesMs / measured).toFixed(1)} ms in the fleet.`,
  };
}
