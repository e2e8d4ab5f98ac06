import { beforeEach, describe, expect, it } from "vitest";
import {
  findInstallations,
  type InstallationFilters,
} from "../../../server/monitoring/find-installations.ts";
import { labelByState } from "../../../server/monitoring/labels.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import {
  installationStates,
  type InstallationReason,
  type InstallationRecord,
  type UserRecord,
} from "../../../server/store/records.ts";
import type { Store, Transaction } from "../../../server/store/store.ts";
import { device, installation } from "../api/harness.ts";

let store: Store;
beforeEach(() => {
  store = openMemoryStore();
});

function user(id: string, groupIds: string[]): UserRecord {
  return {
    id,
    name: id,
    email: `${id}@orchard.example`,
    groupIds,
    createdAt: 0,
    vpp: {
      clientUserIdStr: id,
      status: "unregistered",
      inviteUrl: null,
      itsIdHash: null,
      invitedAt: null,
      inviteCount: 0,
      inviteUdid: null,
      inviteCommandUUID: null,
      acceptedAt: null,
      checkedAt: null,
      pollAt: null,
      pollCount: 0,
    },
  };
}

const reasons: (InstallationReason | null)[] = [null, "no-license", "user-rejected"];

/** Twelve users in three groups, two phones each, three apps: every state and reason, mixed. */
async function fill(): Promise<InstallationRecord[]> {
  const records: InstallationRecord[] = [];
  await store.transaction(async (tx) => {
    for (let person = 0; person < 12; person += 1) {
      const groups = [person % 2 === 0 ? "even" : "odd", ...(person < 3 ? ["few"] : [])];
      await tx.put("users", user(`user${person}`, groups));
      for (let phone = 0; phone < 2; phone += 1) {
        const udid = `phone-${(person * 7 + phone * 5) % 24}-${person}`;
        await tx.put("devices", device(udid, { userId: `user${person}` }));
        for (let app = 1; app <= 3; app += 1) {
          const number = records.length;
          const state = installationStates[number % installationStates.length] ?? "pending";
          const reason = reasons[number % reasons.length] ?? null;
          const record = installation(udid, String(app), { userId: `user${person}`, state, reason });
          records.push(record);
          await tx.put("installations", record);
        }
      }
    }
  });
  return records;
}

async function walk(
  filters: InstallationFilters,
  limit: number,
  between: (tx: Transaction, seen: readonly string[]) => Promise<void> = async () => {},
): Promise<string[]> {
  const seen: string[] = [];
  let from: readonly string[] | undefined;
  for (let page = 0; page < 1_000; page += 1) {
    const found = await store.read((reader) => findInstallations(reader, filters, limit, from));
    expect(found.records.length).toBeLessThanOrEqual(limit);
    seen.push(...found.records.map(({ id }) => id));
    if (found.next === null) return seen;
    from = found.next;
    await store.transaction((tx) => between(tx, seen));
  }
  throw new Error("The list has no end.");
}

const groupsOf = (userId: string | null) => {
  const person = Number(userId?.slice("user".length));
  return [person % 2 === 0 ? "even" : "odd", ...(person < 3 ? ["few"] : [])];
};

function fits(record: InstallationRecord, filters: InstallationFilters): boolean {
  return (
    (filters.state === undefined || record.state === filters.state) &&
    (filters.label === undefined || labelByState[record.state] === filters.label) &&
    (filters.reason === undefined || record.reason === filters.reason) &&
    (filters.adamId === undefined || record.adamId === filters.adamId) &&
    (filters.userId === undefined || record.userId === filters.userId) &&
    (filters.udid === undefined || record.udid === filters.udid) &&
    (filters.groupId === undefined || groupsOf(record.userId).includes(filters.groupId))
  );
}

/** Every combination of the filters, each with a value that some records have. */
function combinations(some: InstallationRecord): InstallationFilters[] {
  const values: [keyof InstallationFilters, string | null][] = [
    ["state", some.state],
    ["label", labelByState[some.state]],
    ["reason", some.reason],
    ["adamId", some.adamId],
    ["userId", some.userId],
    ["udid", some.udid],
    ["groupId", groupsOf(some.userId)[0] ?? null],
  ];
  return Array.from({ length: 2 ** values.length }, (_, bits) =>
    Object.fromEntries(values.filter(([, value], at) => (bits >> at) % 2 === 1 && value !== null)),
  );
}

describe("the list of installations", () => {
  it.each([0, 7, 31, 58])(
    "R44: is what every combination of state, label, reason, app, user, phone and group leaves, each once (record %i)",
    async (at) => {
      const records = await fill();
      const some = records[at];
      if (some === undefined) throw new Error("there is no such record");
      for (const filters of combinations(some)) {
        const expected = records.filter((record) => fits(record, filters)).map(({ id }) => id);
        expect(expected).toContain(some.id);
        for (const limit of [1, 5, 200]) {
          const seen = await walk(filters, limit);
          expect([...seen].sort(), JSON.stringify(filters)).toEqual([...expected].sort());
          expect(new Set(seen).size).toBe(seen.length);
        }
      }
    },
  );

  it("is sorted by id, and by user where a group is asked for", async () => {
    const records = await fill();
    const ids = records.map(({ id }) => id).sort();
    expect(await walk({}, 10)).toEqual(ids);
    const few = await walk({ groupId: "few" }, 4);
    const users = few.map((id) => records.find((record) => record.id === id)?.userId);
    expect(users).toEqual([...users].sort());
    expect(few).toHaveLength(18);
  });

  it.each<[string, InstallationFilters]>([
    ["of one label", { label: "Install Pending" }],
    ["of one reason", { reason: "no-license" }],
    ["of one app and label", { adamId: "2", label: "Install Pending" }],
    ["of a group", { groupId: "even" }],
    ["of a group and label", { groupId: "odd", label: "Install Pending" }],
  ])(
    "neither loses nor repeats what fits all the time while others change, come and go: %s",
    async (_name, filters) => {
      const records = await fill();
      const stays = (record: InstallationRecord) => Number(record.udid.split("-")[1]) % 3 !== 0;
      const steady = records.filter((record) => fits(record, filters) && stays(record)).map(({ id }) => id);
      let turn = 0;
      const seen = await walk(filters, 3, async (tx) => {
        turn += 1;
        // Those that are steady move between the states of their label; the others change, and some vanish.
        for (const record of records) {
          const current = await tx.get("installations", record.id);
          if (current === undefined) continue;
          const pending = (["pending", "installing", "waitingForTerms"] as const)[turn % 3] ?? "pending";
          if (stays(record)) {
            const isPending = labelByState[current.state] === "Install Pending";
            await tx.put("installations", {
              ...current,
              state: isPending ? pending : current.state,
              attempts: turn,
            });
          } else if (turn % 2 === 0) {
            await tx.put("installations", {
              ...current,
              state: turn % 4 === 0 ? "failed" : "pending",
              reason: null,
            });
          } else if (turn === 5) {
            await tx.delete("installations", record.id);
          }
        }
        const udid = `phone-0-new${turn}`;
        await tx.put("installations", installation(udid, "2", { userId: "user0", reason: "no-license" }));
      });
      expect(steady.length).toBeGreaterThan(3);
      for (const id of steady) expect(seen.filter((each) => each === id)).toEqual([id]);
      expect(new Set(seen).size).toBe(seen.length);
    },
  );

  it("looks at a bounded number of records for a page, and goes on where it stopped", async () => {
    await store.transaction(async (tx) => {
      for (let index = 0; index < 7_000; index += 1) {
        const state = index === 6_900 ? "failed" : "installed";
        const id = String(index).padStart(5, "0");
        await tx.put(
          "installations",
          installation(id, "1", { state, reason: "cancelled", userId: `u${index % 2}` }),
        );
      }
    });
    const filters = { adamId: "1", userId: "u0", reason: "cancelled", label: "Failed" } as const;
    // The narrowest way is known, so that one page is enough.
    const first = await store.read((reader) => findInstallations(reader, filters, 50, undefined));
    expect(first.records.map(({ udid }) => udid)).toEqual(["06900"]);
    // Where every way is wide, a page ends early and empty.
    const wide = {
      adamId: "1",
      userId: "u0",
      reason: "cancelled",
      state: "installed",
      label: "Failed",
    } as const;
    expect(await walk(wide, 50)).toEqual([]);
    await store.transaction(async (tx) => {
      const last = await tx.get("installations", "06998 1");
      if (last) await tx.put("installations", { ...last, reason: "no-license" });
      for (let index = 0; index < 5_000; index += 1) {
        await tx.put(
          "installations",
          installation(`z${index}`, "2", { state: "installed", reason: "no-license" }),
        );
      }
    });
    const mixed = { userId: "u0", reason: "no-license", state: "installed" } as const;
    const page = await store.read((reader) => findInstallations(reader, mixed, 50, undefined));
    expect(page.records).toEqual([]);
    expect(page.next).not.toBeNull();
    expect(await walk(mixed, 50)).toEqual(["06998 1"]);
  });

  it("refuses a place that belongs to another list", async () => {
    await fill();
    const ask = (filters: InstallationFilters, from: string[]) =>
      store.read((reader) => findInstallations(reader, filters, 5, from));
    await expect(ask({}, ["a", "b"])).rejects.toMatchObject({ code: "invalid_request" });
    await expect(ask({ groupId: "few" }, ["a"])).rejects.toMatchObject({ code: "invalid_request" });
    expect((await ask({ groupId: "few" }, ["user1", ""])).records.length).toBe(5);
  });
});
