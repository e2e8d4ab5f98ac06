/** Events as a recorder would have written them, for tests of what is made of them. */
import type { EventName, TraceEvent } from "../../../shared/trace.ts";

export const startMs = Date.parse("2016-06-15T08:00:00.000Z");

export const udidOfPhone = (number: number) => number.toString(16).padStart(40, "0");

export class Script {
  readonly events: TraceEvent[] = [];

  /** `atMs` since the start. Answers with the number of the event. */
  add(atMs: number, event: EventName, details: Record<string, unknown> = {}): number {
    const seq = this.events.length + 1;
    this.events.push({ seq, time: new Date(startMs + atMs).toISOString(), run: "1", event, ...details });
    return seq;
  }

  /** Pushed and, after so long, answered. */
  command(atMs: number, phone: number, answerMs: number, answer: EventName = "command.acknowledged"): void {
    const ids = {
      udid: udidOfPhone(phone),
      commandUUID: `C-${this.events.length}`,
      requestType: "ProfileList",
    };
    const cause = this.add(atMs, "command.pushed", ids);
    this.add(atMs + answerMs, answer, { ...ids, cause });
  }
}
