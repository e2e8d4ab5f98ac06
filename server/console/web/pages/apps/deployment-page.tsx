/** One deployment: what it asks for, of whom, and the ways to change that. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Deployment } from "../../../../api/deployment-routes.ts";
import { part } from "../../core/api.ts";
import { Failure } from "../../core/failure.tsx";
import { nothing, useFormat } from "../../core/format.ts";
import { Badge, Facts, Loading, Page } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { href, navigate } from "../../core/router.ts";
import { For } from "../../core/session.tsx";
import { common } from "../../messages/common.ts";
import { deploymentMessages } from "../../messages/deployments.ts";
import { desiredNames } from "../../messages/installation-words.ts";
import { nav } from "../../messages/navigation.ts";
import { AppLink } from "./links.tsx";
import { ManageDeployment } from "./manage-deployment.tsx";
import { appName, useApps, useGroups } from "./names.ts";
import { WithdrawDeployment } from "./withdraw-deployment.tsx";

export function DeploymentPage({ deploymentId }: { deploymentId: string }) {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  const groups = useGroups();
  const [asked, setAsked] = useState<"change" | "withdraw">();
  const {
    data: deployment,
    failure,
    reload,
  } = useResource<Deployment>(`/api/v1/deployments/${part(deploymentId)}`, ["deployments"]);
  const up = { href: href("/deployments"), label: say(nav.deployments) };
  if (!deployment) {
    return (
      <Page title={say(nav.deployments)} up={up}>
        {failure ? <Failure failure={failure} onRetry={reload} /> : <Loading />}
      </Page>
    );
  }
  const { adamId, groupId, action, licenseType } = deployment;
  const app = appName(apps, adamId);
  const group = groups?.find(({ id }) => id === groupId)?.name ?? groupId;
  const title = say(deploymentMessages.pageTitle, { app, group });
  return (
    <Page
      title={title}
      up={up}
      actions={
        <For role="operator">
          <button class="primary" onClick={() => setAsked("change")}>
            {say(deploymentMessages.change)}
          </button>
          <button class="danger" onClick={() => setAsked("withdraw")}>
            {say(deploymentMessages.withdraw)}
          </button>
        </For>
      }
    >
      <section class="card">
        <Facts
          facts={[
            [
              say(deploymentMessages.action),
              <>
                {say(desiredNames[action])}{" "}
                {deployment.expanding && <Badge tone="info">{say(deploymentMessages.expanding)}</Badge>}
              </>,
            ],
            [say(common.app), <AppLink adamId={adamId}>{app}</AppLink>],
            [say(common.group), <a href={href(`/groups/${part(groupId)}`)}>{group}</a>],
            [
              say(deploymentMessages.deadline),
              deployment.deadline === null ? nothing : format.time(deployment.deadline),
            ],
            [
              say(deploymentMessages.licenseType),
              say(licenseType === "user" ? deploymentMessages.userLicense : deploymentMessages.deviceLicense),
            ],
            [say(deploymentMessages.created), format.time(deployment.createdAt)],
            [say(deploymentMessages.changed), format.time(deployment.updatedAt)],
          ]}
        />
        <p class="section">
          <a href={href("/installations", { adamId, groupId })}>{say(deploymentMessages.toInstallations)}</a>
        </p>
      </section>
      {asked === "change" && (
        <ManageDeployment
          adamId={adamId}
          appName={title}
          change={deployment}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === "withdraw" && (
        <WithdrawDeployment
          of={deployment}
          app={app}
          group={group}
          onDone={() => navigate(href("/deployments"))}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Page>
  );
}
