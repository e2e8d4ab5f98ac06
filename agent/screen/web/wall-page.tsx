/** A wall of phones. However many there are, only those in sight are in the page. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { PreferenceSwitches } from "../../../shared/web/preference-switch.tsx";
import { useSay } from "../../../shared/web/preferences.ts";
import type { PhoneStatus } from "../../phone.ts";
import type { WallPhone } from "../sight.ts";
import type { WallMessage } from "../wall-feed.ts";
import { Icon, Pippin } from "./icons.tsx";
import { useStream } from "./live.ts";
import { useVisibleRows } from "./visible-rows.ts";
import { askingMessages, statusMessages, wallMessages } from "./wall-messages.ts";

const rowHeight = 92;
const columnWidthMin = 300;

interface Filter {
  readonly search: string;
  readonly status: PhoneStatus | "";
  readonly asking: boolean;
}

export function WallPage({ open }: { readonly open: (serialNumber: string) => void }) {
  const say = useSay();
  const phones = useRef(new Map<string, WallPhone>());
  const [version, setVersion] = useState(0);
  const [filter, setFilter] = useState<Filter>({ search: "", status: "", asking: false });
  const link = useStream<WallMessage>("/wall/stream", "wall", ({ phones: told, gone, isFirst }) => {
    if (isFirst) phones.current.clear();
    for (const phone of told) phones.current.set(phone.udid, phone);
    for (const udid of gone) phones.current.delete(udid);
    setVersion((count) => count + 1);
  });
  useEffect(() => {
    document.title = `${say(wallMessages.title)} · Pippin`;
  });
  const all = phones.current.size;
  const fitting = useMemo(
    () => [...phones.current.values()].filter((phone) => fits(phone, filter)),
    [version, filter],
  );
  return (
    <main class="wall-page">
      <header class="top">
        <Pippin size={36} />
        <h1>{say(wallMessages.title)}</h1>
        <PreferenceSwitches />
      </header>
      {(link === "lost" || link === "closed") && (
        <p class="banner lost" role="alert">
          <Icon name="warning" />
          {say(wallMessages.lost)}
        </p>
      )}
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label class="grow">
          <span>{say(wallMessages.search)}</span>
          <input
            type="search"
            value={filter.search}
            onInput={({ currentTarget }) => setFilter({ ...filter, search: currentTarget.value })}
          />
        </label>
        <label>
          <span>{say(wallMessages.status)}</span>
          <select
            value={filter.status}
            onChange={({ currentTarget }) =>
              setFilter({ ...filter, status: currentTarget.value as Filter["status"] })
            }
          >
            <option value="">{say(wallMessages.allStatuses)}</option>
            {Object.entries(statusMessages).map(([status, message]) => (
              <option key={status} value={status}>
                {say(message)}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={filter.asking}
            onChange={({ currentTarget }) => setFilter({ ...filter, asking: currentTarget.checked })}
          />
          {say(wallMessages.askingOnly)}
        </label>
      </form>
      <p class="muted" role="status">
        {fitting.length === all
          ? say(wallMessages.count, { n: all })
          : say(wallMessages.shown, { n: fitting.length, all })}
      </p>
      {fitting.length === 0 && link === "open" && version > 0 && (
        <p class="card">{say(all === 0 ? wallMessages.empty : wallMessages.none)}</p>
      )}
      <Rows phones={fitting} open={open} isLive={link === "open"} />
    </main>
  );
}

function fits(phone: WallPhone, { search, status, asking }: Filter): boolean {
  if (status !== "" && phone.status !== status) return false;
  if (asking && phone.asking === null) return false;
  const sought = search.trim().toLowerCase();
  return [phone.name, phone.serialNumber, phone.owner ?? ""].some((text) =>
    text.toLowerCase().includes(sought),
  );
}

function Rows({
  phones,
  open,
  isLive,
}: {
  readonly phones: readonly WallPhone[];
  readonly open: (serialNumber: string) => void;
  readonly isLive: boolean;
}) {
  const say = useSay();
  const list = useRef<HTMLUListElement>(null);
  const { first, end, columns, rowCount } = useVisibleRows(list, {
    count: phones.length,
    rowHeight,
    columnWidthMin,
  });
  return (
    <ul
      ref={list}
      class={`wall ${isLive ? "" : "stale"}`}
      aria-label={say(wallMessages.list)}
      style={{ height: `${rowCount * rowHeight}px` }}
    >
      {phones.slice(first, end).map((phone, index) => {
        const place = first + index;
        return (
          <li
            key={phone.udid}
            aria-setsize={phones.length}
            aria-posinset={place + 1}
            style={{
              top: `${Math.floor(place / columns) * rowHeight}px`,
              left: `${((place % columns) * 100) / columns}%`,
              width: `${100 / columns}%`,
              height: `${rowHeight}px`,
            }}
          >
            <PhoneCard phone={phone} open={open} />
          </li>
        );
      })}
    </ul>
  );
}

function PhoneCard({ phone, open }: { readonly phone: WallPhone; readonly open: (serial: string) => void }) {
  const say = useSay();
  const address = `/phones/${encodeURIComponent(phone.serialNumber)}`;
  const signs = [
    phone.inSetupAssistant ? say(wallMessages.setup) : undefined,
    phone.airplane ? say(wallMessages.airplane) : phone.connected ? undefined : say(wallMessages.offline),
    phone.locked ? say(wallMessages.locked) : undefined,
    phone.heldBy === "nobody" && phone.owner !== null ? say(wallMessages.inYourHand) : undefined,
    say(wallMessages.appCount, { n: phone.appCount }),
    phone.comingCount > 0 ? say(wallMessages.coming, { n: phone.comingCount }) : undefined,
  ];
  return (
    <a
      class={`phone-card ${phone.asking === null ? "" : "asking"}`}
      href={address}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        open(phone.serialNumber);
      }}
    >
      <span class={`mini ${phone.status} ${phone.connected ? "connected" : ""}`} aria-hidden="true">
        {phone.asking !== null && <span class="mini-sheet" />}
      </span>
      <span class="grow">
        <span class="strong block ellipsis">{phone.name}</span>
        <span class="small block ellipsis">
          {say(statusMessages[phone.status])}
          {phone.asking !== null && <strong> · {say(askingMessages[phone.asking])}</strong>}
        </span>
        <span class="muted small block ellipsis">{signs.filter(Boolean).join(" · ")}</span>
      </span>
    </a>
  );
}
