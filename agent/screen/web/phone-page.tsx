/** One phone: its screen with the buttons around it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { usePreferences, useSay } from "../../../shared/web/preferences.ts";
import { PreferenceSwitches } from "../../../shared/web/preference-switch.tsx";
import type { PhoneSight } from "../sight.ts";
import { HandContext, perform, problemText, usePhone, type PhoneInHand } from "./acts.ts";
import { AppPage } from "./app-page.tsx";
import { Controls, HeldClock, Holder } from "./controls.tsx";
import { HomeScreen } from "./home-screen.tsx";
import { Icon, Orchard } from "./icons.tsx";
import { useStream } from "./live.ts";
import { LockScreen } from "./lock-screen.tsx";
import { phoneMessages } from "./phone-messages.ts";
import type { Place } from "./places.ts";
import { PortalPage } from "./portal-page.tsx";
import { promptMessages } from "./prompt-messages.ts";
import { PromptSheet, wordsOf } from "./prompt-sheet.tsx";
import { isResting, RestingScreen } from "./resting-screen.tsx";
import { SettingsPage } from "./settings-page.tsx";
import { StorePage } from "./store-page.tsx";
import { usePhoneClock } from "./phone-clock.ts";

export function PhonePage({ name, leave }: { readonly name: string; readonly leave?: () => void }) {
  const say = useSay();
  const [phone, setPhone] = useState<PhoneSight>();
  const [problem, setProblem] = useState<string>();
  const [announced, setAnnounced] = useState("");
  const link = useStream<PhoneSight>(`/phones/${encodeURIComponent(name)}/stream`, "phone", setPhone);
  const udid = phone?.udid ?? name;
  useEffect(() => {
    if (phone !== undefined) document.title = `${phone.deviceName} · Pippin`;
  }, [phone?.deviceName]);

  const hand: PhoneInHand | undefined = phone && {
    phone,
    isLive: link === "open",
    announce: setAnnounced,
    leave,
    async tryAct(act, given) {
      setProblem(undefined);
      await perform(udid, act, given);
    },
    async act(act, given) {
      setProblem(undefined);
      try {
        await perform(udid, act, given);
        return true;
      } catch (error) {
        setProblem(problemText(say, act, error));
        return false;
      }
    },
  };
  return (
    <main class="phone-page">
      <header class="top">
        {leave !== undefined && (
          <a
            class="button"
            href="/"
            onClick={(event) => {
              event.preventDefault();
              leave();
            }}
          >
            <Icon name="back" />
            {say(phoneMessages.allPhones)}
          </a>
        )}
        <h1>{phone?.deviceName ?? say(phoneMessages.opening)}</h1>
        <PreferenceSwitches />
      </header>
      {link === "lost" && (
        <p class="banner lost" role="alert">
          <Icon name="warning" />
          {say(phoneMessages.lost)}
        </p>
      )}
      {link === "closed" && (
        <p class="banner lost" role="alert">
          {say(phoneMessages.closed)}
        </p>
      )}
      {problem !== undefined && (
        <p class="banner problem" role="alert">
          <span class="grow">{problem}</span>
          <button class="plain" onClick={() => setProblem(undefined)}>
            {say(phoneMessages.close)}
          </button>
        </p>
      )}
      {hand !== undefined && (
        <HandContext.Provider value={hand}>
          <div class="stage" inert={!hand.isLive}>
            <Handset />
            <aside class="beside">
              <Holder />
              <HeldClock />
              <Controls />
            </aside>
          </div>
          {hand.phone.prompt !== null && (
            <PromptSheet key={hand.phone.prompt.id} prompt={hand.phone.prompt} />
          )}
          <Announcements announced={announced} />
        </HandContext.Provider>
      )}
    </main>
  );
}

function Handset() {
  const say = useSay();
  const { phone } = usePhone();
  const now = usePhoneClock(phone);
  const [place, setPlace] = useState<Place>({ name: "home" });
  const isDark = phone.status === "off" || phone.status === "restarting";
  return (
    <div class="handset">
      <section
        class={`screen ${isDark ? "dark" : ""}`}
        aria-label={say(phoneMessages.screenOf, { name: phone.deviceName })}
      >
        <Orchard />
        {!isDark && <StatusBar now={now} />}
        {isResting(phone) ? (
          <RestingScreen />
        ) : phone.locked ? (
          <LockScreen now={now} />
        ) : (
          <Unlocked place={place} go={setPlace} />
        )}
      </section>
    </div>
  );
}

function Unlocked({ place, go }: { readonly place: Place; readonly go: (place: Place) => void }) {
  const leave = () => go({ name: "home" });
  switch (place.name) {
    case "home":
      return <HomeScreen open={go} />;
    case "portal":
      return <PortalPage leave={leave} />;
    case "store":
      return <StorePage leave={leave} />;
    case "settings":
      return <SettingsPage leave={leave} />;
    case "app":
      return <AppPage bundleId={place.bundleId} leave={leave} />;
  }
}

function StatusBar({ now }: { readonly now: number }) {
  const say = useSay();
  const { language } = usePreferences();
  const { phone } = usePhone();
  return (
    <div class="status-bar">
      <span class="time">
        {new Date(now).toLocaleTimeString(language, { hourCycle: "h23", hour: "2-digit", minute: "2-digit" })}
      </span>
      <span class="signs">
        {phone.busy && <span>{say(phoneMessages.busy)}</span>}
        {phone.airplane && <Icon name="airplane" size={15} />}
        {phone.locked && <Icon name="lock" size={15} />}
        <span class={`link-dot ${phone.connected ? "on" : ""}`} aria-hidden="true" />
        <span class="unseen">
          {say(phone.connected ? phoneMessages.connected : phoneMessages.notConnected)}
        </span>
      </span>
    </div>
  );
}

/** For those who don't see a sheet come up, or an app arrive. */
function Announcements({ announced }: { readonly announced: string }) {
  const say = useSay();
  const { phone } = usePhone();
  const [text, setText] = useState("");
  const before = useRef<ReadonlySet<string> | undefined>(undefined);
  const { prompt } = phone;
  useEffect(() => {
    if (prompt !== null) setText(say(promptMessages.newSheet, { title: wordsOf(say, prompt, phone).title }));
  }, [prompt?.id]);
  useEffect(() => setText(announced), [announced]);
  useEffect(() => {
    const installed = phone.apps.filter((app) => app.installed);
    const fresh = installed.filter((app) => before.current?.has(app.bundleId) === false);
    before.current = new Set(installed.map((app) => app.bundleId));
    if (fresh.length > 0)
      setText(fresh.map(({ name }) => say(phoneMessages.nowInstalled, { app: name })).join(" "));
  }, [phone.apps]);
  return (
    <p class="unseen" role="status">
      {text}
    </p>
  );
}
