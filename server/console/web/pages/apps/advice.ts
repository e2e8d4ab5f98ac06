/** What is wrong with an installation, and what can be done about it. */
import type { Message } from "../../../../../shared/web/messages.ts";
import type { InstallationView } from "../../../../api/installation-view.ts";
import { reasonAdvice, stateAdvice } from "../../messages/advice.ts";
import { codeAdvice, codeMeanings } from "../../messages/error-codes.ts";

type Trouble = Pick<InstallationView, "state" | "reason" | "code">;

/** Maps, not objects: a reason of "constructor" must find nothing. */
const byReason: ReadonlyMap<string, Message> = new Map(Object.entries(reasonAdvice));
const byState: ReadonlyMap<string, Message> = new Map(Object.entries(stateAdvice));
const byCode: ReadonlyMap<string, Message> = new Map(Object.entries(codeAdvice));
const meanings: ReadonlyMap<string, Message> = new Map(Object.entries(codeMeanings));

/** Reasons behind which the phone's own answer lies: its code says more than the reason does. */
const answered: ReadonlySet<string> = new Set(["install-refused", "install-failed", "remove-failed"]);

/** Undefined where nothing is amiss. */
export function adviceFor({ state, reason, code }: Trouble): Message | undefined {
  const ofCode = code === null ? undefined : byCode.get(code);
  if (reason === null) return ofCode ?? byState.get(state);
  return (answered.has(reason) ? ofCode : undefined) ?? byReason.get(reason) ?? ofCode;
}

export function meaningOf(code: string | null): Message | undefined {
  return code === null ? undefined : meanings.get(code);
}
