/** All deployments. A new one begins with the app. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import { SelectField } from "../../core/form.tsx";
import { Page } from "../../core/page.tsx";
import { For } from "../../core/session.tsx";
import { common } from "../../messages/common.ts";
import { deploymentMessages } from "../../messages/deployments.ts";
import { nav } from "../../messages/navigation.ts";
import { DeploymentsTable } from "./deployments-table.tsx";
import { ManageDeployment } from "./manage-deployment.tsx";
import { appName, appOptions, useApps } from "./names.ts";

type Asked = "nothing" | "app" | "deployment";

export function DeploymentsPage() {
  const say = useSay();
  const apps = useApps();
  const [asked, setAsked] = useState<Asked>("nothing");
  const [chosen, setChosen] = useState("");
  const close = () => setAsked("nothing");
  const adamId = chosen || (appOptions(apps)[0]?.[0] ?? "");
  return (
    <Page
      title={say(nav.deployments)}
      lead={say(deploymentMessages.lead)}
      actions={
        <For role="operator">
          {adamId !== "" && (
            <button class="primary" onClick={() => setAsked("app")}>
              {say(deploymentMessages.add)}
            </button>
          )}
        </For>
      }
    >
      <DeploymentsTable />
      {asked === "app" && (
        <Sheet title={say(deploymentMessages.add)} onClose={close}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              setAsked("deployment");
            }}
          >
            <SelectField
              label={say(deploymentMessages.whichApp)}
              value={adamId}
              onValue={setChosen}
              options={appOptions(apps)}
            />
            <div class="sheet-buttons">
              <button type="button" onClick={close}>
                {say(common.cancel)}
              </button>
              <button class="primary" type="submit">
                {say(deploymentMessages.next)}
              </button>
            </div>
          </form>
        </Sheet>
      )}
      {asked === "deployment" && (
        <ManageDeployment adamId={adamId} appName={appName(apps, adamId)} onClose={close} />
      )}
    </Page>
  );
}
