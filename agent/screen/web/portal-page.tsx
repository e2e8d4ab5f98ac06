import { useEffect, useState } from "preact/hooks";
import { usePreferences, useSay } from "../../../shared/web/preferences.ts";
import type { OfferedApp } from "../../phone.ts";
import { ask } from "./api.ts";
import { pick, problemText, usePhone } from "./acts.ts";
import { AppTile, Icon } from "./icons.tsx";
import { PlacePage } from "./place-page.tsx";
import { portalMessages, portalReasonMessages, portalStatusMessages } from "./place-messages.ts";

/** What may be asked for. */
const askable: ReadonlySet<OfferedApp["status"]> = new Set(["Available", "Failed"]);
/** What will be something else soon. */
const passing: ReadonlySet<OfferedApp["status"]> = new Set(["Requested", "Installing", "Removing"]);
const againMs = 3_000;

export function PortalPage({ leave }: { readonly leave: () => void }) {
  const say = useSay();
  const { phone, isLive, act, announce } = usePhone();
  const { udid, connected } = phone;
  const [apps, setApps] = useState<readonly OfferedApp[]>();
  const [problem, setProblem] = useState<unknown>();
  const [isWaiting, setWaiting] = useState(false);
  // What becomes of the apps on the phone is a reason to ask the organisation again.
  const course = phone.apps
    .map(({ bundleId, state, installed }) => `${bundleId} ${state} ${installed}`)
    .join();

  async function look(): Promise<void> {
    setWaiting(true);
    try {
      const { items } = await ask<{ items: OfferedApp[] }>(`/phones/${udid}/portal`);
      setApps(items);
      setProblem(undefined);
    } catch (error) {
      setProblem(error);
    }
    setWaiting(false);
  }
  useEffect(() => void look(), [udid, connected, course]);

  // The phone knows of its own apps before the organisation does.
  const shown = apps?.map((app): OfferedApp => {
    const isHere = phone.apps.some(({ adamId, installed }) => adamId === app.adamId && installed);
    return isHere && app.status !== "Removing" ? { ...app, status: "Installed", reason: null } : app;
  });
  const isPassing = shown?.some(({ status }) => passing.has(status)) ?? false;
  useEffect(() => {
    // A clock that stands still is not to be moved by looking.
    if (!isPassing || !isLive || phone.clockIsHeld) return undefined;
    const timer = setInterval(() => void look(), againMs);
    return () => clearInterval(timer);
  }, [isPassing, isLive, phone.clockIsHeld]);

  async function install({ adamId, name }: OfferedApp): Promise<void> {
    if (!(await act("install", { adamId }))) return;
    announce(say(portalMessages.requested, { app: name }));
    await look();
  }

  return (
    <PlacePage
      title={say(portalMessages.title)}
      leave={leave}
      action={
        <button class="plain" disabled={isWaiting || !isLive} onClick={() => void look()}>
          <Icon name="sync" size={18} />
          {say(isWaiting ? portalMessages.syncing : portalMessages.sync)}
        </button>
      }
    >
      <h3 class="group-title">{say(portalMessages.intro)}</h3>
      {problem !== undefined && (
        <p class="problem card" role="alert">
          {problemText(say, "portal", problem)}
        </p>
      )}
      {shown?.length === 0 && <p class="muted">{say(portalMessages.none)}</p>}
      <ul class="group">
        {shown?.map((app) => (
          <li key={app.adamId} class="row" data-status={app.status}>
            <AppTile id={app.bundleId} name={app.name} />
            <span class="grow">
              <span class="strong">{app.name}</span>
              <AppLine app={app} />
            </span>
            {askable.has(app.status) && (
              <button
                class="primary small-button"
                disabled={!isLive}
                aria-label={say(
                  app.status === "Failed" ? portalMessages.tryAgainApp : portalMessages.installApp,
                  { app: app.name },
                )}
                onClick={() => void install(app)}
              >
                {say(app.status === "Failed" ? portalMessages.tryAgain : portalMessages.install)}
              </button>
            )}
          </li>
        ))}
      </ul>
    </PlacePage>
  );
}

function AppLine({ app }: { readonly app: OfferedApp }) {
  const say = useSay();
  const { language } = usePreferences();
  const reason = app.reason === null ? undefined : pick(portalReasonMessages, app.reason);
  return (
    <span class="muted small block">
      {say(portalStatusMessages[app.status])}
      {reason !== undefined && ` · ${say(reason)}`}
      {app.deadline !== null &&
        ` · ${say(portalMessages.deadline, { when: new Date(app.deadline).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" }) })}`}
    </span>
  );
}
