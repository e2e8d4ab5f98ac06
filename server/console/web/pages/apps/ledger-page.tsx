/** The ledger: every movement of a licence, and whether the books agree with Apple's. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { LedgerEntry } from "../../../../api/ledger-routes.ts";
import { part } from "../../core/api.ts";
import { Field, SelectField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Badge, Page, type Tone } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { href, useQueryValue } from "../../core/router.ts";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { installationMessages } from "../../messages/installations.ts";
import { ledgerMessages, movementReasons } from "../../messages/ledger.ts";
import { nav } from "../../messages/navigation.ts";
import { Filters } from "./filters.tsx";
import { Holder } from "./holder.tsx";
import { IdField } from "./id-field.tsx";
import { reasonText } from "./install-labels.tsx";
import { LedgerCheck } from "./ledger-check.tsx";
import { InstallationLink } from "./links.tsx";
import { appName, appOptions, useApps } from "./names.ts";

const kinds = {
  taken: ["info", ledgerMessages.taken],
  returned: ["good", ledgerMessages.returned],
  refused: ["bad", ledgerMessages.refused],
  kept: ["warn", ledgerMessages.kept],
} as const satisfies Record<LedgerEntry["kind"], readonly [Tone, unknown]>;

export function LedgerPage() {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  const [kind, setKind] = useQueryValue("kind");
  const [adamId, setAdamId] = useQueryValue("adamId");
  const [userId, setUserId] = useQueryValue("userId");
  const [from, setFrom] = useQueryValue("from");
  const [to, setTo] = useQueryValue("to");
  const [checks, setChecks] = useState(0);
  const filters = { kind, adamId, userId, from: startOf(from), to: startOf(to, 1) };
  const movements = usePaged<LedgerEntry>("/api/v1/ledger", filters, ["licenses"]);
  return (
    <Page
      title={say(nav.ledger)}
      lead={say(ledgerMessages.lead)}
      actions={
        <button class="primary" onClick={() => setChecks(checks + 1)}>
          {say(ledgerMessages.check)}
        </button>
      }
    >
      {checks > 0 && <LedgerCheck key={checks} />}
      <Filters>
        <SelectField
          label={say(ledgerMessages.kind)}
          value={kind}
          onValue={setKind}
          options={[
            ["", say(common.all)],
            ...Object.entries(kinds).map(([one, [, message]]) => [one, say(message)] as const),
          ]}
        />
        <SelectField
          label={say(common.app)}
          value={adamId}
          onValue={setAdamId}
          options={[["", say(common.all)], ...appOptions(apps)]}
        />
        <IdField label={say(installationMessages.userId)} value={userId} onValue={setUserId} />
        <DateField label={say(ledgerMessages.from)} value={from} onValue={setFrom} />
        <DateField label={say(ledgerMessages.to)} value={to} onValue={setTo} />
      </Filters>
      <Table
        label={say(nav.ledger)}
        rows={movements.items}
        paged={movements}
        keyOf={({ id }) => id}
        empty={say(Object.values(filters).some(Boolean) ? common.nothingFits : ledgerMessages.none)}
        columns={[
          {
            title: say(common.when),
            share: 1.2,
            cell: ({ at, installationId }) =>
              installationId === null ? (
                <span class="wrap small">{format.time(at)}</span>
              ) : (
                <span class="wrap small">
                  <InstallationLink id={installationId}>{format.time(at)}</InstallationLink>
                </span>
              ),
          },
          {
            title: say(ledgerMessages.kind),
            cell: (movement) => <Badge tone={kinds[movement.kind][0]}>{say(kinds[movement.kind][1])}</Badge>,
          },
          { title: say(ledgerMessages.holder), cell: (movement) => <Holder of={movement} /> },
          { title: say(common.app), room: "medium", cell: (movement) => appName(apps, movement.adamId) },
          {
            title: say(common.reason),
            room: "medium",
            share: 1.6,
            cell: ({ reason }) =>
              reason in movementReasons
                ? say(movementReasons[reason as keyof typeof movementReasons])
                : reasonText(say, reason),
          },
          {
            title: say(ledgerMessages.act),
            room: "wide",
            cell: ({ actId }) =>
              actId !== null && <a href={href(`/licenses/acts/${part(actId)}`)}>{say(common.view)}</a>,
          },
        ]}
      />
    </Page>
  );
}

/** The beginning of a day by the browser's clock, so many days later; undefined without a day. */
function startOf(day: string, later = 0): string | undefined {
  if (day === "") return undefined;
  const time = new Date(`${day}T00:00:00`);
  time.setDate(time.getDate() + later);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

interface DateFieldProps {
  readonly label: string;
  readonly value: string;
  onValue(value: string): void;
}

function DateField({ label, value, onValue }: DateFieldProps) {
  return (
    <Field label={label}>
      {(attributes) => (
        <input
          {...attributes}
          type="date"
          value={value}
          onChange={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
    </Field>
  );
}
