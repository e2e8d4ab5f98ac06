/** Processes of the bench: each answers calls of its parent over IPC, and none outlives it. */
import { fork, type ChildProcess } from "node:child_process";

/** What a process answers to: one function a call, with one argument that JSON can carry. */
type Calls = Record<string, (input: never) => unknown>;
type Input<C extends Calls, K extends keyof C> = Parameters<C[K]> extends [] ? void : Parameters<C[K]>[0];

interface Question {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}
interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Lets Node run TypeScript, as `pippin` does. */
const typescript = new URL("../../simulator/typescript.mjs", import.meta.url).href;
/** As `npm start` has it, and docs/operations.md advises for a server of its own: see there. */
const youngSpace = "--max-semi-space-size=32";
/** How long a process may take to end in good order. */
const farewellMs = 5_000;
const running = new Set<Child<Calls>>();

/** One process of this folder, seen from its parent. */
export class Child<C extends Calls> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #ended: Promise<void>;
  readonly #name: string;
  #lastId = 0;

  /** `file` is an absolute path. `flags` go to Node. */
  constructor(file: string, options: { flags?: readonly string[] } = {}) {
    this.#name = file.replace(/.*\//, "");
    this.#process = fork(file, {
      execArgv: ["--import", typescript, "--expose-gc", youngSpace, ...(options.flags ?? [])],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#process.on("message", (reply: Reply) => this.#settle(reply));
    this.#ended = new Promise((resolve) => {
      this.#process.once("exit", (code, signal) => {
        running.delete(this as unknown as Child<Calls>);
        for (const { reject } of this.#waiting.values())
          reject(new Error(`${this.#name} ended (${signal ?? code}) before it had answered.`));
        resolve();
      });
    });
    running.add(this as unknown as Child<Calls>);
  }

  /** Throws what the call threw, as a message. */
  call<K extends keyof C & string>(name: K, input: Input<C, K>): Promise<Awaited<ReturnType<C[K]>>> {
    this.#lastId += 1;
    const question: Question = { id: this.#lastId, name, input };
    return new Promise((resolve, reject) => {
      this.#waiting.set(question.id, { resolve: resolve as (value: unknown) => void, reject });
      this.#process.send(question);
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.error === undefined) waiting?.resolve(reply.result);
    else waiting?.reject(new Error(`${this.#name}: ${reply.error}`));
  }

  /** Lets the process end by itself, and makes it end if it doesn't. */
  async stop(): Promise<void> {
    const late = setTimeout(() => this.#process.kill("SIGKILL"), farewellMs);
    if (this.#process.connected) this.#process.disconnect();
    await this.#ended;
    clearTimeout(late);
  }

  /** As a power cut would, as far as a process can tell. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }
}

export async function stopAllChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

/** In a child: answers the parent's calls, and ends when the parent lets go. */
export function answerParent<C extends Calls>(calls: C, farewell: () => Promise<void>): void {
  process.on("message", ({ id, name, input }: Question) => {
    const run = calls[name] as ((input: unknown) => unknown) | undefined;
    void Promise.resolve()
      .then(() => {
        if (run === undefined) throw new Error(`there is no call ${name}`);
        return run(input);
      })
      .then(
        (result) => process.send?.({ id, result } satisfies Reply),
        (error: unknown) =>
          process.send?.({
            id,
            error: error instanceof Error ? (error.stack ?? "") : "unknown",
          } satisfies Reply),
      );
  });
  process.once("disconnect", () => void farewell().finally(() => process.exit()));
  // Ctrl-C goes to the whole group; the parent says when.
  process.on("SIGINT", () => undefined);
}

export interface Memory {
  readonly rssBytes: number;
  /** V8's heap and what it holds outside, after a collection. */
  readonly usedBytes: number;
}

/** Collects first; `--expose-gc` is set for every child. */
export async function measureMemory(): Promise<Memory> {
  // Twice, with a turn of the event loop between: what the first frees may have held something outside the heap.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, usedBytes: heapUsed + external };
}

/** User and system time of this process so far. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
