/** How fast virtual time passes: organisations that live for a month and for a year. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Figure } from "./report.ts";

const root = join(import.meta.dirname, "..", "..");

interface Life {
  readonly setUpSeconds: number;
  readonly deploySeconds: number;
  readonly daysSeconds: number;
  readonly syncs: number;
  readonly commands: number;
}

export async function measureVirtualTime(tell: (line: string) => void): Promise<Figure[]> {
  tell("a year of 1,000 phones in the virtual world");
  const year = await live(1_000, 365);
  tell("a month of 10,000 phones in the virtual world");
  const month = await live(10_000, 30);
  return [
    ...figures("virtual-year", "a year of a 1,000-phone organisation in the virtual world", 60, year),
    ...figures("virtual-month", "30 days of 10,000 phones in the virtual world", 120, month),
  ];
}

function figures(id: string, title: string, seconds: number, life: Life): Figure[] {
  const how =
    `Synced twice a day (${life.syncs} times), asked for its apps every week (${life.commands} commands kept in mind), everybody asleep at ` +
    "night with the phone locked; at the end every phone is connected and has its app, and the ledger is exact.";
  return [
    {
      ...{ id, title, unit: "s", how, value: life.daysSeconds },
      goal: { at: "most", value: seconds },
    },
    {
      id: `${id}-begin`,
      title: "… before that: enrolment, and one app for everybody",
      value: life.setUpSeconds + life.deploySeconds,
      unit: "s",
      how: `Enrolment ${life.setUpSeconds.toFixed(1)} s; invitation, terms, sign-in and installation ${life.deploySeconds.toFixed(1)} s.`,
    },
  ];
}

/** In a process of its own, so that one organisation doesn't pay for the other's memory. */
function live(phones: number, days: number): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        ...["--max-semi-space-size=64", "--max-old-space-size=12000"],
        ...["--import", "./simulator/typescript.mjs", "test/bench/virtual-process.ts"],
        ...[String(phones), String(days)],
      ],
      { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
    );
    const onExit = () => child.kill("SIGKILL");
    process.once("exit", onExit);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("exit", onExit);
      if (code === 0) resolve(JSON.parse(output) as Life);
      else reject(new Error(`the organisation of ${phones} phones ended with ${code}`));
    });
  });
}
