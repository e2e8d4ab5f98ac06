/** Volume-Purchased apps: what came from Apple, what it is to become, and what became of it. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { AppStatus } from "../../../../api/summary-routes.ts";
import { SelectField } from "../../core/form.tsx";
import { Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useQueryValue } from "../../core/router.ts";
import { Table } from "../../core/table.tsx";
import { appMessages } from "../../messages/apps.ts";
import { common } from "../../messages/common.ts";
import { desiredNames, labelNames } from "../../messages/installation-words.ts";
import { nav } from "../../messages/navigation.ts";
import { Filters } from "./filters.tsx";
import { CountsBar, labels } from "./install-labels.tsx";
import { AppLink } from "./links.tsx";
import { Meter } from "./meter.tsx";

export function AppsPage() {
  const say = useSay();
  const [label, setLabel] = useQueryValue("label");
  const [deployed, setDeployed] = useQueryValue("deployed");
  const apps = usePaged<AppStatus>("/api/v1/summary/apps", { label, deployed }, [
    "apps",
    "installations",
    "deployments",
    "syncs",
  ]);
  return (
    <Page title={say(nav.volumeApps)} lead={say(appMessages.lead)}>
      <Filters>
        <SelectField
          label={say(appMessages.status)}
          value={label}
          onValue={setLabel}
          options={[["", say(common.all)], ...labels.map((one) => [one, say(labelNames[one])] as const)]}
        />
        <SelectField
          label={say(appMessages.deployed)}
          value={deployed}
          onValue={setDeployed}
          options={[
            ["", say(common.all)],
            ["true", say(appMessages.deployedOnly)],
          ]}
        />
      </Filters>
      <Table
        label={say(nav.volumeApps)}
        rows={apps.items}
        paged={apps}
        keyOf={({ adamId }) => adamId}
        empty={say(label || deployed ? common.nothingFits : appMessages.none)}
        columns={[
          {
            title: say(common.app),
            share: 1.6,
            cell: ({ adamId, name }) => <AppLink adamId={adamId}>{name}</AppLink>,
          },
          {
            title: say(appMessages.licenses),
            share: 1.2,
            cell: ({ used, owned }) => <Meter used={used} owned={owned} />,
          },
          {
            title: say(appMessages.available),
            align: "end",
            room: "medium",
            share: 0.8,
            cell: ({ available }) => available,
          },
          {
            title: say(appMessages.deployment),
            room: "medium",
            share: 1.6,
            cell: ({ actions }) =>
              actions.length === 0 ? (
                <span class="muted">{say(appMessages.notDeployed)}</span>
              ) : (
                actions.map((action) => say(desiredNames[action])).join(", ")
              ),
          },
          {
            title: say(appMessages.installs),
            room: "wide",
            share: 2.4,
            cell: ({ devices }) => <CountsBar counts={devices} />,
          },
        ]}
      />
    </Page>
  );
}
