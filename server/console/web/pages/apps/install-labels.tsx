/** What became of an app, in a word or as a line of numbers. */
import { useSay, type Say } from "../../../../../shared/web/preferences.ts";
import type { AppStatus } from "../../../../api/summary-routes.ts";
import type { InstallationView } from "../../../../api/installation-view.ts";
import { Badge, type Tone } from "../../core/page.tsx";
import { labelCounts, labelNames, reasonNames } from "../../messages/installation-words.ts";

export type Label = InstallationView["label"];
export type Counts = AppStatus["devices"];
export type Reason = keyof typeof reasonNames;

const tones: Readonly<Record<Label, Tone>> = {
  Installed: "good",
  "Not Installed": "quiet",
  Failed: "bad",
  "Install Pending": "info",
  "Not Applicable": "quiet",
};
export const labels = Object.keys(tones) as Label[];

/** The worst last: it is what an admin looks for at the end of a bar. */
const kinds = ["installed", "pending", "notInstalled", "notApplicable", "failed"] as const;

export function LabelBadge({ label }: { label: Label }) {
  const say = useSay();
  return <Badge tone={tones[label]}>{say(labelNames[label])}</Badge>;
}

/** In words, largest part first to last; empty where there is nothing. */
export function countsText(say: Say, counts: Counts): string {
  return kinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => say(labelCounts[kind], { n: counts[kind] }))
    .join(" · ");
}

/** A bar of the parts, and the numbers below it. */
export function CountsBar({ counts }: { counts: Counts }) {
  const say = useSay();
  const text = countsText(say, counts);
  if (text === "") return null;
  return (
    <div class="counts">
      <div class="counts-bar" aria-hidden="true">
        {kinds.map(
          (kind) => counts[kind] > 0 && <span key={kind} class={kind} style={{ flexGrow: counts[kind] }} />,
        )}
      </div>
      <span class="small muted">{text}</span>
    </div>
  );
}

/** The reason by its own word, where the catalogue has one. */
export function reasonText(say: Say, reason: string | null): string {
  if (reason === null) return "";
  return reason in reasonNames ? say(reasonNames[reason as Reason]) : reason;
}
