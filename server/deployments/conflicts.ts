/** Which of several deployments of one app counts on one phone. All ours are to groups of users. */
import type { DeploymentAction, InstallationRecord } from "../store/records.ts";

export type DesiredAction = NonNullable<InstallationRecord["desired"]>;
export type ConflictRules = "2016" | "2017";

/**
 * Resolves the actions of all deployments that reach a phone; null when there is none. The order of `actions` doesn't matter.
 *
 * 2016: the admin's intent beats the user's (required over available), install beats uninstall, required and available apply
 * both, *not applicable* yields to any other intent.
 *
 * 2017: as the table of 2017-06-27: required beats uninstall, but uninstall beats an available that stands alone; required beats
 * *not applicable*, *not applicable* beats available, uninstall beats *not applicable*.
 */
export function resolveConflicts(
  actions: readonly DeploymentAction[],
  rules: ConflictRules,
): DesiredAction | null {
  const has = (action: DeploymentAction) => actions.includes(action);
  if (has("required")) return has("available") ? "requiredAndAvailable" : "required";
  if (rules === "2016") {
    if (has("available")) return "available";
    if (has("uninstall")) return "uninstall";
  } else {
    if (has("uninstall")) return "uninstall";
    if (has("available") && !has("notApplicable")) return "available";
  }
  return has("notApplicable") ? "notApplicable" : null;
}
