/** As many phones as one process may have connections: a command to all of them, and their return after a restart of the server. */
import { createLinks, openBenchLab, type BenchLab } from "./bench-lab.ts";
import type { Figure } from "./report.ts";

const crowdCount = 18_000;
const returningCount = 10_000;
/** Phones on their way at once while they enrol. */
const width = 32;
/** Devices that one call of the API names. */
const targetsMax = 1_000;
const lookEveryMs = 200;
const giveUpMs = 300_000;
const command = { RequestType: "DeviceInformation", Queries: ["DeviceName", "OSVersion", "BuildVersion"] };

export async function measureCrowd(tell: (line: string) => void): Promise<Figure[]> {
  const lab = await openBenchLab();
  try {
    const startedAt = performance.now();
    const enrol = async (count: number) => {
      tell(`enrolment of ${count} phones`);
      await lab.phones.call("enrol", { urls: await createLinks(lab.admin, count), width });
    };
    await enrol(returningCount);
    tell(`return of ${returningCount} phones after a restart of the server`);
    const returned = await measureReturn(lab);
    await enrol(crowdCount - returningCount);
    const minutes = (performance.now() - startedAt) / 60_000;
    tell(`a command to ${crowdCount} phones`);
    return [...(await measureBroadcast(lab, minutes)), ...returned];
  } finally {
    await lab.close();
  }
}

async function measureBroadcast(lab: BenchLab, minutes: number): Promise<Figure[]> {
  const { server, phones, admin } = lab;
  const udids = await phones.call("udids", undefined);
  const connected = await phones.call("connectedCount", undefined);
  await server.call("watchLatencies", undefined);
  const before = await server.call("settledCount", undefined);
  const startedAt = performance.now();
  const settled = server.call("settled", before + udids.length);
  let refusedCount = 0;
  for (let at = 0; at < udids.length; at += targetsMax) {
    const some = udids.slice(at, at + targetsMax);
    const { refused } = await admin.post<{ refused: unknown[] }>("/api/v1/commands", {
      udids: some,
      command,
    });
    refusedCount += refused.length;
  }
  await settled;
  const seconds = (performance.now() - startedAt) / 1_000;
  const latencies = (await server.call("latencies", undefined)).sort((one, other) => one - other);
  const p99 = (latencies[Math.floor(latencies.length * 0.99)] ?? NaN) / 1_000;
  return [
    {
      id: "crowd",
      title: "Phones connected and answering, one server process, one fleet process",
      value: Math.min(connected, latencies.length),
      unit: "phones",
      goal: { at: "least", value: crowdCount },
      how: `Real agents, enrolled ${width} at a time (${minutes.toFixed(1)} minutes with the restart). ${connected} connected, ${latencies.length} answered, ${refusedCount} commands refused.`,
    },
    {
      id: "crowd-p99",
      title: "… p99 from push to acknowledgement of one command to all of them",
      value: p99,
      unit: "s",
      goal: { at: "most", value: 10 },
      how: `DeviceInformation, ${targetsMax} devices a call, one call after another; all were settled after ${seconds.toFixed(1)} s.`,
    },
  ];
}

async function measureReturn(lab: BenchLab): Promise<Figure[]> {
  const wanted = await lab.phones.call("connectedCount", undefined);
  const stoppedAt = performance.now();
  await lab.restartServer();
  const listensAt = performance.now();
  let back = 0;
  let slowestMs = 0;
  while (back < wanted && performance.now() - listensAt < giveUpMs) {
    const askedAt = performance.now();
    await lab.admin.get("/api/v1/summary");
    slowestMs = Math.max(slowestMs, performance.now() - askedAt);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    back = await lab.phones.call("connectedCount", undefined);
  }
  const seconds = (performance.now() - listensAt) / 1_000;
  return [
    {
      id: "return",
      title: `Return of ${wanted.toLocaleString("en")} phones after a restart of the server`,
      value: back === wanted ? seconds : Infinity,
      unit: "s",
      goal: { at: "most", value: 30 },
      how: `From the moment the server listens again, ${((listensAt - stoppedAt) / 1_000).toFixed(1)} s after it was told to stop in good order; ${back} came back.`,
    },
    {
      id: "return-responsive",
      title: "… the slowest answer of the admin API meanwhile",
      value: slowestMs / 1_000,
      unit: "s",
      how: "GET /api/v1/summary, every fifth of a second.",
    },
  ];
}
