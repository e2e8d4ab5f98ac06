/** One person: the terms, the phones and whose Apple ID is on them, the licences, and what became of the apps. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { UserDetail } from "../../../../api/user-routes.ts";
import { part } from "../../core/api.ts";
import { Failure } from "../../core/failure.tsx";
import { useFormat } from "../../core/format.ts";
import { Badge, Facts, Loading, Page, type Tone } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { href } from "../../core/router.ts";
import { For } from "../../core/session.tsx";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { nav } from "../../messages/navigation.ts";
import { seatStates, storeAccounts, userMessages } from "../../messages/users.ts";
import { AppLink } from "../apps/links.tsx";
import { appName, useApps, useGroups } from "../apps/names.ts";
import { DeviceCell, LastSeen } from "./device-words.tsx";
import { InstallationsTable } from "./installations-table.tsx";
import { Terms } from "./terms.tsx";
import { UserDeeds } from "./user-deeds.tsx";

export function UserPage({ userId }: { userId: string }) {
  const say = useSay();
  const user = useResource<UserDetail>(`/api/v1/users/${part(userId)}`, [
    "users",
    "devices",
    "licenses",
    "installations",
  ]);
  const up = { href: href("/users"), label: say(nav.users) };
  if (!user.data) {
    return (
      <Page title={userId} up={up}>
        {user.failure ? <Failure failure={user.failure} onRetry={user.reload} /> : <Loading />}
      </Page>
    );
  }
  return (
    <Page title={user.data.name} lead={user.data.email} up={up}>
      <UserDeeds user={user.data} />
      <Failure failure={user.failure} onRetry={user.reload} />
      <div class="grid halves">
        <Terms of={user.data} />
        <About user={user.data} />
      </div>
      <Phones user={user.data} />
      <section class="section">
        <h2>{say(userMessages.apps)}</h2>
        <InstallationsTable
          label={say(userMessages.apps)}
          rows={user.data.installations}
          empty={say(userMessages.noApps)}
          shows="device"
        />
      </section>
    </Page>
  );
}

function About({ user }: { user: UserDetail }) {
  const say = useSay();
  const format = useFormat();
  const groups = useGroups();
  const apps = useApps();
  return (
    <section class="card">
      <h2>{say(common.details)}</h2>
      <Facts
        facts={[
          [say(userMessages.id), user.id],
          [say(userMessages.createdAt), format.time(user.createdAt)],
          [
            say(nav.groups),
            user.groupIds.length === 0 ? (
              say(common.none)
            ) : (
              <ul class="words">
                {user.groupIds.map((id) => (
                  <li key={id}>
                    <a href={href(`/groups/${part(id)}`)}>
                      {groups?.find((group) => group.id === id)?.name ?? id}
                    </a>
                  </li>
                ))}
              </ul>
            ),
          ],
          [
            `${say(userMessages.licenses)} (${format.number(user.seats.length)})`,
            user.seats.length === 0 ? (
              say(userMessages.noLicenses)
            ) : (
              <ul class="words">
                {user.seats.map(({ adamId, state, since }) => (
                  <li key={adamId}>
                    <AppLink adamId={adamId}>{appName(apps, adamId)}</AppLink>{" "}
                    <span class="muted small">
                      {say(seatStates[state])}, {format.age(since)}
                    </span>
                  </li>
                ))}
              </ul>
            ),
          ],
        ]}
      />
    </section>
  );
}

const accountTones: Readonly<Record<keyof typeof storeAccounts, Tone>> = {
  matches: "good",
  differs: "bad",
  signedOut: "warn",
  unknown: "quiet",
};

function Phones({ user }: { user: UserDetail }) {
  const say = useSay();
  const format = useFormat();
  const accountOn = (udid: string) => user.storeAccounts.find((one) => one.udid === udid);
  return (
    <section class="section">
      <div class="section-head">
        <h2>{say(userMessages.phones)}</h2>
        <For role="admin">
          <a class="button" href={href("/enrollment", { new: user.id })}>
            {say(userMessages.makeLink)}
          </a>
        </For>
      </div>
      <Table
        label={say(userMessages.phones)}
        rows={user.devices}
        keyOf={({ udid }) => udid}
        empty={say(userMessages.noPhones)}
        columns={[
          { title: say(common.device), share: 1.5, cell: (device) => <DeviceCell of={device} /> },
          { title: say(common.state), cell: (device) => <LastSeen of={device} /> },
          {
            title: say(userMessages.storeAccount),
            share: 2,
            room: "medium",
            cell: ({ udid }) => {
              const { account = "unknown", checkedAt = null } = accountOn(udid) ?? {};
              return (
                <>
                  <Badge tone={accountTones[account]}>{say(storeAccounts[account])}</Badge>{" "}
                  {checkedAt !== null && (
                    <span class="small muted">
                      {say(userMessages.checked, { age: format.age(checkedAt) })}
                    </span>
                  )}
                </>
              );
            },
          },
        ]}
      />
    </section>
  );
}
