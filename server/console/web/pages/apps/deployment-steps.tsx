/** The questions of *Manage deployment*. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Deployment } from "../../../../api/deployment-routes.ts";
import { TextField } from "../../core/form.tsx";
import { Loading } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { serverNow } from "../../core/pulse.ts";
import { deploymentMessages } from "../../messages/deployments.ts";
import { desiredNames } from "../../messages/installation-words.ts";
import { actions, deadlines, takesLicenses, type Draft } from "./deployment-draft.ts";
import { useGroups } from "./names.ts";

interface StepProps {
  readonly draft: Draft;
  onDraft(change: Partial<Draft>): void;
}

/** With so many groups, one is looked for by its name. */
const searchFrom = 8;

export function GroupsStep({ adamId, draft, onDraft }: StepProps & { readonly adamId: string }) {
  const say = useSay();
  const groups = useGroups();
  const present = usePaged<Deployment>("/api/v1/deployments", { adamId }, ["deployments"]);
  const [wanted, setWanted] = useState("");
  if (!groups) return <Loading />;
  if (groups.length === 0) return <p class="empty muted">{say(deploymentMessages.noGroups)}</p>;
  const shown = groups.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <>
      {groups.length >= searchFrom && (
        <TextField
          label={say(deploymentMessages.findGroup)}
          type="search"
          value={wanted}
          onValue={setWanted}
        />
      )}
      <fieldset class="choices">
        <legend class="unseen">{say(deploymentMessages.askGroups)}</legend>
        {shown.map(({ id, name }) => {
          const deployment = present.items.find(({ groupId }) => groupId === id);
          return (
            <label class="choice" key={id}>
              <input
                type="checkbox"
                checked={draft.groupIds.includes(id)}
                onChange={({ currentTarget }) =>
                  onDraft({
                    groupIds: currentTarget.checked
                      ? [...draft.groupIds, id]
                      : draft.groupIds.filter((one) => one !== id),
                  })
                }
              />
              <span>
                {name}
                <span class="muted">
                  {deployment
                    ? say(deploymentMessages.hasNow, { action: say(desiredNames[deployment.action]) })
                    : say(deploymentMessages.hasNone)}
                </span>
              </span>
            </label>
          );
        })}
      </fieldset>
    </>
  );
}

const actionHints = {
  required: deploymentMessages.hintRequired,
  available: deploymentMessages.hintAvailable,
  uninstall: deploymentMessages.hintUninstall,
  notApplicable: deploymentMessages.hintNotApplicable,
} as const;

export function ActionStep({
  draft,
  onDraft,
  hasDeviceLicenses,
}: StepProps & { readonly hasDeviceLicenses: boolean }) {
  const say = useSay();
  return (
    <>
      <fieldset class="choices">
        <legend class="unseen">{say(deploymentMessages.action)}</legend>
        {actions.map((action) => (
          <Choice
            key={action}
            group="action"
            title={say(desiredNames[action])}
            hint={say(actionHints[action])}
            checked={draft.action === action}
            onChoose={() => onDraft({ action })}
          />
        ))}
      </fieldset>
      {hasDeviceLicenses && takesLicenses(draft.action) && (
        <fieldset class="choices">
          <legend>
            <h3>{say(deploymentMessages.askLicense)}</h3>
          </legend>
          <Choice
            group="license"
            title={say(deploymentMessages.userLicense)}
            hint={say(deploymentMessages.hintUser)}
            checked={draft.licenseType === "user"}
            onChoose={() => onDraft({ licenseType: "user" })}
          />
          <Choice
            group="license"
            title={say(deploymentMessages.deviceLicense)}
            hint={say(deploymentMessages.hintDevice)}
            checked={draft.licenseType === "device"}
            onChoose={() => onDraft({ licenseType: "device" })}
          />
        </fieldset>
      )}
    </>
  );
}

const deadlineNames = {
  none: deploymentMessages.atOnce,
  day: deploymentMessages.inDay,
  week: deploymentMessages.inWeek,
  month: deploymentMessages.inMonth,
  custom: deploymentMessages.custom,
} as const;

export function DeadlineStep({ draft, onDraft }: StepProps) {
  const say = useSay();
  return (
    <>
      <p class="muted">{say(deploymentMessages.deadlineHint)}</p>
      <fieldset class="choices">
        <legend class="unseen">{say(deploymentMessages.deadline)}</legend>
        {deadlines.map((deadline) => (
          <Choice
            key={deadline}
            group="deadline"
            title={say(deadlineNames[deadline])}
            checked={draft.deadline === deadline}
            onChoose={() => onDraft({ deadline, chosenAt: serverNow() })}
          />
        ))}
      </fieldset>
      {draft.deadline === "custom" && (
        <TextField
          label={say(deploymentMessages.customTime)}
          type="datetime-local"
          value={draft.customDeadline}
          onValue={(customDeadline) => onDraft({ customDeadline })}
          required
        />
      )}
    </>
  );
}

interface ChoiceProps {
  readonly group: string;
  readonly title: string;
  readonly hint?: string;
  readonly checked: boolean;
  onChoose(): void;
}

function Choice({ group, title, hint, checked, onChoose }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name={group} checked={checked} onChange={onChoose} />
      <span>
        {title}
        {hint && <span class="muted">{hint}</span>}
      </span>
    </label>
  );
}
