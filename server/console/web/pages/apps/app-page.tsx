/** One app: its licences, its deployments, and what became of it by user and by device. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { AppDetail } from "../../../../api/app-routes.ts";
import type { AppSummary } from "../../../../api/summary-routes.ts";
import { part } from "../../core/api.ts";
import { Failure } from "../../core/failure.tsx";
import { useFormat } from "../../core/format.ts";
import { Facts, Loading, Page } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { href, useQueryValue } from "../../core/router.ts";
import { For } from "../../core/session.tsx";
import { appMessages } from "../../messages/apps.ts";
import { common } from "../../messages/common.ts";
import { nav } from "../../messages/navigation.ts";
import { AppDevices } from "./app-devices.tsx";
import { AppUsers } from "./app-users.tsx";
import { DeploymentsTable } from "./deployments-table.tsx";
import { countsText } from "./install-labels.tsx";
import { LicensesTable } from "./licenses-table.tsx";
import { ManageDeployment } from "./manage-deployment.tsx";
import { TakeLicenses, type Verb } from "./take-licenses.tsx";
import { Tabs } from "./tabs.tsx";

const tabs = ["users", "devices", "deployments", "licenses"] as const;
type Tab = (typeof tabs)[number];

export function AppPage({ adamId }: { adamId: string }) {
  const say = useSay();
  const path = `/api/v1/apps/${part(adamId)}`;
  const about = useResource<AppDetail>(path, ["apps", "syncs", "installations"]);
  const summary = useResource<AppSummary>(`${path}/summary`, [
    "apps",
    "installations",
    "licenses",
    "deployments",
  ]);
  const [asked, setAsked] = useState<"manage" | Verb>();
  const [tabName] = useQueryValue("tab");
  const tab: Tab = tabs.find((one) => one === tabName) ?? "users";
  const up = { href: href("/apps"), label: say(nav.volumeApps) };
  if (!about.data || !summary.data) {
    return (
      <Page title={adamId} up={up}>
        {about.failure ? <Failure failure={about.failure} onRetry={about.reload} /> : <Loading />}
      </Page>
    );
  }
  const app = about.data;
  return (
    <Page
      title={app.name}
      lead={app.bundleId}
      up={up}
      actions={
        <For role="operator">
          <button class="primary" onClick={() => setAsked("manage")}>
            {say(appMessages.manage)}
          </button>
          {summary.data.held > 0 && (
            <>
              <button onClick={() => setAsked("reclaim")}>{say(appMessages.reclaim)}</button>
              <button class="danger" onClick={() => setAsked("revoke")}>
                {say(appMessages.revoke)}
              </button>
            </>
          )}
        </For>
      }
    >
      <AppFigures app={app} summary={summary.data} />
      <AppFacts app={app} summary={summary.data} />
      <Tabs
        label={say(appMessages.parts)}
        current={tab}
        tabs={[
          ["users", say(appMessages.users)],
          ["devices", say(appMessages.devices)],
          ["deployments", say(appMessages.deployments)],
          ["licenses", say(appMessages.holders)],
        ]}
      />
      {tab === "users" && <AppUsers adamId={adamId} appName={app.name} />}
      {tab === "devices" && <AppDevices adamId={adamId} />}
      {tab === "deployments" && <DeploymentsTable adamId={adamId} />}
      {tab === "licenses" && <LicensesTable adamId={adamId} />}
      {asked === "manage" && (
        <ManageDeployment adamId={adamId} appName={app.name} onClose={() => setAsked(undefined)} />
      )}
      {(asked === "revoke" || asked === "reclaim") && (
        <TakeLicenses
          verb={asked}
          of={{ adamId }}
          name={app.name}
          licenses={summary.data.held}
          devices={withApp(app)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Page>
  );
}

/** Devices that have the app, or will have it unless it is removed. */
function withApp({ installations: { installed, installing, removing } }: AppDetail): number {
  return installed + installing + removing;
}

interface AboutApp {
  readonly app: AppDetail;
  readonly summary: AppSummary;
}

function AppFigures({ app, summary }: AboutApp) {
  const say = useSay();
  const format = useFormat();
  const figures = [
    [appMessages.owned, app.total],
    [appMessages.used, app.used],
    [appMessages.available, app.available],
    [appMessages.held, summary.held],
    [appMessages.foreign, Math.max(0, app.used - summary.held)],
  ] as const;
  return (
    <dl class="tiles">
      {figures.map(([name, value]) => (
        <div key={name.en} class={name === appMessages.available && value === 0 ? "bad" : ""}>
          <dt>{say(name)}</dt>
          <dd>{format.number(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function AppFacts({ app, summary }: AboutApp) {
  const say = useSay();
  const format = useFormat();
  const { complete, ...users } = summary.users;
  const yesNo = (is: boolean) => say(is ? common.yesFact : common.noFact);
  return (
    <section class="card section">
      <Facts
        facts={[
          [say(appMessages.byUser), countsText(say, users) || say(common.none)],
          [say(appMessages.byDevice), countsText(say, summary.devices) || say(common.none)],
          [say(appMessages.synced), format.age(app.syncedAt)],
          [say(appMessages.storeId), app.adamId],
          [say(appMessages.deviceAssignable), yesNo(app.deviceAssignable)],
          [say(appMessages.irrevocable), yesNo(!app.irrevocable)],
        ]}
      />
      {!complete && <p class="muted small">{say(appMessages.incomplete)}</p>}
    </section>
  );
}
