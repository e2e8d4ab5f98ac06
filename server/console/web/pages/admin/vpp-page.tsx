/** The Volume Purchase Program page: the one account, its token, and the synchronisation with Apple. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Account, VppPage as VppAnswer } from "../../../../api/vpp-routes.ts";
import { Failure, failureMessage } from "../../core/failure.tsx";
import { nothing, useFormat } from "../../core/format.ts";
import { Badge, Facts, Loading, Page, type Tone } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { For } from "../../core/session.tsx";
import { common } from "../../messages/common.ts";
import { accountStates, syncResults, vpp } from "../../messages/vpp.ts";
import { SyncHistory, SyncNow } from "./sync-panel.tsx";
import { DeleteToken, TakeControl } from "./token-end.tsx";
import { UploadToken } from "./upload-token.tsx";
import { Foreign, Losses } from "./vpp-records.tsx";

type Action = VppAnswer["actions"][number]["name"];

const tones: Record<Account["state"], Tone> = {
  valid: "good",
  expired: "bad",
  revoked: "bad",
  invalid: "bad",
  assignedToExternalMdm: "bad",
  deleted: "quiet",
};

export function VppPage() {
  const say = useSay();
  const { data, failure, reload } = useResource<VppAnswer>("/api/v1/vpp", ["account", "syncs", "licenses"]);
  const [question, setQuestion] = useState<Action>();
  if (!data) {
    return (
      <Page title={say(vpp.title)}>
        {failure ? <Failure failure={failure} onRetry={reload} /> : <Loading />}
      </Page>
    );
  }
  const { account, appleWebsite, actions } = data;
  const may = (name: Action) => actions.some((action) => action.name === name);
  const close = () => setQuestion(undefined);
  return (
    <Page
      title={say(account ? vpp.title : vpp.manageTitle)}
      actions={
        <>
          {may("syncNow") && (
            <For role="operator">
              <SyncNow />
            </For>
          )}
          <For role="admin">
            {may("takeControl") && (
              <button class="primary" onClick={() => setQuestion("takeControl")}>
                {say(vpp.takeControl)}
              </button>
            )}
            {may("uploadToken") && (
              <button class={account ? "" : "primary"} onClick={() => setQuestion("uploadToken")}>
                {say(account ? vpp.renew : vpp.upload)}
              </button>
            )}
            {may("deleteToken") && (
              <button class="danger" onClick={() => setQuestion("deleteToken")}>
                {say(vpp.deleteToken)}
              </button>
            )}
          </For>
        </>
      }
    >
      {account ? (
        <AccountFacts account={account} />
      ) : (
        <Before>
          <AppleWebsite url={appleWebsite} />
        </Before>
      )}
      {account && <AppleWebsite url={appleWebsite} />}
      {account && <SyncHistory />}
      {account && <Losses />}
      {account && <Foreign />}
      {question === "uploadToken" && <UploadToken account={account} onClose={close} />}
      {question === "takeControl" && account && <TakeControl account={account} onClose={close} />}
      {question === "deleteToken" && <DeleteToken onClose={close} />}
    </Page>
  );
}

function AppleWebsite({ url }: { url: string | null }) {
  const say = useSay();
  return (
    <p class="section">
      {url === null ? (
        <span class="muted">{say(vpp.appleUnreachable)}</span>
      ) : (
        <>
          <a href={url} rel="noreferrer" target="_blank">
            {say(vpp.appleAccount)}
          </a>{" "}
          <span class="muted">{say(vpp.appleAccountHint)}</span>
        </>
      )}
    </p>
  );
}

/** What to know before an account is tied to the server for good. */
function Before({ children }: { children: ComponentChildren }) {
  const say = useSay();
  return (
    <section class="card">
      <h2>{say(vpp.before)}</h2>
      <ul>
        <li>{say(vpp.before1)}</li>
        <li>{say(vpp.before2)}</li>
        <li>{say(vpp.before3)}</li>
        <li>{say(vpp.before4)}</li>
      </ul>
      {children}
    </section>
  );
}

function AccountFacts({ account }: { account: Account }) {
  const say = useSay();
  const format = useFormat();
  const both = (iso: string | null) => (
    <>
      {format.time(iso)}
      {iso !== null && <span class="muted"> · {format.age(iso)}</span>}
    </>
  );
  return (
    <section class="card">
      <Facts
        facts={[
          [say(vpp.organisation), account.organisation],
          [say(vpp.tokenName), account.tokenName],
          [say(vpp.appleId), account.appleId],
          [say(common.state), <Badge tone={tones[account.state]}>{say(accountStates[account.state])}</Badge>],
          [say(vpp.lastUpdated), both(account.updatedAt)],
          [say(vpp.expires), both(account.expiresAt)],
          [say(vpp.lastSynced), account.lastSyncAt === null ? say(common.never) : both(account.lastSyncAt)],
          [say(vpp.lastResult), <LastResult of={account} />],
          [say(vpp.nextSync), account.nextSyncAt === null ? say(common.none) : both(account.nextSyncAt)],
          [say(vpp.firstUploaded), format.date(account.uploadedAt)],
          [say(vpp.country), account.countryCode],
        ]}
      />
      {account.strandedLicenses !== null && account.strandedLicenses > 0 && (
        <p class="notice warn section">{say(vpp.stranded, { n: account.strandedLicenses })}</p>
      )}
    </section>
  );
}

function LastResult({ of: { lastSyncResult, lastSyncErrorCode } }: { of: Account }) {
  const say = useSay();
  if (lastSyncResult === null) return <>{nothing}</>;
  if (lastSyncErrorCode === null && lastSyncResult === "completed") return <>{say(syncResults.completed)}</>;
  return (
    <>
      {say(failureMessage(lastSyncErrorCode ?? ""))} <code>{lastSyncErrorCode}</code>
    </>
  );
}
