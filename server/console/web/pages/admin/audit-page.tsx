/** What was done through the API, by whom, and what it changed. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import type { AuditView } from "../../../../api/audit-routes.ts";
import { SelectField, TextField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Badge, Facts, Page, type Tone } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useQueryValue } from "../../core/router.ts";
import { Table } from "../../core/table.tsx";
import { auditTexts, auditResults } from "../../messages/admin.ts";
import { common } from "../../messages/common.ts";
import { nav } from "../../messages/navigation.ts";

const tones: Record<AuditView["result"], Tone> = { done: "good", refused: "warn", failed: "bad" };

export function AuditPage() {
  const say = useSay();
  const format = useFormat();
  const [operation, setOperation] = useQueryValue("operation");
  const [target, setTarget] = useQueryValue("target");
  const [result, setResult] = useQueryValue("result");
  const records = usePaged<AuditView>("/api/v1/audit", { operation, target, result }, ["audit"]);
  const [shown, setShown] = useState<AuditView>();
  return (
    <Page title={say(nav.audit)} lead={say(auditTexts.lead)}>
      <div class="filters" role="search" aria-label={say(common.filters)}>
        <TextField
          label={say(auditTexts.operation)}
          hint={say(auditTexts.operationHint)}
          value={operation}
          onValue={setOperation}
          type="search"
        />
        <TextField
          label={say(auditTexts.target)}
          hint={say(auditTexts.targetHint)}
          value={target}
          onValue={setTarget}
          type="search"
        />
        <SelectField
          label={say(auditTexts.result)}
          value={result}
          onValue={setResult}
          options={[
            ["", say(common.all)],
            ...(["done", "refused", "failed"] as const).map((one) => [one, say(auditResults[one])] as const),
          ]}
        />
      </div>
      <Table
        label={say(nav.audit)}
        rows={records.items}
        paged={records}
        keyOf={({ id }) => id}
        empty={say(operation || target || result ? common.nothingFits : common.nothingHere)}
        columns={[
          {
            title: say(auditTexts.operation),
            share: 2.4,
            cell: (record) => (
              <button class="plain mono" onClick={() => setShown(record)}>
                {record.operation}
              </button>
            ),
          },
          { title: say(common.when), cell: ({ at }) => format.age(at), room: "medium" },
          {
            title: say(auditTexts.who),
            cell: ({ keyName }) => keyName ?? say(auditTexts.unknown),
            room: "medium",
          },
          { title: say(auditTexts.target), cell: ({ target: on }) => on, share: 1.6, room: "wide" },
          {
            title: say(auditTexts.result),
            cell: ({ result: became }) => <Badge tone={tones[became]}>{say(auditResults[became])}</Badge>,
          },
        ]}
      />
      {shown && <Record of={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function Record({ of: record, onClose }: { of: AuditView; onClose: () => void }) {
  const say = useSay();
  const format = useFormat();
  const parts = [
    [auditTexts.request, record.request],
    [auditTexts.before, record.before],
    [auditTexts.after, record.after],
  ] as const;
  return (
    <Sheet title={record.operation} onClose={onClose} class="large">
      <Facts
        facts={[
          [say(common.when), format.time(record.at)],
          [say(auditTexts.who), record.keyName ?? say(auditTexts.unknown)],
          [say(auditTexts.address), record.address],
          [say(auditTexts.target), record.target],
          [
            say(auditTexts.result),
            <Badge tone={tones[record.result]}>{say(auditResults[record.result])}</Badge>,
          ],
          [say(common.code), record.code ?? "–"],
        ]}
      />
      {parts.map(
        ([title, value]) =>
          value !== null && (
            <section class="section" key={title.en}>
              <h3>{say(title)}</h3>
              <pre class="code" tabIndex={0}>
                {JSON.stringify(value, null, 2)}
              </pre>
            </section>
          ),
      )}
      <div class="sheet-buttons">
        <button class="primary" onClick={onClose}>
          {say(common.close)}
        </button>
      </div>
    </Sheet>
  );
}
