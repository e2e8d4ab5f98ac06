/** Hands commands to phones that did not ask: many phones in one transaction, so that a broadcast is few journal lines. */
import { commandInFlight, takeNextCommand, type CommandContext } from "../commands/command-queue.ts";
import { transact } from "../outbox.ts";
import type { CommandRecord } from "../store/records.ts";
import type { DeviceSession } from "./session.ts";

const batchSize = 100;

export interface PushPumpOptions {
  readonly context: CommandContext;
  /** After commit: gives the command to the phone. Rejects with what the store throws. */
  handOver(session: DeviceSession, command: CommandRecord): Promise<void> | undefined;
  /** The session is free again; messages may have come in meanwhile. */
  release(session: DeviceSession): void;
  fail(session: DeviceSession, error: unknown): void;
  /** Keeps the work in sight of whoever stops the server. */
  track(work: Promise<void>): void;
}

export class PushPump {
  readonly #options: PushPumpOptions;
  readonly #waiting = new Set<DeviceSession>();
  #running = false;

  constructor(options: PushPumpOptions) {
    this.#options = options;
  }

  /** Looks for commands for this phone, soon. Any number of calls before that is one. */
  schedule(session: DeviceSession): void {
    if (session.phase !== "open" || session.udid === null) return;
    session.dirty = true;
    // A busy session comes back when it is done, a silent one when it has spoken.
    if (session.busy || !session.mayPush) return;
    this.#waiting.add(session);
    if (this.#running) return;
    this.#running = true;
    this.#options.track(this.#run());
  }

  /** Forgets what has not begun. */
  stop(): void {
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    // Lets further wake-ups of this moment join the batch.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = this.#takeBatch();
      if (batch.length > 0) await this.#push(batch);
    }
    this.#running = false;
  }

  #takeBatch(): DeviceSession[] {
    const batch: DeviceSession[] = [];
    for (const session of this.#waiting) {
      this.#waiting.delete(session);
      if (session.phase !== "open" || session.busy) continue;
      session.busy = true;
      session.dirty = false;
      batch.push(session);
      if (batch.length === batchSize) break;
    }
    return batch;
  }

  async #push(batch: readonly DeviceSession[]): Promise<void> {
    const { context } = this.#options;
    /** Commands that need something more before they can go: their phones wait, the others don't. */
    const later = new Map<DeviceSession, Promise<void>>();
    try {
      const commands = await transact(context, async (tx, outbox) => {
        const taken: (CommandRecord | undefined)[] = [];
        for (const session of batch) {
          const device = session.udid === null ? undefined : await tx.get("devices", session.udid);
          const isReady =
            device?.state === "enrolled" &&
            device.identity === session.identity?.id &&
            (await commandInFlight(tx, device.id)) === undefined;
          const { skipDeferred } = session;
          taken.push(
            isReady ? await takeNextCommand(tx, outbox, context, device.id, { skipDeferred }) : undefined,
          );
        }
        return taken;
      });
      for (const [index, session] of batch.entries()) {
        const command = commands[index];
        const handing = command && this.#options.handOver(session, command);
        if (handing) later.set(session, handing);
      }
    } catch (error) {
      for (const session of batch) this.#options.fail(session, error);
    }
    for (const session of batch) {
      const handing = later.get(session);
      if (handing) this.#options.track(this.#await(session, handing));
      else this.#free(session);
    }
  }

  async #await(session: DeviceSession, handing: Promise<void>): Promise<void> {
    try {
      await handing;
    } catch (error) {
      this.#options.fail(session, error);
    }
    this.#free(session);
  }

  #free(session: DeviceSession): void {
    session.busy = false;
    this.#options.release(session);
  }
}
