/** A deployment as it is being asked for, before it is. */
import type { Deployment } from "../../../../api/deployment-routes.ts";
import { serverNow } from "../../core/pulse.ts";

export type Action = Deployment["action"];
export const actions: readonly Action[] = ["required", "available", "uninstall", "notApplicable"];

export const deadlines = ["none", "day", "week", "month", "custom"] as const;
export type DeadlineChoice = (typeof deadlines)[number];

const dayMs = 86_400_000;
const waits: Readonly<Record<Exclude<DeadlineChoice, "none" | "custom">, number>> = {
  day: dayMs,
  week: 7 * dayMs,
  month: 30 * dayMs,
};

export interface Draft {
  readonly groupIds: readonly string[];
  readonly action: Action;
  readonly licenseType: Deployment["licenseType"];
  readonly deadline: DeadlineChoice;
  /** As the browser's field has it, by the clock on the wall: `2016-07-01T09:30`. */
  readonly customDeadline: string;
  /** Of a deadline counted from now: since when. One that moved on with every look could never be confirmed. */
  readonly chosenAt: number;
}

export const emptyDraft: Draft = {
  groupIds: [],
  action: "required",
  licenseType: "user",
  deadline: "none",
  customDeadline: "",
  chosenAt: 0,
};

export function draftOf(deployment: Deployment): Draft {
  const { groupId, action, licenseType, deadline } = deployment;
  return {
    ...emptyDraft,
    groupIds: [groupId],
    action,
    licenseType,
    ...(deadline === null ? {} : { deadline: "custom", customDeadline: localTime(deadline) }),
  };
}

/** ISO, or null for at once. */
export function deadlineOf({ action, deadline, customDeadline, chosenAt }: Draft): string | null {
  if (action !== "required" || deadline === "none") return null;
  if (deadline !== "custom") return new Date((chosenAt || serverNow()) + waits[deadline]).toISOString();
  return customDeadline === "" ? null : new Date(customDeadline).toISOString();
}

/** Whether the deployment asks for installs, so that it matters whose licences they take. */
export function takesLicenses(action: Action): boolean {
  return action === "required" || action === "available";
}

function localTime(iso: string): string {
  const time = new Date(iso);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}`;
}
