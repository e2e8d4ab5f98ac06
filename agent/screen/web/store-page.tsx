import { useState } from "preact/hooks";
import { useSay } from "../../../shared/web/preferences.ts";
import { Sheet } from "../../../shared/web/sheet.tsx";
import { usePhone } from "./acts.ts";
import { phoneMessages } from "./phone-messages.ts";
import { PlacePage } from "./place-page.tsx";
import { storeMessages } from "./place-messages.ts";

/** Gets an app without being asked by the organisation, where a profile doesn't forbid it. */
export function StorePage({ leave }: { readonly leave: () => void }) {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  const [adamId, setAdamId] = useState("");
  const [isWaiting, setWaiting] = useState(false);
  const isBlocked = phone.forbidden.some(
    (name) => name === "allowAppInstallation" || name === "allowUIAppInstallation",
  );
  if (isBlocked)
    return (
      <Sheet title={say(storeMessages.blockedTitle)} kind="alert" class="prompt" onClose={leave}>
        <p class="prompt-text">{say(storeMessages.blockedText)}</p>
        <div class="choices">
          <button class="primary" data-focus onClick={leave}>
            {say(phoneMessages.close)}
          </button>
        </div>
      </Sheet>
    );

  async function get(event: Event): Promise<void> {
    event.preventDefault();
    setWaiting(true);
    if (await act("get", { adamId })) setAdamId("");
    setWaiting(false);
  }
  return (
    <PlacePage title={say(storeMessages.title)} leave={leave}>
      <form class="group row column" onSubmit={(event) => void get(event)}>
        <label>
          <span>{say(storeMessages.id)}</span>
          <input
            inputMode="numeric"
            pattern="[0-9]{1,20}"
            required
            autocomplete="off"
            value={adamId}
            aria-describedby="store-help"
            onInput={({ currentTarget }) => setAdamId(currentTarget.value)}
          />
        </label>
        <p class="muted small" id="store-help">
          {say(storeMessages.idHelp)}
        </p>
        <button class="primary" disabled={isWaiting || !isLive}>
          {say(storeMessages.get)}
        </button>
      </form>
    </PlacePage>
  );
}
