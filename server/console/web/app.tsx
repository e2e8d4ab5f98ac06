/** The console as a whole: who is signed in, and around each page the navigation. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { PreferenceSwitches } from "../../../shared/web/preference-switch.tsx";
import { useSay } from "../../../shared/web/preferences.ts";
import { ApiFailure, call, get, onSessionEnd, useSession, type Session } from "./core/api.ts";
import { Failure } from "./core/failure.tsx";
import { keepHistory } from "./core/history.ts";
import { Page } from "./core/page.tsx";
import { lookAgain, startPulse, stopPulse, useConnection } from "./core/pulse.ts";
import { match, usePlace } from "./core/router.ts";
import { SessionContext, useMay, useSignedIn } from "./core/session.tsx";
import { common, roleNames } from "./messages/common.ts";
import { Navigation } from "./navigation.tsx";
import { routes } from "./routes.ts";
import { SignIn } from "./sign-in.tsx";
import { TokenBanner } from "./token-banner.tsx";

/** Whether it is worth asking who is signed in: the cookie itself no script can see. */
const signedInName = "pippin-signed-in";

function rememberSignedIn(isSignedIn: boolean): void {
  try {
    if (isSignedIn) localStorage.setItem(signedInName, "yes");
    else localStorage.removeItem(signedInName);
  } catch {
    // Then it is asked each time.
  }
}

function mayBeSignedIn(): boolean {
  try {
    return localStorage.getItem(signedInName) !== null;
  } catch {
    return true;
  }
}

type Standing = "asking" | "nobody" | "ended" | Session;

export function App() {
  const [standing, setStanding] = useState<Standing>("asking");
  const [failure, setFailure] = useState<ApiFailure>();

  const enter = (session: Session) => {
    rememberSignedIn(true);
    useSession(session);
    startPulse();
    setStanding(session);
  };
  const leave = (to: "nobody" | "ended") => {
    rememberSignedIn(false);
    useSession(undefined);
    stopPulse();
    setStanding(to);
  };
  const ask = () => {
    setFailure(undefined);
    void get<Session>("/api/v1/sessions/current").then(enter, (error: unknown) => {
      if (!(error instanceof ApiFailure)) throw error;
      if (error.status === 401) leave("nobody");
      else setFailure(error);
    });
  };
  useEffect(() => {
    onSessionEnd(() => leave("ended"));
    if (mayBeSignedIn()) ask();
    else leave("nobody");
  }, []);

  if (failure) {
    return (
      <main class="sign-in">
        <Failure failure={failure} onRetry={ask} />
      </main>
    );
  }
  if (standing === "asking") return null;
  if (typeof standing === "string") return <SignIn wasSignedIn={standing === "ended"} onSignedIn={enter} />;
  return (
    <SessionContext.Provider value={standing}>
      <Frame onSignOut={() => leave("nobody")} />
    </SessionContext.Provider>
  );
}

function Frame({ onSignOut }: { onSignOut: () => void }) {
  const say = useSay();
  const { keyName, role } = useSignedIn();
  useEffect(keepHistory, []);
  const signOut = () => {
    // Whether or not the server hears of it, this page forgets who was signed in; the session ends by itself.
    void call("DELETE", "/api/v1/sessions/current")
      .catch(() => undefined)
      .then(onSignOut);
  };
  return (
    <div class="frame">
      <a class="skip" href="#content">
        {say(common.skip)}
      </a>
      <header class="top">
        <a class="brand" href="/console">
          <img src="/console/icon.svg" alt="" width="28" height="28" /> {say(common.product)}
        </a>
        <PreferenceSwitches />
        <p class="who">
          <span>{say(common.signedInAs, { name: keyName, role: say(roleNames[role]) })}</span>
          <button onClick={signOut}>{say(common.signOut)}</button>
        </p>
      </header>
      <Navigation />
      <main id="content" tabIndex={-1}>
        <ConnectionNotice />
        <TokenBanner />
        {role === "read-only" && <p class="notice info">{say(common.readOnly)}</p>}
        <CurrentPage />
      </main>
    </div>
  );
}

function ConnectionNotice() {
  const say = useSay();
  const connection = useConnection();
  return (
    <div role="status">
      {connection === "lost" && (
        <div class="notice bad">
          <strong>{say(common.lostTitle)}</strong> {say(common.lostText)}
        </div>
      )}
      {connection === "still" && (
        <div class="notice info">
          {say(common.stillText)} <button onClick={() => void lookAgain()}>{say(common.lookAgain)}</button>
        </div>
      )}
    </div>
  );
}

function CurrentPage() {
  const { path } = usePlace();
  for (const { pattern, page, isForAdmins } of routes) {
    const values = match(pattern, path);
    if (!values) continue;
    // Another thing of the same kind is another page.
    return <Shown key={path} page={page} values={values} isForAdmins={isForAdmins === true} />;
  }
  return <NoPage />;
}

interface ShownProps {
  readonly page: ComponentType<Record<string, string>>;
  readonly values: Record<string, string>;
  readonly isForAdmins: boolean;
}

function Shown({ page: Wanted, values, isForAdmins }: ShownProps) {
  const say = useSay();
  const isAdmin = useMay("admin");
  if (isForAdmins && !isAdmin) {
    return <Page title={say(common.notForRole)} />;
  }
  return <Wanted {...values} />;
}

function NoPage() {
  const say = useSay();
  return (
    <Page title={say(common.notFoundTitle)}>
      <p>{say(common.notFoundText)}</p>
    </Page>
  );
}
