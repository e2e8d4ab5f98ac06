/** A page of the phone with a way back to the home screen. */
import type { ComponentChildren } from "preact";
import { useSay } from "../../../shared/web/preferences.ts";
import { useFocusWhenLost } from "./focus.ts";
import { Icon } from "./icons.tsx";
import { phoneMessages } from "./phone-messages.ts";

export function PlacePage({
  title,
  leave,
  action,
  children,
}: {
  readonly title: string;
  readonly leave: () => void;
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const say = useSay();
  const heading = useFocusWhenLost<HTMLHeadingElement>();
  return (
    <section class="place page">
      <header class="page-head">
        <button class="plain back" aria-label={say(phoneMessages.back)} onClick={leave}>
          <Icon name="back" />
        </button>
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <span class="page-action">{action}</span>
      </header>
      <div class="page-body">{children}</div>
    </section>
  );
}
