/** The commands of a phone, newest first, each with what went over the wire. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { CommandPlists, CommandView } from "../../../../api/device-view.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { Failure } from "../../core/failure.tsx";
import { CheckField, FormSheet } from "../../core/form.tsx";
import { nothing, useFormat, type Format } from "../../core/format.ts";
import { Badge, Facts, Loading, type Tone } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useResource } from "../../core/resource.ts";
import { For } from "../../core/session.tsx";
import { commandMessages, commandStates } from "../../messages/commands.ts";
import { InstallationLink } from "../apps/links.tsx";
import { appName, useApps } from "../apps/names.ts";

const tones: Readonly<Record<CommandView["state"], Tone>> = {
  queued: "info",
  sent: "info",
  deferred: "warn",
  acknowledged: "good",
  failed: "bad",
  malformed: "bad",
  cancelled: "quiet",
  expired: "warn",
};
const openStates: readonly CommandView["state"][] = ["queued", "sent", "deferred"];
const stepSize = 25;

export function Timeline({ udid }: { udid: string }) {
  const say = useSay();
  const [shownMax, setShownMax] = useState(stepSize);
  const [onlyOpen, setOnlyOpen] = useState(false);
  const [cancelling, setCancelling] = useState<CommandView>();
  const apps = useApps();
  const commands = usePaged<CommandView>(
    `/api/v1/devices/${part(udid)}/commands`,
    { open: onlyOpen ? "true" : undefined },
    ["commands"],
  );
  const { items, hasMore, isLoading, failure } = commands;
  useEffect(() => {
    if (!failure) commands.look(0, shownMax);
  }, [shownMax, items.length, isLoading]);
  const isMore = items.length > shownMax || hasMore;
  return (
    <section class="section">
      <div class="section-head">
        <h2>{say(commandMessages.timeline)}</h2>
        <CheckField label={say(commandMessages.open)} checked={onlyOpen} onValue={setOnlyOpen} />
      </div>
      <Failure failure={failure} onRetry={() => commands.reload()} />
      {items.length === 0 &&
        (isLoading ? <Loading /> : <p class="empty muted">{say(commandMessages.none)}</p>)}
      <ol class="timeline">
        {items.slice(0, shownMax).map((command) => (
          <Entry key={command.commandUUID} of={command} apps={apps} onCancel={() => setCancelling(command)} />
        ))}
      </ol>
      {isMore && (
        <button onClick={() => setShownMax(shownMax + stepSize)}>{say(commandMessages.more)}</button>
      )}
      {cancelling && <CancelCommand of={cancelling} onClose={() => setCancelling(undefined)} />}
    </section>
  );
}

/** To the second: here it matters what came after what. */
function momentOf(format: Format, iso: string | null): string {
  return iso === null ? nothing : `${format.date(iso)} ${format.clock(iso)}`;
}

interface EntryProps {
  readonly of: CommandView;
  readonly apps: ReturnType<typeof useApps>;
  onCancel(): void;
}

function Entry({ of: command, apps, onCancel }: EntryProps) {
  const say = useSay();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const { requestType, state, createdAt } = command;
  return (
    <li>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <code>{requestType}</code>
          <Badge tone={tones[state]}>{say(commandStates[state])}</Badge>
          <time class="muted small" dateTime={createdAt} title={momentOf(format, createdAt)}>
            {format.age(createdAt)}
          </time>
        </summary>
        {isOpen && <Detail of={command} apps={apps} onCancel={onCancel} />}
      </details>
    </li>
  );
}

function Detail({ of: command, apps, onCancel }: EntryProps) {
  const say = useSay();
  const format = useFormat();
  const isOpen = openStates.includes(command.state);
  // Settled, it stays as it is.
  const plists = useResource<CommandPlists>(
    `/api/v1/commands/${part(command.commandUUID)}/plist`,
    isOpen ? ["commands"] : [],
  );
  const known = useRef(command.state);
  useEffect(() => {
    if (known.current !== command.state) plists.reload();
    known.current = command.state;
  }, [command.state]);
  return (
    <div class="timeline-detail">
      <Facts
        facts={[
          ["CommandUUID", <code>{command.commandUUID}</code>],
          [say(commandMessages.createdAt), momentOf(format, command.createdAt)],
          [say(commandMessages.sentAt), momentOf(format, command.sentAt)],
          [say(commandMessages.settledAt), momentOf(format, command.settledAt)],
          ...(isOpen ? [[say(commandMessages.expiresAt), format.time(command.expiresAt)] as const] : []),
          [say(commandMessages.sendCount), format.number(command.sendCount)],
          [say(commandMessages.notNowCount), format.number(command.notNowCount)],
          [
            say(commandMessages.origin),
            command.origin === "reconciler"
              ? say(commandMessages.originServer)
              : say(commandMessages.originKey, { id: command.origin }),
          ],
          ...(command.installationId === null
            ? []
            : [
                [
                  say(commandMessages.installation),
                  <InstallationLink id={command.installationId}>
                    {appName(apps, command.installationId.split(":")[1] ?? "")}
                  </InstallationLink>,
                ] as const,
              ]),
        ]}
      />
      <Failure failure={plists.failure} onRetry={plists.reload} />
      {plists.data ? (
        <div class="plists">
          <section>
            <h3>{say(commandMessages.sentPlist)}</h3>
            <pre class="code" tabIndex={0}>
              {plists.data.command}
            </pre>
          </section>
          <section>
            <h3>{say(commandMessages.answerPlist)}</h3>
            {plists.data.result === null ? (
              <p class="muted">{say(commandMessages.noAnswer)}</p>
            ) : (
              <pre class="code" tabIndex={0}>
                {plists.data.result}
              </pre>
            )}
          </section>
        </div>
      ) : (
        !plists.failure && <Loading />
      )}
      {isOpen && (
        <For role="operator">
          <button class="danger" onClick={onCancel}>
            {say(commandMessages.cancel)} <span class="unseen">{command.requestType}</span>
          </button>
        </For>
      )}
    </div>
  );
}

function CancelCommand({ of: command, onClose }: { of: CommandView; onClose: () => void }) {
  const say = useSay();
  const deed = useDeed(() => call("DELETE", `/api/v1/commands/${part(command.commandUUID)}`));
  return (
    <FormSheet
      title={say(commandMessages.cancelTitle, { type: command.requestType })}
      submit={say(commandMessages.cancel)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
    >
      <p>{say(commandMessages.cancelText)}</p>
    </FormSheet>
  );
}
