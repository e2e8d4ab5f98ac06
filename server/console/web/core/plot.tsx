/** A plot that moves: the last five minutes of some figures. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { usePreferences, useSay } from "../../../../shared/web/preferences.ts";
import { dashboard } from "../messages/dashboard.ts";

export interface Series {
  readonly label: string;
  /** A colour of the styles: `--good`. */
  readonly color: string;
}

/** The times (seconds) and for each series its values. Changed in place: a new object each time it is to be drawn. */
export type PlotData = readonly [times: number[], ...values: number[][]];

interface PlotProps {
  readonly title: string;
  readonly series: readonly Series[];
  readonly data: PlotData;
  /** The left edge and the right one, in seconds. */
  readonly from: number;
  readonly now: number;
}

export function Plot({ title, series, data, from, now }: PlotProps) {
  const say = useSay();
  const { language, theme } = usePreferences();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const edges = useRef<[number, number]>([from, now]);
  edges.current = [from, now];

  useEffect(() => {
    const box = place.current;
    if (!box) return undefined;
    // A canvas knows no variables, and a variable doesn't know whether it is light or dark.
    const color = (name: string) => {
      box.style.color = `var(${name})`;
      return getComputedStyle(box).color;
    };
    const axis = {
      stroke: color("--muted"),
      grid: { stroke: color("--line"), width: 1 },
      ticks: { show: false },
    };
    const size = () => ({ width: Math.max(200, box.clientWidth), height: 180 });
    const made = new uPlot(
      {
        ...size(),
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: () => edges.current },
          y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] },
        },
        axes: [
          {
            ...axis,
            space: 90,
            incrs: [10, 30, 60, 120],
            values: (_plot, times) =>
              times.map((time) =>
                new Date(time * 1_000).toLocaleTimeString(language, { timeStyle: "medium" }),
              ),
          },
          {
            ...axis,
            size: 56,
            values: (_plot, values) =>
              values.map((value) => (Number.isInteger(value) ? value.toLocaleString(language) : "")),
          },
        ],
        series: [
          {},
          ...series.map((one) => ({
            label: one.label,
            stroke: color(one.color),
            width: 2,
            fill: `color-mix(in srgb, ${color(one.color)} 12%, transparent)`,
            points: { show: false },
          })),
        ],
      },
      data as unknown as uPlot.AlignedData,
      box,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize(size()));
    observer.observe(box);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [language, theme, series.map(({ label }) => label).join()]);
  useEffect(() => plot.current?.setData(data as unknown as uPlot.AlignedData), [data]);

  const values = series
    .map(
      ({ label }, index) => `${Math.round(data[index + 1]?.at(-1) ?? 0).toLocaleString(language)} ${label}`,
    )
    .join(", ");
  return (
    <figure class="plot">
      <div ref={place} role="img" aria-label={say(dashboard.plotOf, { title, values })} />
      <figcaption>
        {series.map((one, index) => (
          <span class="key" key={one.label}>
            <span class="dot" style={{ background: `var(${one.color})` }} />
            {one.label} <strong>{Math.round(data[index + 1]?.at(-1) ?? 0).toLocaleString(language)}</strong>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
