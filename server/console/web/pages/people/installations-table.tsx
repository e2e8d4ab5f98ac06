/** What became of the apps on a phone, or on all phones of a person. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { InstallationView } from "../../../../api/installation-view.ts";
import { useFormat } from "../../core/format.ts";
import type { Paged } from "../../core/paged.ts";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { LabelBadge } from "../apps/install-labels.tsx";
import { DeviceLink, InstallationLink } from "../apps/links.tsx";
import { Why } from "../apps/why.tsx";

interface InstallationsTableProps {
  readonly label: string;
  readonly rows: readonly InstallationView[];
  readonly paged?: Paged<InstallationView>;
  readonly empty: string;
  /** Left out where all are of one phone. */
  readonly shows?: "device";
}

export function InstallationsTable({ label, rows, paged, empty, shows }: InstallationsTableProps) {
  const say = useSay();
  const format = useFormat();
  const device = {
    title: say(common.device),
    share: 1.2,
    room: "medium" as const,
    cell: ({ udid, deviceName, serialNumber }: InstallationView) => (
      <DeviceLink udid={udid}>{deviceName ?? serialNumber ?? udid}</DeviceLink>
    ),
  };
  return (
    <Table
      label={label}
      rows={rows}
      {...(paged ? { paged } : {})}
      keyOf={({ id }) => id}
      empty={empty}
      columns={[
        {
          title: say(common.app),
          share: 1.2,
          cell: ({ id, appName, adamId }) => <InstallationLink id={id}>{appName ?? adamId}</InstallationLink>,
        },
        ...(shows ? [device] : []),
        { title: say(common.state), share: 1.3, cell: ({ label: one }) => <LabelBadge label={one} /> },
        { title: say(common.reason), share: 2.2, room: "medium", cell: (one) => <Why of={one} /> },
        { title: say(common.since), share: 0.9, room: "wide", cell: ({ since }) => format.age(since) },
      ]}
    />
  );
}
