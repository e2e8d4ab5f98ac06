import { describe, expect, it } from "vitest";
import { commandMoves, isOpen, moveCommand } from "../../../server/commands/command-states.ts";
import type { CommandRecord, CommandState } from "../../../server/store/records.ts";

const states = Object.keys(commandMoves) as CommandState[];
const pairs = states.flatMap((from) => states.map((to) => [from, to] as const));

function commandIn(state: CommandState): CommandRecord {
  return {
    id: "C",
    udid: "U",
    sequence: 1,
    requestType: "ProfileList",
    command: { RequestType: "ProfileList" },
    state,
    createdAt: 1,
    expiresAt: 1_000,
    sentAt: null,
    sendCount: 0,
    notNowCount: 0,
    settledAt: null,
    result: null,
    duplicateResults: 0,
    installationId: null,
    origin: "test",
    cause: 0,
  };
}

// Written out, not taken from the table: what this table says is the promise.
const allowed = new Set([
  "queued>sent",
  "queued>cancelled",
  "queued>expired",
  "sent>acknowledged",
  "sent>failed",
  "sent>malformed",
  "sent>deferred",
  "sent>cancelled",
  "sent>expired",
  "deferred>sent",
  "deferred>acknowledged",
  "deferred>failed",
  "deferred>malformed",
  "deferred>cancelled",
  "deferred>expired",
]);

describe("the states of a command", () => {
  it.each(pairs)("from %s to %s: only as the table says", (from, to) => {
    const command = commandIn(from);
    if (!allowed.has(`${from}>${to}`)) {
      expect(() => moveCommand(command, to, 5)).toThrow(/can't go from/);
      return;
    }
    const moved = moveCommand(command, to, 5);
    expect(moved).toMatchObject({
      state: to,
      sentAt: to === "sent" ? 5 : null,
      sendCount: to === "sent" ? 1 : 0,
      notNowCount: to === "deferred" ? 1 : 0,
      settledAt: isOpen(to) ? null : 5,
    });
    expect(command.state).toBe(from);
  });
});
