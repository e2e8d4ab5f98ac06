import { useState } from "preact/hooks";
import { useSay } from "../../../shared/web/preferences.ts";
import { problemText, usePhone } from "./acts.ts";
import { settingsMessages } from "./place-messages.ts";

/** Signs in and out without being asked. */
export function AppleIdForm() {
  const say = useSay();
  const { phone, isLive, act, tryAct } = usePhone();
  const [appleId, setAppleId] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isWaiting, setWaiting] = useState(false);

  if (phone.appleId !== null)
    return (
      <div class="row column">
        <p>{say(settingsMessages.signedInAs, { appleId: phone.appleId })}</p>
        <button disabled={!isLive} onClick={() => void act("sign-out")}>
          {say(settingsMessages.signOut)}
        </button>
      </div>
    );

  async function signIn(event: Event): Promise<void> {
    event.preventDefault();
    setWaiting(true);
    setProblem(undefined);
    try {
      await tryAct("sign-in", { appleId, password });
      setAppleId("");
    } catch (error) {
      setProblem(problemText(say, "sign-in", error));
    }
    setPassword("");
    setWaiting(false);
  }
  return (
    <form class="row column" onSubmit={(event) => void signIn(event)}>
      <p class="muted">{say(settingsMessages.notSignedIn)}</p>
      <label>
        <span>{say(settingsMessages.appleId)}</span>
        <input
          type="email"
          required
          autocomplete="off"
          maxLength={255}
          value={appleId}
          onInput={({ currentTarget }) => setAppleId(currentTarget.value)}
        />
      </label>
      <label>
        <span>{say(settingsMessages.password)}</span>
        <input
          type="password"
          required
          autocomplete="off"
          maxLength={255}
          value={password}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : "sign-in-problem"}
          onInput={({ currentTarget }) => setPassword(currentTarget.value)}
        />
      </label>
      {problem !== undefined && (
        <p class="problem" id="sign-in-problem" role="alert">
          {problem}
        </p>
      )}
      <button class="primary" disabled={isWaiting || !isLive}>
        {say(settingsMessages.signIn)}
      </button>
    </form>
  );
}

export function PasscodeForm() {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  const [passcode, setPasscode] = useState("");

  async function set(event: Event): Promise<void> {
    event.preventDefault();
    if (await act("passcode", { passcode })) setPasscode("");
  }
  return (
    <form class="row column" onSubmit={(event) => void set(event)}>
      <p class="muted">
        {say(phone.hasPasscode ? settingsMessages.hasPasscode : settingsMessages.hasNoPasscode)}
      </p>
      <label>
        <span>{say(settingsMessages.newPasscode)}</span>
        <input
          type="password"
          required
          autocomplete="off"
          maxLength={64}
          value={passcode}
          onInput={({ currentTarget }) => setPasscode(currentTarget.value)}
        />
      </label>
      <div class="choices">
        {phone.hasPasscode && (
          <button type="button" disabled={!isLive} onClick={() => void act("passcode", { passcode: null })}>
            {say(settingsMessages.clearPasscode)}
          </button>
        )}
        <button disabled={!isLive}>{say(settingsMessages.setPasscode)}</button>
      </div>
    </form>
  );
}
