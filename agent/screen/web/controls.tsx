/** What is around the phone: its buttons, in whose hand it is, and a clock that stands still. */
import { useState } from "preact/hooks";
import { useSay } from "../../../shared/web/preferences.ts";
import { usePhone } from "./acts.ts";
import { ConfirmSheet } from "./confirm-sheet.tsx";
import { Icon } from "./icons.tsx";
import { phoneMessages } from "./phone-messages.ts";

export function Controls() {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  const [isErasing, setErasing] = useState(false);
  const isOn = ["enrolling", "enrolled", "unenrolled", "refused", "erased"].includes(phone.status);
  const isIdle = !isOn || !isLive;
  return (
    <section class="controls" aria-label={say(phoneMessages.buttons)}>
      {phone.locked ? null : (
        <button disabled={isIdle} onClick={() => void act("lock")}>
          <Icon name="lock" />
          {say(phoneMessages.lock)}
        </button>
      )}
      <button
        role="switch"
        aria-checked={phone.airplane}
        disabled={isIdle}
        onClick={() => void act("airplane", { on: !phone.airplane })}
      >
        <Icon name="airplane" />
        <span class="grow">{say(phoneMessages.airplane)}</span>
        <span class="switch-state">{say(phone.airplane ? phoneMessages.on : phoneMessages.off)}</span>
      </button>
      <button disabled={isIdle} onClick={() => void act("restart")}>
        <Icon name="restart" />
        {say(phoneMessages.restart)}
      </button>
      <button disabled={isIdle} onClick={() => void act("shut-down")}>
        <Icon name="power" />
        {say(phoneMessages.shutDown)}
      </button>
      <button class="danger" disabled={isIdle} onClick={() => setErasing(true)}>
        <Icon name="erase" />
        {say(phoneMessages.erase)}
      </button>
      {isErasing && (
        <ConfirmSheet
          title={say(phoneMessages.eraseTitle)}
          text={say(phoneMessages.eraseText)}
          yes={say(phoneMessages.eraseYes)}
          confirm={() => void act("erase")}
          close={() => setErasing(false)}
        />
      )}
    </section>
  );
}

export function Holder() {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  if (!phone.hasPerson) return null;
  const isPersons = phone.heldBy === "person";
  const { owner } = phone;
  const held =
    owner === null ? say(phoneMessages.heldBySomebody) : say(phoneMessages.heldByPerson, { owner });
  return (
    <div class="holder">
      <p>{isPersons ? held : say(phoneMessages.heldByYou)}</p>
      <button
        class={isPersons ? "primary" : ""}
        disabled={!isLive}
        onClick={() => void act("hand", { heldBy: isPersons ? "nobody" : "person" })}
      >
        <Icon name="hand" />
        {say(isPersons ? phoneMessages.takeInHand : phoneMessages.giveBack)}
      </button>
    </div>
  );
}

const spans = [
  [10, phoneMessages.tenSeconds],
  [60, phoneMessages.oneMinute],
  [3_600, phoneMessages.oneHour],
] as const;

export function HeldClock() {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  if (!phone.clockIsHeld) return null;
  return (
    <div class="holder" role="group" aria-label={say(phoneMessages.letPass)}>
      <p>{say(phoneMessages.clockStands)}</p>
      <div class="choices">
        {spans.map(([seconds, label]) => (
          <button key={seconds} disabled={!isLive} onClick={() => void act("advance", { seconds })}>
            {say(label)}
          </button>
        ))}
      </div>
    </div>
  );
}
