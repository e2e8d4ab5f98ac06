/** Lists as tables of which only the rows on the screen are there: ten thousand of them scroll like ten. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useSay } from "../../../../shared/web/preferences.ts";
import { common } from "../messages/common.ts";
import { Failure } from "./failure.tsx";
import { Loading } from "./page.tsx";
import type { Paged } from "./paged.ts";

export interface Column<T> {
  readonly title: string;
  cell(row: T): ComponentChildren;
  /** Left out on narrow screens; `wide`: shown only where there is much room. */
  readonly room?: "medium" | "wide";
  readonly align?: "end";
  /** Share of the width, of 1 for each column. */
  readonly share?: number;
}

export interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  keyOf(row: T): string;
  /** Of a list that goes on. */
  readonly paged?: Paged<T>;
  /** Said when there are no rows. */
  readonly empty?: ComponentChildren;
}

/** As in the styles. */
const rowPx = 48;
const spareRows = 8;
/** Fewer rows than this are all there. */
const wholeMax = 60;

export function Table<T>({ label, columns, rows, keyOf, paged, empty }: TableProps<T>) {
  const say = useSay();
  const body = useRef<HTMLTableSectionElement>(null);
  const [range, setRange] = useState<[number, number]>([0, wholeMax]);

  const look = () => {
    const top = body.current?.getBoundingClientRect().top ?? 0;
    const first = Math.max(0, Math.floor(-top / rowPx) - spareRows);
    const last = Math.ceil((innerHeight - top) / rowPx) + spareRows;
    setRange((before) => (before[0] === first && before[1] === last ? before : [first, last]));
    paged?.look(first, last);
  };
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    let frame = 0;
    const later = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => latest.current());
    };
    addEventListener("scroll", later, { passive: true });
    addEventListener("resize", later);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", later);
      removeEventListener("resize", later);
    };
  }, []);
  // A page of a filtered list may hold nothing and yet not be the last.
  useLayoutEffect(() => {
    if (!paged?.failure) latest.current();
  }, [rows.length, paged?.isLoading]);

  if (paged?.failure && rows.length === 0)
    return <Failure failure={paged.failure} onRetry={() => paged.reload()} />;
  if (rows.length === 0) {
    if (paged?.isLoading || paged?.hasMore) return <Loading />;
    return <p class="empty muted">{empty ?? say(common.nothingHere)}</p>;
  }
  const isWhole = rows.length <= wholeMax;
  const first = isWhole ? 0 : Math.min(range[0], rows.length);
  const last = isWhole ? rows.length : Math.min(Math.max(range[1], first), rows.length);
  const hasMore = paged?.hasMore === true;
  const shares = columns.reduce((sum, { share = 1 }) => sum + share, 0);
  return (
    <>
      {paged?.failure && <Failure failure={paged.failure} onRetry={() => paged.reload()} />}
      <table class="list" aria-label={label} aria-rowcount={hasMore ? -1 : rows.length + 1}>
        <colgroup>
          {columns.map((column) => (
            <col
              key={column.title}
              class={column.room}
              style={{ width: `${((column.share ?? 1) * 100) / shares}%` }}
            />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={classOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          <Gap rows={first} />
          {rows.slice(first, last).map((row, index) => (
            <tr key={keyOf(row)} aria-rowindex={first + index + 2}>
              {columns.map((column) => (
                <td key={column.title} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          <Gap rows={rows.length - last} />
        </tbody>
      </table>
      <p class="muted small" role="status">
        {say(hasMore ? common.shownMore : common.shown, { n: rows.length })}
      </p>
    </>
  );
}

function classOf<T>({ room, align }: Column<T>): string {
  return `${room ?? ""} ${align ?? ""}`.trim();
}

function Gap({ rows }: { rows: number }) {
  if (rows <= 0) return null;
  return <tr class="gap" aria-hidden="true" style={{ height: `${rows * rowPx}px` }} />;
}
