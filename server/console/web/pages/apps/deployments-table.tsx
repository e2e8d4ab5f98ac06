/** Deployments, of one app or of all: what they ask for, to be changed or withdrawn. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Deployment } from "../../../../api/deployment-routes.ts";
import { SelectField } from "../../core/form.tsx";
import { nothing, useFormat } from "../../core/format.ts";
import { Badge } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { href, useQueryValue } from "../../core/router.ts";
import { part } from "../../core/api.ts";
import { useMay } from "../../core/session.tsx";
import { Table, type Column } from "../../core/table.tsx";
import { appMessages } from "../../messages/apps.ts";
import { common } from "../../messages/common.ts";
import { deploymentMessages } from "../../messages/deployments.ts";
import { desiredNames } from "../../messages/installation-words.ts";
import { Filters } from "./filters.tsx";
import { ManageDeployment } from "./manage-deployment.tsx";
import { appName, appOptions, useApps, useGroups } from "./names.ts";
import { WithdrawDeployment } from "./withdraw-deployment.tsx";

interface Asked {
  readonly what: "change" | "withdraw";
  readonly deployment: Deployment;
}

export function DeploymentsTable({ adamId }: { adamId?: string }) {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  const groups = useGroups();
  const mayAct = useMay("operator");
  const [app, setApp] = useQueryValue("adamId");
  const [group, setGroup] = useQueryValue("groupId");
  const [asked, setAsked] = useState<Asked>();
  const deployments = usePaged<Deployment>("/api/v1/deployments", { adamId: adamId ?? app, groupId: group }, [
    "deployments",
  ]);
  const nameOfGroup = (id: string) => groups?.find((one) => one.id === id)?.name ?? id;
  const nameOf = (deployment: Deployment) =>
    `${appName(apps, deployment.adamId)}, ${nameOfGroup(deployment.groupId)}`;
  const actions: Column<Deployment> = {
    title: say(common.actions),
    room: "medium",
    share: 1.6,
    cell: (deployment) => (
      <div class="row-actions">
        <button onClick={() => setAsked({ what: "change", deployment })}>
          {say(deploymentMessages.change)} <span class="unseen">{nameOf(deployment)}</span>
        </button>
        <button class="danger" onClick={() => setAsked({ what: "withdraw", deployment })}>
          {say(deploymentMessages.withdraw)} <span class="unseen">{nameOf(deployment)}</span>
        </button>
      </div>
    ),
  };
  const close = () => setAsked(undefined);
  return (
    <>
      {adamId === undefined && (
        <Filters>
          <SelectField
            label={say(common.app)}
            value={app}
            onValue={setApp}
            options={[["", say(common.all)], ...appOptions(apps)]}
          />
          <SelectField
            label={say(common.group)}
            value={group}
            onValue={setGroup}
            options={[["", say(common.all)], ...(groups ?? []).map(({ id, name }) => [id, name] as const)]}
          />
        </Filters>
      )}
      <Table
        label={say(appMessages.deployments)}
        rows={deployments.items}
        paged={deployments}
        keyOf={({ id }) => id}
        empty={say(app || group ? common.nothingFits : deploymentMessages.none)}
        columns={[
          {
            title: say(adamId === undefined ? common.app : common.group),
            share: 1.3,
            cell: (deployment) => {
              const group = nameOfGroup(deployment.groupId);
              const way = href(`/deployments/${part(deployment.id)}`);
              return adamId === undefined ? (
                <div class="two-lines">
                  <a href={way}>{appName(apps, deployment.adamId)}</a>
                  <span class="small muted">{group}</span>
                </div>
              ) : (
                <a href={way}>{group}</a>
              );
            },
          },
          {
            title: say(deploymentMessages.action),
            share: 1.4,
            cell: ({ action, expanding }) => (
              <span class="wrap">
                {say(desiredNames[action])}{" "}
                {expanding && <Badge tone="info">{say(deploymentMessages.expanding)}</Badge>}
              </span>
            ),
          },
          {
            title: say(deploymentMessages.deadline),
            room: "wide",
            cell: ({ deadline }) => (deadline === null ? nothing : format.time(deadline)),
          },
          {
            title: say(deploymentMessages.licenseType),
            room: "wide",
            share: 0.8,
            cell: ({ licenseType }) =>
              say(licenseType === "user" ? deploymentMessages.userLicense : deploymentMessages.deviceLicense),
          },
          {
            title: say(deploymentMessages.changed),
            room: "wide",
            cell: ({ updatedAt }) => format.age(updatedAt),
          },
          ...(mayAct ? [actions] : []),
        ]}
      />
      {asked?.what === "change" && (
        <ManageDeployment
          adamId={asked.deployment.adamId}
          appName={nameOf(asked.deployment)}
          change={asked.deployment}
          onClose={close}
        />
      )}
      {asked?.what === "withdraw" && (
        <WithdrawDeployment
          of={asked.deployment}
          app={appName(apps, asked.deployment.adamId)}
          group={nameOfGroup(asked.deployment.groupId)}
          onClose={close}
        />
      )}
    </>
  );
}
