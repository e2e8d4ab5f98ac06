import { removeWithProfile } from "../shared/commands.ts";
import { removeApp } from "./commands/remove-application.ts";
import type { PhoneCore } from "./core.ts";
import { isBusy } from "./apps.ts";

/**
 * The management profile goes, and what hangs on it: identity, open invitations, installs under way, and the managed apps whose
 * `ManagementFlags` say so. The others stay as the person's own.
 */
export async function unenroll(phone: PhoneCore, reason: string): Promise<void> {
  const { store, apps, installer, invitations, changed } = phone;
  const { state } = store;
  for (const app of [...apps.list()]) {
    if (app.state === "absent") continue;
    if ((app.managementFlags & removeWithProfile) !== 0 && app.installed) {
      removeApp(phone, app, { reason });
      continue;
    }
    if (isBusy(app)) installer.drop(app);
    apps.move(app, "absent", { reason });
  }
  invitations.clear();
  state.enrollment = null;
  state.keys = null;
  state.unreceived = [];
  state.performed = [];
  changed();
  await store.save();
}
