/** The pulse: a few times a second at most, how things stand and what happened, in one small message for however many readers. */
import type { TraceEvent } from "../../shared/trace.ts";
import type { Timer } from "../../shared/world.ts";
import type { ServerContext } from "../context.ts";
import { isNews } from "../event-ring.ts";
import type { KeyWatch } from "../key-watch.ts";
import { installationStates } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { createEndlessAnswers, frame, type EndlessAnswers } from "./endless-answer.ts";
import type { EndlessRequest, Teller } from "./endless-answer.ts";
import { countByLabel, labelByState, noCounts } from "./labels.ts";
import { pulseCounts, pulseSubjects } from "./pulse-document.ts";
import type { Pulse, PulseCounts, PulseSubject } from "./pulse-document.ts";
import { effectOf } from "./pulse-effects.ts";

/** What happens together is told together. */
const gatherMs = 250;
const betweenMs = 500;
const appsMax = 50;

export interface PulseOptions extends ServerContext {
  readonly keyWatch: KeyWatch;
  readonly connectedCount: () => number;
  readonly onFailure: (error: unknown) => void;
  readonly streamsMax?: number;
}

export interface PulseStreams extends Pick<EndlessAnswers, "count" | "stop"> {
  /** Throws limit_exceeded, unavailable, store_failed. */
  open(request: EndlessRequest): Promise<ReadableStream<Uint8Array>>;
  /** How things stand now. Nothing is counted. */
  read(): Promise<Pulse>;
}

export function createPulseStreams(options: PulseOptions): PulseStreams {
  const answers = createEndlessAnswers(options, { what: "pulse streams", answersMax: options.streamsMax });
  const collector = new PulseCollector(options);
  return {
    async open(request) {
      const teller = new PulseTeller();
      // It listens before it reads: what happens in between would be missing otherwise.
      const leave = collector.join((pulse) => teller.take(pulse));
      try {
        teller.take(await collector.read());
        return answers.open(request, () => teller.begin(leave));
      } catch (error) {
        leave();
        throw error;
      }
    },
    read: () => collector.read(),
    get count() {
      return answers.count;
    },
    stop: () => answers.stop(),
  };
}

/** What was not told yet. */
interface Tally {
  readonly counts: PulseCounts;
  readonly changed: ReadonlySet<PulseSubject>;
}

const emptyCounts = () => Object.fromEntries(pulseCounts.map((name) => [name, 0])) as PulseCounts;

function sumOf(a: PulseCounts, b: PulseCounts): PulseCounts {
  const sum = emptyCounts();
  for (const name of pulseCounts) sum[name] = a[name] + b[name];
  return sum;
}

function inOrder(changed: ReadonlySet<PulseSubject>): PulseSubject[] {
  return pulseSubjects.filter((subject) => changed.has(subject));
}

/** One for all readers: it listens to the events while there is one, and asks the store once for each message. */
class PulseCollector {
  readonly #options: PulseOptions;
  readonly #listeners = new Set<(pulse: Pulse) => void>();
  #unsubscribe: (() => void) | undefined;
  #counts = emptyCounts();
  #changed = new Set<PulseSubject>();
  #timer: Timer | undefined;
  #toldAt = -Infinity;
  #isTelling = false;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  join(listener: (pulse: Pulse) => void): () => void {
    this.#listeners.add(listener);
    this.#unsubscribe ??= this.#options.recorder.subscribe((event) => this.#note(event));
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#take();
    };
  }

  read(): Promise<Pulse> {
    return this.#pulseOf({ counts: emptyCounts(), changed: new Set() });
  }

  #note(event: TraceEvent): void {
    // Nor is it news that somebody listens: each reader would make all others be told of it.
    if (!isNews(event) || event.event.startsWith("stream.")) return;
    const { counts, touches } = effectOf(event);
    if (counts !== undefined) this.#counts[counts] += 1;
    for (const subject of touches) this.#changed.add(subject);
    this.#changed.add("events");
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isTelling || this.#changed.size === 0) return;
    const { world } = this.#options;
    const waitMs = Math.max(gatherMs, this.#toldAt + betweenMs - world.now());
    this.#timer = world.after(waitMs, () => void this.#tell());
  }

  async #tell(): Promise<void> {
    this.#timer = undefined;
    this.#toldAt = this.#options.world.now();
    this.#isTelling = true;
    const tally = this.#take();
    try {
      const pulse = await this.#pulseOf(tally);
      for (const listener of this.#listeners) listener(pulse);
    } catch (error) {
      // Told with the next message, if there is one: only something that happens makes us try again.
      this.#counts = sumOf(tally.counts, this.#counts);
      this.#changed = new Set([...tally.changed, ...this.#changed]);
      this.#options.onFailure(error);
      return;
    } finally {
      this.#isTelling = false;
    }
    if (this.#listeners.size > 0) this.#schedule();
  }

  #take(): Tally {
    const tally = { counts: this.#counts, changed: this.#changed };
    this.#counts = emptyCounts();
    this.#changed = new Set();
    return tally;
  }

  async #pulseOf({ counts, changed }: Tally): Promise<Pulse> {
    const { world, store, connectedCount } = this.#options;
    const state = await store.read(readState);
    const at = new Date(world.now()).toISOString();
    return { at, intervalMs: 0, connected: connectedCount(), ...state, counts, changed: inOrder(changed) };
  }
}

/** From indexes alone: the cost does not depend on how many phones there are. */
async function readState(reader: Reader): Promise<Pick<Pulse, "phones" | "installations" | "licenses">> {
  const phones = { enrolling: 0, enrolled: 0, unenrolled: 0 };
  for (const state of ["enrolling", "enrolled", "unenrolled"] as const)
    phones[state] = await reader.count("devices", "byState", state);
  const installations = noCounts();
  for (const state of installationStates)
    installations[countByLabel[labelByState[state]]] += await reader.count("installations", "byState", state);
  const query = { index: "byAssigned", partition: "", order: "descending", limit: appsMax } as const;
  const licenses = (await reader.list("apps", query)).map(({ id, name, total, assigned, available }) => {
    return { adamId: id, name, owned: total, used: assigned, available };
  });
  return { phones, installations, licenses };
}

/** Holds one message at most: what a slow reader did not take grows together. */
class PulseTeller implements Teller {
  readonly greeting = "";
  readonly isLeftBehind = false;
  #waiting: Pulse | undefined;
  #toldAt: number | undefined;
  #wake: () => void = () => undefined;
  #leave: () => void = () => undefined;

  begin(leave: () => void): this {
    this.#leave = leave;
    return this;
  }

  take(pulse: Pulse): void {
    const before = this.#waiting;
    this.#waiting = before
      ? {
          ...pulse,
          counts: sumOf(before.counts, pulse.counts),
          changed: inOrder(new Set([...before.changed, ...pulse.changed])),
        }
      : pulse;
    this.#wake();
  }

  subscribe(wake: () => void): () => void {
    this.#wake = wake;
    return this.#leave;
  }

  next(): string {
    const pulse = this.#waiting;
    if (pulse === undefined) return "";
    this.#waiting = undefined;
    const at = Date.parse(pulse.at);
    const intervalMs = at - (this.#toldAt ?? at);
    this.#toldAt = at;
    return frame({ event: "pulse", data: { ...pulse, intervalMs } });
  }

  stillHere(): string {
    return ": still here\n\n";
  }
}
