/** Synchronising with Apple: now, with progress and result, and how it went before. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Sync } from "../../../../api/sync-routes.ts";
import { call } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { Failure, failureMessage } from "../../core/failure.tsx";
import { useFormat } from "../../core/format.ts";
import { Badge, type Tone } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { syncResults, syncTriggers, vpp } from "../../messages/vpp.ts";

const tones: Record<Sync["result"], Tone> = { running: "info", completed: "good", failed: "bad" };

export function SyncNow() {
  const say = useSay();
  const [last, setLast] = useState<Sync>();
  const deed = useDeed(async () => setLast(await call<Sync>("POST", "/api/v1/vpp/sync")));
  return (
    <div class="sync-now">
      <button class="primary" disabled={deed.isUnderWay} onClick={() => void deed.run()}>
        {say(deed.isUnderWay ? vpp.syncing : vpp.syncNow)}
      </button>
      <div role="status" class="small">
        {!deed.isUnderWay && last?.result === "completed" && (
          <span>{say(vpp.syncDone, { apps: last.apps, users: last.users, licenses: last.licenses })}</span>
        )}
        {!deed.isUnderWay && last?.result === "failed" && (
          <span class="hint error">
            {say(vpp.syncFailed)} {say(failureMessage(last.errorCode ?? ""))} <code>{last.errorCode}</code>
          </span>
        )}
      </div>
      <Failure failure={deed.failure} />
    </div>
  );
}

export function SyncHistory() {
  const say = useSay();
  const format = useFormat();
  const syncs = usePaged<Sync>("/api/v1/vpp/syncs", {}, ["syncs"]);
  return (
    <section class="section">
      <h2>{say(vpp.history)}</h2>
      <Table
        label={say(vpp.history)}
        rows={syncs.items}
        paged={syncs}
        keyOf={({ id }) => id}
        columns={[
          { title: say(common.when), cell: ({ startedAt }) => format.stamp(startedAt), share: 1.2 },
          {
            title: say(vpp.result),
            cell: ({ result, errorCode }) => (
              <>
                <Badge tone={tones[result]}>{say(syncResults[result])}</Badge>{" "}
                {errorCode !== null && <code>{errorCode}</code>}
              </>
            ),
            share: 1.3,
          },
          { title: say(vpp.trigger), room: "medium", cell: ({ trigger }) => say(syncTriggers[trigger]) },
          {
            title: say(vpp.read),
            room: "medium",
            share: 2,
            cell: ({ apps, users, licenses }) => say(vpp.readCounts, { apps, users, licenses }),
          },
          {
            title: say(vpp.foreignColumn),
            room: "wide",
            share: 1.3,
            cell: ({ foreignUsers, foreignLicenses }) =>
              say(vpp.foreignCounts, { users: foreignUsers, licenses: foreignLicenses }),
          },
          {
            title: say(vpp.lost),
            room: "wide",
            align: "end",
            cell: ({ lostUsers, lostLicenses }) => format.number(lostUsers + lostLicenses),
          },
          {
            title: say(vpp.duration),
            room: "wide",
            align: "end",
            cell: ({ durationMs }) =>
              durationMs === null ? "–" : say(vpp.seconds, { n: Math.round(durationMs / 100) / 10 }),
          },
        ]}
      />
    </section>
  );
}
