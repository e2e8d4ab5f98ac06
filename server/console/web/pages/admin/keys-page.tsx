/** API keys: who may do what, and until when. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import type { KeyView, NewKeyView } from "../../../../api/key-routes.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { CopyButton, errorOf, FormSheet, SelectField, TextField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Badge, Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { serverNow } from "../../core/pulse.ts";
import { Table } from "../../core/table.tsx";
import { common, roleNames } from "../../messages/common.ts";
import { keyMessages } from "../../messages/keys.ts";
import { nav } from "../../messages/navigation.ts";

type Question = { readonly what: "add" } | { readonly what: "revoke" | "rotate"; readonly key: KeyView };

export function KeysPage() {
  const say = useSay();
  const format = useFormat();
  const keys = usePaged<KeyView>("/api/v1/keys", {}, ["keys"]);
  const [question, setQuestion] = useState<Question>();
  const [made, setMade] = useState<NewKeyView>();
  const close = () => setQuestion(undefined);
  return (
    <Page
      title={say(nav.keys)}
      lead={say(keyMessages.lead)}
      actions={
        <button class="primary" onClick={() => setQuestion({ what: "add" })}>
          {say(keyMessages.add)}
        </button>
      }
    >
      <Table
        label={say(nav.keys)}
        rows={keys.items}
        paged={keys}
        keyOf={({ id }) => id}
        columns={[
          { title: say(common.name), cell: ({ name }) => name, share: 1.5 },
          { title: say(keyMessages.role), cell: ({ role }) => say(roleNames[role]) },
          { title: say(common.state), cell: (key) => <KeyState of={key} /> },
          {
            title: say(keyMessages.lastUsed),
            room: "wide",
            cell: ({ lastUsedAt }) => (lastUsedAt === null ? say(common.never) : format.age(lastUsedAt)),
          },
          {
            title: say(keyMessages.expires),
            room: "medium",
            cell: ({ expiresAt }) => (expiresAt === null ? say(common.never) : format.date(expiresAt)),
          },
          {
            title: say(common.actions),
            share: 1.6,
            cell: (key) =>
              isInForce(key) && (
                <div class="row-actions">
                  <button class="medium" onClick={() => setQuestion({ what: "rotate", key })}>
                    {say(keyMessages.rotate)} <span class="unseen">{key.name}</span>
                  </button>
                  <button class="danger" onClick={() => setQuestion({ what: "revoke", key })}>
                    {say(keyMessages.revoke)} <span class="unseen">{key.name}</span>
                  </button>
                </div>
              ),
          },
        ]}
      />
      {question?.what === "add" && <AddKey onMade={setMade} onClose={close} />}
      {question?.what === "revoke" && <RevokeKey of={question.key} onClose={close} />}
      {question?.what === "rotate" && <RotateKey of={question.key} onMade={setMade} onClose={close} />}
      {made && !question && (
        <Sheet title={made.name} onClose={() => setMade(undefined)}>
          <p>{say(keyMessages.shownOnce, { name: made.name })}</p>
          <p class="code mono">{made.key}</p>
          <div class="sheet-buttons">
            <CopyButton text={made.key} />
            <button class="primary" onClick={() => setMade(undefined)}>
              {say(common.close)}
            </button>
          </div>
        </Sheet>
      )}
    </Page>
  );
}

function isInForce({ revokedAt, expiresAt }: KeyView): boolean {
  return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > serverNow());
}

function KeyState({ of: key }: { of: KeyView }) {
  const say = useSay();
  if (isInForce(key)) return <Badge tone="good">{say(keyMessages.inForce)}</Badge>;
  return (
    <Badge tone="quiet">{say(key.revokedAt === null ? keyMessages.expired : keyMessages.revoked)}</Badge>
  );
}

interface MakerProps {
  onMade(key: NewKeyView): void;
  onClose(): void;
}

function AddKey({ onMade, onClose }: MakerProps) {
  const say = useSay();
  const [name, setName] = useState("");
  const [role, setRole] = useState("operator");
  const [expiresOn, setExpiresOn] = useState("");
  const deed = useDeed(async (once) => {
    const expiresAt = expiresOn === "" ? null : new Date(`${expiresOn}T00:00:00`).toISOString();
    onMade(await call<NewKeyView>("POST", "/api/v1/keys", { once, body: { name, role, expiresAt } }));
  });
  return (
    <FormSheet title={say(keyMessages.add)} submit={say(common.create)} deed={deed} onClose={onClose}>
      <TextField
        label={say(common.name)}
        value={name}
        onValue={setName}
        error={errorOf(deed.failure, "name")}
        required
        data-focus
      />
      <SelectField
        label={say(keyMessages.role)}
        value={role}
        onValue={setRole}
        options={(["read-only", "operator", "admin"] as const).map((one) => [one, say(roleNames[one])])}
      />
      <TextField
        label={say(keyMessages.expires)}
        hint={say(keyMessages.expiresHint)}
        type="date"
        value={expiresOn}
        onValue={setExpiresOn}
        error={errorOf(deed.failure, "expiresAt")}
      />
    </FormSheet>
  );
}

function RevokeKey({ of: key, onClose }: { of: KeyView; onClose: () => void }) {
  const say = useSay();
  const deed = useDeed(() => call("DELETE", `/api/v1/keys/${part(key.id)}`));
  return (
    <FormSheet
      title={say(keyMessages.revokeTitle, { name: key.name })}
      submit={say(keyMessages.revoke)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
    >
      <p>{say(keyMessages.revokeText)}</p>
    </FormSheet>
  );
}

function RotateKey({ of: key, onMade, onClose }: MakerProps & { of: KeyView }) {
  const say = useSay();
  const [graceSeconds, setGraceSeconds] = useState("0");
  const deed = useDeed(async (once) => {
    const body = { graceSeconds: Number(graceSeconds) };
    onMade(await call<NewKeyView>("POST", `/api/v1/keys/${part(key.id)}/rotate`, { once, body }));
  });
  return (
    <FormSheet
      title={say(keyMessages.rotateTitle, { name: key.name })}
      submit={say(keyMessages.rotate)}
      deed={deed}
      onClose={onClose}
    >
      <SelectField
        label={say(keyMessages.grace)}
        value={graceSeconds}
        onValue={setGraceSeconds}
        options={[
          ["0", say(keyMessages.graceNone)],
          ["3600", say(keyMessages.graceHour)],
          ["86400", say(keyMessages.graceDay)],
        ]}
      />
    </FormSheet>
  );
}
