/** Plots as inline SVG, stretched to the width that there is; axes and legend are text beside it, so that they stay readable at any width. */
import { formatDuration } from "../scenarios/duration.ts";
import type { CoursePoint } from "./course.ts";
import { html, Markup, type Content } from "./markup.ts";

const width = 1_000;
const height = 200;
/** More points than this nobody sees. */
const pointsMax = 400;
const ticks = [0, 0.25, 0.5, 0.75, 1] as const;

export interface Series {
  readonly key: string;
  readonly label: string;
  /** Class that gives it its colour. */
  readonly tone: string;
  /** `area`s lie on one another, in order; a `line` stands by itself. */
  readonly shape: "area" | "line" | "dashed";
}

export interface Plot {
  readonly id: string;
  readonly title: string;
  /** What is to be seen, for those who can't. */
  readonly description: string;
  readonly series: readonly Series[];
  readonly points: readonly CoursePoint[];
  /** The span that is drawn, by the lab's clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the page's script needs to read values off a plot. */
export interface PlotData {
  readonly id: string;
  readonly labels: readonly string[];
  /** Each `[ms since fromMs, value of each series…]`. */
  readonly points: readonly (readonly number[])[];
  readonly spanMs: number;
}

export function plotData(plot: Plot): PlotData {
  return {
    id: plot.id,
    labels: plot.series.map(({ label }) => label),
    points: thinned(plot.points).map(({ atMs, values }) => [
      atMs - plot.fromMs,
      ...plot.series.map(({ key }) => values[key] ?? 0),
    ]),
    spanMs: plot.toMs - plot.fromMs,
  };
}

/** Twice: by the clock, and with the changes evenly spread, which shows what happened in a busy minute. */
export function plotMarkup(plot: Plot): Markup {
  const points = thinned(plot.points);
  const top = niceCeiling(Math.max(1, ...points.map((point) => highest(plot.series, point))));
  const span = Math.max(1, plot.toMs - plot.fromMs);
  const byClock = ({ atMs }: CoursePoint) => (atMs - plot.fromMs) / span;
  const byChange = (_: CoursePoint, index: number) => index / Math.max(1, points.length);
  const timeAtChange = (at: number) => {
    const point = points[Math.min(points.length - 1, Math.floor(at * points.length))];
    return point ? point.atMs - plot.fromMs : 0;
  };
  return html`<figure class="plot" data-plot="${plot.id}">
    <figcaption>${plot.title}</figcaption>
    <ul class="legend">
      ${plot.series.map(
        ({ label, tone, shape }) =>
          html`<li class="${tone} ${shape}"><span class="swatch"></span>${label}</li>`,
      )}
    </ul>
    ${chart(plot, points, top, "clock", byClock, (at) => at * span)}
    ${chart(plot, points, top, "change", byChange, timeAtChange)}
    <p class="reading" aria-live="polite"></p>
  </figure>`;
}

function chart(
  plot: Plot,
  points: readonly CoursePoint[],
  top: number,
  scale: "clock" | "change",
  place: (point: CoursePoint, index: number) => number,
  timeAt: (at: number) => number,
): Markup {
  const places = points.map(place);
  const base = points.map(() => 0);
  const shapes: Content[] = [];
  for (const { key, tone, shape } of plot.series) {
    const values = points.map(({ values }) => values[key] ?? 0);
    if (shape === "area") {
      const upper = values.map((value, index) => value + (base[index] ?? 0));
      shapes.push(html`<path class="area ${tone}" d="${areaPath(places, upper, base, top)}" />`);
      for (const [index, value] of upper.entries()) base[index] = value;
    } else shapes.push(html`<path class="${shape} ${tone}" d="${stepPath(places, values, top)}" />`);
  }
  return html`<div
    class="chart scale-${scale}"
    data-scale="${scale}"
    tabindex="0"
    role="group"
    aria-label="${plot.title}: arrow keys read the values"
  >
    <div class="y-axis" aria-hidden="true"><span>${top}</span><span>${top / 2}</span><span>0</span></div>
    <div class="canvas">
      <svg
        viewBox="0 0 ${width} ${height}"
        preserveAspectRatio="none"
        role="img"
        aria-label="${plot.description}"
      >
        <path class="grid" d="M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}" />
        ${shapes}
      </svg>
      <div class="cursor" hidden></div>
    </div>
    <div class="x-axis" aria-hidden="true">${tickLabels(timeAt)}</div>
  </div>`;
}

function highest(series: readonly Series[], { values }: CoursePoint): number {
  const areas = series.filter(({ shape }) => shape === "area");
  const stacked = areas.reduce((sum, { key }) => sum + (values[key] ?? 0), 0);
  return Math.max(stacked, ...series.map(({ key }) => values[key] ?? 0));
}

/** Each value holds until the next point. */
function stepPath(places: readonly number[], values: readonly number[], top: number): string {
  return `M${steps(places, values, top).join("L")}`;
}

function areaPath(
  places: readonly number[],
  upper: readonly number[],
  lower: readonly number[],
  top: number,
): string {
  if (places.length === 0) return "M0 0";
  return `M${[...steps(places, upper, top), ...steps(places, lower, top).reverse()].join("L")}Z`;
}

function steps(places: readonly number[], values: readonly number[], top: number): string[] {
  const corners: string[] = [];
  for (const [index, place] of places.entries()) {
    const y = round(height * (1 - (values[index] ?? 0) / top));
    corners.push(`${round(width * place)} ${y}`, `${round(width * (places[index + 1] ?? 1))} ${y}`);
  }
  return corners.length === 0 ? ["0 0"] : corners;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function thinned(points: readonly CoursePoint[]): readonly CoursePoint[] {
  if (points.length <= pointsMax) return points;
  const step = (points.length - 1) / (pointsMax - 1);
  return Array.from({ length: pointsMax }, (_, index) => points[Math.round(index * step)]).filter(
    (point) => point !== undefined,
  );
}

/** The next of 2, 4, 6, 8, 10, 20, 40, …: half of it is a whole number. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 6, 8, 10].find((one) => one * power >= value) ?? 10;
  const top = factor * power;
  return top === 1 ? 2 : top;
}

/** A time that would stand beside itself stands once. */
function tickLabels(timeAt: (at: number) => number): Markup[] {
  const labels = ticks.map((at) => tickWords(timeAt(at)));
  return labels.map((label, index) => html`<span>${label === labels[index - 1] ? "" : label}</span>`);
}

/** Two units are enough beside an axis. */
function tickWords(ms: number): string {
  const unit =
    ms >= 86_400_000 ? 3_600_000 : ms >= 3_600_000 ? 60_000 : ms >= 60_000 ? 1_000 : ms >= 10_000 ? 100 : 1;
  const rounded = Math.round(ms / unit) * unit;
  if (rounded >= 1_000 && rounded < 60_000) return `+${rounded / 1_000}s`;
  return rounded === 0 ? "0" : `+${formatDuration(rounded)}`;
}
