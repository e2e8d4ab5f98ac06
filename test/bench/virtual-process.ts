/**
 * A process of its own that lets an organisation live for a while in the virtual world, and says how long that took by the clock on the
 * wall: `virtual-process.ts PHONES DAYS`. One JSON document on stdout.
 */
import { startLab } from "../../simulator/library/start-lab.ts";

const [phones = 0, days = 0] = process.argv.slice(2).map(Number);
let since = performance.now();
function lap(): number {
  const now = performance.now();
  const seconds = (now - since) / 1_000;
  since = now;
  return seconds;
}

const lab = await startLab({
  seed: "bench",
  licenses: { Pages: phones },
  people: [{ id: "staff", count: phones, groups: ["Staff"], persona: "ordinary" }],
  personas: { ordinary: { think: "5s..10m", asleep: { from: "22:30", to: "06:30" } } },
});
const setUpSeconds = lap();
await lab.do({ deploy: { app: "Pages", group: "Staff" } });
await lab.expect({ installations: { app: "Pages", state: "installed", count: phones } }, { within: "2d" });
const deploySeconds = lap();
await lab.advance(`${days / 2}d`);
// As somebody has to every year.
await lab.do("renew-token");
await lab.advance(`${days / 2}d`);
const daysSeconds = lap();
await lab.expect([
  { ledger: "exact" },
  { soundness: "exact" },
  { phones: { has: "Pages", connected: true, count: phones } },
]);
const syncs = lab.events("sync.finished").length;
const commands = lab.events("command.acknowledged").length;
await lab.close();
process.stdout.write(`${JSON.stringify({ setUpSeconds, deploySeconds, daysSeconds, syncs, commands })}\n`);
