/** How many licences are in use, as a number and a bar. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import { appMessages } from "../../messages/apps.ts";

export function Meter({ used, owned }: { used: number; owned: number }) {
  const say = useSay();
  const share = owned === 0 ? 0 : Math.min(1, used / owned);
  return (
    <div class="counts">
      <div class="counts-bar" aria-hidden="true">
        <span class={share === 1 ? "failed" : "installed"} style={{ width: `${share * 100}%` }} />
      </div>
      <span class="small">{say(appMessages.usedOf, { used, owned })}</span>
    </div>
  );
}
