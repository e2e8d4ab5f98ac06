import { removeWithProfile } from "../shared/commands.ts";
import { removeApp } from "./commands/remove-application.ts";
import type { PhoneCore } from "./core.ts";
import { isBusy, isInstalledByServer } from "./apps.ts";
import { removeManagedProfiles } from "./profiles.ts";

/**
 * The management profile goes, and what hangs on it: identity, open invitations, installs under way, and the managed apps whose
 * `ManagementFlags` say so. The others stay as the person's own.
 */
export async function unenroll(phone: PhoneCore, reason: string): Promise<void> {
  const { store, apps, installer, invitations, changed } = phone;
  const { state } = store;
  for (const app of [...apps.list()]) {
    if (app.state === "absent") continue;
    if ((app.managementFlags & removeWithProfile) !== 0 && isInstalledByServer(app)) {
      removeApp(phone, app, { reason });
      continue;
    }
    if (isBusy(app)) installer.drop(app);
    apps.move(app, "removed", { reason });
  }
  invitations.clear();
  removeManagedProfiles(phone);
  // What the organisation said of itself goes with it.
  state.settings.organizationInfo = null;
  // Anything else that is to come, comes: an erasure above all.
  if (state.departure?.kind === "removeManagement") state.departure = null;
  state.tokenUpdateDue = false;
  state.setup = "done";
  state.resting = "unenrolled";
  state.enrollmentUrl = null;
  state.enrollment = null;
  state.keys = null;
  state.unreceived = [];
  state.performed = [];
  changed();
  await store.save();
}
