/** Who holds a licence, of one app or of all. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { LicenseView } from "../../../../api/license-routes.ts";
import { SelectField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Badge, type Tone } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useQueryValue } from "../../core/router.ts";
import { useMay } from "../../core/session.tsx";
import { Table, type Column } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { licenseMessages, strandedNames } from "../../messages/licenses.ts";
import { Holder } from "./holder.tsx";
import { AppLink } from "./links.tsx";
import { appName, appOptions, useApps } from "./names.ts";
import { TakeLicenses } from "./take-licenses.tsx";

const states = {
  associating: ["info", licenseMessages.stateAssociating],
  held: ["good", licenseMessages.stateHeld],
  disassociating: ["info", licenseMessages.stateDisassociating],
} as const satisfies Record<LicenseView["state"], readonly [Tone, unknown]>;

export function LicensesTable({ adamId }: { adamId?: string }) {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  const mayAct = useMay("operator");
  const [asked, setAsked] = useState<LicenseView>();
  const [app, setApp] = useQueryValue("adamId");
  const [state, setState] = useQueryValue("state");
  const [stranded, setStranded] = useQueryValue("stranded");
  const licenses = usePaged<LicenseView>("/api/v1/licenses", { adamId: adamId ?? app, state, stranded }, [
    "licenses",
    "installations",
    "account",
  ]);
  const ofApp: Column<LicenseView> = {
    title: say(common.app),
    room: "medium",
    cell: (license) => <AppLink adamId={license.adamId}>{appName(apps, license.adamId)}</AppLink>,
  };
  const actions: Column<LicenseView> = {
    title: say(common.actions),
    share: 1.25,
    cell: (license) => (
      <button onClick={() => setAsked(license)}>
        {say(licenseMessages.takeBack)} <span class="unseen">{nameOf(license)}</span>
      </button>
    ),
  };
  return (
    <>
      <div class="filters" role="group" aria-label={say(common.filters)}>
        {adamId === undefined && (
          <SelectField
            label={say(common.app)}
            value={app}
            onValue={setApp}
            options={[["", say(common.all)], ...appOptions(apps)]}
          />
        )}
        <SelectField
          label={say(common.state)}
          value={state}
          onValue={setState}
          options={[
            ["", say(common.all)],
            ...Object.entries(states).map(([one, [, message]]) => [one, say(message)] as const),
          ]}
        />
        <SelectField
          label={say(licenseMessages.stranded)}
          value={stranded}
          onValue={setStranded}
          options={[
            ["", say(common.all)],
            ["true", say(licenseMessages.strandedOnly)],
            ["false", say(licenseMessages.notStranded)],
          ]}
        />
      </div>
      <Table
        label={say(licenseMessages.holdersTab)}
        rows={licenses.items}
        paged={licenses}
        keyOf={(license) => `${license.userId ?? license.serialNumber} ${license.adamId}`}
        empty={say(app || state || stranded ? common.nothingFits : licenseMessages.none)}
        columns={[
          { title: say(licenseMessages.holder), share: 1.2, cell: (license) => <Holder of={license} /> },
          ...(adamId === undefined ? [ofApp] : []),
          {
            title: say(common.state),
            share: 1.2,
            cell: (license) => {
              const [tone, message] = states[license.state];
              return (
                <>
                  <Badge tone={tone}>{say(message)}</Badge>{" "}
                  {license.problem && <code title={license.problem.message}>{license.problem.code}</code>}
                </>
              );
            },
          },
          { title: say(common.since), room: "wide", share: 1.1, cell: ({ since }) => format.age(since) },
          {
            title: say(licenseMessages.stranded),
            room: "medium",
            share: 1.4,
            cell: (license) =>
              license.stranded && <Badge tone="warn">{say(strandedNames[license.stranded.reason])}</Badge>,
          },
          {
            title: say(licenseMessages.phones),
            room: "wide",
            share: 0.8,
            align: "end",
            cell: ({ phones }) => phones.length,
          },
          ...(mayAct ? [actions] : []),
        ]}
      />
      {asked && (
        <TakeLicenses
          of={selectionOf(asked)}
          name={`${appName(apps, asked.adamId)}, ${nameOf(asked)}`}
          licenses={1}
          devices={asked.phones.filter(({ enrolled, state: one }) => enrolled && hasApp(one)).length}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

function nameOf({ userId, serialNumber }: LicenseView): string {
  return userId ?? serialNumber ?? "";
}

function hasApp(state: string): boolean {
  return state === "installed" || state === "installing" || state === "removing";
}

function selectionOf({ adamId, userId, serialNumber }: LicenseView) {
  if (userId !== null) return { adamId, userId };
  return serialNumber === null ? { adamId } : { adamId, serialNumber };
}
