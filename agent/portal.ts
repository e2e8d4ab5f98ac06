/** The company portal on the phone: what the organisation offers, and asking for it. shared/portal.ts has the messages. */
import type { z } from "zod";
import { PippinError } from "../shared/errors.ts";
import type { PlistDictionary } from "../shared/plist.ts";
import { PortalAnswer, PortalAppsAnswer, PortalInstallAnswer, type PortalRequest } from "../shared/portal.ts";
import type { PhoneBase } from "./core.ts";
import type { CompanyPortal } from "./phone.ts";
import { isInSetupAssistant } from "./setup-assistant.ts";

const answerTimeoutMs = 30_000;
/** Questions on their way at once. A person has one or two. */
const questionsMax = 16;

/** The portal, and the end of it that the connection to the server holds. */
export interface Portal extends CompanyPortal {
  /** A connection is ready to carry questions. */
  attach(send: (message: object) => void): void;
  /** It is gone, with whatever was asked on it. */
  detach(): void;
  /** Takes an answer in. False when it is none that can be read. */
  take(message: PlistDictionary): boolean;
}

export function createPortal(phone: Pick<PhoneBase, "world" | "config" | "store" | "apps">): Portal {
  const { world, config, store, apps } = phone;
  const { udid } = config;
  const open = new Map<string, (answer: PortalAnswer | undefined) => void>();
  let send: ((message: object) => void) | undefined;
  let asked = 0;

  /** Resolves with the answer, which must be of that kind. Throws PippinError conflict, unavailable. */
  async function ask<T>(
    question: (common: { UDID: string; RequestID: string }) => PortalRequest,
    kind: z.ZodType<T>,
  ): Promise<T> {
    if (!store.state.enrollment)
      throw new PippinError("conflict", "the company portal is for phones under management");
    if (store.state.locked) throw new PippinError("conflict", "the phone is locked");
    if (isInSetupAssistant(store.state)) throw new PippinError("conflict", "the phone is being set up");
    if (!send) throw new PippinError("unavailable", "there is no connection to the server just now");
    if (open.size >= questionsMax)
      throw new PippinError("unavailable", "the company portal waits for earlier answers");
    asked += 1;
    const RequestID = String(asked);
    const late = new AbortController();
    const answered = new Promise<PortalAnswer | undefined>((resolve) => open.set(RequestID, resolve));
    send(question({ UDID: udid, RequestID }));
    const timedOut = world.sleep(answerTimeoutMs, late.signal).then(() => undefined);
    const answer = await Promise.race([answered, timedOut]);
    late.abort();
    open.delete(RequestID);
    const fitting = kind.safeParse(answer);
    if (!fitting.success) throw new PippinError("unavailable", "the server did not answer; ask again");
    return fitting.data;
  }

  return {
    async list() {
      const answer = await ask((common) => ({ MessageType: "PortalApps", ...common }), PortalAppsAnswer);
      return answer.Apps.map((app) => ({
        adamId: app.AdamID,
        bundleId: app.BundleID,
        name: app.Name,
        status: app.Status,
        reason: app.Reason ?? null,
        deadline: app.Deadline?.getTime() ?? null,
      }));
    },
    async install(adamId) {
      const known = apps.list().find((app) => app.adamId === adamId);
      if (known?.installed) throw new PippinError("conflict", `${known.name} is installed already`);
      if (!/^[0-9]{1,20}$/.test(adamId))
        throw new PippinError("invalid_request", "an App Store id has 1 to 20 digits");
      const answer = await ask(
        (common) => ({ MessageType: "PortalInstall", ...common, AdamID: adamId }),
        PortalInstallAnswer,
      );
      if (answer.Outcome === "Refused")
        throw new PippinError("forbidden", `the app ${adamId} is not offered to you`, {
          details: { reason: answer.Reason ?? null },
        });
    },
    attach(sendMessage) {
      send = sendMessage;
    },
    detach() {
      send = undefined;
      for (const resolve of open.values()) resolve(undefined);
      open.clear();
    },
    take(message) {
      const answer = PortalAnswer.safeParse(message);
      if (!answer.success) return false;
      // An answer to a question that was given up is nobody's any more.
      open.get(answer.data.RequestID)?.(answer.data);
      return true;
    },
  };
}
