import type { PhoneKind } from "../../agent/phone.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import type { RunningLab } from "../lab.ts";
import type { LabKeeper } from "../snapshots/lab-keeper.ts";

/** What can be done with a lab as a whole. The errors are those of LabKeeper; one that a lab can't do is a `conflict`. */
export type Keeping = Pick<
  LabKeeper,
  | "underWay"
  | "isMoving"
  | "beginning"
  | "snapshot"
  | "snapshots"
  | "removeSnapshot"
  | "restore"
  | "export"
  | "import"
  | "reset"
>;

/** A lab as its control API has it: in real time, or a virtual one that stands still between calls. */
export interface ControlledLab {
  /** The one that runs now: after a reset it may be another. */
  readonly lab: RunningLab;
  /** Where the lab's services are reached from outside. */
  readonly serverUrl: string;
  readonly appleUrl: string;
  readonly keeping: Keeping;
  /** Undefined where the clock is everybody's. */
  readonly clock: LabClock | undefined;
  /** Does something inside the lab, whose time goes on until it is done. */
  drive<T>(deed: () => Promise<T>): Promise<T>;
  /** Hears of everything that happens in whichever lab runs. Answers with the function that ends it. */
  onEvent(listener: (event: TraceEvent) => void): () => void;
}

export interface LabClock {
  /** Lets so many milliseconds pass; everything that was due by then has happened when it resolves. */
  advance(ms: number): Promise<void>;
}

/** A link to enrol by, for a phone of that kind. Throws ApiError. */
export async function makeEnrollmentLink(
  lab: RunningLab,
  kind: PhoneKind,
  owner: string | undefined,
): Promise<string> {
  const wanted = { kind, ...(owner === undefined ? {} : { userId: owner }) };
  return (await lab.admin.post<{ url: string }>("/api/v1/enrollment-tokens", wanted)).url;
}

/** A lab that runs in real time. */
export function controlLive(lab: RunningLab): ControlledLab {
  if (lab.keeper === undefined) throw new Error("a lab whose servers are somebody else's");
  return {
    ...{ lab, keeping: lab.keeper, clock: undefined },
    serverUrl: lab.serverUrl,
    appleUrl: lab.appleUrl,
    drive: (deed) => deed(),
    onEvent: (listener) => lab.recorder.subscribe(listener),
  };
}
