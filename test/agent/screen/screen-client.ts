/** A screen without a port, a browser that has come by its link, and a clock that is moved by hand. */
import { createScreen, type Screen } from "../../../agent/screen/screen.ts";
import type { PhoneRack } from "../../../agent/screen/screen-phone.ts";
import type { Timer } from "../../../shared/world.ts";

export const key = "sk_of-this-screen";
const origin = "http://127.0.0.1:8083";

export class HandClock {
  #now = 0;
  readonly #tasks = new Set<{ readonly at: number; readonly task: () => void }>();

  after(delayMs: number, task: () => void): Timer {
    const entry = { at: this.#now + delayMs, task };
    this.#tasks.add(entry);
    return { cancel: () => void this.#tasks.delete(entry) };
  }
  get waiting(): number {
    return this.#tasks.size;
  }
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#tasks].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#tasks.delete(next);
      this.#now = next.at;
      next.task();
    }
    this.#now = end;
  }
}

export class ScreenClient {
  readonly clock = new HandClock();
  readonly screen: Screen;
  readonly failures: Error[] = [];
  #cookie = "";

  constructor(rack: PhoneRack, host = "127.0.0.1") {
    const failed = (error: Error) => void this.failures.push(error);
    this.screen = createScreen({ world: this.clock, rack, key, host, failed });
  }

  /** By the link, as a browser follows it. */
  async enter(): Promise<this> {
    const response = await this.get(`/?key=${key}`);
    this.#cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    return this;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    const sent = { cookie: this.#cookie, ...headers };
    return await this.screen.handle(new Request(`${origin}${path}`, { headers: sent }));
  }

  /** As the page does it, but for what `headers` say; an empty one is left out. */
  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const sent: Record<string, string> = {
      ...{ cookie: this.#cookie, "content-type": "application/json", "x-pippin-screen": "1" },
      ...headers,
    };
    return await this.screen.handle(
      new Request(`${origin}/screen/v1${path}`, {
        method: "POST",
        headers: Object.entries(sent).filter(([, value]) => value !== ""),
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
  }

  async read(path: string): Promise<StreamReader> {
    return new StreamReader(await this.get(`/screen/v1${path}`));
  }
}

export interface Told {
  readonly event: string;
  // What an event tells is for the expectations to say.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
}

export class StreamReader {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    if (response.body === null) throw new Error("a stream without a body");
    this.response = response;
    this.#reader = response.body.getReader();
  }

  /** The events of the next piece. Undefined at the end. */
  async next(): Promise<Told[] | undefined> {
    const { done, value } = await this.#reader.read();
    if (done) return undefined;
    return Buffer.from(value)
      .toString("utf8")
      .split("\n\n")
      .filter((one) => one.startsWith("event:"))
      .map((one) => {
        const [, event = "", data = ""] = /^event: (.*)\ndata: (.*)$/.exec(one) ?? [];
        return { event, data: JSON.parse(data) };
      });
  }
  leave = () => this.#reader.cancel();
}
