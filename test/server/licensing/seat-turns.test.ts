import { beforeEach, describe, expect, it } from "vitest";
import type { LicensingContext } from "../../../server/licensing/account.ts";
import { SeatTurns } from "../../../server/licensing/seat-turns.ts";
import { performAssociate, performDisassociate } from "../../../server/licensing/seats.ts";
import type { AssignmentRecord } from "../../../server/store/records.ts";
import { app } from "../api/harness.ts";
import { settle } from "../fake-world.ts";
import { TestServer } from "../test-server.ts";
import { associatedUser, usableAccount } from "./account-records.ts";

describe("turns of a seat", () => {
  it("never overlap for one seat, come in the order of their wish, and do for different seats", async () => {
    const turns = new SeatTurns();
    const log: string[] = [];
    const gates = new Map<string, () => void>();
    const ask = (name: string, seats: string[]) =>
      turns.take(seats, async () => {
        log.push(`${name} begins`);
        await new Promise<void>((resolve) => gates.set(name, resolve));
        log.push(`${name} ends`);
      });
    const all = [ask("first", ["a"]), ask("both", ["b", "a"]), ask("third", ["b"]), ask("other", ["c"])];
    await settle();
    expect(log).toEqual(["first begins", "other begins"]);
    for (const name of ["other", "first", "both", "third"]) {
      gates.get(name)?.();
      await settle();
    }
    await Promise.all(all);
    expect(log.slice(2)).toEqual([
      ...["other ends", "first ends", "both begins", "both ends", "third begins", "third ends"],
    ]);
  });

  it("goes on after one that failed", async () => {
    const turns = new SeatTurns();
    const failing = turns.take(["a"], () => Promise.reject(new Error("Apple is away")));
    const next = turns.take(["a"], () => Promise.resolve("asked"));
    await expect(failing).rejects.toThrow("Apple is away");
    expect(await next).toBe("asked");
  });
});

describe("a seat that two parts of the server ask for at once", () => {
  /** Calls as they arrive at Apple. Of two that are under way the network lets the later one through first. */
  class OvertakingApple {
    readonly arrived: string[] = [];
    identifyAs(): void {}
    #waiting: (() => void)[] = [];

    async #travel(name: string): Promise<void> {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.arrived.push(name);
    }
    async associate() {
      await this.#travel("associate");
      return { clientUserIdStr: "client-anna", licenseIdStr: "1" };
    }
    async disassociate() {
      await this.#travel("disassociate");
      return { clientUserIdStr: "client-anna" };
    }
    async deliver(): Promise<void> {
      for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
        next();
        await settle();
      }
    }
  }

  const seatId = "anna 361309726";
  let server: TestServer;
  let apple: OvertakingApple;
  let context: LicensingContext;

  beforeEach(async () => {
    server = new TestServer();
    apple = new OvertakingApple();
    const box = { open: (sealed: string) => sealed, seal: (text: string) => text };
    const licensing = { vpp: apple, box, hostname: "test", seatTurns: new SeatTurns() };
    context = { ...server.context, ...licensing } as unknown as LicensingContext;
    const now = server.world.now();
    await server.store.transaction(async (tx) => {
      await tx.put("apps", app("361309726", { total: 1, assigned: 0, available: 1 }));
      await tx.put("accounts", usableAccount(now));
      await tx.put("users", associatedUser("anna", now));
      const wanted: AssignmentRecord = {
        ...{ id: seatId, userId: "anna", adamId: "361309726", state: "associating", since: now },
        ...{ installationId: null, returnReason: "revoked" },
      };
      await tx.put("assignments", wanted);
    });
  });

  it("is asked for once, so that what gives it back is Apple's last word", async () => {
    // It is to go back as soon as Apple has given it.
    const asked = [performAssociate(context, seatId), performAssociate(context, seatId)];
    const returned = Promise.all(asked).then(() => performDisassociate(context, seatId));
    for (let turn = 0; turn < 5; turn += 1) {
      await settle();
      await apple.deliver();
    }
    await returned;
    expect(apple.arrived).toEqual(["associate", "disassociate"]);
    expect(await server.store.read((reader) => reader.get("assignments", seatId))).toBeUndefined();
  });
});
