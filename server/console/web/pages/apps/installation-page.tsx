/** One app on one device: how it stands, why, and what can be done. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { InstallationView } from "../../../../api/installation-view.ts";
import { part } from "../../core/api.ts";
import { Failure } from "../../core/failure.tsx";
import { nothing, useFormat } from "../../core/format.ts";
import { Facts, Loading, Page } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { href } from "../../core/router.ts";
import { common } from "../../messages/common.ts";
import { desiredNames, stateNames } from "../../messages/installation-words.ts";
import { installationMessages } from "../../messages/installations.ts";
import { licenseMessages } from "../../messages/licenses.ts";
import { nav } from "../../messages/navigation.ts";
import { adviceFor, meaningOf } from "./advice.ts";
import { LabelBadge, reasonText } from "./install-labels.tsx";
import { InstallationActs } from "./installation-acts.tsx";
import { AppLink, DeviceLink, UserLink } from "./links.tsx";

export function InstallationPage({ installationId }: { installationId: string }) {
  const say = useSay();
  const {
    data: installation,
    failure,
    reload,
  } = useResource<InstallationView>(`/api/v1/installations/${part(installationId)}`, [
    "installations",
    "commands",
  ]);
  const up = { href: href("/installations"), label: say(nav.installations) };
  if (!installation) {
    return (
      <Page title={say(nav.installations)} up={up}>
        {failure ? <Failure failure={failure} onRetry={reload} /> : <Loading />}
      </Page>
    );
  }
  const { appName, adamId, deviceName, serialNumber, udid } = installation;
  const title = say(installationMessages.title, {
    app: appName ?? adamId,
    device: deviceName ?? serialNumber ?? udid,
  });
  return (
    <Page title={title} up={up} actions={<InstallationActs of={installation} />}>
      <Standing of={installation} />
      <Details of={installation} />
    </Page>
  );
}

function Standing({ of: installation }: { of: InstallationView }) {
  const say = useSay();
  const format = useFormat();
  const { label, state, reason, code, since } = installation;
  const advice = adviceFor(installation);
  const meaning = meaningOf(code);
  const isBad = state === "failed";
  return (
    <section class="card" aria-live="polite">
      <p>
        <LabelBadge label={label} />{" "}
        <strong>{reasonText(say, reason) || say(stateNames[state as State])}</strong>{" "}
        {code !== null && <code>{code}</code>} <span class="muted">· {format.age(since)}</span>
      </p>
      {meaning && <p class="muted">{say(meaning)}</p>}
      {advice && (
        <div class={`notice advice ${isBad ? "bad" : "info"}`}>
          <h2>{say(installationMessages.whatToDo)}</h2>
          <p>{say(advice)}</p>
        </div>
      )}
    </section>
  );
}

type State = keyof typeof stateNames;

function Details({ of: installation }: { of: InstallationView }) {
  const say = useSay();
  const format = useFormat();
  const { adamId, appName, userId, userName, udid, deviceName, serialNumber, commandType, commandUUID } =
    installation;
  return (
    <section class="card section">
      <Facts
        facts={[
          [say(common.app), <AppLink adamId={adamId}>{appName ?? adamId}</AppLink>],
          [say(common.user), <UserLink id={userId} name={userName} />],
          [say(common.device), <DeviceLink udid={udid}>{deviceName ?? serialNumber ?? udid}</DeviceLink>],
          [say(installationMessages.serial), serialNumber ?? nothing],
          [
            say(installationMessages.desired),
            installation.desired === null
              ? say(installationMessages.nothingDesired)
              : say(desiredNames[installation.desired]),
          ],
          [say(installationMessages.detailState), say(stateNames[installation.state as State])],
          [
            say(installationMessages.licenseType),
            say(installation.licenseType === "user" ? licenseMessages.ofUser : licenseMessages.ofDevice),
          ],
          [say(installationMessages.attempts), format.number(installation.attempts)],
          [
            say(installationMessages.appState),
            installation.appState === null
              ? nothing
              : `${installation.appState} (${format.age(installation.appStateAt)})`,
          ],
          [
            say(installationMessages.command),
            commandUUID === null ? nothing : <DeviceLink udid={udid}>{commandType}</DeviceLink>,
          ],
          [say(installationMessages.requiredAt), format.time(installation.requiredAt)],
          [say(installationMessages.wantedAt), format.time(installation.wantedAt)],
          [say(installationMessages.waitingSince), format.time(installation.waitingSince)],
          [say(installationMessages.dueAt), format.age(installation.dueAt)],
          [
            say(installationMessages.statusDetail),
            <code>{`${installation.statusDetail} (${installation.statusDetailCode})`}</code>,
          ],
          [
            say(installationMessages.decimal),
            installation.codeDecimal === null ? nothing : <code>{installation.codeDecimal}</code>,
          ],
          [
            say(installationMessages.serverDetail),
            installation.detail === null ? nothing : <span lang="en">{installation.detail}</span>,
          ],
        ]}
      />
      <p class="section">
        <DeviceLink udid={udid}>{say(installationMessages.commands)}</DeviceLink>
      </p>
    </section>
  );
}
