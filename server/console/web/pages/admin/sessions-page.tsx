/** Who is signed in, from where, and the way to end it. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { SessionView } from "../../../../api/session-routes.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { FormSheet } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Badge, Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { Table } from "../../core/table.tsx";
import { sessionTexts } from "../../messages/admin.ts";
import { common, roleNames } from "../../messages/common.ts";
import { nav } from "../../messages/navigation.ts";

export function SessionsPage() {
  const say = useSay();
  const format = useFormat();
  const sessions = usePaged<SessionView>("/api/v1/sessions", {}, ["sessions", "keys"]);
  const [ending, setEnding] = useState<SessionView>();
  return (
    <Page title={say(nav.sessions)} lead={say(sessionTexts.lead)}>
      <Table
        label={say(nav.sessions)}
        rows={sessions.items}
        paged={sessions}
        keyOf={({ id }) => id}
        columns={[
          {
            title: say(sessionTexts.key),
            share: 1.6,
            cell: ({ keyName, role }) => (
              <>
                {keyName} <span class="muted">{say(roleNames[role])}</span>
              </>
            ),
          },
          { title: say(sessionTexts.began), room: "wide", cell: ({ createdAt }) => format.age(createdAt) },
          {
            title: say(sessionTexts.lastSeen),
            room: "medium",
            cell: ({ lastSeenAt }) => format.age(lastSeenAt),
          },
          { title: say(sessionTexts.ends), room: "wide", cell: ({ expiresAt }) => format.age(expiresAt) },
          { title: say(sessionTexts.address), room: "medium", cell: ({ address }) => address },
          {
            title: say(sessionTexts.browser),
            room: "wide",
            share: 1.6,
            cell: ({ userAgent }) => <span title={userAgent ?? ""}>{userAgent}</span>,
          },
          {
            title: say(common.actions),
            cell: (session) =>
              session.current ? (
                <Badge tone="info">{say(sessionTexts.this)}</Badge>
              ) : (
                <button class="danger" onClick={() => setEnding(session)}>
                  {say(sessionTexts.end)} <span class="unseen">{session.keyName}</span>
                </button>
              ),
          },
        ]}
      />
      {ending && <EndSession of={ending} onClose={() => setEnding(undefined)} />}
    </Page>
  );
}

function EndSession({ of: session, onClose }: { of: SessionView; onClose: () => void }) {
  const say = useSay();
  const deed = useDeed(() => call("DELETE", `/api/v1/sessions/${part(session.id)}`));
  return (
    <FormSheet
      title={say(sessionTexts.endTitle)}
      submit={say(sessionTexts.end)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
    >
      <p>{say(sessionTexts.endText, { address: session.address })}</p>
    </FormSheet>
  );
}
