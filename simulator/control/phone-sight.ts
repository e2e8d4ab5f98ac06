/** A phone as somebody sees who has it in hand. */
import { buttonLabel } from "../../agent/hand.ts";
import type { Prompt } from "../../agent/phone.ts";
import type { Hand } from "../people/hand.ts";

/** As in a list. */
export function phoneLine(hand: Hand) {
  const { config } = hand.phone;
  const view = hand.phone.view();
  return {
    serialNumber: config.serialNumber,
    udid: config.udid,
    name: view.deviceName,
    owner: hand.owner ?? null,
    kind: config.kind,
    status: view.status,
    connected: view.connected,
    locked: view.locked,
    airplane: view.airplane,
    /** What the sheet on the screen asks. */
    prompt: view.prompt === null ? null : { kind: view.prompt.kind, title: view.prompt.title },
    appCount: view.apps.filter(({ installed }) => installed).length,
    heldBy: hand.isHeld ? ("person" as const) : ("nobody" as const),
  };
}

/** All that is to be seen: the sheet with its buttons, the apps, the state. */
export function phoneSight(hand: Hand) {
  const { config } = hand.phone;
  const view = hand.phone.view();
  const { enrolled, hasPasscode, busy, inSetupAssistant, trouble, lockMessage, appleId, profiles } = view;
  return {
    ...phoneLine(hand),
    product: config.productName,
    osVersion: config.osVersion,
    ...{ enrolled, hasPasscode, busy, inSetupAssistant, trouble, lockMessage, appleId },
    prompt: view.prompt === null ? null : sheet(view.prompt, hand),
    apps: view.apps,
    profiles,
  };
}

function sheet(prompt: Prompt, hand: Hand) {
  const typed = new Set(hand.typedFields);
  const { id, kind, title, text, choices, fields, wrongPasswords, adamId = null, appName = null } = prompt;
  return {
    ...{ id, kind, title, text },
    buttons: choices.map((choice) => ({ id: choice, label: buttonLabel(choice) })),
    // What was typed is the person's own.
    fields: fields.map((name) => ({ name, typed: typed.has(name) })),
    ...{ adamId, appName, wrongPasswords },
  };
}
