/** What people do with their phones. */
import { PippinError } from "../../shared/errors.ts";
import type { PhoneAct } from "./plan.ts";
import { appId, pickUp, putAway, type Run } from "./run.ts";

export async function playPerson(run: Run, act: PhoneAct): Promise<void> {
  const { lab, model } = run;
  switch (act.act) {
    case "restartPhone": {
      const held = model.phone(act.phone);
      const wasHeld = held.putAway !== undefined;
      putAway(held);
      await held.phone.kill();
      await lab.world.sleep(act.awayMs);
      held.phone = await lab.restartPhone(held.phone.config.udid);
      if (wasHeld) pickUp(run, held);
      return;
    }
    case "putAway":
      return model.phonesOf(act.person).forEach(putAway);
    case "pickUp":
      return model.phonesOf(act.person).forEach((held) => pickUp(run, held));
    case "deleteApp": {
      const { phone } = model.phone(act.phone);
      const found = phone.view().apps.find((one) => one.adamId === appId(act.app) && one.installed);
      if (found) await phone.deleteApp(found.bundleId).catch(refused);
      return;
    }
    case "leaveManagement": {
      const held = model.phone(act.phone);
      if (!held.managed) return;
      held.managed = false;
      return await held.phone.removeProfile().catch(refused);
    }
  }
}

/** The phone may be busy with the app, or locked, or off. */
function refused(error: unknown): void {
  if (!(error instanceof PippinError)) throw error;
}
