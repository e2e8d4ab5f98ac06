/** Our books against Apple's, as of one moment. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { LedgerCheckView } from "../../../../api/ledger-routes.ts";
import { Failure } from "../../core/failure.tsx";
import { useFormat } from "../../core/format.ts";
import { Facts } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { Table } from "../../core/table.tsx";
import { appMessages } from "../../messages/apps.ts";
import { common } from "../../messages/common.ts";
import { ledgerMessages } from "../../messages/ledger.ts";
import { Holder } from "./holder.tsx";
import { appName, useApps } from "./names.ts";

const fields = {
  total: ledgerMessages.fieldTotal,
  assigned: ledgerMessages.fieldAssigned,
  available: ledgerMessages.fieldAvailable,
} as const;

/** Asks Apple when it is shown, and not again by itself. */
export function LedgerCheck() {
  const say = useSay();
  const {
    data: check,
    failure,
    isLoading,
    reload,
  } = useResource<LedgerCheckView>("/api/v1/ledger/check", []);
  return (
    <section class="card section check" aria-labelledby="ledger-check">
      <h2 id="ledger-check">{say(ledgerMessages.checkTitle)}</h2>
      <div role="status">
        {isLoading && <p class="muted">{say(ledgerMessages.checking)}</p>}
        {check && <Verdict check={check} />}
      </div>
      {failure && !isLoading && <Failure failure={failure} onRetry={reload} />}
      {check && <Findings check={check} />}
    </section>
  );
}

function Verdict({ check }: { check: LedgerCheckView }) {
  const say = useSay();
  const isWell = check.drift === 0 && check.violations.length === 0;
  if (isWell) return <p class="notice good">{say(ledgerMessages.agree)}</p>;
  return (
    <div class="notice bad">
      {check.drift > 0 && <p>{say(ledgerMessages.driftText, { n: check.drift })}</p>}
      {check.violations.length > 0 && (
        <>
          <h3>{say(ledgerMessages.violations)}</h3>
          <ul lang="en">
            {check.violations.map((violation) => (
              <li key={violation}>{violation}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Findings({ check }: { check: LedgerCheckView }) {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  return (
    <>
      <Facts
        facts={[
          [say(ledgerMessages.checkedAt), format.time(check.checkedAt)],
          [
            say(ledgerMessages.viewAge),
            check.viewReadAt === null
              ? say(ledgerMessages.neverRead)
              : format.age(check.viewReadAt, Date.parse(check.checkedAt)),
          ],
          [say(ledgerMessages.drift), format.number(check.drift)],
          [say(ledgerMessages.violations), format.number(check.violations.length)],
        ]}
      />
      {check.differences.length > 0 && (
        <section class="section">
          <h3>{say(ledgerMessages.differences)}</h3>
          <Table
            label={say(ledgerMessages.differences)}
            rows={check.differences}
            keyOf={({ adamId, userId, serialNumber, clientUserIdStr }) =>
              `${userId ?? serialNumber ?? clientUserIdStr} ${adamId}`
            }
            columns={[
              { title: say(ledgerMessages.holder), cell: (one) => <Holder of={one} /> },
              { title: say(common.app), cell: ({ adamId }) => appName(apps, adamId) },
              { title: say(ledgerMessages.here), cell: ({ here }) => <YesNo is={here} /> },
              { title: say(ledgerMessages.atApple), cell: ({ atApple }) => <YesNo is={atApple} /> },
            ]}
          />
        </section>
      )}
      {check.countDifferences.length > 0 && (
        <section class="section">
          <h3>{say(ledgerMessages.countDifferences)}</h3>
          <Table
            label={say(ledgerMessages.countDifferences)}
            rows={check.countDifferences}
            keyOf={({ adamId, field }) => `${adamId} ${field}`}
            columns={[
              { title: say(common.app), cell: ({ adamId }) => appName(apps, adamId) },
              { title: say(ledgerMessages.field), cell: ({ field }) => say(fields[field]) },
              { title: say(ledgerMessages.here), align: "end", cell: ({ here }) => here },
              { title: say(ledgerMessages.atApple), align: "end", cell: ({ atApple }) => atApple },
            ]}
          />
        </section>
      )}
      <section class="section">
        <h3>{say(ledgerMessages.byApp)}</h3>
        <Table
          label={say(ledgerMessages.byApp)}
          rows={check.lines}
          keyOf={({ adamId }) => adamId}
          columns={[
            { title: say(common.app), share: 1.5, cell: ({ name }) => name },
            { title: say(appMessages.owned), room: "medium", align: "end", cell: ({ total }) => total },
            {
              title: say(appMessages.available),
              room: "medium",
              align: "end",
              cell: ({ available }) => available,
            },
            { title: say(ledgerMessages.here), align: "end", cell: ({ heldHere }) => heldHere },
            { title: say(ledgerMessages.atApple), align: "end", cell: ({ heldAtApple }) => heldAtApple },
            {
              title: say(ledgerMessages.foreign),
              room: "wide",
              align: "end",
              cell: ({ foreign }) => foreign,
            },
            {
              title: say(ledgerMessages.stranded),
              room: "wide",
              align: "end",
              cell: ({ stranded }) => stranded,
            },
          ]}
        />
      </section>
    </>
  );
}

function YesNo({ is }: { is: boolean }) {
  const say = useSay();
  return <>{say(is ? common.yesFact : common.noFact)}</>;
}
