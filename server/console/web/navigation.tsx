/** The way from page to page: as a column beside them, or behind a button where there is little room. */
import { useEffect, useState } from "preact/hooks";
import type { Message } from "../../../shared/web/messages.ts";
import { useSay } from "../../../shared/web/preferences.ts";
import { href, usePlace } from "./core/router.ts";
import { useMay } from "./core/session.tsx";
import { common } from "./messages/common.ts";
import { nav } from "./messages/navigation.ts";

interface Node {
  readonly label: Message;
  readonly path: string;
  /** For administrators alone. */
  readonly isForAdmins?: true;
}

interface Area {
  readonly label?: Message;
  /** Between area and nodes: Apps → Managed Software → … */
  readonly below?: Message;
  readonly nodes: readonly Node[];
}

const areas: readonly Area[] = [
  { nodes: [{ label: nav.dashboard, path: "/" }] },
  {
    label: nav.apps,
    below: nav.managedSoftware,
    nodes: [
      { label: nav.volumeApps, path: "/apps" },
      { label: nav.deployments, path: "/deployments" },
      { label: nav.installations, path: "/installations" },
      { label: nav.licenses, path: "/licenses" },
      { label: nav.ledger, path: "/ledger" },
    ],
  },
  {
    label: nav.groupsArea,
    nodes: [
      { label: nav.users, path: "/users" },
      { label: nav.groups, path: "/groups" },
      { label: nav.devices, path: "/devices" },
      { label: nav.enrollment, path: "/enrollment" },
    ],
  },
  { label: nav.admin, below: nav.ios, nodes: [{ label: nav.vpp, path: "/vpp" }] },
  {
    nodes: [
      { label: nav.activity, path: "/activity" },
      { label: nav.policies, path: "/policies" },
      { label: nav.sessions, path: "/sessions" },
      { label: nav.audit, path: "/audit", isForAdmins: true },
      { label: nav.keys, path: "/keys", isForAdmins: true },
    ],
  },
];

export function Navigation() {
  const say = useSay();
  const { path } = usePlace();
  const isAdmin = useMay("admin");
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const isHere = (node: Node) =>
    path === node.path || (node.path !== "/" && path.startsWith(`${node.path}/`));
  return (
    <div class={`navigation ${isOpen ? "open" : ""}`}>
      <button
        class="menu-button"
        aria-expanded={isOpen}
        aria-controls="pages"
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">☰</span> {say(common.menu)}
      </button>
      <nav
        id="pages"
        aria-label={say(nav.label)}
        onKeyDown={({ key }) => {
          if (key === "Escape") setOpen(false);
        }}
      >
        {areas.map(({ label, below, nodes }, index) => (
          <div class="area" key={index}>
            {label && <p class="area-name">{say(label)}</p>}
            {below && <p class="area-below">{say(below)}</p>}
            <ul>
              {nodes
                .filter(({ isForAdmins }) => isAdmin || !isForAdmins)
                .map((node) => (
                  <li key={node.path}>
                    <a href={href(node.path)} aria-current={isHere(node) ? "page" : undefined}>
                      {say(node.label)}
                    </a>
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </nav>
    </div>
  );
}
