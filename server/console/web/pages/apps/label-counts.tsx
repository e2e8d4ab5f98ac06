/** How many installations there are of each label: of one app, or of all. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { AppSummary } from "../../../../api/summary-routes.ts";
import { part } from "../../core/api.ts";
import { useFormat } from "../../core/format.ts";
import { latestPulse, onPulse, type Pulse } from "../../core/pulse.ts";
import { useResource } from "../../core/resource.ts";
import { href } from "../../core/router.ts";
import { labelNames } from "../../messages/installation-words.ts";
import { useEffect, useState } from "preact/hooks";
import { labels, type Counts } from "./install-labels.tsx";

const fields = {
  Installed: "installed",
  "Not Installed": "notInstalled",
  Failed: "failed",
  "Install Pending": "pending",
  "Not Applicable": "notApplicable",
} as const;

export function LabelCounts({ adamId }: { adamId: string }) {
  const say = useSay();
  const format = useFormat();
  const pulse = useLatestPulse();
  const ofApp = useResource<AppSummary>(adamId === "" ? null : `/api/v1/apps/${part(adamId)}/summary`, [
    "installations",
  ]);
  const counts: Counts | undefined = adamId === "" ? pulse?.installations : ofApp.data?.devices;
  if (!counts) return null;
  return (
    <dl class="figures section">
      {labels.map((label) => (
        <div key={label} class={label === "Failed" && counts.failed > 0 ? "bad" : ""}>
          <dt>
            <a href={href("/installations", { label, adamId })}>{say(labelNames[label])}</a>
          </dt>
          <dd>{format.number(counts[fields[label]])}</dd>
        </div>
      ))}
    </dl>
  );
}

function useLatestPulse(): Pulse | undefined {
  const [pulse, setPulse] = useState(latestPulse);
  useEffect(() => onPulse(setPulse), []);
  return pulse;
}
