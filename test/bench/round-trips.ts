import type { BenchLab } from "./bench-lab.ts";
import { measureEcho } from "./echo.ts";
import { drive, type Span } from "./load.ts";
import type { Figure } from "./report.ts";
import { countAcknowledged } from "./stored.ts";

const warmUpPerPhone = 5;
const agentsPerPhone = 5;
const leanPerPhone = 30;

const perSecond = ({ commands, seconds }: Span) => commands / seconds;

/**
 * Durable command round trips, first with the real agents, then with phones that only talk in their place; and the yardstick.
 * At the end the server is killed, and what it acknowledged must be on the disk.
 */
export async function measureRoundTrips(lab: BenchLab, tell: (line: string) => void): Promise<Figure[]> {
  const udids = await lab.phones.call("udids", undefined);
  tell("commands: real agents");
  await drive(lab, udids, warmUpPerPhone);
  const agents = await drive(lab, udids, agentsPerPhone);
  tell("commands: phones that only talk");
  await lab.phones.call("replaceAgents", undefined);
  await drive(lab, udids, warmUpPerPhone);
  const lean = await drive(lab, udids, leanPerPhone);
  const { commandBytes, resultBytes } = await lab.phones.call("messageBytes", undefined);
  const driven = await lab.server.call("settledCount", undefined);
  await lab.phones.stop();
  if (lab.isProfiled) await lab.server.stop();
  else await lab.server.kill();
  const kept = await countAcknowledged(lab.dataDirectory, udids);
  if (kept !== driven) throw new Error(`${driven} results were acknowledged and ${kept} are on the disk`);
  tell("echo");
  const echo = await measureEcho({ connections: udids.length, commandBytes, resultBytes });

  const phones = `${udids.length.toLocaleString("en")} connected phones`;
  const path = `queued through POST /api/v1/commands, pushed, performed by ${phones}, result stored and fsynced`;
  return [
    {
      id: "echo",
      title: "Yardstick: bare ws echo",
      value: echo,
      unit: "round trips/s",
      how: `ws alone, two processes, ${udids.length.toLocaleString("en")} connections with one message each on its way: ${commandBytes} bytes forth (a command), ${resultBytes} bytes back (its result).`,
    },
    {
      id: "roundTrips",
      title: "Durable command round trips",
      value: perSecond(lean),
      unit: "commands/s",
      how: `${lean.commands.toLocaleString("en")} DeviceInformation commands, ${path}; server and phones are a process each. The phones only talk (real identities, channel and property lists, no disk of their own), so that the server is what is measured. After a kill -9 the ${kept.toLocaleString("en")} results acknowledged so far were all on the disk.`,
    },
    {
      id: "roundTripsRatio",
      title: "… as a share of the echo",
      value: perSecond(lean) / echo,
      unit: "",
      goal: { at: "least", value: 0.15 },
      how: "The same bytes over the same number of connections, on the same machine in the same run.",
    },
    {
      id: "cpuPerCommand",
      title: "Server CPU per command",
      value: lean.serverCpuMs / lean.commands,
      unit: "ms",
      goal: { at: "most", value: 0.25 },
      how: "User and system time of the whole server process (its threads and its collector too) over that span, divided by the commands.",
    },
    {
      id: "agentRoundTrips",
      title: "With real agents",
      value: perSecond(agents),
      unit: "commands/s",
      how: `The same with the simulator's own phones, their disk in memory; ${(agents.phonesCpuMs / agents.commands).toFixed(2)} ms of CPU a command in the fleet's process, ${(agents.serverCpuMs / agents.commands).toFixed(2)} ms in the server's.`,
    },
  ];
}
