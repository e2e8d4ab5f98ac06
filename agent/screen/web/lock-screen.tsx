import { useState } from "preact/hooks";
import { usePreferences, useSay } from "../../../shared/web/preferences.ts";
import { problemText, usePhone } from "./acts.ts";
import { Icon } from "./icons.tsx";
import { phoneMessages } from "./phone-messages.ts";
import { useFocusWhenLost } from "./focus.ts";

export function LockScreen({ now }: { readonly now: number }) {
  const say = useSay();
  const { language } = usePreferences();
  const { phone, tryAct } = usePhone();
  const [passcode, setPasscode] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isWaiting, setWaiting] = useState(false);
  const first = useFocusWhenLost<HTMLElement>();

  async function unlock(event: Event): Promise<void> {
    event.preventDefault();
    setWaiting(true);
    try {
      await tryAct("unlock", phone.hasPasscode ? { passcode } : {});
    } catch (error) {
      setProblem(problemText(say, "unlock", error));
      setPasscode("");
      first.current?.focus();
    }
    setWaiting(false);
  }

  const { lockMessage } = phone;
  return (
    <section class="place lock-screen" aria-label={say(phoneMessages.locked)}>
      <p class="big-clock">
        {new Date(now).toLocaleTimeString(language, { hourCycle: "h23", hour: "2-digit", minute: "2-digit" })}
      </p>
      <p class="date">
        {new Date(now).toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long" })}
      </p>
      {lockMessage !== null && (lockMessage.message !== null || lockMessage.phoneNumber !== null) && (
        <div class="card lock-message">
          {lockMessage.message !== null && <p>{lockMessage.message}</p>}
          {lockMessage.phoneNumber !== null && (
            <p class="strong">{say(phoneMessages.callNumber, { number: lockMessage.phoneNumber })}</p>
          )}
        </div>
      )}
      <form class="unlock" onSubmit={(event) => void unlock(event)}>
        {phone.hasPasscode && (
          <label>
            <span>{say(phoneMessages.passcode)}</span>
            <input
              ref={(input) => void (first.current = input)}
              type="password"
              autocomplete="off"
              value={passcode}
              required
              maxLength={255}
              aria-invalid={problem !== undefined}
              aria-describedby={problem === undefined ? undefined : "unlock-problem"}
              onInput={({ currentTarget }) => setPasscode(currentTarget.value)}
            />
          </label>
        )}
        {problem !== undefined && (
          <p id="unlock-problem" class="problem" role="alert">
            {problem}
          </p>
        )}
        <button
          ref={(button) => {
            if (!phone.hasPasscode) first.current = button;
          }}
          class="primary wide"
          disabled={isWaiting}
        >
          <Icon name="unlock" />
          {say(phoneMessages.unlock)}
        </button>
      </form>
    </section>
  );
}
