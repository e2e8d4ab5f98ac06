/** Why an installation is as it is: the reason, and the code that admins search the web for. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import { stateNames } from "../../messages/installation-words.ts";
import { reasonText } from "./install-labels.tsx";

interface WhyProps {
  readonly of: { readonly state: string; readonly reason: string | null; readonly code: string | null };
}

export function Why({ of: { state, reason, code } }: WhyProps) {
  const say = useSay();
  const isUnderWay = state === "waitingForTerms" || state === "installing" || state === "removing";
  const text = reasonText(say, reason) || (isUnderWay ? say(stateNames[state]) : "");
  return (
    <span>
      {text} {code !== null && <code>{code}</code>}
    </span>
  );
}
