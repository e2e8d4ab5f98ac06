import { useSay } from "../../../shared/web/preferences.ts";
import { usePhone } from "./acts.ts";
import { AppTile } from "./icons.tsx";
import { phoneMessages } from "./phone-messages.ts";
import { PlacePage } from "./place-page.tsx";

const managed: ReadonlySet<string> = new Set([
  ...["Managed", "PromptingForUpdate", "PromptingForUpdateLogin", "ValidatingUpdate", "Updating"],
  "UpdateRejected",
]);

/** An app that is open: what would be in it, and what can be done with it. */
export function AppPage({ bundleId, leave }: { readonly bundleId: string; readonly leave: () => void }) {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  const app = phone.apps.find((one) => one.bundleId === bundleId);
  if (app === undefined || !app.installed) return null;
  async function remove(): Promise<void> {
    if (await act("delete-app", { bundleId })) leave();
  }
  return (
    <PlacePage title={app.name} leave={leave}>
      <div class="open-app">
        <AppTile id={bundleId} name={app.name} />
        <p>{say(phoneMessages.appTitle, { app: app.name })}</p>
        <p class="muted small">
          {say(managed.has(app.state) ? phoneMessages.appManaged : phoneMessages.appOwn)}
        </p>
        <button class="danger" disabled={!isLive} onClick={() => void remove()}>
          {say(phoneMessages.deleteApp)}
        </button>
      </div>
    </PlacePage>
  );
}
