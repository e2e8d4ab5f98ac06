import type { AppStoreProblemCode } from "../shared/app-store.ts";
import type { Account } from "./account.ts";
import type { PhoneBase } from "./core.ts";
import { restrictions } from "./restrictions.ts";
import { jitteredDelayMs, pause, throwIfHalted } from "./tasks.ts";

/** Invitations the person may leave unanswered; a further one pushes the oldest out. */
const invitationsMax = 8;
/** How often an invitation is taken up again while Apple can't be reached, and how long between. */
const triesMax = 20;
const retry = { firstMs: 30_000, capMs: 10 * 60_000 };
const termsCharactersMax = 10_000;

type Invitation = PhoneBase["store"]["state"]["invitations"][number];

/** Invitations to the volume-purchase program: the terms are shown, and accepted in the name of the Apple ID. */
export interface Invitations {
  /** Notes the invitation. The terms appear once it is on disk; the same address again shows them anew. */
  add(invitation: Invitation): void;
  /** Shows what was left unanswered before a restart. */
  resume(): void;
  /** Takes all of them away. */
  clear(): void;
}

export function createInvitations(phone: PhoneBase, account: Account): Invitations {
  const { world, store, prompts, appStore, tasks } = phone;
  const { state } = store;
  const shown = new Map<string, AbortController>();

  phone.signal.addEventListener("abort", () => {
    for (const controller of shown.values()) controller.abort();
  });

  function withdraw(url: string): void {
    shown.get(url)?.abort();
    shown.delete(url);
    state.invitations = state.invitations.filter((invitation) => invitation.url !== url);
  }

  function start(invitation: Invitation): void {
    const controller = new AbortController();
    shown.set(invitation.url, controller);
    tasks.run(async () => {
      await store.save();
      for (let attempt = 0; attempt < triesMax; attempt += 1) {
        if (attempt > 0) await pause(world, jitteredDelayMs(world, attempt, retry), controller.signal);
        const settled = await settle(invitation, controller.signal);
        throwIfHalted(controller.signal);
        if (!settled) continue;
        withdraw(invitation.url);
        return store.save();
      }
      // What Apple could not be reached for stays on disk, to be shown at the next start.
    });
  }

  /** Answers whether the invitation is done with, however it went. */
  async function settle({ url, commandUUID }: Invitation, signal: AbortSignal): Promise<boolean> {
    // The invitation opens in the App Store. It stays, for the day when a profile allows that again.
    if (!restrictions(state).allowAppInstallation) return false;
    const terms = await appStore.readTerms(url, signal);
    if (!terms.ok) {
      if (terms.code === "unreachable") return false;
      tellRefusal(terms.code);
      return true;
    }
    const { organisation, title, text } = terms.value;
    const answer = await prompts.ask(
      {
        kind: "programTerms",
        title: title.slice(0, 200),
        text: `${organisation.slice(0, 200)} would like to assign apps to you.\n\n${text.slice(0, termsCharactersMax)}`,
        choices: ["decline", "accept"],
        subject: { organisation: organisation.slice(0, 200) },
        commandUUID,
      },
      signal,
    );
    if (!answer.agreed) return true;
    if (!appStore.isApples(url)) {
      // The session token is as good as the password for an hour: it goes to Apple or nowhere.
      prompts.tell({
        code: "invitationNotApples",
        title: "Invitation Not Valid",
        text: "This invitation does not lead to Apple. Nothing was sent.",
      });
      return true;
    }
    return accept({ url, commandUUID }, signal);
  }

  async function accept({ url, commandUUID }: Invitation, signal: AbortSignal): Promise<boolean> {
    // Twice: a session that Apple has ended in the meantime is replaced once, and so are terms that are due.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const outcome = await account.prepare({ freshPassword: false, commandUUID }, signal);
      // Who doesn't sign in doesn't join; the invitation can be sent again.
      if (outcome !== "signedIn" || !state.account) return outcome !== "unreachable";
      const result = await appStore.acceptTerms(url, state.account.sessionToken, signal);
      if (result.ok) return true;
      if (result.code === "unreachable") {
        prompts.tell({
          code: "programUnreachable",
          title: "Cannot Join the Program",
          text: "Apple did not answer. The invitation stays open; try again later.",
        });
        return false;
      }
      if (result.code === "session_invalid") account.forget();
      else if (result.code === "store_terms_due") account.noteTermsDue();
      else {
        tellRefusal(result.code);
        return true;
      }
    }
    return true;
  }

  function tellRefusal(code: AppStoreProblemCode): void {
    const isUsed = code === "invitation_used";
    prompts.tell({
      code: isUsed ? "invitationUsed" : "invitationInvalid",
      title: "Invitation Not Valid",
      text: isUsed
        ? "This invitation was used already."
        : "This invitation is no longer valid. Ask your administrator for a new one.",
    });
  }

  return {
    add(invitation) {
      withdraw(invitation.url);
      state.invitations.push(invitation);
      while (state.invitations.length > invitationsMax) withdraw(state.invitations[0]?.url ?? "");
      start(invitation);
    },
    resume() {
      for (const invitation of state.invitations) start(invitation);
    },
    clear() {
      for (const { url } of [...state.invitations]) withdraw(url);
    },
  };
}
