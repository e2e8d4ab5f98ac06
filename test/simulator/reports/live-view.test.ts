import { describe, expect, it } from "vitest";
import { appNames } from "../../../simulator/reports/event-words.ts";
import { LiveView } from "../../../simulator/reports/live-view.ts";
import { RunRecord } from "../../../simulator/reports/run-record.ts";
import { Script, udidOfPhone } from "./events.ts";

/** A clock that a test moves, and a terminal of which one sees what stands on it. */
class Watcher {
  readonly written: string[] = [];
  #now = 0;
  #due: { atMs: number; task: () => void } | undefined;
  readonly view: LiveView;

  constructor(screen: { isTerminal: boolean; columns?: number; hasColours?: boolean }) {
    const { isTerminal, columns = 100, hasColours = false } = screen;
    this.view = new LiveView({
      screen: { isTerminal, hasColours, columns: () => columns, write: (text) => this.written.push(text) },
      world: {
        now: () => this.#now,
        after: (delayMs, task) => {
          const due = { atMs: this.#now + delayMs, task };
          this.#due = due;
          return { cancel: () => (this.#due === due ? (this.#due = undefined) : undefined) };
        },
      },
      apps: appNames(),
    });
  }

  get isWaiting(): boolean {
    return this.#due !== undefined;
  }

  pass(ms: number): void {
    const until = this.#now + ms;
    while (this.#due && this.#due.atMs <= until) {
      const { atMs, task } = this.#due;
      this.#due = undefined;
      this.#now = atMs;
      task();
    }
    this.#now = until;
  }

  /** What a terminal shows after all that was written. */
  get shown(): string[] {
    let lines: string[] = [];
    for (const part of this.written.join("").split(/(\u001b\[\d+A\u001b\[J|\n)/)) {
      const [, up] = /^\u001b\[(\d+)A/.exec(part) ?? [];
      if (up !== undefined) lines = lines.slice(0, lines.length - Number(up));
      else if (part !== "\n" && part !== "") lines.push(part);
    }
    return lines;
  }
}

function busyRecord(): RunRecord {
  const script = new Script();
  for (let phone = 1; phone <= 3; phone += 1) {
    const ids = { udid: udidOfPhone(phone), adamId: "361309726", userId: `u${phone}` };
    script.add(0, "enrollment.completed", ids);
    script.add(1, "license.taken", { ...ids, side: "apple" });
    script.add(2, "installation.changed", { ...ids, from: "none", to: phone === 3 ? "failed" : "installed" });
    script.command(10 * phone, phone, 20 * phone);
  }
  script.add(99, "connection.closed", { udid: udidOfPhone(1), code: 1006 });
  const record = new RunRecord({ keepsHistory: false });
  for (const event of script.events) record.take(event);
  return record;
}

describe("the live view", () => {
  it("draws the same lines again on a terminal, with progress above them, and leaves nothing behind", () => {
    const watcher = new Watcher({ isTerminal: true });
    const { view } = watcher;
    view.watch(busyRecord().figures, "some, seed 7");
    watcher.pass(1_000);
    view.line("step 1: deploy");
    watcher.pass(1_000);
    expect(watcher.shown).toEqual([
      "step 1: deploy",
      "some, seed 7 · 2.0 s · in the lab 2016-06-15 08:00:00",
      "  phones    3 enrolled, 2 connected, 1 with something that failed",
      "  apps      2 installed, 1 failed",
      "  commands  3 answered, 0.0/s; 0 failed, 0 put off",
      "  answers   from push to answer p50 40 ms, p95 60 ms, p99 60 ms",
      "  licences  Pages 3",
    ]);
    view.end();
    expect(watcher.shown).toEqual(["step 1: deploy"]);
    expect(watcher.isWaiting).toBe(false);
  });

  it("says how many commands a second are answered now, by the clock of whoever watches", () => {
    const watcher = new Watcher({ isTerminal: true });
    const record = new RunRecord({ keepsHistory: false });
    const script = new Script();
    watcher.view.watch(record.figures, "some");
    for (let tick = 0; tick < 40; tick += 1) {
      script.command(tick, 1, 1);
      for (const event of script.events.slice(-2)) record.take(event);
      watcher.pass(250);
    }
    expect(watcher.shown.join("\n")).toContain("40 answered, 4.0/s");
  });

  it("writes a plain line every few seconds where nothing can be drawn", () => {
    const watcher = new Watcher({ isTerminal: false });
    watcher.view.watch(busyRecord().figures, "some");
    watcher.pass(4_900);
    expect(watcher.written).toEqual([]);
    watcher.pass(5_200);
    expect(watcher.written).toHaveLength(2);
    expect(watcher.written[1]).toBe(
      "… 10.0 s: 3 phones enrolled, 2 connected; 3 commands answered (0.0/s), 0 failed; " +
        "from push to answer p50 40 ms, p95 60 ms, p99 60 ms; 2 apps installed, 1 failed; 3 licences in use\n",
    );
  });

  it("keeps to the width of the terminal, colours not counted", () => {
    const watcher = new Watcher({ isTerminal: true, columns: 40, hasColours: true });
    watcher.view.watch(busyRecord().figures, "a name that is longer than forty columns, \u001b[2J seed 7");
    watcher.pass(250);
    const lines = watcher.shown.map((line) => line.replaceAll(/\u001b\[\d+m/g, ""));
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line.length).toBeLessThan(40);
    expect(watcher.written.join("")).not.toContain("\u001b[2J");
    expect(watcher.written.join("")).toContain(
      `\u001b[32m${"█".repeat(16)}\u001b[0m\u001b[31m${"█".repeat(8)}\u001b[0m`,
    );
  });
});
