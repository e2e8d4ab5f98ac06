/** What people do with their phones. */
import { PippinError } from "../../shared/errors.ts";
import { anyhow } from "../support/small-journey.ts";
import type { ModelPhone } from "./model.ts";
import type { PhoneAct } from "./plan.ts";
import { appId, passcode, pickUp, putAway, type Run } from "./run.ts";

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
      if (!found) return;
      model.lost(act.phone, act.app);
      return void (await did(() => phone.deleteApp(found.bundleId)));
    }
    case "wish": {
      const held = model.phone(act.phone);
      if (await did(() => held.phone.portal.install(appId(act.app)))) model.wished(held, act.app);
      return;
    }
    case "lock":
      return void (await did(() => model.phone(act.phone).phone.lock()));
    case "unlock":
      return void (await did(() => model.phone(act.phone).phone.unlock(passcode)));
    case "setPasscode":
      return void (await did(() => model.phone(act.phone).phone.setPasscode(passcode)));
    case "leaveManagement":
      return await leave(run, model.phone(act.phone));
    case "enrolAgain":
      return await enrol(run, model.phone(act.phone));
    case "wipe": {
      const held = model.phone(act.phone);
      noteLeft(run, held);
      if (await did(() => held.phone.erase())) held.managed = false;
      return await enrol(run, held);
    }
  }
}

async function leave(run: Run, held: ModelPhone): Promise<void> {
  if (!held.managed) return;
  // A phone that is still enrolling has no profile yet that could be removed.
  if (!(await did(() => held.phone.removeProfile()))) return;
  noteLeft(run, held);
  held.managed = false;
}

function noteLeft({ model }: Run, held: ModelPhone): void {
  held.hasLeft = true;
  model.lost(held.index);
}

/** By a link of its own. Nothing happens to a phone that is under management. */
async function enrol({ admin, model }: Run, held: ModelPhone): Promise<void> {
  if (held.managed || model.standing(held.owner).has("deleted")) return;
  const token = { kind: held.kind, userId: held.owner };
  const { url } = await anyhow(() => admin.post<{ url: string }>("/api/v1/enrollment-tokens", token));
  if (await did(() => held.phone.enroll(url))) held.managed = true;
}

/** Whether the phone let the person do it: it may be off, locked, busy, or without a connection. */
async function did(deed: () => void | Promise<void>): Promise<boolean> {
  try {
    await deed();
    return true;
  } catch (error) {
    if (error instanceof PippinError) return false;
    throw error;
  }
}
