/** What the bench found, for people and for programs. */

export interface Goal {
  readonly at: "least" | "most";
  readonly value: number;
}

export interface Figure {
  /** Stable, for programs. */
  readonly id: string;
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  /** How it was got: conditions, and what counts. */
  readonly how: string;
  /** Without one it explains another figure. */
  readonly goal?: Goal;
}

export interface Report {
  readonly machine: string;
  readonly seconds: number;
  readonly figures: readonly Figure[];
}

/** Undefined for a figure that has no goal. */
export function isMet({ value, goal }: Figure): boolean | undefined {
  if (goal === undefined) return undefined;
  return goal.at === "least" ? value >= goal.value : value <= goal.value;
}

export function renderReport(report: Report): string {
  const lines = [`Pippin's bench on ${report.machine}, ${report.seconds.toFixed(0)} s`, ""];
  for (const figure of report.figures) {
    const { title, value, unit, goal, how } = figure;
    const met = isMet(figure);
    const amount = `${format(value)}${unit === "" ? "" : ` ${unit}`}`;
    const verdict =
      goal === undefined || met === undefined
        ? ""
        : `   goal: at ${goal.at} ${format(goal.value)}: ${met ? "met" : "MISSED"}`;
    lines.push(`${title}: ${amount}${verdict}`, ...wrap(how, 100).map((line) => `    ${line}`));
  }
  return lines.join("\n");
}

export function reportJson(report: Report): string {
  const figures = report.figures.map((figure) => {
    const met = isMet(figure);
    return { ...figure, ...(met === undefined ? {} : { met }) };
  });
  return JSON.stringify({ ...report, figures });
}

/** Three digits say all that a measurement on a shared machine can. */
function format(value: number): string {
  if (value === 0 || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
