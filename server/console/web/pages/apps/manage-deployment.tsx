/** *Manage deployment*: groups, action, deadline, and what will happen, one after another in one sheet. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import type { DeploymentPreviewView } from "../../../../api/deployment-preview-routes.ts";
import type { Deployment } from "../../../../api/deployment-routes.ts";
import type { Policies } from "../../../../policies.ts";
import { address, call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { Failure } from "../../core/failure.tsx";
import { useResource } from "../../core/resource.ts";
import { common } from "../../messages/common.ts";
import { deploymentMessages } from "../../messages/deployments.ts";
import { deadlineOf, draftOf, emptyDraft, takesLicenses, type Draft } from "./deployment-draft.ts";
import { ActionStep, DeadlineStep, GroupsStep } from "./deployment-steps.tsx";
import { Foretold } from "./foretold.tsx";

type Step = "groups" | "action" | "deadline" | "confirm";

const stepNames = {
  groups: deploymentMessages.stepGroups,
  action: deploymentMessages.stepAction,
  deadline: deploymentMessages.stepDeadline,
  confirm: deploymentMessages.stepConfirm,
} as const;
const questions = {
  groups: deploymentMessages.askGroups,
  action: deploymentMessages.askAction,
  deadline: deploymentMessages.askDeadline,
  confirm: deploymentMessages.askConfirm,
} as const;

interface ManageDeploymentProps {
  readonly adamId: string;
  readonly appName: string;
  /** The one that is to be changed; left out, groups are asked for. */
  readonly change?: Deployment;
  onClose(): void;
}

export function ManageDeployment({ adamId, appName, change, onClose }: ManageDeploymentProps) {
  const say = useSay();
  const [draft, setDraft] = useState<Draft>(change ? draftOf(change) : emptyDraft);
  const [step, setStep] = useState<Step>(change ? "action" : "groups");
  const { data: policies } = useResource<Policies>("/api/v1/policies", ["policies"]);
  const steps: Step[] = [
    ...(change ? [] : (["groups"] as const)),
    "action",
    ...(draft.action === "required" ? (["deadline"] as const) : []),
    "confirm",
  ];
  const place = steps.indexOf(step);
  const preview = useResource<DeploymentPreviewView>(
    step === "confirm" ? address("/api/v1/deployments/preview", previewQuery(adamId, draft)) : null,
    ["deployments", "groups", "account", "syncs", "policies"],
  );
  const deed = useCarryingOut(adamId, draft, preview.data);
  const heading = useHeadingFocus(step);
  const alter = (more: Partial<Draft>) => setDraft({ ...draft, ...more });
  const isReady =
    step === "groups"
      ? draft.groupIds.length > 0
      : step === "deadline"
        ? draft.deadline !== "custom" || draft.customDeadline !== ""
        : step !== "confirm" || preview.data !== undefined;
  const goTo = (to: Step | undefined) => {
    deed.forget();
    if (to) setStep(to);
  };
  return (
    <Sheet title={say(deploymentMessages.manageTitle, { app: appName })} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isReady) return;
          if (step !== "confirm") goTo(steps[place + 1]);
          else void deed.run().then((done) => done && onClose());
        }}
      >
        <ol class="steps" aria-label={say(deploymentMessages.steps)}>
          {steps.map((one) => (
            <li key={one} aria-current={one === step ? "step" : undefined}>
              {say(stepNames[one])}
            </li>
          ))}
        </ol>
        <h3 class="step-head" tabIndex={-1} ref={heading}>
          {say(questions[step])}
        </h3>
        {step === "groups" && <GroupsStep adamId={adamId} draft={draft} onDraft={alter} />}
        {step === "action" && (
          <ActionStep
            draft={draft}
            onDraft={alter}
            hasDeviceLicenses={policies?.licensing === "user-and-device"}
          />
        )}
        {step === "deadline" && <DeadlineStep draft={draft} onDraft={alter} />}
        {step === "confirm" && <Foretold preview={preview} />}
        <Failure failure={deed.failure} />
        <div class="sheet-buttons">
          <button type="button" onClick={onClose}>
            {say(common.cancel)}
          </button>
          {place > 0 && (
            <button type="button" onClick={() => goTo(steps[place - 1])}>
              {say(deploymentMessages.back)}
            </button>
          )}
          <button class="primary" type="submit" disabled={!isReady || deed.isUnderWay}>
            {say(step === "confirm" ? deploymentMessages.submit : deploymentMessages.next)}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

function previewQuery(adamId: string, draft: Draft) {
  return {
    adamId,
    groupIds: draft.groupIds.join(),
    action: draft.action,
    licenseType: takesLicenses(draft.action) ? draft.licenseType : undefined,
    deadline: deadlineOf(draft) ?? undefined,
  };
}

/** One deployment for each group: a new one, or a change of the one that is there. */
function useCarryingOut(adamId: string, draft: Draft, preview: DeploymentPreviewView | undefined) {
  // Groups that were done before one was refused are not done again, unless something else is asked for now.
  const done = useRef(new Set<string>());
  useEffect(() => done.current.clear(), [draft]);
  return useDeed(async (once) => {
    const { action, licenseType } = draft;
    const deadline = deadlineOf(draft);
    for (const { groupId, deploymentId } of preview?.groups ?? []) {
      if (done.current.has(groupId)) continue;
      const wish = { action, deadline, ...(takesLicenses(action) ? { licenseType } : {}) };
      if (deploymentId === null) {
        const body = { adamId, groupId, ...wish };
        await call("POST", "/api/v1/deployments", { once: `${once}-${groupId}`, body });
      } else await call("PATCH", `/api/v1/deployments/${part(deploymentId)}`, { body: wish });
      done.current.add(groupId);
    }
  });
}

/** The question of a step is read out when it is come to; the sheet itself takes the focus at first. */
function useHeadingFocus(step: Step) {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [step]);
  return heading;
}
