/** One revoke or reclaim, followed to its end. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { LicenseActView } from "../../../../api/license-routes.ts";
import { part } from "../../core/api.ts";
import { Failure } from "../../core/failure.tsx";
import { useFormat } from "../../core/format.ts";
import { Facts, Loading, Page } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { href } from "../../core/router.ts";
import { common } from "../../messages/common.ts";
import { licenseMessages } from "../../messages/licenses.ts";
import { nav } from "../../messages/navigation.ts";
import { ActItems, ActProgress } from "./act-progress.tsx";
import { appName, useApps } from "./names.ts";

export function ActPage({ actId }: { actId: string }) {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  const {
    data: act,
    failure,
    reload,
  } = useResource<LicenseActView>(`/api/v1/licenses/acts/${part(actId)}`, ["licenses", "installations"]);
  const up = { href: href("/licenses", { tab: "acts" }), label: say(licenseMessages.actsTab) };
  if (!act) {
    return (
      <Page title={say(nav.licenses)} up={up}>
        {failure ? <Failure failure={failure} onRetry={reload} /> : <Loading />}
      </Page>
    );
  }
  return (
    <Page
      title={say(act.verb === "revoke" ? licenseMessages.verbRevoke : licenseMessages.verbReclaim)}
      up={up}
    >
      <section class="card">
        <ActProgress act={act} />
        <Facts
          facts={[
            [
              say(common.app),
              act.adamId === null ? say(licenseMessages.everyApp) : appName(apps, act.adamId),
            ],
            [say(licenseMessages.whose), act.userId ?? act.serialNumber ?? say(licenseMessages.everybody)],
            [say(licenseMessages.started), format.time(act.startedAt)],
            [
              say(licenseMessages.finished),
              act.finishedAt === null ? say(licenseMessages.underWay) : format.time(act.finishedAt),
            ],
          ]}
        />
      </section>
      <section class="section">
        <h2>{say(licenseMessages.single)}</h2>
        <ActItems act={act} />
      </section>
    </Page>
  );
}
