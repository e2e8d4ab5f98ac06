/** Drawings of our own. They are decoration: what they mean is said beside them. */
import type { ComponentChildren } from "preact";

function Drawing({ children, size = 20 }: { readonly children: ComponentChildren; readonly size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

const paths = {
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.8-1.2",
  airplane:
    "M10.5 13 4 10.5l1-1 6 .8 4.6-4.6c.9-.9 2.3-1 2.7-.6s.3 1.8-.6 2.7L13.1 12.4l.8 6-1 1L10.5 13zM10.5 13l-3.5 4",
  restart: "M19 12a7 7 0 1 1-2.2-5.1M17 3v4h-4",
  power: "M12 3v8M7 6.5a7.5 7.5 0 1 0 10 0",
  erase: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  back: "M14.5 5 7.5 12l7 7",
  hand: "M8 12V6.5a1.5 1.5 0 0 1 3 0V11M11 10.5V5a1.5 1.5 0 0 1 3 0v6M14 11V6.5a1.5 1.5 0 0 1 3 0V14c0 4-2 7-6 7-3.5 0-4.5-1.5-6-5l-1-2.5c-.4-1 1-2 2-1.2l2 2.2",
  sync: "M5 12a7 7 0 0 1 12-4.9L19 9M19 4v5h-5M19 12a7 7 0 0 1-12 4.9L5 15M5 20v-5h5",
  warning: "M12 4 2.8 19.5h18.4zM12 10v4M12 17v.1",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20",
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size }: { readonly name: IconName; readonly size?: number }) {
  return (
    <Drawing {...(size === undefined ? {} : { size })}>
      <path d={paths[name]} />
    </Drawing>
  );
}

/** The program's own fruit. */
export function Pippin({ size = 56 }: { readonly size?: number }) {
  return (
    <svg class="pippin" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path fill="#3f9a63" d="M17 8c0-4 3-6 7-6 0 4-3 6-7 6z" />
      <circle cx="16" cy="19" r="11" fill="#d2493a" />
      <path d="M16 10V6" stroke="#7a5230" stroke-width="2" stroke-linecap="round" />
      <circle cx="12" cy="16" r="3" fill="#fff" fill-opacity=".35" />
    </svg>
  );
}

const hues = [8, 28, 48, 96, 148, 178, 204, 226, 262, 322];

function hueOf(text: string): number {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return hues[sum % hues.length] ?? 204;
}

/** A tile with the first letter of its name. */
export function AppTile({
  id,
  name,
  coming = false,
}: {
  readonly id: string;
  readonly name: string;
  readonly coming?: boolean;
}) {
  const hue = hueOf(id);
  return (
    <span
      class={`tile ${coming ? "coming" : ""}`}
      style={{
        backgroundImage: `linear-gradient(160deg, hsl(${hue} 58% 44%), hsl(${(hue + 24) % 360} 62% 30%))`,
      }}
      aria-hidden="true"
    >
      {[...name][0]?.toUpperCase()}
    </span>
  );
}

const ownTiles = {
  settings:
    "M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M5.6 18.4l2.2-2.2M16.2 7.8l2.2-2.2",
  portal: "M4 8h16v11H4zM9 8V5h6v3M4 13h16M12 12v2.5",
  store: "M5 9h14l-1 11H6zM9 9V7a3 3 0 0 1 6 0v2",
} as const;

export function OwnTile({ name }: { readonly name: keyof typeof ownTiles }) {
  return (
    <span class={`tile own ${name}`} aria-hidden="true">
      <Drawing size={32}>
        <path d={ownTiles[name]} />
      </Drawing>
    </span>
  );
}

/** Hills with a tree, behind everything. */
export function Orchard() {
  return (
    <svg class="orchard" viewBox="0 0 390 844" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
      <circle class="sun" cx="306" cy="452" r="36" />
      <path class="far" d="M0 560c70-70 150-80 220-30s120 20 170-20v340H0z" />
      <path class="middle" d="M0 640c90-60 180-30 250 0s100 10 140-20v230H0z" />
      <path class="near" d="M0 740c100-50 230-50 390 10v100H0z" />
      <g class="tree">
        <path class="trunk" d="M94 640c4 34 2 62-6 92h26c-7-30-8-58-5-92z" />
        <path
          class="crown"
          d="M100 520c38-4 62 22 60 52 22 12 18 54-12 58-14 22-52 22-62 4-30 10-58-14-48-44-18-26 2-62 30-58 8-8 20-12 32-12z"
        />
        <circle class="apple" cx="78" cy="578" r="7" />
        <circle class="apple" cx="122" cy="562" r="7" />
        <circle class="apple" cx="108" cy="608" r="7" />
        <circle class="apple" cx="140" cy="600" r="7" />
      </g>
    </svg>
  );
}
