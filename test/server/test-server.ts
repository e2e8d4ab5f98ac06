/** What the server's services stand on, for tests: a fake world, a memory store, recorded events, hooks that take notes. */
import { createRecorder, type EventName, type TraceEvent } from "../../shared/trace.ts";
import {
  enqueueCommand,
  type CommandContext,
  type CommandRequest,
} from "../../server/commands/command-queue.ts";
import { transact } from "../../server/outbox.ts";
import type { DeviceHooks } from "../../server/services.ts";
import { openMemoryStore } from "../../server/store/memory-store.ts";
import type { CommandRecord, DeviceRecord } from "../../server/store/records.ts";
import type { Store } from "../../server/store/store.ts";
import { FakeWorld } from "./fake-world.ts";

export const udidOf = (number: number) => `00008030-${String(number).padStart(16, "0")}`;

export interface TestServerOptions {
  readonly keepsWire?: boolean;
  readonly hooks?: Partial<DeviceHooks>;
  /** In place of a fresh one in memory. */
  readonly store?: Store;
}

export class TestServer {
  readonly world = new FakeWorld();
  readonly events: TraceEvent[] = [];
  readonly settled: CommandRecord[] = [];
  readonly enrolled: DeviceRecord[] = [];
  readonly unenrolled: DeviceRecord[] = [];
  readonly store: Store;
  readonly context: CommandContext;
  hookWakes = 0;
  /** Transactions that ran. */
  transactions = 0;
  /** Called before each transaction: it may throw in its place. */
  beforeTransaction: () => void = () => {};
  /** Called after each commit, before the caller learns of it: it may keep the caller waiting. */
  afterCommit: () => Promise<void> = () => Promise.resolve();

  constructor(options: TestServerOptions = {}) {
    const inner = options.store ?? openMemoryStore();
    this.store = {
      read: (run) => inner.read(run),
      transaction: async (run) => {
        this.beforeTransaction();
        this.transactions += 1;
        const result = await inner.transaction(run);
        await this.afterCommit();
        return result;
      },
      healthy: true,
      close: () => inner.close(),
    };
    const recorder = createRecorder({
      now: () => this.world.now(),
      run: "test",
      keepsWire: options.keepsWire ?? false,
    });
    recorder.subscribe((event) => this.events.push(event));
    const hooks: DeviceHooks = {
      deviceEnrolled: async (_tx, _outbox, device) => void this.enrolled.push(device),
      deviceUnenrolled: async (_tx, _outbox, device) => void this.unenrolled.push(device),
      commandSettled: async (_tx, _outbox, command) => void this.settled.push(command),
      wake: () => void (this.hookWakes += 1),
      ...options.hooks,
    };
    this.context = { world: this.world, store: this.store, recorder, hooks };
  }

  named(name: EventName): TraceEvent[] {
    return this.events.filter((event) => event.event === name);
  }

  device(udid: string): Promise<DeviceRecord | undefined> {
    return this.store.read((reader) => reader.get("devices", udid));
  }

  /** Puts a device on record without the ado of enrolling. */
  async putDevice(udid: string, details: Partial<DeviceRecord> = {}): Promise<void> {
    const device: DeviceRecord = {
      id: udid,
      serialNumber: null,
      kind: "user",
      supervised: false,
      userId: null,
      state: "enrolled",
      identity: `identity of ${udid}`,
      topic: "com.apple.mgmt.test",
      pushMagic: null,
      pushToken: null,
      awaitingConfiguration: false,
      productName: null,
      osVersion: null,
      enrolledAt: this.world.now(),
      lastSeenAt: this.world.now(),
      ...details,
    };
    await this.store.transaction((tx) => tx.put("devices", device));
  }

  async command(id: string): Promise<CommandRecord> {
    const command = await this.store.read((reader) => reader.get("commands", id));
    if (command === undefined) throw new Error(`There is no command ${id}.`);
    return command;
  }

  /** Queues a command and tells nobody. Answers with its CommandUUID. */
  async queue(
    udid: string,
    requestType = "DeviceInformation",
    request: Partial<CommandRequest> = {},
  ): Promise<string> {
    const record = await transact(this.context, (tx, outbox) =>
      enqueueCommand(tx, outbox, this.context, {
        udid,
        command: { RequestType: requestType },
        origin: "test",
        ...request,
      }),
    );
    return record.id;
  }
}
