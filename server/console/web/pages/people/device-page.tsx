/** One phone: what it is, what is on it, and every command it was given. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { CommandView, DeviceView } from "../../../../api/device-view.ts";
import type { UserDetail } from "../../../../api/user-routes.ts";
import type { InstallationView } from "../../../../api/installation-view.ts";
import { address, part } from "../../core/api.ts";
import { Failure } from "../../core/failure.tsx";
import { nothing, useFormat } from "../../core/format.ts";
import { Badge, Facts, Loading, Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useResource } from "../../core/resource.ts";
import { href } from "../../core/router.ts";
import { common } from "../../messages/common.ts";
import { deviceMessages, deviceStates, enrollmentKinds } from "../../messages/devices.ts";
import { nav } from "../../messages/navigation.ts";
import { UserLink } from "../apps/links.tsx";
import { DeviceDeeds } from "./device-deeds.tsx";
import { nameOfDevice, stateTones } from "./device-words.tsx";
import { InstallationsTable } from "./installations-table.tsx";
import { Timeline } from "./timeline.tsx";

/** More open commands than this are counted no further. */
const queueShownMax = 100;

export function DevicePage({ udid }: { udid: string }) {
  const say = useSay();
  const device = useResource<DeviceView>(`/api/v1/devices/${part(udid)}`, ["devices"]);
  const installations = usePaged<InstallationView>("/api/v1/installations", { udid }, ["installations"]);
  const up = { href: href("/devices"), label: say(nav.devices) };
  const { data } = device;
  if (!data) {
    return (
      <Page title={udid} up={up}>
        {device.failure ? <Failure failure={device.failure} onRetry={device.reload} /> : <Loading />}
      </Page>
    );
  }
  const installed = installations.items.filter(({ label }) => label === "Installed").length;
  return (
    <Page title={nameOfDevice(data)} lead={data.udid} up={up}>
      <DeviceDeeds device={data} installedCount={installed} />
      <Failure failure={device.failure} onRetry={device.reload} />
      {data.awaitingConfiguration && <p class="notice warn">{say(deviceMessages.awaiting)}</p>}
      <About device={data} />
      <section class="section">
        <h2>{say(deviceMessages.installations)}</h2>
        <InstallationsTable
          label={say(deviceMessages.installations)}
          rows={installations.items}
          paged={installations}
          empty={say(deviceMessages.noInstallations)}
        />
      </section>
      <Timeline udid={udid} />
    </Page>
  );
}

function About({ device }: { device: DeviceView }) {
  const say = useSay();
  const format = useFormat();
  const { state, connected } = device;
  return (
    <section class="card">
      <h2>{say(deviceMessages.facts)}</h2>
      <Facts
        facts={[
          [say(common.state), <Badge tone={stateTones[state]}>{say(deviceStates[state])}</Badge>],
          [
            say(deviceMessages.connection),
            <Badge tone={connected ? "good" : "quiet"}>
              {say(connected ? deviceMessages.connected : deviceMessages.notConnected)}
            </Badge>,
          ],
          [say(deviceMessages.queue), <Queue udid={device.udid} />],
          [say(common.user), <Owner userId={device.userId} />],
          [say(deviceMessages.kind), say(enrollmentKinds[device.kind])],
          [say(deviceMessages.supervised), say(device.supervised ? common.yesFact : common.noFact)],
          [say(deviceMessages.serialNumber), device.serialNumber ?? nothing],
          [say(deviceMessages.model), device.productName ?? nothing],
          [
            say(deviceMessages.os),
            [device.osVersion, device.buildVersion && `(${device.buildVersion})`].join(" ").trim() || nothing,
          ],
          [
            say(deviceMessages.lastSeen),
            `${format.age(device.lastSeenAt)} (${format.time(device.lastSeenAt)})`,
          ],
          [say(deviceMessages.enrolledAt), format.time(device.enrolledAt)],
        ]}
      />
    </section>
  );
}

function Owner({ userId }: { userId: string | null }) {
  const user = useResource<UserDetail>(userId === null ? null : `/api/v1/users/${part(userId)}`, []);
  return <UserLink id={userId} name={user.data?.name ?? null} />;
}

function Queue({ udid }: { udid: string }) {
  const say = useSay();
  const format = useFormat();
  const open = useResource<{ items: CommandView[]; nextCursor: string | null }>(
    address(`/api/v1/devices/${part(udid)}/commands`, { open: "true", limit: queueShownMax }),
    ["commands"],
  );
  if (!open.data) return <>{nothing}</>;
  const { items, nextCursor } = open.data;
  if (nextCursor !== null) return <>{say(deviceMessages.queueMore, { n: items.length })}</>;
  return <>{format.number(items.length)}</>;
}
