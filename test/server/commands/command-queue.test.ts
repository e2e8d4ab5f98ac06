import { beforeEach, describe, expect, it } from "vitest";
import { CommandService, targetsMax } from "../../../server/commands/command-service.ts";
import { enqueueCommand, openCommandsMax, takeNextCommand } from "../../../server/commands/command-queue.ts";
import {
  cancelCommand,
  expireCommands,
  settleCommand,
  settledCommandsMax,
} from "../../../server/commands/command-settlement.ts";
import { transact } from "../../../server/outbox.ts";
import type { CommandResult } from "../../../shared/results.ts";
import { TestServer, udidOf } from "../test-server.ts";

const udid = udidOf(1);
const dayMs = 24 * 60 * 60 * 1000;
let server: TestServer;
let woken: string[][];
let service: CommandService;

beforeEach(async () => {
  server = new TestServer();
  woken = [];
  service = new CommandService({
    commands: server.context,
    push: { wake: (udids) => void woken.push([...udids]), isConnected: () => false, connectedCount: 0 },
  });
  await server.putDevice(udid);
});

async function take(skipDeferred = false): Promise<string | undefined> {
  const command = await transact(server.context, (tx, outbox) =>
    takeNextCommand(tx, outbox, server.context, udid, { skipDeferred }),
  );
  return command?.id;
}

async function settle(commandUUID: string, status: CommandResult["Status"] = "Acknowledged", from = udid) {
  const result = { Status: status, UDID: from, CommandUUID: commandUUID };
  return await transact(server.context, async (tx, outbox) => {
    const command = await tx.get("commands", commandUUID);
    return await settleCommand(tx, outbox, server.context, from, result, result, command);
  });
}

describe("queueing a command", () => {
  it("stores it with its place, its origin and an expiry 30 days off", async () => {
    const cause = server.context.recorder.record("admin.changed", { what: "a command wanted" });
    const id = await server.queue(udid, "ProfileList", {
      cause,
      installationId: "I",
      origin: "reconciler",
    });
    expect(await server.command(id)).toMatchObject({
      udid,
      requestType: "ProfileList",
      command: { RequestType: "ProfileList" },
      state: "queued",
      expiresAt: server.world.now() + 30 * dayMs,
      installationId: "I",
      origin: "reconciler",
      cause,
    });
    expect(server.named("command.queued")).toMatchObject([
      { udid, commandUUID: id, requestType: "ProfileList", cause },
    ]);
  });

  it.each([
    ["a device that doesn't exist", () => server.queue(udidOf(9)), "not_found"],
    ["a command without RequestType", () => server.queue(udid, "", {}), "invalid_request"],
    [
      "a RequestType that is no text",
      () => server.queue(udid, "x", { command: { RequestType: 5 } }),
      "invalid_request",
    ],
    ["a lifetime of nothing", () => server.queue(udid, "ProfileList", { expiresInMs: 0 }), "invalid_request"],
    [
      "a command that is too long",
      () => server.queue(udid, "x", { command: { RequestType: "x", Payload: "x".repeat(1024 * 1024) } }),
      "body_too_large",
    ],
  ])("refuses %s", async (_, queue, code) => {
    await expect(queue()).rejects.toMatchObject({ code });
    expect(server.named("command.queued")).toEqual([]);
  });

  it("takes commands for a device that enrols, but not for one that has left", async () => {
    await server.putDevice(udidOf(2), { state: "enrolling" });
    await server.putDevice(udidOf(3), { state: "unenrolled" });
    await server.queue(udidOf(2));
    await expect(server.queue(udidOf(3))).rejects.toMatchObject({ code: "conflict" });
  });

  it(`refuses more than ${openCommandsMax} open commands, and takes the next once one is settled`, async () => {
    const first = await server.queue(udid);
    for (let more = 1; more < openCommandsMax; more += 1) await server.queue(udid);
    await expect(server.queue(udid)).rejects.toMatchObject({ code: "queue_full" });
    await service.cancel(first);
    await server.queue(udid);
  });

  it("records nothing when the transaction fails", async () => {
    const failing = transact(server.context, async (tx, outbox) => {
      await enqueueCommand(tx, outbox, server.context, {
        udid,
        command: { RequestType: "ProfileList" },
        origin: "test",
      });
      throw new Error("on second thoughts");
    });
    await expect(failing).rejects.toThrow("on second thoughts");
    expect(server.events).toEqual([]);
    expect(await take()).toBeUndefined();
  });
});

describe("handing out", () => {
  it("goes by the order of queueing", async () => {
    const ids = [await server.queue(udid), await server.queue(udid), await server.queue(udid)];
    const taken: (string | undefined)[] = [];
    while (taken.length < ids.length) {
      const id = await take();
      taken.push(id);
      await settle(id ?? "");
    }
    expect(taken).toEqual(ids);
    expect(await take()).toBeUndefined();
  });

  it("passes over deferred commands when asked to, however many they are", async () => {
    const deferred: string[] = [];
    for (let index = 0; index < 30; index += 1) {
      const id = await server.queue(udid);
      expect(await take(true)).toBe(id);
      await settle(id, "NotNow");
      deferred.push(id);
    }
    const fresh = await server.queue(udid);
    expect(await take(true)).toBe(fresh);
    await settle(fresh);
    expect(await take(true)).toBeUndefined();
    expect(await take(false)).toBe(deferred[0]);
  });

  it("expires what has run out on the way, and tells the decisions", async () => {
    const stale = await server.queue(udid, "ProfileList", { expiresInMs: 1_000 });
    const fresh = await server.queue(udid);
    await server.world.advance(1_000);
    expect(await take()).toBe(fresh);
    expect((await server.command(stale)).state).toBe("expired");
    expect(server.settled.map((command) => [command.id, command.state])).toEqual([[stale, "expired"]]);
    expect(server.hookWakes).toBe(1);
  });
});

describe("results", () => {
  it.each([
    ["Acknowledged", "acknowledged", "command.acknowledged"],
    ["Error", "failed", "command.failed"],
    ["CommandFormatError", "failed", "command.failed"],
  ] as const)("%s makes a command %s", async (status, state, event) => {
    const id = await server.queue(udid);
    await take();
    expect(await settle(id, status)).toBe("settled");
    expect(await server.command(id)).toMatchObject({ state, result: { Status: status, CommandUUID: id } });
    expect(server.settled).toMatchObject([{ id, state }]);
    expect(server.named(event)).toMatchObject([{ commandUUID: id, status }]);
  });

  it("keeps a NotNow command open and counts", async () => {
    const id = await server.queue(udid);
    for (const count of [1, 2]) {
      expect(await take()).toBe(id);
      expect(await settle(id, "NotNow")).toBe("deferred");
      expect(await server.command(id)).toMatchObject({
        state: "deferred",
        notNowCount: count,
        settledAt: null,
      });
    }
    expect(server.settled).toEqual([]);
  });

  it("takes an answer to a command that was put off: the phone had a second copy of it", async () => {
    const id = await server.queue(udid);
    await take();
    await settle(id, "NotNow");
    expect(await settle(id)).toBe("settled");
    expect((await server.command(id)).state).toBe("acknowledged");
  });

  it.each([
    ["acknowledged twice", async (id: string) => void (await settle(id))],
    ["cancelled before", async (id: string) => void (await service.cancel(id))],
    [
      "expired before",
      async () => {
        await server.world.advance(31 * dayMs);
        await expireCommands(server.context);
      },
    ],
  ])("count and change nothing when %s", async (_, before) => {
    const id = await server.queue(udid);
    await take();
    await before(id);
    const then = await server.command(id);
    expect(await settle(id, "Error")).toBe("duplicate");
    expect(await server.command(id)).toEqual({ ...then, duplicateResults: 1 });
    expect(server.settled).toHaveLength(1);
    expect(server.named("command.duplicate")).toMatchObject([{ commandUUID: id, state: then.state }]);
  });

  it("counts a second NotNow as a duplicate", async () => {
    const id = await server.queue(udid);
    await take();
    await settle(id, "NotNow");
    expect(await settle(id, "NotNow")).toBe("duplicate");
    expect(await server.command(id)).toMatchObject({ notNowCount: 1, duplicateResults: 1 });
  });

  it("of another device change nothing, not even the count", async () => {
    await server.putDevice(udidOf(2));
    const id = await server.queue(udid);
    await take();
    const then = await server.command(id);
    expect(await settle(id, "Acknowledged", udidOf(2))).toBe("duplicate");
    expect(await server.command(id)).toEqual(then);
    expect(server.named("command.duplicate")).toMatchObject([{ udid: udidOf(2), state: "unknown" }]);
  });

  it("of a command never handed out change nothing", async () => {
    const id = await server.queue(udid);
    expect(await settle(id)).toBe("duplicate");
    expect((await server.command(id)).state).toBe("queued");
  });

  it(`leave the ${settledCommandsMax} newest settled commands of a device`, async () => {
    const ids: string[] = [];
    for (let index = 0; index < settledCommandsMax + 3; index += 1) {
      ids.push(await server.queue(udid));
      await take();
      await settle(ids[index] ?? "");
    }
    const kept = await server.store.read((reader) =>
      reader.list("commands", { index: "settled", partition: udid, limit: 1_000 }),
    );
    expect(kept.map((command) => command.id)).toEqual(ids.slice(3));
  });

  it("link their events: queued, pushed or not, answered", async () => {
    const id = await server.queue(udid, "ProfileList", { cause: 1 });
    await take();
    await settle(id);
    const [queued] = server.named("command.queued");
    expect(server.named("command.acknowledged")).toMatchObject([{ cause: queued?.seq }]);
  });
});

describe("cancelling", () => {
  it.each([
    ["queued", async () => {}],
    ["sent", async () => void (await take())],
    [
      "deferred",
      async () => {
        await settle((await take()) ?? "", "NotNow");
      },
    ],
  ])("ends a %s command and tells the decisions", async (was, before) => {
    const id = await server.queue(udid);
    await before();
    expect((await service.cancel(id)).state).toBe("cancelled");
    expect(server.settled).toMatchObject([{ id, state: "cancelled" }]);
    expect(server.named("command.cancelled")).toMatchObject([{ commandUUID: id, was }]);
    expect(woken).toEqual([[udid]]);
  });

  it("refuses a command that is settled, and one that doesn't exist", async () => {
    const id = await server.queue(udid);
    await take();
    await settle(id);
    const cancel = (commandUUID: string) =>
      transact(server.context, (tx, outbox) => cancelCommand(tx, outbox, server.context, commandUUID));
    await expect(cancel(id)).rejects.toMatchObject({ code: "conflict" });
    await expect(cancel("none")).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("expiry", () => {
  it("takes what has run out, in batches, and leaves the rest", async () => {
    for (let index = 0; index < 120; index += 1)
      await server.queue(udid, "ProfileList", { expiresInMs: 1_000 });
    const fresh = await server.queue(udid, "ProfileList", { expiresInMs: 1_001 });
    await server.world.advance(999);
    expect(await expireCommands(server.context)).toEqual({ udids: [], more: false });
    await server.world.advance(1);
    expect(await expireCommands(server.context)).toEqual({ udids: [udid], more: true });
    expect(await expireCommands(server.context)).toEqual({ udids: [udid], more: false });
    expect(server.settled).toHaveLength(120);
    expect((await server.command(fresh)).state).toBe("queued");
  });
});

describe("CommandService", () => {
  const request = { command: { RequestType: "DeviceInformation", Queries: ["UDID"] }, origin: "key" };

  it("queues for one device and wakes it", async () => {
    const command = await service.enqueue({ ...request, udid });
    expect(await service.get(command.id)).toEqual(command);
    expect(woken).toEqual([[udid]]);
  });

  it("queues for many in few transactions, names the devices that can't take it, and asks each once", async () => {
    const many = Array.from({ length: 600 }, (_, index) => udidOf(index + 1));
    for (const target of many) await server.putDevice(target);
    await server.putDevice(udidOf(2), { state: "unenrolled" });
    const before = server.transactions;
    const { queued, refused } = await service.enqueueMany([...many, udidOf(1), "unknown-phone"], request);
    expect(queued.map((one) => one.udid)).toEqual(many.filter((target) => target !== udidOf(2)));
    expect(refused).toMatchObject([
      { udid: udidOf(2), code: "conflict" },
      { udid: "unknown-phone", code: "not_found" },
    ]);
    expect(server.transactions - before).toBe(2);
    expect(woken.flat()).toHaveLength(599);
    expect((await server.command(queued[0]?.commandUUID ?? "")).udid).toBe(udidOf(1));
  });

  it("refuses the whole of a command that is wrong in itself, and too many devices", async () => {
    await expect(service.enqueueMany([udid], { ...request, command: {} })).rejects.toMatchObject({
      code: "invalid_request",
    });
    const tooMany = Array.from({ length: targetsMax + 1 }, (_, index) => udidOf(index));
    await expect(service.enqueueMany(tooMany, request)).rejects.toMatchObject({ code: "limit_exceeded" });
    expect(server.named("command.queued")).toEqual([]);
  });

  it("queues for the enrolled devices of a group's users", async () => {
    await server.store.transaction(async (tx) => {
      await tx.put("groups", { id: "G", name: "Sales", createdAt: 0 });
      for (const [id, groupIds] of [
        ["ann", ["G"]],
        ["bob", []],
      ] as const) {
        await tx.put("users", {
          id,
          name: id,
          email: `${id}@example.org`,
          groupIds: [...groupIds],
          createdAt: 0,
          vpp: {
            clientUserIdStr: id,
            status: "unregistered",
            inviteUrl: null,
            itsIdHash: null,
            invitedAt: null,
            inviteCount: 0,
            inviteUdid: null,
            inviteCommandUUID: null,
            acceptedAt: null,
            checkedAt: null,
            pollAt: null,
            pollCount: 0,
          },
        });
      }
    });
    await server.putDevice(udidOf(2), { userId: "ann" });
    await server.putDevice(udidOf(3), { userId: "ann", state: "unenrolled" });
    await server.putDevice(udidOf(4), { userId: "bob" });
    const { queued, refused } = await service.enqueueForGroup("G", request);
    expect(queued.map((one) => one.udid)).toEqual([udidOf(2)]);
    expect(refused).toEqual([]);
    await expect(service.enqueueForGroup("H", request)).rejects.toMatchObject({ code: "not_found" });
  });

  it("lists a device's commands page by page, either way", async () => {
    const ids = [await server.queue(udid), await server.queue(udid), await server.queue(udid)];
    const first = await service.listByDevice(udid, { limit: 2 });
    expect(first.commands.map((command) => command.id)).toEqual(ids.slice(0, 2));
    const rest = await service.listByDevice(udid, { limit: 2, ...(first.next ? { after: first.next } : {}) });
    expect(rest.commands.map((command) => command.id)).toEqual(ids.slice(2));
    expect(rest.next).toBeUndefined();
    const newest = await service.listByDevice(udid, { limit: 1, order: "descending" });
    expect(newest.commands.map((command) => command.id)).toEqual(ids.slice(2));
  });
});
