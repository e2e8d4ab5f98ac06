/** The users whom an app concerns, with what stands between them and it. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { UserOfAppView } from "../../../../api/summary-routes.ts";
import { part } from "../../core/api.ts";
import { nothing, useFormat } from "../../core/format.ts";
import { Badge } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useMay } from "../../core/session.tsx";
import { Table, type Column } from "../../core/table.tsx";
import { appMessages } from "../../messages/apps.ts";
import { common } from "../../messages/common.ts";
import { licenseMessages } from "../../messages/licenses.ts";
import { termsNames } from "../../messages/users.ts";
import { CountsBar, LabelBadge } from "./install-labels.tsx";
import { UserLink } from "./links.tsx";
import { TakeLicenses } from "./take-licenses.tsx";
import { termsTones } from "../people/terms.tsx";

export function AppUsers({ adamId, appName }: { adamId: string; appName: string }) {
  const say = useSay();
  const mayAct = useMay("operator");
  const [asked, setAsked] = useState<UserOfAppView>();
  const users = usePaged<UserOfAppView>(`/api/v1/apps/${part(adamId)}/users`, {}, [
    "installations",
    "licenses",
    "users",
  ]);
  const actions: Column<UserOfAppView> = {
    title: say(common.actions),
    share: 1.65,
    cell: (user) =>
      licensesOf(user) > 0 && (
        <button onClick={() => setAsked(user)}>
          {say(licenseMessages.takeBack)} <span class="unseen">{user.name ?? user.userId}</span>
        </button>
      ),
  };
  return (
    <>
      <Table
        label={say(appMessages.users)}
        rows={users.items}
        paged={users}
        keyOf={({ userId }) => userId}
        empty={say(appMessages.noUsers)}
        columns={[
          {
            title: say(common.user),
            share: 1.3,
            cell: ({ userId, name }) => <UserLink id={userId} name={name} />,
          },
          { title: say(common.state), share: 1.4, cell: ({ label }) => <LabelBadge label={label} /> },
          {
            title: say(appMessages.terms),
            room: "medium",
            share: 1.6,
            cell: (user) => <Terms of={user} />,
          },
          {
            title: say(appMessages.licensed),
            room: "medium",
            share: 0.8,
            cell: (user) => <Licensed of={user} />,
          },
          {
            title: say(appMessages.devices),
            room: "wide",
            share: 1.5,
            cell: ({ devices }) => <CountsBar counts={devices} />,
          },
          {
            title: say(appMessages.attempts),
            room: "wide",
            align: "end",
            share: 0.9,
            cell: ({ attempts }) => attempts,
          },
          ...(mayAct ? [actions] : []),
        ]}
      />
      {asked && (
        <TakeLicenses
          of={{ adamId, userId: asked.userId }}
          name={`${appName}, ${asked.name ?? asked.userId}`}
          licenses={licensesOf(asked)}
          devices={asked.devices.installed}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

function licensesOf({ licensed, licensedDevices }: UserOfAppView): number {
  return licensedDevices + (licensed ? 1 : 0);
}

function Licensed({ of: user }: { of: UserOfAppView }) {
  const say = useSay();
  const parts = [
    ...(user.licensed ? [say(appMessages.licensedUser)] : []),
    ...(user.licensedDevices > 0 ? [say(appMessages.licensedDevices, { n: user.licensedDevices })] : []),
  ];
  return <>{parts.join(", ") || nothing}</>;
}

function Terms({ of: user }: { of: UserOfAppView }) {
  const say = useSay();
  const format = useFormat();
  if (user.terms === null) return <>{nothing}</>;
  const { terms, termsCheckedAt } = user;
  return (
    <div class="two-lines">
      <Badge tone={termsTones[terms]}>{say(termsNames[terms])}</Badge>
      {termsCheckedAt !== null && (
        <span class="small muted">{say(appMessages.termsAge, { age: format.age(termsCheckedAt) })}</span>
      )}
    </div>
  );
}
