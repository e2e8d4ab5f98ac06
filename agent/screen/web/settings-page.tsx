import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useSay } from "../../../shared/web/preferences.ts";
import { usePhone } from "./acts.ts";
import { ConfirmSheet } from "./confirm-sheet.tsx";
import { EnrolForm } from "./enrol-form.tsx";
import { PlacePage } from "./place-page.tsx";
import { kindMessages, restrictionMessages, settingsMessages } from "./place-messages.ts";
import { AppleIdForm, PasscodeForm } from "./settings-forms.tsx";

export function SettingsPage({ leave }: { readonly leave: () => void }) {
  const say = useSay();
  return (
    <PlacePage title={say(settingsMessages.title)} leave={leave}>
      <Group title={say(settingsMessages.appleId)}>
        <AppleIdForm />
      </Group>
      <Group title={say(settingsMessages.management)}>
        <Management />
      </Group>
      <Group title={say(settingsMessages.profiles)}>
        <Profiles />
      </Group>
      <Group title={say(settingsMessages.restrictions)}>
        <Restrictions />
      </Group>
      <Group title={say(settingsMessages.passcode)}>
        <PasscodeForm />
      </Group>
      <Group title={say(settingsMessages.about)}>
        <About />
      </Group>
    </PlacePage>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="settings-group">
      <h3 class="group-title">{title}</h3>
      <div class="group">{children}</div>
    </section>
  );
}

function Management() {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  const [isAsking, setAsking] = useState(false);
  if (!phone.enrolled)
    return (
      <div class="row column">
        <p>{say(settingsMessages.notManaged)}</p>
        {phone.status === "unenrolled" && <EnrolForm />}
      </div>
    );
  return (
    <div class="row column">
      <p>{say(settingsMessages.managed)}</p>
      <button class="danger" disabled={!isLive} onClick={() => setAsking(true)}>
        {say(settingsMessages.removeManagement)}
      </button>
      {isAsking && (
        <ConfirmSheet
          title={say(settingsMessages.removeTitle)}
          text={say(settingsMessages.removeText)}
          yes={say(settingsMessages.remove)}
          confirm={() => void act("remove-profile")}
          close={() => setAsking(false)}
        />
      )}
    </div>
  );
}

function Profiles() {
  const say = useSay();
  const { phone, isLive, act } = usePhone();
  if (phone.profiles.length === 0) return <p class="row muted">{say(settingsMessages.noProfiles)}</p>;
  return (
    <ul>
      {phone.profiles.map(({ identifier, displayName, managed }) => (
        <li key={identifier} class="row">
          <span class="grow">
            <span class="strong">{displayName}</span>
            <span class="muted small block">
              {say(managed ? settingsMessages.byServer : settingsMessages.byPerson)}
            </span>
          </span>
          <button
            class="small-button"
            disabled={!isLive}
            aria-label={say(settingsMessages.removeProfile, { name: displayName })}
            onClick={() => void act("remove-profile", { identifier })}
          >
            {say(settingsMessages.remove)}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Restrictions() {
  const say = useSay();
  const { forbidden } = usePhone().phone;
  if (forbidden.length === 0) return <p class="row muted">{say(settingsMessages.noRestrictions)}</p>;
  return (
    <ul>
      {forbidden.map((name) => (
        <li key={name} class="row">
          {say(restrictionMessages[name])}
        </li>
      ))}
    </ul>
  );
}

function About() {
  const say = useSay();
  const { phone } = usePhone();
  const isSupervised = phone.kind === "configurator" || phone.kind === "dep";
  const facts: readonly (readonly [string, string])[] = [
    [say(settingsMessages.name), phone.deviceName],
    ...(phone.owner === null ? [] : [[say(settingsMessages.owner), phone.owner] as const]),
    [say(settingsMessages.model), phone.productName],
    [say(settingsMessages.version), `iOS ${phone.osVersion}`],
    [say(settingsMessages.serial), phone.serialNumber],
    [say(settingsMessages.udid), phone.udid],
    [say(settingsMessages.kind), say(kindMessages[phone.kind])],
    [say(settingsMessages.supervision), say(isSupervised ? settingsMessages.yes : settingsMessages.no)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name} class="row">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
