/** The first minutes of a phone from Apple's enrolment program: it enrols, and waits until the server has configured it. */
import type { PhoneConfig } from "./phone.ts";
import type { PhoneState } from "./state.ts";

/** How a phone comes out of the box, or out of an erasure. */
export function freshState(config: PhoneConfig): Pick<PhoneState, "setup"> {
  return { setup: config.setupAssistant === true ? "awaitingConfiguration" : "done" };
}

export function isInSetupAssistant(state: PhoneState): boolean {
  return state.setup !== "done";
}

/** Setup Assistant goes on and comes to its end; the next check-in message says so. */
export function finishSetup(state: PhoneState): void {
  if (!isInSetupAssistant(state)) return;
  state.setup = "done";
  state.tokenUpdateDue = true;
}
