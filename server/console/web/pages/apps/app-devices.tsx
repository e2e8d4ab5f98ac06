/** The phones that an app concerns, with what became of it on each. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { DeviceOfAppView } from "../../../../api/summary-routes.ts";
import { part } from "../../core/api.ts";
import { SelectField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { usePaged } from "../../core/paged.ts";
import { useQueryValue } from "../../core/router.ts";
import { Table } from "../../core/table.tsx";
import { appMessages } from "../../messages/apps.ts";
import { common } from "../../messages/common.ts";
import { labelNames } from "../../messages/installation-words.ts";
import { Filters } from "./filters.tsx";
import { LabelBadge, labels } from "./install-labels.tsx";
import { InstallationLink, UserLink } from "./links.tsx";
import { Why } from "./why.tsx";

export function AppDevices({ adamId }: { adamId: string }) {
  const say = useSay();
  const format = useFormat();
  const [label, setLabel] = useQueryValue("label");
  const devices = usePaged<DeviceOfAppView>(`/api/v1/apps/${part(adamId)}/devices`, { label }, [
    "installations",
    "devices",
  ]);
  return (
    <>
      <Filters>
        <SelectField
          label={say(appMessages.status)}
          value={label}
          onValue={setLabel}
          options={[["", say(common.all)], ...labels.map((one) => [one, say(labelNames[one])] as const)]}
        />
      </Filters>
      <Table
        label={say(appMessages.devices)}
        rows={devices.items}
        paged={devices}
        keyOf={({ installationId }) => installationId}
        empty={say(label ? common.nothingFits : appMessages.noDevices)}
        columns={[
          {
            title: say(common.device),
            share: 1.3,
            cell: ({ installationId, serialNumber, udid }) => (
              <InstallationLink id={installationId}>{serialNumber ?? udid}</InstallationLink>
            ),
          },
          { title: say(common.state), share: 1.5, cell: ({ label: one }) => <LabelBadge label={one} /> },
          { title: say(common.reason), room: "medium", share: 2.2, cell: (device) => <Why of={device} /> },
          {
            title: say(common.user),
            room: "medium",
            share: 1.2,
            cell: ({ userId, userName }) => <UserLink id={userId} name={userName} />,
          },
          {
            title: say(appMessages.attempts),
            room: "wide",
            align: "end",
            share: 0.7,
            cell: ({ attempts }) => attempts,
          },
          {
            title: say(appMessages.lastSeen),
            room: "wide",
            cell: ({ lastSeenAt }) => format.age(lastSeenAt),
          },
        ]}
      />
    </>
  );
}
