/** Whatever goes wrong on purpose, and its end. */
import type { VirtualLab } from "../../simulator/lab.ts";
import type { Interceptor } from "../../simulator/virtual/wire.ts";
import type { Unsynced } from "./plan.ts";

export class Trouble {
  readonly #lab: VirtualLab;
  #isDown = false;
  /** Kills that wait for their moment: events still to come, and what then. */
  #armed: { left: number; kill: () => void }[] = [];
  #ups: Promise<void>[] = [];

  constructor(lab: VirtualLab) {
    this.#lab = lab;
  }

  eventSeen(): void {
    const due = this.#armed.filter((one) => (one.left -= 1) < 0);
    if (due.length === 0) return;
    this.#armed = this.#armed.filter((one) => !due.includes(one));
    // As an event of its own: a process dies between two steps, not in the middle of one.
    for (const { kill } of due) this.#lab.world.after(0, kill);
  }

  killAfter(events: number, unsynced: Unsynced, downMs: number): void {
    const kill = () => this.kill(unsynced, downMs);
    if (events === 0) kill();
    else this.#armed.push({ left: events, kill });
  }

  kill(unsynced: Unsynced, downMs: number): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#lab.killServer({ unsynced });
    const up = new Promise<void>((resolve) => {
      this.#lab.world.after(downMs, () => {
        this.#isDown = false;
        // Not waited for: it never ends when the server is killed while it starts.
        void this.#lab.restartServer();
        resolve();
      });
    });
    this.#ups.push(up);
  }

  /** One interference with the network at a time: the later one replaces the earlier. */
  interfere(interceptor: Interceptor, forMs: number): void {
    const { network } = this.#lab.virtual;
    network.interceptor = interceptor;
    this.#lab.world.after(forMs, () => {
      if (network.interceptor === interceptor) network.interceptor = undefined;
    });
  }

  async end(): Promise<void> {
    this.#armed = [];
    this.#lab.virtual.network.interceptor = undefined;
    await Promise.all(this.#ups);
    this.#ups = [];
  }
}
