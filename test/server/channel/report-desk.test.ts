import { beforeEach, describe, expect, it } from "vitest";
import type { Report } from "../../../server/channel/device-report.ts";
import { ReportDesk } from "../../../server/channel/report-desk.ts";
import { takeNextCommand } from "../../../server/commands/command-queue.ts";
import { transact } from "../../../server/outbox.ts";
import { settle } from "../fake-world.ts";
import { TestServer, udidOf } from "../test-server.ts";

const phonesCount = 8;
let server: TestServer;
let desk: ReportDesk;
let inFlight: string[];
/** The phone whose results the decisions choke on. */
let badUdid: string | undefined;

beforeEach(async () => {
  badUdid = undefined;
  server = new TestServer({
    hooks: {
      commandSettled: async (_tx, _outbox, command) => {
        if (command.udid === badUdid) throw new Error("a bug");
      },
    },
  });
  desk = new ReportDesk(server.context);
  inFlight = [];
  for (let number = 0; number < phonesCount; number += 1) {
    const udid = udidOf(number);
    await server.putDevice(udid);
    inFlight.push(await server.queue(udid));
    await transact(server.context, (tx, outbox) =>
      takeNextCommand(tx, outbox, server.context, udid, { skipDeferred: false }),
    );
  }
  server.transactions = 0;
});

/** The phone with this number acknowledges its command. */
function report(number: number, bytes = 200): Promise<unknown> {
  const udid = udidOf(number);
  const result = { Status: "Acknowledged", UDID: udid, CommandUUID: inFlight[number] ?? "" } as const;
  const taken: Report = { kind: "result", result, message: result };
  const phone = {
    udid,
    identityId: `identity of ${udid}`,
    skipDeferred: false,
    onItsWay: undefined,
    handedHere: inFlight[number],
  };
  return desk.take(phone, taken, bytes).catch((error: unknown) => error);
}

/** From now on nothing that was committed gets to the disk, until the function that comes back is called. */
function holdDisk(): () => void {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  server.afterCommit = () => held;
  return release;
}

const stored = { outcome: "stored", next: undefined, silent: false };
const states = () =>
  Promise.all(inFlight.map(async (commandUUID) => (await server.command(commandUUID)).state));
const numbers = Array.from({ length: phonesCount }, (_item, number) => number);

describe("the report desk", () => {
  it("stores a lone report at once", async () => {
    expect(await report(0)).toEqual(stored);
    expect(server.transactions).toBe(1);
    expect((await states())[0]).toBe("acknowledged");
  });

  it("gives the reports that come while others are on their way to the disk one transaction", async () => {
    const release = holdDisk();
    const answers = numbers.map((number) => report(number));
    await settle();
    expect(server.transactions).toBe(2);
    release();
    expect(await Promise.all(answers)).toEqual(numbers.map(() => stored));
    expect(server.transactions).toBe(3);
    expect(await states()).toEqual(numbers.map(() => "acknowledged"));
  });

  it("answers nobody before the report is on the disk", async () => {
    const release = holdDisk();
    const answered: number[] = [];
    const answers = numbers.map((number) => report(number).then(() => answered.push(number)));
    await settle();
    expect(answered).toEqual([]);
    release();
    await Promise.all(answers);
    expect(answered).toEqual(numbers);
  });

  it("stores the others when one of them can't be", async () => {
    badUdid = udidOf(4);
    const release = holdDisk();
    const answers = numbers.map((number) => report(number));
    await settle();
    release();
    expect(await Promise.all(answers)).toEqual(
      numbers.map((number) => (number === 4 ? new Error("a bug") : stored)),
    );
    expect(await states()).toEqual(numbers.map((number) => (number === 4 ? "sent" : "acknowledged")));
    const settled = server.named("command.acknowledged").map(({ commandUUID }) => commandUUID);
    expect(settled).toEqual(inFlight.filter((_commandUUID, number) => number !== 4));
  });

  it("gives a large report a transaction of its own", async () => {
    const release = holdDisk();
    const answers = numbers.map((number) => report(number, number === 4 ? 100_000 : 200));
    await settle();
    release();
    expect(await Promise.all(answers)).toEqual(numbers.map(() => stored));
    // One, one, two that share, the large one, three that share.
    expect(server.transactions).toBe(5);
  });
});
