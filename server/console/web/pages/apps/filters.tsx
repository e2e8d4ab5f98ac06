/** *Filters* (R44): what of a list is shown. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { common } from "../../messages/common.ts";

export function Filters({ children }: { children: ComponentChildren }) {
  const say = useSay();
  const id = useId();
  return (
    <div class="filters" role="group" aria-labelledby={id}>
      <h2 class="filters-name" id={id}>
        {say(common.filters)}
      </h2>
      {children}
    </div>
  );
}
