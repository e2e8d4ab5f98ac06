/** What every page begins with: its name, what it is for, and its buttons. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useSay } from "../../../../shared/web/preferences.ts";
import { common } from "../messages/common.ts";

export interface PageProps {
  readonly title: string;
  readonly lead?: ComponentChildren;
  /** Way up, where the page is below another. */
  readonly up?: { readonly href: string; readonly label: string } | undefined;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** Whether the page is the first one shown; later ones take the focus to their heading, so that it is read out. */
let isFirst = true;

export function Page({ title, lead, up, actions, children }: PageProps) {
  const say = useSay();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${say(common.product)}`;
  }, [title]);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <>
      <header class="page-head">
        <div>
          {up && (
            <a class="up" href={up.href}>
              ← {up.label}
            </a>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p class="muted">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Loading() {
  const say = useSay();
  return (
    <p class="muted" role="status">
      {say(common.loading)}
    </p>
  );
}

/** Facts as a list of names and values. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export type Tone = "good" | "warn" | "bad" | "info" | "quiet";

/** A state in a word; the colour says no more than the word. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
