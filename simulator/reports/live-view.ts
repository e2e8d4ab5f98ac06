/** What a long run looks like while it goes on: some lines that are drawn again and again on a terminal, a line now and then elsewhere. */
import type { Timer, World } from "../../shared/world.ts";
import { plainText } from "../traces/event-line.ts";
import type { AppNames } from "./event-words.ts";
import { hasTrouble, type Figures } from "./figures.ts";
import { spanWords } from "./outcome.ts";

/** Between two drawings, and between two lines where nothing can be drawn. */
const drawMs = 250;
const lineMs = 5_000;
/** The pace is that of the last few seconds. */
const paceMs = 3_000;
const barWidth = 24;
const appsShown = 4;

/** Where it is shown. */
export interface Screen {
  /** Whether lines can be drawn over. */
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  /** Characters in a line, as it is now. */
  columns(): number;
  write(text: string): void;
}

export interface LiveViewOptions {
  readonly screen: Screen;
  /** The real one: whoever watches lives in it. */
  readonly world: Pick<World, "now" | "after">;
  readonly apps: AppNames;
}

const states = [
  ["installed", "installed", 32],
  ["installing", "installing", 34],
  ["waitingForTerms", "waiting for terms", 33],
  ["pending", "pending", 90],
  ["removing", "removing", 35],
  ["failed", "failed", 31],
  ["notInstalled", "not installed", 37],
  ["notApplicable", "not applicable", 90],
] as const;

export class LiveView {
  readonly #options: LiveViewOptions;
  #watched: { readonly figures: Figures; readonly about: string; readonly sinceMs: number } | undefined;
  #timer: Timer | undefined;
  /** Lines on the screen that are ours to draw over. */
  #drawn = 0;
  /** When how many commands were answered. */
  #paces: { readonly atMs: number; readonly answered: number }[] = [];

  constructor(options: LiveViewOptions) {
    this.#options = options;
  }

  /** From now on these figures, until `end`. */
  watch(figures: Figures, about: string): void {
    this.#watched = { figures, about: plainText(about), sinceMs: this.#options.world.now() };
    this.#paces = [];
    this.#arm();
  }

  /** A line of progress: it stays, above what is drawn. */
  line(text: string): void {
    const wasDrawn = this.#drawn > 0;
    this.#wipe();
    this.#options.screen.write(`${text}\n`);
    if (wasDrawn) this.#show();
  }

  /** Takes away what was drawn, and draws no more. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#watched = undefined;
    this.#wipe();
  }

  #arm(): void {
    this.#timer?.cancel();
    const { screen, world } = this.#options;
    this.#timer = world.after(screen.isTerminal ? drawMs : lineMs, () => {
      this.#show();
      this.#arm();
    });
  }

  #show(): void {
    if (!this.#watched) return;
    const { screen, world } = this.#options;
    const { figures, about, sinceMs } = this.#watched;
    const nowMs = world.now();
    const pace = this.#paceAt(nowMs, figures.acknowledgement.count);
    if (!screen.isTerminal) {
      screen.write(`… ${spanWords(nowMs - sinceMs)}: ${plainLine(figures, pace)}\n`);
      return;
    }
    const lines = [
      `${about} · ${spanWords(nowMs - sinceMs)} · in the lab ${labTime(figures)}`,
      ...detailLines(figures, pace, this.#options),
    ];
    this.#wipe();
    screen.write(lines.map((line) => `${cut(line, screen.columns())}\n`).join(""));
    this.#drawn = lines.length;
  }

  #paceAt(atMs: number, answered: number): number {
    this.#paces.push({ atMs, answered });
    while (this.#paces.length > 2 && (this.#paces[1]?.atMs ?? atMs) <= atMs - paceMs) this.#paces.shift();
    const [first] = this.#paces;
    if (!first || first.atMs === atMs) return 0;
    return ((answered - first.answered) * 1_000) / (atMs - first.atMs);
  }

  #wipe(): void {
    // Up to the first of our lines, and everything below away.
    if (this.#drawn > 0) this.#options.screen.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }
}

function labTime({ lastAtMs }: Figures): string {
  return lastAtMs === 0 ? "–" : new Date(lastAtMs).toISOString().slice(0, 19).replace("T", " ");
}

function plainLine(figures: Figures, pace: number): string {
  const { acknowledgement, commands } = figures;
  const failed = figures.states.get("failed") ?? 0;
  return [
    `${figures.enrolled} phones enrolled, ${figures.connected} connected`,
    `${acknowledgement.count} commands answered (${paceWords(pace)}), ${commands.failed} failed`,
    answerWords(figures),
    `${figures.states.get("installed") ?? 0} apps installed, ${failed} failed`,
    `${seatsUsed(figures)} licences in use`,
  ].join("; ");
}

function detailLines(figures: Figures, pace: number, { screen, apps }: LiveViewOptions): string[] {
  const { commands } = figures;
  const troubled = [...figures.phones.values()].filter(hasTrouble).length;
  return [
    `  phones    ${figures.enrolled} enrolled, ${figures.connected} connected, ${troubled} with something that failed`,
    `  apps      ${stateWords(figures, screen.hasColours)}`,
    `  commands  ${figures.acknowledgement.count} answered, ${paceWords(pace)}; ${commands.failed} failed, ${commands.deferred} put off`,
    `  answers   ${answerWords(figures)}`,
    `  licences  ${licenceWords(figures, apps)}`,
  ];
}

function answerWords({ acknowledgement }: Figures): string {
  const { p50Ms, p95Ms, p99Ms } = acknowledgement.figures;
  return `from push to answer p50 ${spanWords(p50Ms)}, p95 ${spanWords(p95Ms)}, p99 ${spanWords(p99Ms)}`;
}

function paceWords(pace: number): string {
  return `${pace < 10 ? pace.toFixed(1) : Math.round(pace)}/s`;
}

function stateWords(figures: Figures, hasColours: boolean): string {
  const seen = states.flatMap(([state, words, colour]) => {
    const count = figures.states.get(state) ?? 0;
    return count === 0 ? [] : [{ count, words, colour }];
  });
  if (seen.length === 0) return "none yet";
  const listed = seen.map(({ count, words }) => `${count} ${words}`).join(", ");
  return hasColours ? `${bar(seen)} ${listed}` : listed;
}

function bar(parts: readonly { readonly count: number; readonly colour: number }[]): string {
  const whole = parts.reduce((sum, { count }) => sum + count, 0);
  let passed = 0;
  let drawn = 0;
  return parts
    .map(({ count, colour }) => {
      passed += count;
      const end = Math.round((passed / whole) * barWidth);
      const width = end - drawn;
      drawn = end;
      return width === 0 ? "" : `\u001b[${colour}m${"█".repeat(width)}\u001b[0m`;
    })
    .join("");
}

function licenceWords(figures: Figures, apps: AppNames): string {
  const used = [...figures.seats].filter(([, { apple, server }]) => Math.max(apple, server) > 0);
  if (used.length === 0) return "none in use";
  used.sort(([, a], [, b]) => b.apple - a.apple);
  const words = used.slice(0, appsShown).map(([adamId, { apple, server, owned }]) => {
    const count = Math.max(apple, server);
    return `${plainText(apps.get(adamId) ?? adamId)} ${count}${owned === undefined ? "" : ` of ${owned}`}`;
  });
  const left = used.length - words.length;
  return `${words.join(", ")}${left > 0 ? `, and ${left} more apps` : ""}`;
}

function seatsUsed({ seats }: Figures): number {
  let used = 0;
  for (const { apple, server } of seats.values()) used += Math.max(apple, server);
  return used;
}

/** Colours take no room. */
function cut(line: string, columns: number): string {
  const pattern = /\u001b\[\d+m/y;
  let room = Math.max(10, columns - 1);
  let at = 0;
  while (at < line.length && room > 0) {
    pattern.lastIndex = at;
    const [colour] = pattern.exec(line) ?? [];
    at += colour?.length ?? 1;
    if (colour === undefined) room -= 1;
  }
  if (at >= line.length) return line;
  return `${line.slice(0, at)}${line.includes("\u001b") ? "\u001b[0m" : ""}`;
}
