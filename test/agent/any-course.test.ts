import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeAfter, reportedOnce, type AppEvent, type AppPlace } from "../../shared/app-states.ts";
import { numbers, pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { PhoneLab } from "./phone-lab.ts";

const items = [pages, numbers];
type Act =
  | { readonly kind: "install"; readonly item: number; readonly takesOver: boolean }
  | { readonly kind: "remove" | "list" | "delete" | "fetch" | "release"; readonly item: number }
  | { readonly kind: "answer"; readonly agrees: boolean; readonly password: string }
  | { readonly kind: "lock" | "unlock" | "restart" | "kill" | "cut" | "signOut" | "refuse" | "serve" }
  | { readonly kind: "wait"; readonly delayMs: number };

const item = fc.nat({ max: items.length - 1 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("install" as const), item, takesOver: fc.boolean() }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      agrees: fc.boolean(),
      password: fc.constantFrom("correct horse", "correct horse", "battery"),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("remove", "list", "delete", "fetch", "release"), item }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("lock", "unlock", "restart", "kill", "cut", "signOut", "refuse", "serve"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      delayMs: fc.constantFrom(500, 2_000, 1_000_000),
    }),
  },
);

/** A server that lists, and notes which visit to a state each list was about. */
class Listener {
  readonly reports: { status: string; visit: string; commandUUID: string }[] = [];
  #count = 0;
  readonly lab: PhoneLab;
  constructor(lab: PhoneLab) {
    this.lab = lab;
  }

  async command(command: object): Promise<void> {
    this.#count += 1;
    const commandUUID = `c${this.#count}`;
    if (!this.lab.phone.view().connected) return;
    const answer = await this.lab.connection.command(commandUUID, command);
    if (answer.CommandUUID !== commandUUID || answer.ManagedApplicationList === undefined) return;
    for (const [bundleId, entry] of Object.entries(answer.ManagedApplicationList)) {
      const moves = this.lab.eventsOf("app.state").filter((event) => event.bundleId === bundleId).length;
      const { Status: status } = entry as unknown as { Status: string };
      this.reports.push({ status, visit: `${bundleId} ${moves}`, commandUUID });
    }
  }
}

async function perform(lab: PhoneLab, server: Listener, step: Act): Promise<void> {
  const { phone, apple } = lab;
  const refused = (): void => undefined; // that it can't be done now is one of the things that may happen
  switch (step.kind) {
    case "install":
      return server.command({
        RequestType: "InstallApplication",
        iTunesStoreID: Number(items[step.item]?.adamId),
        Options: { PurchaseMethod: 1 },
        ...(step.takesOver ? { ChangeManagementState: "Managed" } : {}),
      });
    case "remove":
      return server.command({ RequestType: "RemoveApplication", Identifier: items[step.item]?.bundleId });
    case "list":
      return server.command({ RequestType: "ManagedApplicationList" });
    case "delete":
      return phone.deleteApp(items[step.item]?.bundleId ?? "").catch(refused);
    case "fetch":
      void phone.installFromStore(items[step.item]?.adamId ?? "").catch(refused);
      return settle();
    case "release": {
      const { adamId = "" } = items[step.item] ?? {};
      const known = apple.items.get(adamId);
      if (known)
        apple.items.set(adamId, { ...known, externalVersionIdentifier: known.externalVersionIdentifier + 1 });
      return;
    }
    case "answer": {
      const { prompt } = phone.view();
      if (!prompt) return;
      const choice = (step.agrees ? prompt.choices.at(-1) : prompt.choices[0]) ?? "";
      phone.answer(prompt.id, { choice, appleId: apple.appleId, password: step.password });
      return settle();
    }
    case "lock":
      return phone.lock();
    case "unlock":
      return phone.unlock();
    case "signOut":
      return phone.signOut();
    case "refuse":
      apple.authorizeRefusal = "license_not_found";
      return;
    case "serve":
      apple.authorizeRefusal = undefined;
      apple.wrongPasswords = 0;
      return;
    case "cut":
      if (phone.view().connected) lab.connection.close(1006);
      return settle();
    case "restart":
    case "kill":
      await (step.kind === "kill" ? phone.kill() : phone.stop());
      await lab.start();
      return;
    case "wait":
      return lab.world.advance(step.delayMs);
  }
}

describe("whatever server, person and battery do", () => {
  it(
    "an app moves along the table, tells each ending once, and comes to rest",
    { timeout: 60_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
          const lab = await new PhoneLab().start();
          lab.apple.wrongPasswordsMax = 1_000;
          const server = new Listener(lab);
          for (const step of acts) await perform(lab, server, step);

          // Then everybody is well-behaved for a while.
          lab.apple.authorizeRefusal = undefined;
          lab.phone.unlock();
          for (let round = 0; round < 40; round += 1) {
            await lab.world.advance(70_000);
            const { prompt } = lab.phone.view();
            if (!prompt) continue;
            const choice = prompt.choices.at(-1) ?? "";
            lab.phone.answer(prompt.id, { choice, appleId: lab.apple.appleId, password: lab.apple.password });
          }
          await server.command({ RequestType: "ManagedApplicationList" });
          await server.command({ RequestType: "ManagedApplicationList" });
          await settle();

          const places = new Map<unknown, AppPlace>();
          for (const move of lab.eventsOf("app.state")) {
            const from = places.get(move.bundleId) ?? "absent";
            expect(move.from).toBe(from);
            expect(placeAfter(from, move.trigger as AppEvent)).toBe(move.to);
            places.set(move.bundleId, move.to as AppPlace);
          }
          for (const app of lab.phone.view().apps) {
            expect(app.state).toBe(places.get(app.bundleId) ?? "absent");
            expect(["absent", "Managed", "ManagedButUninstalled"]).toContain(app.state);
          }
          const told = server.reports.filter(({ status }) =>
            (reportedOnce as ReadonlySet<string>).has(status),
          );
          expect(new Set(told.map(({ visit }) => visit)).size, JSON.stringify(told)).toBe(told.length);
          await lab.phone.stop();
        }),
        { numRuns: 60 },
      );
    },
  );
});
