/** What happens to phones, and what their people do with them. */
import { z } from "zod";
import type { Phone } from "../../../agent/phone.ts";
import { inTurn } from "../in-turn.ts";
import { Nothing, step, type StepKind } from "../step.ts";
import type { References } from "../vocabulary.ts";

export function phoneSteps({ app, person, persona, phone, phones }: References): [string, StepKind][] {
  const each = (act: (phone: Phone) => void | Promise<void>) =>
    step(phones, (stage, of) => inTurn(stage.select(of), async (one) => void (await act(one))));
  return [
    ["lock", each((one) => one.lock())],
    ["unlock", each((one) => one.unlock())],
    ["restart-phone", each((one) => one.restart())],
    ["shut-down", each((one) => one.shutDown())],
    ["boot", each((one) => one.boot())],
    ["erase", each((one) => one.erase())],
    ["remove-profile", each((one) => one.removeProfile())],
    ["sign-out", each((one) => one.signOut())],
    ["busy", each((one) => one.setBusy(true))],
    ["idle", each((one) => one.setBusy(false))],
    /** Out of reach, as in a drawer with an empty battery; what was under way on it breaks off. */
    ["vanish", step(phones, (stage, of) => inTurn(stage.select(of), (one) => stage.vanish(one)))],
    ["come-back", step(phones, (stage, of) => inTurn(stage.select(of), (one) => stage.comeBack(one)))],
    /** A phone that was erased, or whose management is gone, enrols with a link of its own. */
    ["enrol", step(phones, (stage, of) => inTurn(stage.select(of), (one) => stage.enrolAgain(one)))],
    [
      "delete-app",
      step(z.strictObject({ phone, app }), async (stage, given) => {
        const one = stage.phone(given.phone);
        const found = one.view().apps.find(({ adamId }) => adamId === given.app);
        await one.deleteApp(found?.bundleId ?? given.app);
      }),
    ],
    [
      "open-portal",
      step(z.strictObject({ phone, install: app }), async (stage, given) => {
        await stage.phone(given.phone).portal.install(given.install);
      }),
    ],
    [
      "install-from-store",
      step(z.strictObject({ phone, app }), async (stage, given) => {
        await stage.phone(given.phone).installFromStore(given.app);
      }),
    ],
    [
      "put-away",
      step(phones, async (stage, of) => void stage.select(of).forEach((one) => stage.putAway(one))),
    ],
    ["pick-up", step(phones, async (stage, of) => void stage.select(of).forEach((one) => stage.pickUp(one)))],
    [
      "behave",
      step(z.strictObject({ person, persona }), async (stage, given) => {
        stage.behave(given.person, given.persona);
      }),
    ],
    ["cut", step(Nothing, async (stage) => stage.cutConnections(), { virtualOnly: true })],
  ];
}
