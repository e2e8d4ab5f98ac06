/** How far a revoke or reclaim has come, and what became of single licences. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { LicenseActView } from "../../../../api/license-routes.ts";
import { Badge, type Tone } from "../../core/page.tsx";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { licenseMessages } from "../../messages/licenses.ts";
import { appName, useApps } from "./names.ts";
import { Holder } from "./holder.tsx";

const outcomes = {
  done: ["good", licenseMessages.outcomeDone],
  failed: ["bad", licenseMessages.outcomeFailed],
  pending: ["info", licenseMessages.outcomePending],
} as const satisfies Record<string, readonly [Tone, unknown]>;

export function ActProgress({ act }: { act: LicenseActView }) {
  const say = useSay();
  return (
    <>
      <progress
        max={Math.max(1, act.asked)}
        value={act.asked === 0 && act.finishedAt !== null ? 1 : act.done + act.failed}
        aria-label={say(licenseMessages.progress)}
      />
      <p role="status">{progressText(say, act)}</p>
    </>
  );
}

export function progressText(
  say: ReturnType<typeof useSay>,
  { done, asked, failed, pending }: LicenseActView,
): string {
  return [
    say(licenseMessages.doneOf, { done, asked }),
    ...(failed > 0 ? [say(licenseMessages.failedOf, { n: failed })] : []),
    ...(pending > 0 ? [say(licenseMessages.pendingOf, { n: pending })] : []),
  ].join(" · ");
}

export function ActItems({ act }: { act: LicenseActView }) {
  const say = useSay();
  const apps = useApps();
  return (
    <Table
      label={say(licenseMessages.single)}
      rows={act.items}
      keyOf={({ userId, serialNumber, adamId }) => `${userId ?? serialNumber} ${adamId}`}
      columns={[
        { title: say(licenseMessages.holder), cell: (item) => <Holder of={item} /> },
        { title: say(common.app), room: "medium", cell: ({ adamId }) => appName(apps, adamId) },
        {
          title: say(licenseMessages.outcome),
          cell: ({ outcome }) => <Badge tone={outcomes[outcome][0]}>{say(outcomes[outcome][1])}</Badge>,
        },
        {
          title: say(licenseMessages.detail),
          room: "medium",
          share: 2.5,
          cell: ({ code, message }) => (
            <span lang="en" title={message}>
              {code !== null && <code>{code}</code>} {message}
            </span>
          ),
        },
      ]}
    />
  );
}
