import type { z } from "zod";
import type { Command } from "../../shared/commands.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import { mdmErrorDomain } from "../../shared/results.ts";
import type { PhoneCore } from "../core.ts";

/** Bits of `AccessRights` in the management payload, by what they let the server do. */
export const accessRights = {
  /** For what any server may. */
  none: 0,
  seeProfiles: 1,
  manageProfiles: 2,
  lockAndClearPasscode: 4,
  eraseDevice: 8,
  queryDevice: 16,
  queryNetwork: 32,
  seeInstalledApps: 256,
  querySecurity: 1024,
  changeSettings: 2048,
  manageApps: 4096,
} as const;

/** A command's answer: its status and the keys that belong to it. */
export interface Report extends PlistDictionary {
  Status: "Acknowledged" | "Error" | "CommandFormatError";
}

export interface PerformContext {
  readonly commandUUID: string;
  /** `seq` of the event that records this command, known once it is on disk. */
  readonly cause: () => number;
  /** Tells that the answer holds a state that is reported only once. */
  readonly reportsOnce: (bundleId: string) => void;
}

/** A command that was read and can be performed, in two moves. */
export interface ReadCommand {
  /** Asks others what must be known first. Changes nothing. */
  prepare(phone: PhoneCore, signal: AbortSignal): Promise<void>;
  /**
   * Changes the state and answers, in one go: nothing else happens between, so that the change, the answer and the fact that the
   * command was performed come to disk together. Sends nothing.
   */
  perform(phone: PhoneCore, context: PerformContext): Report;
}

export interface CommandHandler {
  /** What the profile must allow. */
  readonly right: number;
  /** Undefined when the command is malformed. */
  read(command: Command): ReadCommand | undefined;
}

/** Puts a handler together, with the types of the command and of what is prepared for it kept inside. */
export function commandHandler<C, P = undefined>(options: {
  schema: z.ZodType<C>;
  right: number;
  prepare?: (phone: PhoneCore, command: C, signal: AbortSignal) => Promise<P>;
  perform: (phone: PhoneCore, command: C, context: PerformContext, prepared: P | undefined) => Report;
}): CommandHandler {
  const { schema, right, prepare, perform } = options;
  return {
    right,
    read(input) {
      const command = schema.safeParse(input);
      if (!command.success) return undefined;
      let prepared: P | undefined;
      return {
        async prepare(phone, signal) {
          prepared = await prepare?.(phone, command.data, signal);
        },
        perform: (phone, context) => perform(phone, command.data, context, prepared),
      };
    },
  };
}

export interface ErrorCause {
  readonly code: number;
  readonly description: string;
  /** Default: iOS's own management domain. */
  readonly domain?: string;
}

/** `first` is what went wrong; the others are what led to it. */
export function errorChain(...causes: readonly [ErrorCause, ...ErrorCause[]]): PlistDictionary[] {
  return causes.map(({ code, description, domain = mdmErrorDomain }) => ({
    ErrorCode: code,
    ErrorDomain: domain,
    LocalizedDescription: description,
    USEnglishDescription: description,
  }));
}

export function acknowledged(answer: PlistDictionary = {}): Report {
  return { Status: "Acknowledged", ...answer };
}

/** What a phone answers to a command for supervised phones when it isn't one. */
export const notSupervised: ErrorCause = {
  code: 29000,
  domain: "MCChaperoneErrorDomain",
  description: "The phone is not supervised.",
};

export function errorReport(...causes: readonly [ErrorCause, ...ErrorCause[]]): Report {
  return { Status: "Error", ErrorChain: errorChain(...causes) };
}
