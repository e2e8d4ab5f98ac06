/** Parts of one page, of which one is shown; which one stands in the address. */
import { currentPlace, href } from "../../core/router.ts";

interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly (readonly [id: T, title: string])[];
  readonly current: T;
}

export function Tabs<T extends string>({ label, tabs, current }: TabsProps<T>) {
  const { path } = currentPlace();
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(([id, title]) => (
        <a key={id} href={href(path, { tab: id })} aria-current={id === current ? "true" : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}
