/** A live lab with a generated fleet and its control API, and somebody who asks things of it. */
import { createLiveWorld } from "../../../shared/live-world.ts";
import { controlLive } from "../../../simulator/control/controlled-lab.ts";
import { startControl, type RunningControl } from "../../../simulator/control/start-control.ts";
import { beginLab } from "../../../simulator/fleet/beginning.ts";
import { startLiveLab, type RunningLab } from "../../../simulator/lab.ts";

export interface Answer {
  readonly status: number;
  // What an answer has is for the expectations to say.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export class LabClient {
  readonly lab: RunningLab;
  readonly api: RunningControl;
  readonly world = createLiveWorld();

  private constructor(lab: RunningLab, api: RunningControl) {
    this.lab = lab;
    this.api = api;
  }

  static async start(fleetSize: number, seed: string): Promise<LabClient> {
    const lab = await startLiveLab({
      ...{ seed, progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 },
    });
    const api = await startControl(createLiveWorld(), controlLive(lab), { host: "127.0.0.1", port: 0 });
    const beginning = { seed, play: "fleet", fleetSize } as const;
    await lab.keeper?.begin(beginning, () => beginLab(lab, beginning));
    return new LabClient(lab, api);
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.lab.stop();
  }

  /** Serial number of a phone of that kind. */
  serial(kind: string): string {
    const phone = this.lab.phones.find(({ config }) => config.kind === kind);
    if (phone === undefined) throw new Error(`the fleet has no phone of kind ${kind}`);
    return phone.config.serialNumber;
  }

  async ask(method: string, path: string, body?: unknown, key = this.api.key): Promise<Answer> {
    const sent =
      body === undefined || Buffer.isBuffer(body) || typeof body === "string" ? body : JSON.stringify(body);
    const answer = await this.world.request(`${this.api.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}` },
      ...(sent === undefined ? {} : { body: sent as string | Buffer }),
    });
    const text = answer.body.toString("utf8");
    const isJson = (answer.headers["content-type"] ?? "").includes("json");
    return { status: answer.status, body: isJson ? JSON.parse(text) : text };
  }

  show = async (phone: string) => (await this.ask("GET", `/lab/v1/phones/${phone}`)).body;
  act = (phone: string, act: string, body: unknown = {}) =>
    this.ask("POST", `/lab/v1/phones/${phone}/${act}`, body);

  /** What the phone shows once it is so. */
  async until(
    what: string,
    phone: string,
    isSo: (sight: Answer["body"]) => boolean,
  ): Promise<Answer["body"]> {
    for (let tries = 0; tries < 400; tries += 1) {
      const sight = await this.show(phone);
      if (isSo(sight)) return sight;
      await this.world.sleep(25);
    }
    throw new Error(`waited in vain: ${what}; ${JSON.stringify(await this.show(phone))}`);
  }
}
