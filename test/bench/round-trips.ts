import type { BenchLab } from "./bench-lab.ts";
import { Echo } from "./echo.ts";
import { drive, sumSpans } from "./load.ts";
import type { Figure } from "./report.ts";
import { countAcknowledged } from "./stored.ts";

const warmUpPerPhone = 5;
const agentsPerPhone = 5;
/** Commands and echo take turns, so that whatever else the machine does meets both. */
const rounds = 4;
const roundPerPhone = 10;
const echoRoundMs = 2_000;

/**
 * Durable command round trips, first with the real agents, then with phones that only talk in their place; and the yardstick.
 * At the end the server is killed, and what it acknowledged must be on the disk.
 */
export async function measureRoundTrips(lab: BenchLab, tell: (line: string) => void): Promise<Figure[]> {
  const udids = await lab.phones.call("udids", undefined);
  tell("commands: real agents");
  await drive(lab, udids, warmUpPerPhone);
  const agents = await drive(lab, udids, agentsPerPhone);

  tell("commands: phones that only talk, in turns with the echo");
  await lab.phones.call("replaceAgents", undefined);
  await drive(lab, udids, warmUpPerPhone);
  const bytes = await lab.phones.call("messageBytes", undefined);
  const echo = new Echo();
  await echo.open({ connections: udids.length, ...bytes });
  const spans = [];
  let echoed = 0;
  for (let round = 0; round < rounds; round += 1) {
    spans.push(await drive(lab, udids, roundPerPhone));
    echoed += (await echo.measure(echoRoundMs)) / rounds;
  }
  await echo.close();
  const lean = sumSpans(spans);

  const driven = await lab.server.call("settledCount", undefined);
  await lab.phones.stop();
  if (lab.isProfiled) await lab.server.stop();
  else await lab.server.kill();
  const kept = await countAcknowledged(lab.dataDirectory, udids);
  if (kept !== driven) throw new Error(`${driven} results were acknowledged and ${kept} are on the disk`);

  const connections = udids.length.toLocaleString("en");
  const perSecond = lean.commands / lean.seconds;
  return [
    {
      id: "echo",
      title: "Yardstick: bare ws echo",
      value: echoed,
      unit: "round trips/s",
      how: `ws alone, two processes, ${connections} connections with one message each on its way: ${bytes.commandBytes} bytes forth (a command), ${bytes.resultBytes} bytes back (its result). Measured in turns with the next figure.`,
    },
    {
      id: "roundTrips",
      title: "Durable command round trips",
      value: perSecond,
      unit: "commands/s",
      goal: { at: "least", value: 10_000 },
      how: `${lean.commands.toLocaleString("en")} DeviceInformation commands, queued through POST /api/v1/commands, pushed, performed by ${connections} connected phones, result stored and fsynced; server and phones are a process each. The phones only talk (real identities, channel and property lists, no disk of their own), so that the server is what is measured. After a kill -9 the ${kept.toLocaleString("en")} results acknowledged so far were all on the disk.`,
    },
    {
      id: "roundTripsRatio",
      title: "… as a share of the echo",
      value: perSecond / echoed,
      unit: "",
      goal: { at: "least", value: 0.35 },
      how: "The same bytes over the same number of connections, on the same machine in the same minute.",
    },
    {
      id: "cpuPerCommand",
      title: "Server CPU per command",
      value: lean.serverCpuMs / lean.commands,
      unit: "ms",
      goal: { at: "most", value: 0.1 },
      how: "User and system time of the whole server process (its threads and its collector too) over those commands, divided by their number. With --max-semi-space-size=32, as docs/operations.md advises.",
    },
    {
      id: "agentRoundTrips",
      title: "With real agents",
      value: agents.commands / agents.seconds,
      unit: "commands/s",
      how: `The same with the simulator's own phones, their disk in memory; ${(agents.phonesCpuMs / agents.commands).toFixed(2)} ms of CPU a command in the fleet's process, ${(agents.serverCpuMs / agents.commands).toFixed(2)} ms in the server's.`,
    },
  ];
}
