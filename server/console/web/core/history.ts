/** What the pulse told in the last five minutes, kept as long as somebody is signed in. */
import { useEffect, useState } from "preact/hooks";
import type { PlotData } from "./plot.tsx";
import { latestPulse, onPulse, serverNow, type Pulse } from "./pulse.ts";

const historySeconds = 300;
const shownSecondsMin = 60;
const redrawMs = 1_000;

const tracks = {
  phones: ({ connected, phones }: Pulse) => [phones.enrolled, connected],
  installations: ({ installations: { installed, pending, failed } }: Pulse) => [installed, pending, failed],
  commands: ({ counts, intervalMs }: Pulse) =>
    [counts.commandsQueued, counts.commandsAcknowledged].map((count) => perSecond(count, intervalMs)),
  failures: ({ counts, intervalMs }: Pulse) =>
    [counts.commandsFailed, counts.installFailed, counts.faults].map((count) => perSecond(count, intervalMs)),
} as const;
export type Track = keyof typeof tracks;
const trackNames = Object.keys(tracks) as Track[];
/** What stays as it was told; anything else is a flow, and nothing flows while nothing is told. */
const standing: ReadonlySet<Track> = new Set(["phones", "installations"]);

/** A message tells of the time from one moment to another (seconds). */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly values: Readonly<Record<Track, readonly number[]>>;
}

let pieces: Piece[] = [];

function perSecond(count: number, intervalMs: number): number {
  return (count * 1_000) / Math.max(250, intervalMs);
}

function take(pulse: Pulse): void {
  const to = Date.parse(pulse.at) / 1_000;
  const last = pieces.at(-1)?.to ?? 0;
  // A clock that was put back, or another server at this address: what was before is of another time.
  if (to < last) pieces = [];
  const from = Math.max(pieces.at(-1)?.to ?? 0, to - pulse.intervalMs / 1_000);
  const values = {
    phones: tracks.phones(pulse),
    installations: tracks.installations(pulse),
    commands: tracks.commands(pulse),
    failures: tracks.failures(pulse),
  };
  pieces.push({ from, to, values });
  const oldest = to - historySeconds - 10;
  while ((pieces[0]?.to ?? oldest) < oldest) pieces.shift();
}

/** From now on, what is told is kept. Answers with the function that ends it and forgets. */
export function keepHistory(): () => void {
  const end = onPulse(take);
  return () => {
    end();
    pieces = [];
  };
}

/** As steps: from its beginning to its end, a message has one value. */
function dataOf(name: Track, now: number): PlotData {
  const times: number[] = [];
  const width = pieces[0]?.values[name].length ?? 0;
  const columns: number[][] = Array.from({ length: width }, () => []);
  const add = (time: number, values: readonly number[]) => {
    // Times must rise, and two steps meet at one moment.
    times.push(Math.max(time, (times.at(-1) ?? 0) + 0.001));
    for (const [at, column] of columns.entries()) column.push(values[at] ?? 0);
  };
  const isStanding = standing.has(name);
  const rest = (values: readonly number[]) => (isStanding ? values : values.map(() => 0));
  let before: Piece | undefined;
  for (const piece of pieces) {
    if (before && piece.from > before.to) {
      add(before.to, rest(before.values[name]));
      add(piece.from, rest(before.values[name]));
    }
    add(piece.from, piece.values[name]);
    add(piece.to, piece.values[name]);
    before = piece;
  }
  if (before && now > before.to + 1) {
    add(before.to, rest(before.values[name]));
    add(now, rest(before.values[name]));
  }
  return [times, ...columns];
}

export interface History {
  readonly pulse: Pulse | undefined;
  /** What the plots show, by the server's clock, in seconds: what is known, up to five minutes of it. */
  readonly from: number;
  readonly now: number;
  readonly plots: Readonly<Record<Track, PlotData>>;
}

/** Draws anew with each message, and each second in between. */
export function useHistory(): History {
  const [, setTurn] = useState(0);
  useEffect(() => {
    const redraw = () => setTurn((turn) => turn + 1);
    const end = onPulse(redraw);
    const timer = setInterval(redraw, redrawMs);
    return () => {
      end();
      clearInterval(timer);
    };
  }, []);
  const now = serverNow() / 1_000;
  const plots = Object.fromEntries(trackNames.map((name) => [name, dataOf(name, now)]));
  const known = now - (pieces[0]?.to ?? now);
  const from = now - Math.min(historySeconds, Math.max(shownSecondsMin, known));
  return { pulse: latestPulse(), from, now, plots: plots as Record<Track, PlotData> };
}
