import { useState } from "preact/hooks";
import { useSay } from "../../../shared/web/preferences.ts";
import { usePhone } from "./acts.ts";
import { phoneMessages } from "./phone-messages.ts";

/** Brings the phone under management: by a link, or by one that the lab makes. */
export function EnrolForm() {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  const [url, setUrl] = useState("");
  return (
    <>
      {phone.canMakeLink && (
        <button class="primary wide" disabled={!isLive} onClick={() => void act("enroll")}>
          {say(phoneMessages.enrolByLab)}
        </button>
      )}
      <form
        class="enrol"
        onSubmit={(event) => {
          event.preventDefault();
          void act("enroll", { url });
        }}
      >
        <label>
          <span>{say(phoneMessages.enrolLink)}</span>
          <input
            type="url"
            required
            autocomplete="off"
            maxLength={2048}
            value={url}
            onInput={({ currentTarget }) => setUrl(currentTarget.value)}
          />
        </label>
        <button disabled={!isLive}>{say(phoneMessages.enrol)}</button>
      </form>
    </>
  );
}
