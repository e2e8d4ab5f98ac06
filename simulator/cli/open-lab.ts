/** A lab with its control API, as `pippin up` and `pippin exec` open it. */
import { createLiveWorld } from "../../shared/live-world.ts";
import { controlLive, type ControlledLab } from "../control/controlled-lab.ts";
import { startControl } from "../control/start-control.ts";
import { beginLab } from "../fleet/beginning.ts";
import { startLiveLab } from "../lab.ts";
import type { RunSummary } from "../scenarios/scenario.ts";
import type { Beginning } from "../snapshots/archive.ts";

export interface OpenLabOptions {
  readonly seed: string;
  readonly progress: (line: string) => void;
  readonly host: string;
  /** 0 takes a free one. */
  readonly ports: { readonly server: number; readonly apple: number; readonly lab: number };
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

/** Throws NetworkError address_in_use, PippinError store_*. */
export async function openLab(options: OpenLabOptions): Promise<OpenLab> {
  const { seed, progress, host, ports, labKey, dataDirectory, tracePath } = options;
  const lab = await startLiveLab({
    ...{ seed, progress, host, serverPort: ports.server, applePort: ports.apple },
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    ...(tracePath === undefined ? {} : { tracePath }),
  });
  const control = controlLive(lab);
  try {
    const api = await startControl(createLiveWorld(), control, { host, port: ports.lab, key: labKey });
    return {
      control,
      variables: {
        PIPPIN_SERVER: control.serverUrl,
        PIPPIN_ADMIN_KEY: lab.adminKey,
        PIPPIN_APPLE: control.appleUrl,
        PIPPIN_CONTROL_KEY: lab.controlKey,
        PIPPIN_LAB: api.url,
        PIPPIN_LAB_KEY: api.key,
      },
      async begin(beginning) {
        await lab.begun?.(beginning);
        return await control.drive(() => beginLab(lab, beginning));
      },
      async stop() {
        await api.stop();
        await lab.stop();
      },
    };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}
