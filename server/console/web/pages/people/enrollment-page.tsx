/** Links by which phones come under management. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import type { EnrollmentTokenView, NewEnrollmentToken } from "../../../../api/enrollment-routes.ts";
import { call } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { CopyButton, errorOf, FormSheet, SelectField, TextField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Badge, Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { serverNow } from "../../core/pulse.ts";
import { useQueryValue } from "../../core/router.ts";
import { For, useMay } from "../../core/session.tsx";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { enrollmentKinds } from "../../messages/devices.ts";
import { enrollmentMessages } from "../../messages/enrollment.ts";
import { nav } from "../../messages/navigation.ts";
import { UserLink } from "../apps/links.tsx";
import { kinds } from "./devices-page.tsx";
import { QrCode } from "./qr-code.tsx";
import { UserField } from "./typed-fields.tsx";

/** In the address, for one without a user. */
const nobody = "-";

export function EnrollmentPage() {
  const say = useSay();
  const format = useFormat();
  const mayAdd = useMay("admin");
  const [adding, setAdding] = useQueryValue("new");
  const [made, setMade] = useState<NewEnrollmentToken>();
  const links = usePaged<EnrollmentTokenView>("/api/v1/enrollment-tokens", {}, ["enrollmentTokens"]);
  return (
    <Page
      title={say(nav.enrollment)}
      lead={say(enrollmentMessages.lead)}
      actions={
        <For role="admin">
          <button class="primary" onClick={() => setAdding(nobody)}>
            {say(enrollmentMessages.add)}
          </button>
        </For>
      }
    >
      <Table
        label={say(nav.enrollment)}
        rows={links.items}
        paged={links}
        keyOf={({ id }) => id}
        empty={say(enrollmentMessages.none)}
        columns={[
          {
            title: say(common.user),
            share: 1.3,
            cell: ({ userId }) =>
              userId === null ? say(enrollmentMessages.noUser) : <UserLink id={userId} />,
          },
          {
            title: say(enrollmentMessages.kind),
            share: 1.4,
            room: "medium",
            cell: ({ kind }) => say(enrollmentKinds[kind]),
          },
          { title: say(common.state), share: 1.3, cell: (link) => <LinkState of={link} /> },
          {
            title: say(enrollmentMessages.expires),
            room: "medium",
            cell: ({ expiresAt }) => format.age(expiresAt),
          },
          {
            title: say(enrollmentMessages.usesLeft),
            align: "end",
            share: 0.8,
            cell: ({ usesLeft }) => usesLeft,
          },
          {
            title: say(enrollmentMessages.createdAt),
            room: "wide",
            cell: ({ createdAt }) => format.age(createdAt),
          },
        ]}
      />
      {mayAdd && adding !== "" && (
        <AddLink userId={adding === nobody ? "" : adding} onMade={setMade} onClose={() => setAdding("")} />
      )}
      {made && adding === "" && <NewLink of={made} onClose={() => setMade(undefined)} />}
    </Page>
  );
}

function LinkState({ of: { expiresAt, usesLeft } }: { of: EnrollmentTokenView }) {
  const say = useSay();
  if (usesLeft === 0) return <Badge tone="quiet">{say(enrollmentMessages.used)}</Badge>;
  if (Date.parse(expiresAt) <= serverNow())
    return <Badge tone="quiet">{say(enrollmentMessages.expired)}</Badge>;
  return <Badge tone="good">{say(enrollmentMessages.good)}</Badge>;
}

interface AddLinkProps {
  readonly userId: string;
  onMade(link: NewEnrollmentToken): void;
  onClose(): void;
}

function AddLink({ userId: given, onMade, onClose }: AddLinkProps) {
  const say = useSay();
  const [kind, setKind] = useState<string>("user");
  const [userId, setUserId] = useState(given);
  const [hours, setHours] = useState("24");
  const [uses, setUses] = useState("1");
  const deed = useDeed(async (once) => {
    const owner = userId.trim();
    const body = {
      kind,
      userId: owner === "" ? null : owner,
      expiresInHours: Number(hours),
      uses: Number(uses),
    };
    onMade(await call<NewEnrollmentToken>("POST", "/api/v1/enrollment-tokens", { once, body }));
  });
  return (
    <FormSheet
      title={say(enrollmentMessages.addTitle)}
      submit={say(common.create)}
      deed={deed}
      onClose={onClose}
    >
      <UserField
        label={say(common.user)}
        hint={say(enrollmentMessages.userHint)}
        value={userId}
        onValue={setUserId}
        error={errorOf(deed.failure, "userId")}
        isFocused
      />
      <SelectField
        label={say(enrollmentMessages.kind)}
        value={kind}
        onValue={setKind}
        options={kinds.map((one) => [one, say(enrollmentKinds[one])])}
      />
      <TextField
        label={say(enrollmentMessages.hours)}
        type="number"
        min={0}
        step="any"
        value={hours}
        onValue={setHours}
        error={errorOf(deed.failure, "expiresInHours")}
        required
      />
      <TextField
        label={say(enrollmentMessages.uses)}
        type="number"
        min={1}
        step={1}
        value={uses}
        onValue={setUses}
        error={errorOf(deed.failure, "uses")}
        required
      />
    </FormSheet>
  );
}

function NewLink({ of: { url, expiresAt }, onClose }: { of: NewEnrollmentToken; onClose: () => void }) {
  const say = useSay();
  const format = useFormat();
  return (
    <Sheet title={say(enrollmentMessages.addTitle)} onClose={onClose}>
      <p>{say(enrollmentMessages.shownOnce)}</p>
      <QrCode text={url} label={say(enrollmentMessages.qrCode)} />
      <p class="code mono">{url}</p>
      <p class="muted small">{say(enrollmentMessages.until, { time: format.time(expiresAt) })}</p>
      <div class="sheet-buttons">
        <CopyButton text={url} />
        <button class="primary" onClick={onClose}>
          {say(common.close)}
        </button>
      </div>
    </Sheet>
  );
}
