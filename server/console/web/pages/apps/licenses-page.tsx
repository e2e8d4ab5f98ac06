/** Licences: who holds them, and what admins took back. */
import { useEffect, useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import type { LicenseActView } from "../../../../api/license-routes.ts";
import { useFormat } from "../../core/format.ts";
import { Badge, Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { href, useQueryValue } from "../../core/router.ts";
import { ApiFailure, call, part } from "../../core/api.ts";
import { Failure } from "../../core/failure.tsx";
import { For } from "../../core/session.tsx";
import { Table } from "../../core/table.tsx";
import { appMessages } from "../../messages/apps.ts";
import { common } from "../../messages/common.ts";
import { licenseMessages } from "../../messages/licenses.ts";
import { nav } from "../../messages/navigation.ts";
import { progressText } from "./act-progress.tsx";
import { LicensesTable } from "./licenses-table.tsx";
import { appName, useApps } from "./names.ts";
import { Tabs } from "./tabs.tsx";
import { TakeLicenses, type Verb } from "./take-licenses.tsx";

export function LicensesPage() {
  const say = useSay();
  const [tab] = useQueryValue("tab");
  const [asked, setAsked] = useState<Verb>();
  const isActs = tab === "acts";
  return (
    <Page
      title={say(nav.licenses)}
      lead={say(licenseMessages.lead)}
      actions={
        <For role="admin">
          <button onClick={() => setAsked("reclaim")}>{say(licenseMessages.reclaimAll)}</button>
          <button class="danger" onClick={() => setAsked("revoke")}>
            {say(licenseMessages.revokeAll)}
          </button>
        </For>
      }
    >
      <Tabs
        label={say(appMessages.parts)}
        current={isActs ? "acts" : "holders"}
        tabs={[
          ["holders", say(licenseMessages.holdersTab)],
          ["acts", say(licenseMessages.actsTab)],
        ]}
      />
      {isActs ? <ActsTable /> : <LicensesTable />}
      {asked && <TakeAll verb={asked} onClose={() => setAsked(undefined)} />}
    </Page>
  );
}

interface TakeAllProps {
  readonly verb: Verb;
  onClose(): void;
}

/** How many they are the server says itself, when it is asked without a confirmation. */
function TakeAll({ verb, onClose }: TakeAllProps) {
  const say = useSay();
  const [answer, setAnswer] = useState<ApiFailure>();
  useEffect(() => {
    void call("POST", `/api/v1/licenses/${verb}`, { body: { all: true } }).catch((error: unknown) => {
      if (!(error instanceof ApiFailure)) throw error;
      setAnswer(error);
    });
  }, [verb]);
  if (!answer) return null;
  if (answer.code !== "confirmation_required") {
    return (
      <Sheet title={say(licenseMessages.allTitle)} onClose={onClose}>
        <Failure failure={answer} />
        <button onClick={onClose}>{say(common.close)}</button>
      </Sheet>
    );
  }
  const licenses = Number(answer.problem["licenses"] ?? 0);
  return (
    <TakeLicenses
      verb={verb}
      of={{ all: true }}
      name={say(licenseMessages.allTitle)}
      licenses={licenses}
      onClose={onClose}
    />
  );
}

/** Revokes and reclaims, newest first. */
function ActsTable() {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  const acts = usePaged<LicenseActView>("/api/v1/licenses/acts", {}, ["licenses", "installations"]);
  return (
    <Table
      label={say(licenseMessages.actsTab)}
      rows={acts.items}
      paged={acts}
      keyOf={({ id }) => id}
      empty={say(licenseMessages.noActs)}
      columns={[
        {
          title: say(licenseMessages.what),
          share: 1.4,
          cell: ({ id, verb }) => (
            <a href={href(`/licenses/acts/${part(id)}`)}>
              {say(verb === "revoke" ? licenseMessages.verbRevoke : licenseMessages.verbReclaim)}
            </a>
          ),
        },
        {
          title: say(licenseMessages.whose),
          room: "medium",
          cell: ({ userId, serialNumber }) => userId ?? serialNumber ?? say(licenseMessages.everybody),
        },
        {
          title: say(common.app),
          room: "medium",
          cell: ({ adamId }) => (adamId === null ? say(licenseMessages.everyApp) : appName(apps, adamId)),
        },
        { title: say(licenseMessages.progress), share: 1.4, cell: (act) => progressText(say, act) },
        { title: say(licenseMessages.started), room: "wide", cell: ({ startedAt }) => format.age(startedAt) },
        {
          title: say(licenseMessages.finished),
          room: "wide",
          cell: ({ finishedAt }) =>
            finishedAt === null ? (
              <Badge tone="info">{say(licenseMessages.underWay)}</Badge>
            ) : (
              format.age(finishedAt)
            ),
        },
      ]}
    />
  );
}
