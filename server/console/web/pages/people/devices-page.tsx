/** The fleet. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { DeviceView } from "../../../../api/device-view.ts";
import { SelectField } from "../../core/form.tsx";
import { Badge, Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useQueryValue } from "../../core/router.ts";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { deviceMessages, deviceStates, enrollmentKinds } from "../../messages/devices.ts";
import { nav } from "../../messages/navigation.ts";
import { IdField } from "../apps/id-field.tsx";
import { UserLink } from "../apps/links.tsx";
import { DeviceCell, LastSeen, stateTones } from "./device-words.tsx";
import { SearchField } from "./typed-fields.tsx";

const states = Object.keys(deviceStates) as (keyof typeof deviceStates)[];
export const kinds = Object.keys(enrollmentKinds) as (keyof typeof enrollmentKinds)[];

export function DevicesPage() {
  const say = useSay();
  const [state, setState] = useQueryValue("state");
  const [kind, setKind] = useQueryValue("kind");
  const [connected, setConnected] = useQueryValue("connected");
  const [userId, setUserId] = useQueryValue("userId");
  const [search, setSearch] = useQueryValue("search");
  const filters = { state, kind, connected, userId, search };
  const isFiltered = Object.values(filters).some((value) => value !== "");
  const devices = usePaged<DeviceView>("/api/v1/devices", filters, ["devices"]);
  const all = ["", say(common.all)] as const;
  return (
    <Page title={say(nav.devices)} lead={say(deviceMessages.lead)}>
      <div class="filters many" role="search" aria-label={say(common.filters)}>
        <SearchField label={say(deviceMessages.searchHint)} value={search} onValue={setSearch} />
        <SelectField
          label={say(common.state)}
          value={state}
          onValue={setState}
          options={[all, ...states.map((one) => [one, say(deviceStates[one])] as const)]}
        />
        <SelectField
          label={say(deviceMessages.kind)}
          value={kind}
          onValue={setKind}
          options={[all, ...kinds.map((one) => [one, say(enrollmentKinds[one])] as const)]}
        />
        <SelectField
          label={say(deviceMessages.connection)}
          value={connected}
          onValue={setConnected}
          options={[
            all,
            ["true", say(deviceMessages.connected)],
            ["false", say(deviceMessages.notConnected)],
          ]}
        />
        <IdField label={say(common.user)} value={userId} onValue={setUserId} />
      </div>
      <Table
        label={say(nav.devices)}
        rows={devices.items}
        paged={devices}
        keyOf={({ udid }) => udid}
        empty={say(isFiltered ? common.nothingFits : common.nothingHere)}
        columns={[
          { title: say(common.device), share: 1.6, cell: (device) => <DeviceCell of={device} /> },
          {
            title: say(deviceMessages.serialNumber),
            room: "wide",
            share: 1.2,
            cell: ({ serialNumber }) => serialNumber,
          },
          { title: say(common.user), room: "medium", cell: ({ userId: id }) => <UserLink id={id} /> },
          {
            title: say(deviceMessages.kind),
            room: "medium",
            share: 1.3,
            cell: ({ kind: one }) => say(enrollmentKinds[one]),
          },
          {
            title: say(deviceMessages.os),
            room: "wide",
            share: 0.6,
            cell: ({ osVersion }) => osVersion,
          },
          {
            title: say(common.state),
            room: "medium",
            cell: ({ state: one }) => <Badge tone={stateTones[one]}>{say(deviceStates[one])}</Badge>,
          },
          { title: say(deviceMessages.lastSeen), cell: (device) => <LastSeen of={device} /> },
        ]}
      />
    </Page>
  );
}
