import { onTestFinished } from "vitest";
import { startPhone } from "../../agent/start-phone.ts";
import type { Phone, PhoneConfig, Prompt, PromptAnswer } from "../../agent/phone.ts";
import type { PhoneState } from "../../agent/state.ts";
import { createRecorder, type Recorder, type TraceEvent } from "../../shared/trace.ts";
import { NetworkError } from "../../shared/world.ts";
import { appleUrl, FakeApple } from "./fake-apple.ts";
import { enrollmentUrl, FakeServer, type FakeConnection } from "./fake-server.ts";
import { FakeWorld, makeKeyPair, settle } from "./fake-world.ts";

const keys = makeKeyPair();
export const udid = "c0ffee0000000000000000000000000000000001";
export const directory = "/phones/one";

/** A phone, a server and Apple in one place, with a clock that stands still unless it is moved. */
export class PhoneLab {
  readonly world: FakeWorld;
  readonly server: FakeServer;
  readonly apple: FakeApple;
  readonly events: TraceEvent[];
  readonly recorder: Recorder;
  readonly config: PhoneConfig;
  #phone: Phone | undefined;

  /** `beside` another phone it shares everything but itself: the clock, the network, the server. */
  constructor(config: Partial<PhoneConfig> = {}, beside?: PhoneLab) {
    this.apple = beside?.apple ?? new FakeApple();
    this.world =
      beside?.world ??
      new FakeWorld(
        {
          request: async (url, init) => {
            if (url.startsWith("http://mdm.test")) return this.server.request(url, init);
            if (url.startsWith(appleUrl)) return this.apple.request(url, init);
            throw new NetworkError("unreachable", `nobody is at ${url}`);
          },
          connect: async (_url, options, handlers) => this.server.connect(options, handlers),
        },
        keys,
      );
    this.server = beside?.server ?? new FakeServer(() => this.world.now());
    this.events = beside?.events ?? [];
    this.recorder =
      beside?.recorder ?? createRecorder({ now: () => this.world.now(), run: "test", keepsWire: false });
    if (!beside) this.recorder.subscribe((event) => this.events.push(event));
    this.config = {
      udid,
      serialNumber: "SERIAL1",
      productName: "iPhone8,1",
      osVersion: "9.3.2",
      buildVersion: "13F69",
      deviceName: "Anna's iPhone",
      kind: "user",
      enrollmentUrl,
      appleUrl,
      protocol: "mdm.plist.binary",
      dataDirectory: directory,
      bytesPerSecond: 1_000_000,
      ...config,
    };
    onTestFinished(() => this.#phone?.stop());
  }

  get phone(): Phone {
    if (!this.#phone) throw new Error("the phone was not started");
    return this.#phone;
  }
  get connection(): FakeConnection {
    return this.server.connection;
  }

  /** Starts the phone, or starts it again, and lets everything happen that needs no time. */
  async start(config: Partial<PhoneConfig> = {}): Promise<this> {
    this.#phone = await startPhone(
      { world: this.world, recorder: this.recorder },
      { ...this.config, ...config },
    );
    await settle();
    return this;
  }

  get prompt(): Prompt {
    const { prompt } = this.phone.view();
    if (!prompt) throw new Error("there is no prompt on the screen");
    return prompt;
  }
  async answer(answer: PromptAnswer): Promise<void> {
    this.phone.answer(this.prompt.id, answer);
    await settle();
  }
  signIn(): Promise<void> {
    const { appleId, password } = this.apple;
    const asksAppleId = this.prompt.fields.includes("appleId");
    return this.answer({ choice: "signIn", password, ...(asksAppleId ? { appleId } : {}) });
  }

  /** The phone's state as it lies on disk. */
  get saved(): PhoneState {
    const bytes = this.world.disk.files.get(`${directory}/phone.json`);
    if (!bytes) throw new Error("nothing is on disk");
    return JSON.parse(bytes.toString("utf8")) as PhoneState;
  }
  appState(bundleId: string): string {
    return this.phone.view().apps.find((app) => app.bundleId === bundleId)?.state ?? "absent";
  }
  eventsOf(name: TraceEvent["event"]): TraceEvent[] {
    return this.events.filter((event) => event.event === name);
  }
}

export async function startLab(config: Partial<PhoneConfig> = {}): Promise<PhoneLab> {
  return new PhoneLab(config).start();
}
