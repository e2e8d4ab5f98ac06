/** Commands as an admin gives them: to one device, to many, to a group. */
import { PippinError, type ProblemCode } from "../../shared/errors.ts";
import { transact } from "../outbox.ts";
import type { DevicePush } from "../services.ts";
import type { CommandRecord } from "../store/records.ts";
import type { IndexPosition, Reader } from "../store/store.ts";
import {
  enqueueCommand,
  enqueuePrepared,
  prepareCommand,
  type CommandContext,
  type CommandRequest,
} from "./command-queue.ts";
import { cancelCommand, type Cancellation } from "./command-settlement.ts";

/** Devices that one call may address. */
export const targetsMax = 10_000;
/** Devices whose commands share a transaction: few journal lines, yet nobody waits long behind one. */
const chunkSize = 500;
const pageMax = 1_000;

export interface BroadcastResult {
  readonly queued: { udid: string; commandUUID: string }[];
  /** Devices that got nothing, each with the reason. */
  readonly refused: { udid: string; code: ProblemCode; message: string }[];
}

export interface CommandServiceOptions {
  readonly commands: CommandContext;
  readonly push: DevicePush;
}

export class CommandService {
  readonly #commands: CommandContext;
  readonly #push: DevicePush;

  constructor(options: CommandServiceOptions) {
    this.#commands = options.commands;
    this.#push = options.push;
  }

  /** Throws what `enqueueCommand` throws. */
  async enqueue(request: CommandRequest): Promise<CommandRecord> {
    const command = await transact(this.#commands, (tx, outbox) =>
      enqueueCommand(tx, outbox, this.#commands, request),
    );
    this.#push.wake([command.udid]);
    return command;
  }

  /**
   * One command for each of the devices. A device that can't take it is refused by itself. Throws limit_exceeded, and what the
   * store throws: then the devices of earlier chunks have their command, which `commands by device` tells.
   */
  async enqueueMany(
    udids: readonly string[],
    request: Omit<CommandRequest, "udid" | "installationId">,
  ): Promise<BroadcastResult> {
    const targets = [...new Set(udids)];
    if (targets.length > targetsMax) {
      throw new PippinError("limit_exceeded", `Expected at most ${targetsMax} devices.`);
    }
    const prepared = prepareCommand(request);
    const queued: BroadcastResult["queued"] = [];
    const refused: BroadcastResult["refused"] = [];
    for (let start = 0; start < targets.length; start += chunkSize) {
      const chunk = targets.slice(start, start + chunkSize);
      const outcomes = await transact(this.#commands, async (tx, outbox) => {
        const results: (CommandRecord | { udid: string; refusal: PippinError })[] = [];
        for (const udid of chunk) {
          try {
            results.push(
              await enqueuePrepared(tx, outbox, this.#commands, prepared, { udid, installationId: null }),
            );
          } catch (error) {
            // These three are about one device; anything else is about the command or the store.
            if (!(error instanceof PippinError && isAboutDevice(error.code))) throw error;
            results.push({ udid, refusal: error });
          }
        }
        return results;
      });
      for (const outcome of outcomes) {
        if ("refusal" in outcome) {
          const { code, message } = outcome.refusal;
          refused.push({ udid: outcome.udid, code, message });
        } else {
          queued.push({ udid: outcome.udid, commandUUID: outcome.id });
        }
      }
      // Before the next chunk is stored: the first phones need not wait for the last.
      this.#push.wake(outcomes.flatMap((outcome) => ("refusal" in outcome ? [] : [outcome.udid])));
    }
    return { queued, refused };
  }

  /** One command for each enrolled device of the group's users. Throws not_found, limit_exceeded. */
  async enqueueForGroup(
    groupId: string,
    request: Omit<CommandRequest, "udid" | "installationId">,
  ): Promise<BroadcastResult> {
    const udids = await this.#commands.store.read((reader) => devicesOfGroup(reader, groupId));
    return await this.enqueueMany(udids, request);
  }

  async get(commandUUID: string): Promise<CommandRecord | undefined> {
    return await this.#commands.store.read((reader) => reader.get("commands", commandUUID));
  }

  /** In the order of the queue. `next` is where to go on, when there is more. */
  async listByDevice(
    udid: string,
    page: { after?: IndexPosition; limit: number; order?: "ascending" | "descending" },
  ): Promise<{ commands: CommandRecord[]; next: IndexPosition | undefined }> {
    const limit = Math.min(page.limit, pageMax - 1);
    const found = await this.#commands.store.read((reader) =>
      reader.list("commands", { index: "byDevice", partition: udid, ...page, limit: limit + 1 }),
    );
    const commands = found.slice(0, limit);
    const last = commands.at(-1);
    return {
      commands,
      next: found.length > limit && last !== undefined ? [last.sequence, last.id] : undefined,
    };
  }

  /**
   * Cancels a command that is not settled yet. Where it is the install of an installation, that is cancelled with it. Throws
   * not_found, conflict (settled already).
   */
  async cancel(commandUUID: string, because: Cancellation = {}): Promise<CommandRecord> {
    const command = await transact(this.#commands, (tx, outbox) =>
      cancelCommand(tx, outbox, this.#commands, commandUUID, because),
    );
    // It may have been the one in flight, and others wait behind it.
    this.#push.wake([command.udid]);
    return command;
  }
}

function isAboutDevice(code: ProblemCode): boolean {
  return code === "not_found" || code === "conflict" || code === "queue_full";
}

async function devicesOfGroup(reader: Reader, groupId: string): Promise<string[]> {
  if ((await reader.get("groups", groupId)) === undefined) {
    throw new PippinError("not_found", "There is no such group.");
  }
  const udids: string[] = [];
  let after: IndexPosition | undefined;
  do {
    const users = await reader.list("users", {
      index: "byGroup",
      partition: groupId,
      limit: pageMax,
      ...(after === undefined ? {} : { after }),
    });
    for (const user of users) {
      const devices = await reader.list("devices", { index: "byUser", partition: user.id, limit: pageMax });
      for (const device of devices) if (device.state !== "unenrolled") udids.push(device.id);
      if (udids.length > targetsMax) {
        throw new PippinError("limit_exceeded", `The group has more than ${targetsMax} devices.`);
      }
    }
    const last = users.at(-1);
    after = last !== undefined && users.length === pageMax ? [last.id, last.id] : undefined;
  } while (after !== undefined);
  return udids;
}
