/** A QR code, drawn as one path: dark on light in either theme, since phones look for that. */
import { encode } from "uqr";

interface QrCodeProps {
  readonly text: string;
  /** For who can't see it; the text itself stands beside it. */
  readonly label: string;
}

/** Light modules around it, as readers want them. */
const border = 4;

export function QrCode({ text, label }: QrCodeProps) {
  const { data, size } = encode(text, { border, ecc: "M" });
  const runs = data.flatMap((row, y) =>
    runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`),
  );
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={runs.join("")} fill="#000" />
    </svg>
  );
}

/** Dark modules that lie side by side: where they begin, and how many there are. */
function runsOf(row: readonly boolean[]): (readonly [start: number, length: number])[] {
  const runs: [number, number][] = [];
  for (const [x, isDark] of row.entries()) {
    const last = runs.at(-1);
    if (!isDark) continue;
    if (last && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  }
  return runs;
}
