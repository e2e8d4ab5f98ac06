/** The whole screen while the phone is not to be used: off, starting, being set up, or at rest for good. */
import type { ComponentChildren } from "preact";
import { useSay } from "../../../shared/web/preferences.ts";
import type { PhoneSight } from "../sight.ts";
import { usePhone } from "./acts.ts";
import { EnrolForm } from "./enrol-form.tsx";
import { Icon, Pippin } from "./icons.tsx";
import { phoneMessages } from "./phone-messages.ts";

export function isResting({ status, inSetupAssistant }: PhoneSight): boolean {
  return inSetupAssistant || (status !== "enrolled" && status !== "unenrolled");
}

export function RestingScreen() {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  const reason = phone.trouble === null ? null : <p class="reason">{phone.trouble.message}</p>;
  switch (phone.status) {
    case "off":
      return (
        <Rest kind="dark">
          <p>{say(phoneMessages.isOff)}</p>
          <button disabled={!isLive} onClick={() => void act("boot")}>
            <Icon name="power" />
            {say(phoneMessages.boot)}
          </button>
        </Rest>
      );
    case "restarting":
      return (
        <Rest kind="dark">
          <Pippin size={72} />
          <p role="status">{say(phoneMessages.restarting)}</p>
        </Rest>
      );
    case "refused":
      return (
        <Rest title={say(phoneMessages.refusedTitle)}>
          <p>{say(phoneMessages.refusedText)}</p>
          {reason}
          <EnrolForm />
        </Rest>
      );
    case "erased":
      return (
        <Rest title={say(phoneMessages.erasedTitle)}>
          <Pippin />
          <p>{say(phoneMessages.erasedText)}</p>
          <EnrolForm />
        </Rest>
      );
    case "replaced":
      return (
        <Rest title={say(phoneMessages.replacedTitle)}>
          <p>{say(phoneMessages.replacedText)}</p>
        </Rest>
      );
    case "failed":
      return (
        <Rest title={say(phoneMessages.failedTitle)}>
          <p>{say(phoneMessages.failedText)}</p>
          {reason}
        </Rest>
      );
    case "stopped":
      return (
        <Rest title={say(phoneMessages.stoppedTitle)}>
          <p>{say(phoneMessages.stoppedText)}</p>
        </Rest>
      );
    case "enrolling":
      return (
        <Rest title={say(phoneMessages.enrolling)}>
          <span class="spinner" aria-hidden="true" />
          <p>{say(phoneMessages.enrollingText)}</p>
          {reason}
        </Rest>
      );
    case "enrolled":
    case "unenrolled":
      return (
        <Rest title={say(phoneMessages.setupTitle)}>
          <span class="spinner" aria-hidden="true" />
          <p>{say(phoneMessages.setupText)}</p>
        </Rest>
      );
  }
}

function Rest({
  title,
  kind = "light",
  children,
}: {
  readonly title?: string;
  readonly kind?: "light" | "dark";
  readonly children: ComponentChildren;
}) {
  return (
    <section class={`place rest ${kind}`}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  );
}
