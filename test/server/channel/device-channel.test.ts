import { beforeEach, describe, expect, it } from "vitest";
import { PippinError } from "../../../shared/errors.ts";
import { encodePlist } from "../../../shared/plist.ts";
import { settle } from "../fake-world.ts";
import { udidOf } from "../test-server.ts";
import { Harness, type FakePhone } from "./harness.ts";

const udid = udidOf(1);
let server: Harness;
let phone: FakePhone;

/** An enrolled phone that has said what it has to say. */
async function ready(harness: Harness, number = 1): Promise<FakePhone> {
  const one = await harness.enrol(udidOf(number));
  one.idle();
  if ((await one.nextCommand()) !== "") throw new Error("Expected an empty queue.");
  return one;
}

beforeEach(async () => {
  server = new Harness();
  phone = await ready(server);
});

async function queueAndWake(requestType = "DeviceInformation"): Promise<string> {
  const id = await server.queue(udid, requestType);
  server.channel.push.wake([udid]);
  return id;
}

describe("handing out commands", () => {
  it("pushes a command that is queued while the phone is connected", async () => {
    const id = await server.queue(udid, "InviteToProgram", {
      command: {
        RequestType: "InviteToProgram",
        ProgramID: "com.apple.cloudvpp",
        InvitationURL: "https://a/b",
      },
    });
    server.channel.push.wake([udid]);
    expect(await phone.next()).toEqual({
      CommandUUID: id,
      Command: {
        RequestType: "InviteToProgram",
        ProgramID: "com.apple.cloudvpp",
        InvitationURL: "https://a/b",
      },
    });
    expect(await server.command(id)).toMatchObject({
      state: "sent",
      sendCount: 1,
      sentAt: server.world.now(),
    });
  });

  it("goes in order, one in flight, and ends with zero bytes", async () => {
    const ids = [await queueAndWake(), await queueAndWake(), await queueAndWake()];
    for (const id of ids) {
      expect(await phone.nextCommand()).toBe(id);
      server.channel.push.wake([udid]);
      expect(await phone.silence()).toEqual([]);
      phone.answer(id);
    }
    expect(await phone.silence()).toEqual([{}]);
    expect(server.settled.map((command) => command.id)).toEqual(ids);
  });

  it("stores a result, tells the decisions and picks the next command in one transaction", async () => {
    const first = await queueAndWake();
    const second = await queueAndWake();
    expect(await phone.nextCommand()).toBe(first);
    const before = server.transactions;
    phone.answer(first);
    expect(await phone.nextCommand()).toBe(second);
    expect(server.transactions - before).toBe(1);
  });

  it("says nothing about a result before it is stored", async () => {
    const id = await queueAndWake();
    await phone.nextCommand();
    let commit = () => {};
    server.afterCommit = () => new Promise((resolve) => (commit = resolve));
    phone.answer(id);
    expect(await phone.silence()).toEqual([]);
    commit();
    expect(await phone.silence()).toEqual([{}]);
  });

  it("pushes nothing before the first TokenUpdate", async () => {
    const other = await server.connect(await server.issue(udidOf(2)));
    other.authenticate();
    await other.next();
    const id = await server.queue(udidOf(2));
    server.channel.push.wake([udidOf(2)]);
    await server.world.advance(5_000);
    other.idle();
    expect(await other.silence()).toEqual([{}]);
    other.updateToken();
    await other.next();
    other.idle();
    expect(await other.nextCommand()).toBe(id);
  });

  it("lets the phone speak first, and speaks after five seconds to one that stays silent", async () => {
    phone.hangUp();
    const id = await server.queue(udid);
    const silent = await server.connect(phone.identity);
    server.channel.push.wake([udid]);
    await server.world.advance(4_999);
    expect(await silent.silence()).toEqual([]);
    await server.world.advance(1);
    expect(await silent.nextCommand()).toBe(id);
  });

  it("says nothing but the receipt to a phone that repeats its TokenUpdate, until it has spoken", async () => {
    phone.hangUp();
    const id = await server.queue(udid);
    const again = await server.connect(phone.identity);
    await server.world.advance(4_000);
    again.updateToken();
    await server.world.advance(4_000);
    expect(await again.silence()).toEqual([{ MessageType: "Receipt", Received: "TokenUpdate" }]);
    again.idle();
    expect(await again.nextCommand()).toBe(id);
  });

  it("hands a command out again when the phone says Idle instead of answering", async () => {
    const id = await queueAndWake();
    expect(await phone.nextCommand()).toBe(id);
    phone.idle();
    expect(await phone.nextCommand()).toBe(id);
    expect(await server.command(id)).toMatchObject({ state: "sent", sendCount: 2 });
    phone.answer(id);
    phone.answer(id);
    await settle();
    expect(await server.command(id)).toMatchObject({ state: "acknowledged", duplicateResults: 1 });
  });

  it("doesn't take an Idle that has crossed the command for a loss", async () => {
    const id = await server.queue(udid);
    let commit = () => {};
    server.afterCommit = () => new Promise((resolve) => (commit = resolve));
    server.channel.push.wake([udid]);
    await settle();
    phone.idle();
    await settle();
    server.afterCommit = () => Promise.resolve();
    commit();
    expect(await phone.nextCommand()).toBe(id);
    expect(await phone.silence()).toEqual([]);
    expect((await server.command(id)).sendCount).toBe(1);
  });

  it("speaks XML with a phone that wants it", async () => {
    const xml = await server.enrol(udidOf(2), "mdm.plist.xml");
    const id = await server.queue(udidOf(2));
    xml.idle();
    expect(await xml.nextCommand()).toBe(id);
    xml.answer(id);
    expect(await xml.silence()).toEqual([{}]);
    expect((await server.command(id)).state).toBe("acknowledged");
  });

  it("hands nothing out for a command that was cancelled, and goes on with the next", async () => {
    const first = await queueAndWake();
    const second = await queueAndWake();
    expect(await phone.nextCommand()).toBe(first);
    await server.service.cancel(first);
    expect(await phone.nextCommand()).toBe(second);
    phone.answer(first);
    await settle();
    expect(await server.command(first)).toMatchObject({ state: "cancelled", duplicateResults: 1 });
    // The late result is acknowledged all the same, or the phone would keep it for ever.
    expect(await phone.silence()).toEqual([{}]);
    phone.answer(second);
    expect(await phone.silence()).toEqual([{}]);
  });
});

describe("NotNow", () => {
  it("passes over a deferred command until the phone is idle again", async () => {
    const first = await queueAndWake("InstallApplication");
    const second = await queueAndWake();
    expect(await phone.nextCommand()).toBe(first);
    phone.answer(first, "NotNow");
    expect(await phone.nextCommand()).toBe(second);
    phone.answer(second);
    expect(await phone.silence()).toEqual([{}]);
    const third = await queueAndWake();
    expect(await phone.nextCommand()).toBe(third);
    phone.answer(third, "NotNow");
    expect(await phone.silence()).toEqual([{}]);

    phone.idle();
    expect(await phone.nextCommand()).toBe(first);
    phone.answer(first);
    expect(await phone.nextCommand()).toBe(third);
    expect(await server.command(first)).toMatchObject({
      sendCount: 2,
      notNowCount: 1,
      state: "acknowledged",
    });
  });

  it("doesn't turn in a circle while the phone goes on saying it", async () => {
    const id = await queueAndWake();
    for (let round = 1; round <= 3; round += 1) {
      expect(await phone.nextCommand()).toBe(id);
      phone.answer(id, "NotNow");
      expect(await phone.silence()).toEqual([{}]);
      phone.idle();
    }
  });

  it("is followed up by a push when it wasn't the phone's last word, since then the phone doesn't ask again", async () => {
    const first = await queueAndWake();
    const second = await queueAndWake();
    await phone.nextCommand();
    phone.answer(first, "NotNow");
    await phone.nextCommand();
    phone.answer(second);
    expect(await phone.silence()).toEqual([{}]);
    await server.world.advance(60_000);
    expect(await phone.nextCommand()).toBe(first);
    phone.answer(first, "NotNow");
    expect(await phone.silence()).toEqual([{}]);
    // Now it was the last word: the phone asks by itself.
    await server.world.advance(10 * 60_000);
    expect(await phone.silence()).toEqual([]);
  });
});

describe("results that can't be read", () => {
  const wrong = { Status: "Acknowledged", UDID: udid, CommandUUID: 5 };

  it.each<[string, (id: string) => Buffer, string]>([
    ["no property list", () => Buffer.from("<plist"), "not a property list"],
    ["another status", (id) => encodePlist({ Status: "Fine", CommandUUID: id }, "plist-binary"), "Status"],
    ["no CommandUUID", () => encodePlist(wrong, "plist-binary"), "CommandUUID"],
    [
      "a broken error chain",
      (id) => encodePlist({ Status: "Error", UDID: udid, CommandUUID: id, ErrorChain: [{}] }, "plist-binary"),
      "ErrorChain",
    ],
    [
      "too much of it",
      (id) =>
        encodePlist(
          { Status: "Acknowledged", UDID: udid, CommandUUID: id, Filler: "x".repeat(1024 * 1024) },
          "plist-binary",
        ),
      "longer than",
    ],
  ])(
    "settle the command in flight, keep the bytes, and don't block the queue: %s",
    async (_, bytesOf, problem) => {
      const first = await queueAndWake();
      const second = await queueAndWake();
      await phone.nextCommand();
      const bytes = bytesOf(first);
      phone.sendBytes(bytes);
      expect(await phone.nextCommand()).toBe(second);
      expect(await server.command(first)).toMatchObject({
        state: "malformed",
        result: { bytes: bytes.subarray(0, 64 * 1024).toString("base64") },
      });
      expect(server.settled).toMatchObject([{ id: first, state: "malformed" }]);
      expect(server.named("command.malformed")[0]?.["problem"]).toContain(problem);
      phone.answer(second);
      expect(await phone.silence()).toEqual([{}]);
    },
  );

  it("count as a duplicate when the command they name is settled", async () => {
    const id = await queueAndWake();
    await phone.nextCommand();
    phone.answer(id);
    await phone.next();
    phone.send({ Status: "Fine", CommandUUID: id });
    expect(await phone.silence()).toEqual([{}]);
    expect(await server.command(id)).toMatchObject({ state: "acknowledged", duplicateResults: 1 });
  });

  it("close the connection when there is nothing they could be about", async () => {
    phone.sendBytes(Buffer.from("hello"));
    expect(await phone.ending()).toBe(4400);
    expect(server.named("command.malformed")).toMatchObject([{ udid }]);
  });

  it("don't settle a command of another phone that they name", async () => {
    const other = await ready(server, 2);
    const id = await server.queue(udidOf(2));
    server.channel.push.wake([udidOf(2)]);
    await other.nextCommand();
    phone.send({ Status: "Fine", CommandUUID: id });
    expect(await phone.ending()).toBe(4400);
    expect((await server.command(id)).state).toBe("sent");
  });
});

describe("connections that break", () => {
  it("bring a command again under the same CommandUUID when it was stored as sent but never arrived", async () => {
    const id = await server.queue(udid);
    let commit = () => {};
    server.afterCommit = () => new Promise((resolve) => (commit = resolve));
    server.channel.push.wake([udid]);
    await settle();
    phone.hangUp();
    server.afterCommit = () => Promise.resolve();
    commit();
    expect(await phone.silence()).toEqual([]);
    expect((await server.command(id)).state).toBe("sent");
    expect(server.named("command.pushed")).toEqual([]);

    server.restart();
    const again = await server.connect(phone.identity);
    again.idle();
    expect(await again.nextCommand()).toBe(id);
    again.answer(id);
    expect(await again.silence()).toEqual([{}]);
    expect(server.settled).toHaveLength(1);
  });

  it("bring a result again, which counts once", async () => {
    const id = await queueAndWake();
    await phone.nextCommand();
    phone.answer(id);
    phone.hangUp();
    await settle();
    const again = await server.connect(phone.identity);
    again.answer(id);
    expect(await again.silence()).toEqual([{}]);
    expect(server.settled).toHaveLength(1);
    expect(await server.command(id)).toMatchObject({ state: "acknowledged", duplicateResults: 1 });
  });

  it("are told apart: a newer one of the same identity takes over", async () => {
    const newer = await server.connect(phone.identity);
    expect(phone.closed).toMatchObject({ code: 4409 });
    expect(server.channel.push.connectedCount).toBe(1);
    const id = await queueAndWake();
    newer.idle();
    expect(await newer.nextCommand()).toBe(id);
    newer.hangUp();
    await settle();
    expect(server.channel.push.isConnected(udid)).toBe(false);
    expect(server.named("connection.closed")).toMatchObject([
      { udid, code: 4409 },
      { udid, code: 1006 },
    ]);
  });

  it("are asked to come back when a result can't be stored", async () => {
    const id = await queueAndWake();
    await phone.nextCommand();
    server.beforeTransaction = () => {
      throw new PippinError("store_failed", "The disk is full.");
    };
    phone.answer(id);
    expect(await phone.ending()).toBe(1013);
    expect(await phone.silence()).toEqual([]);
    server.beforeTransaction = () => {};
    const again = await server.connect(phone.identity);
    again.answer(id);
    expect(await again.silence()).toEqual([{}]);
    expect((await server.command(id)).state).toBe("acknowledged");
  });
});

describe("limits", () => {
  it("cuts a phone off that doesn't read", async () => {
    phone.bufferedBytes = 1024 * 1024 + 1;
    phone.idle();
    await settle();
    expect(phone.terminated).toBe(true);
  });

  it("takes 64 messages that wait, and closes at one more", async () => {
    server.afterCommit = () => new Promise(() => {});
    for (let count = 0; count < 65; count += 1) phone.idle();
    expect(await phone.ending()).toBeUndefined();
    phone.idle();
    expect(await phone.ending()).toBe(4400);
  });

  it("takes messages in order, one after another", async () => {
    const ids = [await server.queue(udid), await server.queue(udid)];
    phone.idle();
    phone.answer(ids[0] ?? "");
    phone.answer(ids[1] ?? "");
    expect(await phone.silence()).toMatchObject([{ CommandUUID: ids[0] }, { CommandUUID: ids[1] }, {}]);
  });

  it("closes on the wrong kind of frame", async () => {
    phone.sendBytes(encodePlist({ Status: "Idle", UDID: udid }, "plist-xml"), true);
    expect(await phone.ending()).toBe(4400);
  });

  it("writes lastSeenAt once a minute at most", async () => {
    const seen = async () => (await server.device(udid))?.lastSeenAt;
    const first = await seen();
    await server.world.advance(59_999);
    phone.idle();
    await settle();
    expect(await seen()).toBe(first);
    await server.world.advance(1);
    phone.idle();
    await settle();
    expect(await seen()).toBe(server.world.now());
  });
});

describe("waking many", () => {
  it("hands a broadcast out in few transactions", async () => {
    const phones = [phone];
    for (let number = 2; number <= 120; number += 1) phones.push(await ready(server, number));
    const udids = phones.map((one) => one.udid);
    for (const one of udids) await server.queue(one);
    const before = server.transactions;
    server.channel.push.wake(udids);
    await settle();
    expect(server.transactions - before).toBe(2);
    expect(phones.filter((one) => one.inbox.length === 1)).toHaveLength(120);
  });

  it("makes one of many wakes, and loses none that comes while one is under way", async () => {
    let commit = () => {};
    server.afterCommit = () => new Promise((resolve) => (commit = resolve));
    const before = server.transactions;
    for (let count = 0; count < 10; count += 1) server.channel.push.wake([udid, udid]);
    await settle();
    expect(server.transactions - before).toBe(1);
    // That transaction has found nothing; it is only not durable yet.
    server.afterCommit = () => Promise.resolve();
    const id = await server.queue(udid);
    server.channel.push.wake([udid]);
    expect(await phone.silence()).toEqual([]);
    commit();
    expect(await phone.nextCommand()).toBe(id);
  });

  it("ignores phones that aren't there", async () => {
    const before = server.transactions;
    server.channel.push.wake([udidOf(7)]);
    await settle();
    expect(server.transactions).toBe(before);
  });
});

describe("time", () => {
  it("expires a command in flight and goes on with the next", async () => {
    const stale = await server.queue(udid, "ProfileList", { expiresInMs: 30_000 });
    const fresh = await server.queue(udid);
    server.channel.push.wake([udid]);
    expect(await phone.nextCommand()).toBe(stale);
    await server.world.advance(60_000);
    expect((await server.command(stale)).state).toBe("expired");
    expect(await phone.nextCommand()).toBe(fresh);
    phone.answer(stale);
    await settle();
    expect(await server.command(stale)).toMatchObject({ state: "expired", duplicateResults: 1 });
  });

  it("doesn't hand out again what has run out", async () => {
    const id = await server.queue(udid, "ProfileList", { expiresInMs: 10_000 });
    server.channel.push.wake([udid]);
    expect(await phone.nextCommand()).toBe(id);
    await server.world.advance(10_000);
    phone.idle();
    expect(await phone.nextCommand()).toBe("");
    expect((await server.command(id)).state).toBe("expired");
  });

  it("goes on sweeping after a sweep that could not be stored", async () => {
    const id = await server.queue(udidOf(1), "ProfileList", { expiresInMs: 1_000 });
    server.beforeTransaction = () => {
      throw new PippinError("store_failed", "The disk is full.");
    };
    await server.world.advance(60_000);
    server.beforeTransaction = () => {};
    expect((await server.command(id)).state).toBe("queued");
    await server.world.advance(60_000);
    expect((await server.command(id)).state).toBe("expired");
  });
});

describe("stopping", () => {
  it("closes every connection with 1001 and writes nothing any more", async () => {
    const challenged = server.call(await server.issue(udidOf(2)));
    await server.channel.stop();
    expect(await phone.ending()).toBe(1001);
    expect(await challenged.ending()).toBe(1001);
    const before = server.transactions;
    server.channel.push.wake([udid]);
    const late = server.call(phone.identity);
    expect(late.closed).toMatchObject({ code: 1001 });
    await server.world.advance(10 * 60_000);
    expect(server.transactions).toBe(before);
    expect(server.world.timerCount).toBe(0);
  });

  it("waits for what is under way, and says what came of it", async () => {
    const id = await queueAndWake();
    await phone.nextCommand();
    let commit = () => {};
    server.afterCommit = () => new Promise((resolve) => (commit = resolve));
    phone.answer(id);
    await settle();
    let stopped = false;
    const stopping = server.channel.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    commit();
    await stopping;
    expect(await phone.silence()).toEqual([{}]);
    expect(await phone.ending()).toBe(1001);
    expect((await server.command(id)).state).toBe("acknowledged");
  });
});

describe("what is recorded", () => {
  it("ties queued, pushed and acknowledged together", async () => {
    const id = await server.queue(udid, "ProfileList", { cause: 3 });
    server.channel.push.wake([udid]);
    await phone.nextCommand();
    phone.answer(id);
    await settle();
    const [queued, pushed, acknowledged] = server.events.filter((event) => event.commandUUID === id);
    expect(queued).toMatchObject({ event: "command.queued", cause: 3 });
    expect(pushed).toMatchObject({ event: "command.pushed", cause: queued?.seq, sendCount: 1, udid });
    expect(acknowledged).toMatchObject({ event: "command.acknowledged", cause: pushed?.seq });
  });

  it("holds every message of both directions while a trace is kept, and none otherwise", async () => {
    expect(server.named("wire")).toEqual([]);
    const traced = new Harness({ keepsWire: true });
    const one = await ready(traced);
    const id = await traced.queue(udid);
    traced.channel.push.wake([udid]);
    await one.nextCommand();
    one.answer(id);
    await settle();
    const pushed = traced.named("command.pushed")[0]?.seq;
    expect(
      traced
        .named("wire")
        .map(({ from, to, format, commandUUID, cause }) => ({ from, to, format, commandUUID, cause })),
    ).toEqual([
      { from: "server", to: "phone", format: "plist-binary" },
      { from: "phone", to: "server", format: "plist-binary" },
      { from: "server", to: udid, format: "plist-binary" },
      { from: udid, to: "server", format: "plist-binary" },
      { from: "server", to: udid, format: "plist-binary" },
      { from: udid, to: "server", format: "plist-binary" },
      { from: "server", to: udid, format: "plist-binary" },
      { from: udid, to: "server", format: "plist-binary" },
      { from: "server", to: udid, format: "empty" },
      { from: "server", to: udid, format: "plist-binary", commandUUID: id, cause: pushed },
      { from: udid, to: "server", format: "plist-binary", commandUUID: id, cause: pushed },
      { from: "server", to: udid, format: "empty" },
    ]);
  });
});
