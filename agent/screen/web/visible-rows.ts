import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Rows beyond the edge, so that scrolling and the focus find some. */
const spareRows = 4;
const columnsMax = 5;

export interface Grid {
  readonly count: number;
  readonly rowHeight: number;
  readonly columnWidthMin: number;
}

/** Which items of a grid are in sight when the page is scrolled as it is. */
export function useVisibleRows(list: RefObject<HTMLElement | null>, grid: Grid) {
  const { count, rowHeight, columnWidthMin } = grid;
  const [sight, setSight] = useState({ from: 0, height: 800, width: 0 });
  useEffect(() => {
    const look = (): void => {
      const box = list.current?.getBoundingClientRect();
      if (box) setSight({ from: -box.top, height: innerHeight, width: box.width });
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [count === 0]);
  const columns = Math.max(1, Math.min(columnsMax, Math.floor(sight.width / columnWidthMin)));
  const rowCount = Math.ceil(count / columns);
  const top = Math.max(0, Math.floor(sight.from / rowHeight) - spareRows);
  const bottom = Math.ceil((sight.from + sight.height) / rowHeight) + spareRows;
  return { first: top * columns, end: Math.max(0, bottom * columns), columns, rowCount };
}
