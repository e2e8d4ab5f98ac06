/** Installations: every app on every device, by any combination of filters. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { InstallationView } from "../../../../api/installation-view.ts";
import { SelectField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useQueryValue } from "../../core/router.ts";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { labelNames, reasonNames, stateNames } from "../../messages/installation-words.ts";
import { installationMessages } from "../../messages/installations.ts";
import { nav } from "../../messages/navigation.ts";
import { Filters } from "./filters.tsx";
import { IdField } from "./id-field.tsx";
import { LabelBadge, labels } from "./install-labels.tsx";
import { InstallationLink, DeviceLink, UserLink } from "./links.tsx";
import { appOptions, useApps, useGroups } from "./names.ts";
import { LabelCounts } from "./label-counts.tsx";
import { Why } from "./why.tsx";

export function InstallationsPage() {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  const groups = useGroups();
  const [label, setLabel] = useQueryValue("label");
  const [state, setState] = useQueryValue("state");
  const [reason, setReason] = useQueryValue("reason");
  const [adamId, setAdamId] = useQueryValue("adamId");
  const [groupId, setGroupId] = useQueryValue("groupId");
  const [userId, setUserId] = useQueryValue("userId");
  const [udid, setUdid] = useQueryValue("udid");
  const filters = { label, state, reason, adamId, groupId, userId, udid };
  const isFiltered = Object.values(filters).some((value) => value !== "");
  const installations = usePaged<InstallationView>("/api/v1/installations", filters, ["installations"]);
  const all = ["", say(common.all)] as const;
  return (
    <Page title={say(nav.installations)} lead={say(installationMessages.lead)}>
      <LabelCounts adamId={adamId} />
      <Filters>
        <SelectField
          label={say(installationMessages.label)}
          value={label}
          onValue={setLabel}
          options={[all, ...labels.map((one) => [one, say(labelNames[one])] as const)]}
        />
        <SelectField
          label={say(common.app)}
          value={adamId}
          onValue={setAdamId}
          options={[all, ...appOptions(apps)]}
        />
        <SelectField
          label={say(common.group)}
          value={groupId}
          onValue={setGroupId}
          options={[all, ...(groups ?? []).map(({ id, name }) => [id, name] as const)]}
        />
        <SelectField
          label={say(common.reason)}
          value={reason}
          onValue={setReason}
          options={[
            all,
            ...Object.entries(reasonNames).map(([one, message]) => [one, say(message)] as const),
          ]}
        />
        <SelectField
          label={say(installationMessages.detailState)}
          value={state}
          onValue={setState}
          options={[all, ...Object.entries(stateNames).map(([one, message]) => [one, say(message)] as const)]}
        />
        <IdField label={say(installationMessages.userId)} value={userId} onValue={setUserId} />
        <IdField label={say(installationMessages.udid)} value={udid} onValue={setUdid} />
      </Filters>
      <Table
        label={say(nav.installations)}
        rows={installations.items}
        paged={installations}
        keyOf={({ id }) => id}
        empty={say(isFiltered ? common.nothingFits : installationMessages.none)}
        columns={[
          {
            title: say(common.app),
            share: 1.1,
            cell: ({ id, adamId: app, appName, userName, udid: phone }) => (
              <InstallationLink id={id}>
                {appName ?? app} <span class="unseen">{userName ?? phone}</span>
              </InstallationLink>
            ),
          },
          {
            title: say(common.user),
            share: 1.1,
            cell: ({ userId: user, userName }) => <UserLink id={user} name={userName} />,
          },
          {
            title: say(common.device),
            room: "wide",
            share: 1.2,
            cell: (one) => (
              <DeviceLink udid={one.udid}>{one.deviceName ?? one.serialNumber ?? one.udid}</DeviceLink>
            ),
          },
          { title: say(common.state), share: 1.5, cell: ({ label: one }) => <LabelBadge label={one} /> },
          { title: say(common.reason), room: "medium", share: 2.4, cell: (one) => <Why of={one} /> },
          { title: say(common.since), room: "medium", share: 1.2, cell: ({ since }) => format.age(since) },
        ]}
      />
    </Page>
  );
}
