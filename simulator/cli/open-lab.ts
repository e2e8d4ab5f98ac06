/** A lab with its control API and its screen, as `pippin up` and `pippin exec` open it. */
import { startScreen } from "../../agent/screen/start-screen.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { PippinError } from "../../shared/errors.ts";
import { controlLive, type ControlledLab } from "../control/controlled-lab.ts";
import { labRack } from "../control/lab-rack.ts";
import { startControl } from "../control/start-control.ts";
import { controlVirtual } from "../control/virtual-control.ts";
import { beginLab } from "../fleet/beginning.ts";
import { startLiveLab } from "../lab.ts";
import type { RunSummary } from "../scenarios/scenario.ts";
import type { Beginning } from "../snapshots/archive.ts";

export interface OpenLabOptions {
  readonly seed: string;
  /** A virtual one stands still between calls, and its clock can be moved. */
  readonly world: "live" | "virtual";
  readonly progress: (line: string) => void;
  readonly host: string;
  /** 0 takes a free one. */
  readonly ports: {
    readonly server: number;
    readonly apple: number;
    readonly lab: number;
    readonly screen: number;
  };
  readonly labKey?: string | undefined;
  readonly dataDirectory?: string | undefined;
  readonly tracePath?: string | undefined;
}

export interface OpenLab {
  readonly control: ControlledLab;
  /** How programs find the lab: `PIPPIN_SERVER`, `PIPPIN_LAB_KEY`, … */
  readonly variables: Readonly<Record<string, string>>;
  /** Brings a new lab to where it begins, and notes that for a reset. Answers with what the journey came to. */
  begin(beginning: Beginning): Promise<RunSummary | undefined>;
  stop(): Promise<void>;
}

/** Throws NetworkError address_in_use, PippinError store_*, `usage` for what this world has not. */
export async function openLab(options: OpenLabOptions): Promise<OpenLab> {
  const { host, ports, labKey } = options;
  const { control, stop } = await openControl(options);
  const ending = [stop];
  const end = async () => {
    for (const step of ending.splice(0)) await step();
  };
  try {
    const world = createLiveWorld();
    const api = await startControl(world, control, { host, port: ports.lab, key: labKey });
    ending.unshift(() => api.stop());
    const screen = await startScreen(world, labRack(control), {
      ...{ host, port: ports.screen, recorder: control.lab.recorder },
    });
    ending.unshift(() => screen.stop());
    const { adminKey, controlKey } = control.lab;
    return {
      control,
      variables: {
        PIPPIN_SERVER: control.serverUrl,
        PIPPIN_ADMIN_KEY: adminKey,
        PIPPIN_APPLE: control.appleUrl,
        PIPPIN_CONTROL_KEY: controlKey,
        PIPPIN_LAB: api.url,
        PIPPIN_LAB_KEY: api.key,
        PIPPIN_SCREEN: screen.link,
      },
      async begin(beginning) {
        const { lab } = control;
        const begin = () => beginLab(lab, beginning);
        return await control.drive(() => lab.keeper?.begin(beginning, begin) ?? begin());
      },
      stop: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function openControl(
  options: OpenLabOptions,
): Promise<{ control: ControlledLab; stop: () => Promise<void> }> {
  const { seed, world, progress, host, ports, dataDirectory, tracePath } = options;
  const common = { seed, progress, ...(tracePath === undefined ? {} : { tracePath }) };
  if (world === "virtual") {
    if (dataDirectory !== undefined)
      throw new PippinError("usage", "--data: a virtual lab is kept in memory; export it instead.");
    const control = await controlVirtual(createLiveWorld(), { lab: common, host, ports });
    return { control, stop: () => control.stop() };
  }
  const lab = await startLiveLab({
    ...{ ...common, host, serverPort: ports.server, applePort: ports.apple },
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
  return { control: controlLive(lab), stop: () => lab.stop() };
}
