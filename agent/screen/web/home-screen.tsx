import { useSay } from "../../../shared/web/preferences.ts";
import type { PhoneApp } from "../../phone.ts";
import { usePhone } from "./acts.ts";
import { AppTile, OwnTile } from "./icons.tsx";
import { appStateMessages, phoneMessages } from "./phone-messages.ts";
import type { Place } from "./places.ts";

/** An app that is neither there nor on its way, and has nothing to tell. */
const unseen: ReadonlySet<PhoneApp["state"]> = new Set(["ManagedButUninstalled"]);
/** Nothing goes on with it. */
const quiet: ReadonlySet<PhoneApp["state"]> = new Set(["Managed", "absent", "UserInstalledApp"]);
const ended: ReadonlySet<PhoneApp["state"]> = new Set([
  "UserRejected",
  "ManagementRejected",
  "UpdateRejected",
  "Failed",
]);

export function HomeScreen({ open }: { readonly open: (place: Place) => void }) {
  const say = useSay();
  const { phone } = usePhone();
  const isBlocked = phone.forbidden.includes("allowAppInstallation");
  const apps = phone.apps.filter(
    ({ installed, state }) => installed || !(unseen.has(state) || quiet.has(state)),
  );
  return (
    <section class="place home" aria-label={say(phoneMessages.apps)}>
      {!phone.enrolled && phone.status === "unenrolled" && (
        <button class="card banner" onClick={() => open({ name: "settings" })}>
          {say(phoneMessages.unenrolled)}
        </button>
      )}
      <ul class="tiles">
        {apps.map((app) => (
          <li key={app.bundleId}>
            <AppButton app={app} open={() => open({ name: "app", bundleId: app.bundleId })} />
          </li>
        ))}
      </ul>
      {apps.length === 0 && <p class="hint">{say(phoneMessages.noApps)}</p>}
      <ul class="dock">
        <li>
          <button class="tile-button" data-open="portal" onClick={() => open({ name: "portal" })}>
            <OwnTile name="portal" />
            <span>{say(phoneMessages.portal)}</span>
          </button>
        </li>
        <li>
          <button
            class="tile-button"
            data-open="store"
            aria-label={say(isBlocked ? phoneMessages.storeBlocked : phoneMessages.store)}
            onClick={() => open({ name: "store" })}
          >
            <OwnTile name="store" />
            <span>{say(phoneMessages.store)}</span>
          </button>
        </li>
        <li>
          <button class="tile-button" data-open="settings" onClick={() => open({ name: "settings" })}>
            <OwnTile name="settings" />
            <span>{say(phoneMessages.settings)}</span>
          </button>
        </li>
      </ul>
    </section>
  );
}

function AppButton({ app, open }: { readonly app: PhoneApp; readonly open: () => void }) {
  const say = useSay();
  const isComing = !quiet.has(app.state) && !ended.has(app.state);
  return (
    <button class="tile-button" data-state={app.state} onClick={open} disabled={!app.installed}>
      <span class="tile-frame">
        <AppTile id={app.bundleId} name={app.name} coming={isComing} />
        {isComing && <span class="progress" aria-hidden="true" />}
      </span>
      <span class="tile-name">{app.name}</span>
      {!quiet.has(app.state) && <span class="tile-state">{say(appStateMessages[app.state])}</span>}
    </button>
  );
}
