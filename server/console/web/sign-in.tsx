import { useState } from "preact/hooks";
import { PreferenceSwitches } from "../../../shared/web/preference-switch.tsx";
import { useSay } from "../../../shared/web/preferences.ts";
import { call, type Session } from "./core/api.ts";
import { useDeed } from "./core/deed.ts";
import { Failure } from "./core/failure.tsx";
import { TextField } from "./core/form.tsx";
import { common } from "./messages/common.ts";
import { signInMessages } from "./messages/sign-in.ts";

interface SignInProps {
  /** Whether somebody was signed in until just now. */
  readonly wasSignedIn: boolean;
  onSignedIn(session: Session): void;
}

export function SignIn({ wasSignedIn, onSignedIn }: SignInProps) {
  const say = useSay();
  const [key, setKey] = useState("");
  const deed = useDeed(async () => {
    onSignedIn(await call<Session>("POST", "/api/v1/sessions", { body: { key: key.trim() } }));
  });
  return (
    <main class="sign-in">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() !== "") void deed.run();
        }}
      >
        <img src="/console/icon.svg" alt="" width="48" height="48" />
        <h1>
          {say(common.product)} <span class="muted">· {say(signInMessages.title)}</span>
        </h1>
        {wasSignedIn ? (
          <p class="notice warn" role="status">
            {say(signInMessages.ended)}
          </p>
        ) : (
          <p class="muted">{say(signInMessages.lead)}</p>
        )}
        <TextField
          label={say(signInMessages.key)}
          hint={say(signInMessages.keyHint)}
          value={key}
          onValue={setKey}
          type="password"
          autoComplete="off"
          spellcheck={false}
          required
        />
        <Failure failure={deed.failure} />
        <button class="primary" type="submit" disabled={deed.isUnderWay}>
          {say(signInMessages.submit)}
        </button>
        <PreferenceSwitches />
      </form>
    </main>
  );
}
