/**
 * The phones of the bench, in a process of their own: a fleet of real agents or, in its place, phones that only talk (see
 * lean-phone.ts). Their disk is in memory, so that the disk measured is the server's.
 */
import type { Phone } from "../../agent/phone.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { createRecorder } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import { Fleet, makeUdid, withKeyPool } from "../../simulator/fleet/fleet.ts";
import { MemoryDisk } from "../../simulator/virtual/memory-disk.ts";
import { answerParent, cpuMs, measureMemory } from "./child.ts";
import { LeanPhone, type LeanIdentity } from "./lean-phone.ts";

const keyPoolSize = 8;
const live = createLiveWorld();
let fleet: { fleet: Fleet; world: World } | undefined;
let lean: LeanPhone[] = [];

function newFleet(world: World): { fleet: Fleet; world: World } {
  const recorder = createRecorder({ now: () => live.now(), run: "bench", keepsWire: false });
  return { fleet: new Fleet({ world, recorder }), world };
}

async function openFleet(): Promise<{ fleet: Fleet; world: World }> {
  const world = worldWith(live, { disk: new MemoryDisk() });
  return (fleet ??= newFleet(await withKeyPool(world, keyPoolSize)));
}

/** Resolves when the server has confirmed the enrolment and the channel is open. */
function untilEnrolled(phone: Phone): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = phone.onChange(look);
    function look(): void {
      const { enrolled, connected, status, trouble } = phone.view();
      if (enrolled && connected) resolve();
      else if (status === "refused" || status === "failed") reject(new Error(trouble?.message ?? status));
      else return;
      end();
    }
    look();
  });
}

async function enrolOne(
  { fleet, world }: { fleet: Fleet; world: World },
  enrollmentUrl: string,
): Promise<void> {
  const udid = makeUdid(world);
  const phone = await fleet.add({
    udid,
    serialNumber: `F${udid.slice(0, 11).toUpperCase()}`,
    productName: "iPhone8,1",
    osVersion: "9.3.2",
    buildVersion: "13F69",
    deviceName: "Bench phone",
    kind: "device",
    enrollmentUrl,
    appleUrl: "http://127.0.0.1:9",
    protocol: "mdm.plist.binary",
    dataDirectory: `/phones/${udid}`,
    bytesPerSecond: 1_000_000_000,
  });
  await untilEnrolled(phone);
}

/** Runs `task` for each item, `width` at a time. */
async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  async function work(): Promise<void> {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await task(item);
  }
  await Promise.all(Array.from({ length: width }, work));
}

async function timed(deed: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await deed();
  return (performance.now() - startedAt) / 1_000;
}

async function readIdentity(world: World, phone: Phone): Promise<LeanIdentity> {
  const { udid, dataDirectory } = phone.config;
  const content = await world.disk.readFile(`${dataDirectory}/phone.json`);
  const { keys, enrollment } = JSON.parse(String(content)) as {
    keys: { privateKeyPem: string };
    enrollment: { certificate: string; serverUrl: string };
  };
  return { udid, privateKeyPem: keys.privateKeyPem, ...enrollment };
}

const calls = {
  /** Makes the pool of keys, which takes a while and is not the enrolment's. */
  async prepare() {
    await openFleet();
  },
  /** One real agent for each link, so many of them on their way at once. Answers with the seconds it took. */
  async enrol({ urls, width }: { urls: readonly string[]; width: number }) {
    const opened = await openFleet();
    return timed(() => inParallel(urls, width, (url) => enrolOne(opened, url)));
  },
  /** The same with phones that make their own keys. They leave afterwards. */
  async enrolWithOwnKeys({ urls, width }: { urls: readonly string[]; width: number }) {
    const opened = newFleet(worldWith(live, { disk: new MemoryDisk() }));
    const seconds = await timed(() => inParallel(urls, width, (url) => enrolOne(opened, url)));
    await opened.fleet.stop();
    return seconds;
  },
  connectedCount: async () => {
    const { phones } = (await openFleet()).fleet;
    return phones.reduce((count, phone) => count + (phone.view().connected ? 1 : 0), 0);
  },
  udids: async () => (await openFleet()).fleet.phones.map((phone) => phone.config.udid),
  /** Puts phones that only talk in the place of the agents, under the same identities. */
  async replaceAgents() {
    const { fleet: agents, world } = await openFleet();
    await agents.stop();
    const identities: LeanIdentity[] = [];
    for (const phone of agents.phones) identities.push(await readIdentity(world, phone));
    fleet = undefined;
    lean = identities.map((identity) => new LeanPhone(identity));
    await inParallel(lean, 32, (phone) => phone.connect(live));
  },
  /** Bytes of the last command and of the answer to it: they are as long for every phone. */
  messageBytes: () => ({
    commandBytes: lean[0]?.commandBytes ?? 0,
    resultBytes: lean[0]?.resultBytes ?? 0,
  }),
  cpuMs,
  measureMemory,
};
export type PhonesCalls = typeof calls;

answerParent(calls, async () => {
  for (const phone of lean) phone.leave();
  await fleet?.fleet.stop();
});
