/** Whatever goes wrong on purpose, and its end. */
import { PippinError } from "../../shared/errors.ts";
import type { DiskErrorCode } from "../../shared/world.ts";
import type { VirtualLab } from "../../simulator/lab.ts";
import type { Interceptor } from "../../simulator/virtual/wire.ts";
import type { Unsynced } from "./plan.ts";

export class Trouble {
  #lab: VirtualLab | undefined;
  #isDown = false;
  /** Kills that wait for their moment: events still to come, and what then. */
  #armed: { left: number; kill: () => void }[] = [];
  #ups: Promise<void>[] = [];
  /** Why the server's disk takes nothing. */
  diskAilment: DiskErrorCode | undefined;

  beginsIn(lab: VirtualLab): void {
    this.#lab = lab;
  }

  eventSeen(): void {
    const due = this.#armed.filter((one) => (one.left -= 1) < 0);
    if (due.length === 0) return;
    this.#armed = this.#armed.filter((one) => !due.includes(one));
    // As an event of its own: a process dies between two steps, not in the middle of one.
    for (const { kill } of due) this.#running.world.after(0, kill);
  }

  killAfter(events: number, unsynced: Unsynced, downMs: number): void {
    const kill = () => this.kill(unsynced, downMs);
    if (events === 0) kill();
    else this.#armed.push({ left: events, kill });
  }

  kill(unsynced: Unsynced, downMs: number): void {
    if (this.#isDown) return;
    this.#isDown = true;
    const lab = this.#running;
    lab.killServer({ unsynced });
    const up = new Promise<void>((resolve) => {
      lab.world.after(downMs, () => {
        this.#isDown = false;
        // Not waited for: it never ends when the server is killed while it starts.
        void this.#start();
        resolve();
      });
    });
    this.#ups.push(up);
  }

  /** Whoever starts it has made room on the disk first, and does so again where that was not enough. */
  async #start(): Promise<void> {
    this.diskAilment = undefined;
    try {
      await this.#running.restartServer();
    } catch (error) {
      if (!(error instanceof PippinError && error.code.startsWith("store_"))) throw error;
      this.kill("kept", 0);
    }
  }

  sickenDisk(code: DiskErrorCode, forMs: number): void {
    // One ailment at a time: the end of the first would heal the second too soon.
    if (this.#isDown || this.diskAilment !== undefined) return;
    this.diskAilment = code;
    this.#running.world.after(forMs, () => this.#healDisk(code));
  }

  #healDisk(code: DiskErrorCode): void {
    // Somebody else was quicker.
    if (this.diskAilment !== code) return;
    this.diskAilment = undefined;
    // A server that can't rely on its disk stores nothing more until it is started again.
    if (code === "io") this.kill("kept", 0);
  }

  /** One interference with the network at a time: the later one replaces the earlier. */
  interfere(interceptor: Interceptor, forMs: number): void {
    const { virtual, world } = this.#running;
    const { network } = virtual;
    network.interceptor = interceptor;
    world.after(forMs, () => {
      if (network.interceptor === interceptor) network.interceptor = undefined;
    });
  }

  async end(): Promise<void> {
    this.#armed = [];
    this.#running.virtual.network.interceptor = undefined;
    if (this.diskAilment !== undefined) this.#healDisk(this.diskAilment);
    await Promise.all(this.#ups);
    this.#ups = [];
  }

  get #running(): VirtualLab {
    if (!this.#lab) throw new Error("the trouble has not begun");
    return this.#lab;
  }
}
