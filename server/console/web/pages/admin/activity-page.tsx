/** Everything that happens, as it happens. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import type { EventView } from "../../../../api/system-routes.ts";
import { useEventFeed } from "../../core/event-feed.ts";
import { TextField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Page } from "../../core/page.tsx";
import { href, useQueryValue } from "../../core/router.ts";
import { Table } from "../../core/table.tsx";
import { activityTexts } from "../../messages/admin.ts";
import { common } from "../../messages/common.ts";
import { nav } from "../../messages/navigation.ts";

export function ActivityPage() {
  const say = useSay();
  const format = useFormat();
  const [events, setEvents] = useQueryValue("events");
  const [udid, setUdid] = useQueryValue("udid");
  const [userId, setUserId] = useQueryValue("userId");
  const [adamId, setAdamId] = useQueryValue("adamId");
  const [isPaused, setPaused] = useState(false);
  const [shown, setShown] = useState<EventView>();
  const feed = useEventFeed({ events, udid, userId, adamId }, isPaused);
  const isFiltered = events + udid + userId + adamId !== "";
  return (
    <Page
      title={say(nav.activity)}
      lead={say(activityTexts.lead)}
      actions={
        <button onClick={() => setPaused(!isPaused)}>
          {say(isPaused ? activityTexts.goOn : activityTexts.pause)}
        </button>
      }
    >
      <div class="filters" role="search" aria-label={say(common.filters)}>
        <TextField
          label={say(activityTexts.events)}
          hint={say(activityTexts.eventsHint)}
          value={events}
          onValue={setEvents}
          type="search"
        />
        <TextField label={say(activityTexts.udid)} value={udid} onValue={setUdid} type="search" />
        <TextField label={say(activityTexts.userId)} value={userId} onValue={setUserId} type="search" />
        <TextField label={say(activityTexts.adamId)} value={adamId} onValue={setAdamId} type="search" />
      </div>
      <p role="status" class="small">
        {isPaused && say(activityTexts.paused, { n: feed.missed })}
      </p>
      <Table
        label={say(nav.activity)}
        rows={feed.events}
        keyOf={({ seq }) => String(seq)}
        empty={say(isFiltered ? common.nothingFits : common.nothingHere)}
        columns={[
          {
            title: say(activityTexts.event),
            share: 1.5,
            cell: (event) => (
              <button class="plain mono" onClick={() => setShown(event)}>
                {event.event}
              </button>
            ),
          },
          { title: say(common.when), cell: ({ time }) => format.clock(time) },
          {
            title: say(activityTexts.about),
            share: 3,
            room: "medium",
            cell: (event) => <About event={event} />,
          },
          {
            title: say(activityTexts.number),
            room: "wide",
            align: "end",
            share: 0.6,
            cell: ({ seq }) => String(seq),
          },
        ]}
      />
      {shown && (
        <EventSheet event={shown} onClose={() => setShown(undefined)} onShow={setShown} all={feed.events} />
      )}
    </Page>
  );
}

/** Whom and what it concerns, as links. */
function About({ event }: { event: EventView }) {
  const { udid, userId, adamId } = event;
  const links = [
    [userId, "/users/"],
    [udid, "/devices/"],
    [adamId, "/apps/"],
  ].flatMap(([id, path]) =>
    typeof id === "string" && id !== "" ? [{ id, path: `${String(path)}${id}` }] : [],
  );
  const state = [event["from"], event["to"]].filter((part) => typeof part === "string").join(" → ");
  return (
    <>
      {links.map(({ id, path }) => (
        <span key={path}>
          <a href={href(path)}>{id.length > 20 ? `${id.slice(0, 12)}…` : id}</a>{" "}
        </span>
      ))}
      <span class="muted">{state}</span>
    </>
  );
}

interface EventSheetProps {
  readonly event: EventView;
  readonly all: readonly EventView[];
  onShow(event: EventView): void;
  onClose(): void;
}

function EventSheet({ event, all, onShow, onClose }: EventSheetProps) {
  const say = useSay();
  const cause = all.find(({ seq }) => seq === event["cause"]);
  return (
    <Sheet
      key={event.seq}
      title={say(activityTexts.eventTitle, { n: event.seq })}
      onClose={onClose}
      class="large"
    >
      <pre class="code" tabIndex={0}>
        {JSON.stringify(event, null, 2)}
      </pre>
      <div class="sheet-buttons">
        {cause && (
          <button onClick={() => onShow(cause)}>
            {say(activityTexts.cause)} <span class="mono">{cause.event}</span>
          </button>
        )}
        <button class="primary" onClick={onClose}>
          {say(common.close)}
        </button>
      </div>
    </Sheet>
  );
}
