import { afterEach, describe, expect, it } from "vitest";
import type {
  AppRecord,
  DeploymentRecord,
  DeviceRecord,
  GroupRecord,
  UserRecord,
} from "../../server/store/records.ts";
import type { IndexPosition, Reader, Store, Transaction } from "../../server/store/store.ts";

/** How a store can end here and still hold everything when it is opened again. */
export type Ending = "close" | "crash";

/** A place for one store, empty at first. */
export interface StoreFixture {
  /** Opens the store on what this place holds. Called again only after the store was closed or `crash` was called. */
  open(): Promise<Store>;
  /** Stops the process that has the store at this instant, without close. */
  crash?(): void | Promise<void>;
  /** Clears the place away. */
  dispose?(): void | Promise<void>;
}

export function group(id: string, name = `Group ${id}`): GroupRecord {
  return { id, name, createdAt: 1 };
}

export function app(id: string, available: number): AppRecord {
  return {
    id,
    name: "Pages",
    bundleId: "com.example.pages",
    pricingParam: "STDQ",
    deviceAssignable: true,
    irrevocable: false,
    total: 10,
    assigned: 10 - available,
    available,
    retired: 0,
    syncedAt: 1,
  };
}

export function device(id: string, state: DeviceRecord["state"] = "enrolled"): DeviceRecord {
  return {
    id,
    serialNumber: `C${id}`,
    kind: "user",
    supervised: false,
    userId: null,
    state,
    identity: "0f".repeat(32),
    topic: "com.apple.mgmt.External.example",
    pushMagic: "v1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA",
    pushToken: Buffer.alloc(32).toString("base64"),
    awaitingConfiguration: false,
    productName: "iPhone15,2",
    osVersion: "17.0",
    enrolledAt: 1,
    lastSeenAt: 1,
  };
}

function user(id: string, groupIds: string[], pollAt: number | null = null): UserRecord {
  return {
    id,
    name: id,
    email: `${id}@example.com`,
    groupIds,
    createdAt: 1,
    vpp: {
      clientUserIdStr: `client-${id}`,
      status: "unregistered",
      inviteUrl: null,
      itsIdHash: null,
      invitedAt: null,
      inviteCount: 0,
      inviteUdid: null,
      inviteCommandUUID: null,
      acceptedAt: null,
      checkedAt: null,
      pollAt,
      pollCount: 0,
    },
  };
}

function deployment(id: string, createdAt: number): DeploymentRecord {
  return {
    id,
    adamId: "1",
    groupId: "g",
    action: "required",
    deadline: null,
    createdAt,
    updatedAt: createdAt,
    expandAfter: null,
    removed: false,
    cause: 0,
  };
}

const groupIds = async (reader: Reader) =>
  (await reader.list("groups", { index: "all", partition: "", limit: 1000 })).map((one) => one.id);

/** What every back end does, refusals included. */
/** `survives`: the endings after which the store must hold what it acknowledged; a memory store has none. */
export function storeContract(
  createFixture: () => StoreFixture | Promise<StoreFixture>,
  survives: readonly Ending[],
): void {
  const fixtures: { fixture: StoreFixture; stores: Store[] }[] = [];

  async function place() {
    const fixture = await createFixture();
    const opened = { fixture, stores: [] as Store[] };
    fixtures.push(opened);
    return {
      fixture,
      open: async () => {
        const store = await fixture.open();
        opened.stores.push(store);
        return store;
      },
    };
  }
  const openStore = async () => (await place()).open();

  afterEach(async () => {
    for (const { fixture, stores } of fixtures.splice(0)) {
      await Promise.allSettled(stores.map((store) => store.close()));
      await fixture.dispose?.();
    }
  });

  describe("a transaction", () => {
    it("changes several collections at once", async () => {
      const store = await openStore();
      const result = await store.transaction(async (tx) => {
        await tx.put("groups", group("sales"));
        await tx.put("users", user("ada", ["sales"]));
        return "done";
      });
      expect(result).toBe("done");
      expect(await store.read((reader) => reader.get("groups", "sales"))).toEqual(group("sales"));
      expect(await store.read((reader) => reader.get("users", "ada"))).toEqual(user("ada", ["sales"]));
    });

    it("that throws leaves nothing: no record, no index entry, no number", async () => {
      const store = await openStore();
      await store.transaction(async (tx) => {
        await tx.put("groups", group("kept"));
        await tx.put("users", user("ada", ["kept"]));
        await tx.put("deployments", deployment("d", 1));
        await tx.sequence();
      });
      const stop = new Error("stop");
      const failing = store.transaction(async (tx) => {
        await tx.put("groups", group("new"));
        await tx.put("groups", group("kept", "changed"));
        await tx.put("groups", group("kept", "changed twice"));
        await tx.put("users", user("ada", ["new"]));
        await tx.delete("deployments", "d");
        await tx.put("deployments", deployment("e", 2));
        await tx.delete("deployments", "e");
        await tx.sequence();
        throw stop;
      });
      await expect(failing).rejects.toBe(stop);
      await store.read(async (reader) => {
        expect(await groupIds(reader)).toEqual(["kept"]);
        expect(await reader.get("groups", "kept")).toEqual(group("kept"));
        expect(await reader.get("groups", "new")).toBeUndefined();
        expect(await reader.count("groups", "byName", "changed")).toBe(0);
        expect(await reader.count("groups", "byName", "group kept")).toBe(1);
        expect(await reader.count("users", "byGroup", "new")).toBe(0);
        expect(await reader.count("users", "byGroup", "kept")).toBe(1);
        expect(await reader.count("deployments", "all", "")).toBe(1);
      });
      expect(await store.transaction((tx) => tx.sequence())).toBeGreaterThan(1);
    });

    it("reads its own writes, also through indexes", async () => {
      const store = await openStore();
      await store.transaction(async (tx) => {
        await tx.put("groups", group("b"));
        expect(await tx.get("groups", "b")).toEqual(group("b"));
        await tx.put("groups", group("a"));
        expect(await groupIds(tx)).toEqual(["a", "b"]);
        await tx.put("groups", group("b", "Renamed"));
        expect(await tx.count("groups", "byName", "renamed")).toBe(1);
        expect(await tx.count("groups", "byName", "group b")).toBe(0);
        await tx.delete("groups", "a");
        expect(await tx.get("groups", "a")).toBeUndefined();
        expect(await groupIds(tx)).toEqual(["b"]);
      });
    });

    it("takes copies in and hands copies out", async () => {
      const store = await openStore();
      const record = user("ada", ["sales"]);
      await store.transaction(async (tx) => {
        await tx.put("users", record);
        record.groupIds.push("put");
        const got = await tx.get("users", "ada");
        got?.groupIds.push("got");
        const [listed] = await tx.list("users", { index: "all", partition: "", limit: 1 });
        if (listed) listed.vpp.pollCount = 99;
        listed?.groupIds.push("listed");
      });
      expect(await store.read((reader) => reader.get("users", "ada"))).toEqual(user("ada", ["sales"]));
    });

    it("deletes, and does nothing when there is nothing to delete", async () => {
      const store = await openStore();
      await store.transaction((tx) => tx.put("groups", group("sales")));
      await store.transaction((tx) => tx.delete("groups", "support"));
      expect(await store.read(groupIds)).toEqual(["sales"]);
      await store.transaction((tx) => tx.delete("groups", "sales"));
      expect(await store.read(groupIds)).toEqual([]);
      expect(await store.read((reader) => reader.count("groups", "all", ""))).toBe(0);
    });

    it("gives one of two racing transactions the last licence", async () => {
      const store = await openStore();
      await store.transaction((tx) => tx.put("apps", app("361309726", 1)));
      const won = await Promise.all(["ada", "ben"].map((userId) => takeLicence(store, userId)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await store.read((reader) => reader.get("apps", "361309726")))?.available).toBe(0);
    });

    it("gives ten of a hundred racing transactions the ten licences", async () => {
      const store = await openStore();
      await store.transaction((tx) => tx.put("apps", app("361309726", 10)));
      const won = await Promise.all(Array.from({ length: 100 }, (_, at) => takeLicence(store, `user-${at}`)));
      expect(won.filter(Boolean)).toHaveLength(10);
      expect((await store.read((reader) => reader.get("apps", "361309726")))?.available).toBe(0);
      expect(await store.read((reader) => reader.count("assignments", "byApp", "361309726"))).toBe(10);
    });

    it("shows a reader none of what is half done", async () => {
      const store = await openStore();
      await store.transaction((tx) => tx.put("apps", app("1", 10)));
      const seen: string[] = [];
      const moves = Array.from({ length: 20 }, (_, at) =>
        store.transaction(async (tx) => {
          await tx.put("groups", group(`a${at}`));
          await tx.get("apps", "1");
          await tx.put("groups", group(`b${at}`));
        }),
      );
      const looks = Array.from({ length: 20 }, () =>
        store.read(async (reader) => {
          const first = (await groupIds(reader)).join();
          await reader.get("apps", "1");
          expect((await groupIds(reader)).join()).toBe(first);
          seen.push(first);
        }),
      );
      await Promise.all([...moves, ...looks]);
      for (const ids of seen) {
        const present = new Set(ids.split(","));
        for (let at = 0; at < 20; at += 1) expect(present.has(`a${at}`)).toBe(present.has(`b${at}`));
      }
      expect(await store.read(groupIds)).toHaveLength(40);
    });

    it("can't be used once it is over", async () => {
      const store = await openStore();
      const kept: { tx?: Transaction; reader?: Reader } = {};
      await store.transaction(async (tx) => void (kept.tx = tx));
      await store.read(async (reader) => void (kept.reader = reader));
      await expect(kept.tx?.put("groups", group("late"))).rejects.toThrow("over");
      await expect(kept.tx?.sequence()).rejects.toThrow("over");
      await expect(kept.reader?.get("groups", "late")).rejects.toThrow("over");
      expect(await store.read(groupIds)).toEqual([]);
    });

    it("that fails does not keep the next one from running", async () => {
      const store = await openStore();
      const failing = store.transaction(() => Promise.reject(new Error("no")));
      const next = store.transaction((tx) => tx.put("groups", group("next")));
      await expect(failing).rejects.toThrow("no");
      await next;
      expect(await store.read(groupIds)).toEqual(["next"]);
      expect(store.healthy).toBe(true);
    });
  });

  describe("a list", () => {
    const query = { index: "all", partition: "" } as const;

    /** Places 10 and 9 sort by value, not as text; 10 is taken three times. */
    async function openWithDeployments() {
      const store = await openStore();
      await store.transaction(async (tx) => {
        for (const [id, createdAt] of [
          ["y", 10],
          ["late", 200],
          ["x", 10],
          ["first", -5],
          ["nine", 9],
          ["z", 10],
        ] as const)
          await tx.put("deployments", deployment(id, createdAt));
      });
      return store;
    }
    const ids = (store: Store, more: Partial<Parameters<Reader["list"]>[1]>) =>
      store.read(async (reader) =>
        (await reader.list("deployments", { ...query, limit: 1000, ...more } as never)).map((one) => one.id),
      );

    it.each([
      ["ascending, ties by id", {}, ["first", "nine", "x", "y", "z", "late"]],
      ["descending, ties too", { order: "descending" }, ["late", "z", "y", "x", "nine", "first"]],
      ["no more than the limit", { limit: 2 }, ["first", "nine"]],
      ["no more than the limit, from the end", { limit: 2, order: "descending" }, ["late", "z"]],
      ["up to a sort value, included", { sortMax: 10 }, ["first", "nine", "x", "y", "z"]],
      ["down from a sort value", { sortMax: 10, order: "descending", limit: 2 }, ["z", "y"]],
      ["nothing below the lowest", { sortMax: -6 }, []],
      ["nothing below the lowest, descending", { sortMax: -6, order: "descending" }, []],
      ["after a place in a tie", { after: [10, "x"] }, ["y", "z", "late"]],
      [
        "after a place in a tie, descending",
        { after: [10, "y"], order: "descending" },
        ["x", "nine", "first"],
      ],
      ["after a place that is not taken", { after: [10, "xx"] }, ["y", "z", "late"]],
      ["after the end", { after: [200, "late"] }, []],
      ["before the start", { after: [-5, "first"], order: "descending" }, []],
      ["between a place and a sort value", { after: [9, "nine"], sortMax: 10, limit: 2 }, ["x", "y"]],
      [
        "a place above the sort value",
        { after: [200, "late"], sortMax: 9, order: "descending" },
        ["nine", "first"],
      ],
      ["an empty partition", { partition: "other" }, []],
    ] as const)("gives %s", async (_name, more, expected) => {
      expect(await ids(await openWithDeployments(), more)).toEqual(expected);
    });

    it.each(["ascending", "descending"] as const)("pages %s through all, each once", async (order) => {
      const store = await openStore();
      await store.transaction(async (tx) => {
        for (let at = 0; at < 250; at += 1)
          await tx.put("deployments", deployment(`d${(at * 37) % 250}`, at % 7));
      });
      const seen: string[] = [];
      let after: IndexPosition | undefined;
      for (let pages = 0; pages < 100; pages += 1) {
        const page = await store.read((reader) =>
          reader.list("deployments", { ...query, order, limit: 9, ...(after && { after }) }),
        );
        const last = page.at(-1);
        if (last === undefined) break;
        seen.push(...page.map((one) => one.id));
        after = [last.createdAt, last.id];
      }
      expect(new Set(seen).size).toBe(250);
      expect(seen).toEqual(await ids(store, { order }));
    });

    it("orders text by code unit", async () => {
      const store = await openStore();
      await store.transaction(async (tx) => {
        for (const id of ["é", "a", "Z", "10", "9", "a b", "\u{1F34E}", "\uFFFD"])
          await tx.put("groups", group(id));
      });
      expect(await store.read(groupIds)).toEqual(["10", "9", "Z", "a", "a b", "é", "\u{1F34E}", "\uFFFD"]);
    });

    it("has a record in each partition that it belongs to, once", async () => {
      const store = await openStore();
      await store.transaction(async (tx) => {
        await tx.put("users", user("ada", ["sales", "support", "sales"]));
        await tx.put("users", user("ben", ["support"]));
        await tx.put("users", user("cy", []));
      });
      const members = (partition: string) =>
        store.read(async (reader) => {
          const found = await reader.list("users", { index: "byGroup", partition, limit: 10 });
          expect(await reader.count("users", "byGroup", partition)).toBe(found.length);
          return found.map((one) => one.id);
        });
      expect(await members("sales")).toEqual(["ada"]);
      expect(await members("support")).toEqual(["ada", "ben"]);
      await store.transaction((tx) => tx.put("users", user("ada", ["support", "legal"])));
      expect(await members("sales")).toEqual([]);
      expect(await members("support")).toEqual(["ada", "ben"]);
      expect(await members("legal")).toEqual(["ada"]);
    });

    it("follows a record that changes its partition, its place, or leaves the index", async () => {
      const store = await openStore();
      const states = () =>
        store.read(async (reader) => [
          await reader.count("devices", "byState", "enrolled"),
          await reader.count("devices", "byState", "unenrolled"),
        ]);
      await store.transaction((tx) => tx.put("devices", device("A")));
      expect(await states()).toEqual([1, 0]);
      await store.transaction((tx) => tx.put("devices", device("A", "unenrolled")));
      expect(await states()).toEqual([0, 1]);

      const polled = () =>
        store.read(async (reader) =>
          (await reader.list("users", { index: "awaitingTerms", partition: "", limit: 10 })).map(
            (one) => one.id,
          ),
        );
      await store.transaction(async (tx) => {
        await tx.put("users", user("ada", [], 10));
        await tx.put("users", user("ben", [], 20));
      });
      expect(await polled()).toEqual(["ada", "ben"]);
      await store.transaction((tx) => tx.put("users", user("ada", [], 30)));
      expect(await polled()).toEqual(["ben", "ada"]);
      await store.transaction((tx) => tx.put("users", user("ada", [], null)));
      expect(await polled()).toEqual(["ben"]);
    });
  });

  describe("a mistake of the caller", () => {
    const list = (more: object) => (tx: Transaction) =>
      tx.list("groups", { index: "all", partition: "", limit: 1, ...more });
    it.each<[string, (tx: Transaction) => Promise<unknown>]>([
      ["an unknown collection", (tx) => tx.get("constructor" as "groups", "a")],
      ["an unknown index", list({ index: "constructor" })],
      ["an unknown index to count", (tx) => tx.count("groups", "byMoon" as "all", "")],
      ["a limit of 0", list({ limit: 0 })],
      ["a limit of 1,001", list({ limit: 1001 })],
      ["a limit that is no whole number", list({ limit: 1.5 })],
      ["a record without an id", (tx) => tx.put("groups", { name: "x" } as GroupRecord)],
      ["a record with an empty id", (tx) => tx.put("groups", group(""))],
      [
        "a record without what its index needs",
        (tx) => tx.put("deployments", { id: "d" } as DeploymentRecord),
      ],
    ])("throws and changes nothing: %s", async (_name, mistake) => {
      const store = await openStore();
      const failing = store.transaction(async (tx) => {
        await tx.put("groups", group("before"));
        await mistake(tx);
      });
      await expect(failing).rejects.toThrow(Error);
      await store.transaction(async (tx) => {
        expect(await groupIds(tx)).toEqual([]);
        await list({ limit: 1000 })(tx);
        await tx.put("groups", group("after"));
      });
      expect(await store.read(groupIds)).toEqual(["after"]);
    });
  });

  it("numbers upwards, across transactions and racing ones", async () => {
    const store = await openStore();
    const pairs = await Promise.all(
      Array.from({ length: 20 }, () =>
        store.transaction(async (tx) => [await tx.sequence(), await tx.sequence()]),
      ),
    );
    const numbers = pairs.flat();
    expect(new Set(numbers).size).toBe(40);
    for (const [first, second] of pairs) expect(second).toBeGreaterThan(first as number);
    expect(await store.transaction((tx) => tx.sequence())).toBeGreaterThan(Math.max(...numbers));
  });

  it("refuses work once it is closed, and finishes what was under way before", async () => {
    const store = await openStore();
    const underWay = store.transaction((tx) => tx.put("groups", group("in time")));
    const closed = store.close();
    const late = store.transaction((tx) => tx.put("groups", group("late")));
    await expect(late).rejects.toMatchObject({ code: "unavailable" });
    await expect(store.read(groupIds)).rejects.toMatchObject({ code: "unavailable" });
    await expect(underWay).resolves.toBeUndefined();
    await closed;
    await store.close();
  });

  const awkwardIds = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "ünïcode 🍏",
    "with spaces",
    "1",
    '"\\\n\u0000',
  ];
  it("holds any id", async () => {
    const store = await openStore();
    await store.transaction(async (tx) => {
      for (const id of awkwardIds) expect(await tx.get("settings", id)).toBeUndefined();
      for (const id of awkwardIds) await tx.put("settings", { id, value: { of: id } });
    });
    for (const id of awkwardIds)
      expect(await store.read((reader) => reader.get("settings", id))).toEqual({ id, value: { of: id } });
    expect(await store.read((reader) => reader.count("settings", "all", ""))).toBe(awkwardIds.length);
    await store.transaction((tx) => tx.delete("settings", "__proto__"));
    expect(await store.read((reader) => reader.get("settings", "__proto__"))).toBeUndefined();
  });

  describe("after a restart", () => {
    it.each(survives)("holds what was acknowledged before the %s", async (end) => {
      const { fixture, open } = await place();
      const first = await open();
      await first.transaction(async (tx) => {
        for (const id of awkwardIds)
          await tx.put("settings", { id, value: JSON.parse('{"__proto__": [1, null]}') });
        await tx.put("users", user("ada", ["sales"], 7));
        await tx.put("users", user("ben", ["sales"], 8));
        await tx.put("deployments", deployment("d", 1));
      });
      await first.transaction(async (tx) => {
        await tx.delete("deployments", "d");
        await tx.delete("users", "ben");
      });
      // Last, and in a transaction that does nothing else: a number handed out is kept as well.
      const number = await first.transaction((tx) => tx.sequence());
      await (end === "close" ? first.close() : fixture.crash?.());

      const second = await open();
      await second.read(async (reader) => {
        for (const id of awkwardIds)
          expect(JSON.stringify(await reader.get("settings", id))).toBe(
            JSON.stringify({ id, value: JSON.parse('{"__proto__": [1, null]}') as unknown }),
          );
        expect(await reader.list("users", { index: "byGroup", partition: "sales", limit: 9 })).toEqual([
          user("ada", ["sales"], 7),
        ]);
        expect(await reader.count("users", "awaitingTerms", "")).toBe(1);
        expect(await reader.get("deployments", "d")).toBeUndefined();
        expect(await reader.count("deployments", "all", "")).toBe(0);
      });
      expect(await second.transaction((tx) => tx.sequence())).toBeGreaterThan(number);
    });

    if (survives.includes("crash")) {
      it("holds a transaction from the instant it resolves, and never half of one", async () => {
        for (let at = 0; at < 6; at += 1) {
          const { fixture, open } = await place();
          const store = await open();
          const acknowledged: number[] = [];
          const all = Array.from({ length: 10 }, (_, n) =>
            store
              .transaction(async (tx) => {
                await tx.put("groups", group(`g${n}`));
                await tx.put("deployments", deployment(`d${n}`, n));
              })
              .then(() => acknowledged.push(n)),
          );
          await all[at];
          await fixture.crash?.();
          const before = [...acknowledged];
          await Promise.allSettled(all);
          const reopened = await open();
          const held = await reopened.read(groupIds);
          for (const n of before) expect(held).toContain(`g${n}`);
          for (let n = 0; n < 10; n += 1) {
            const other = await reopened.read((reader) => reader.get("deployments", `d${n}`));
            expect(other !== undefined).toBe(held.includes(`g${n}`));
          }
        }
      });
    }

    it("holds ten thousand devices", async () => {
      const { fixture, open } = await place();
      const count = 10_000;
      let store = await open();
      for (let from = 0; from < count; from += 1000)
        await store.transaction(async (tx) => {
          for (let at = from; at < from + 1000; at += 1)
            await tx.put("devices", device(`D${(at * 7919) % count}`, at % 2 ? "enrolled" : "unenrolled"));
        });
      for (const end of [...survives, "nothing"] as const) {
        await store.read(async (reader) => {
          expect(await reader.count("devices", "all", "")).toBe(count);
          expect(await reader.count("devices", "byState", "enrolled")).toBe(count / 2);
          const last = await reader.list("devices", {
            index: "all",
            partition: "",
            order: "descending",
            limit: 2,
          });
          expect(last.map((one) => one.id)).toEqual(["D9999", "D9998"]);
          expect(await reader.get("devices", "D1")).toMatchObject({ serialNumber: "CD1" });
        });
        if (end === "nothing") break;
        await (end === "crash" ? fixture.crash?.() : store.close());
        store = await open();
      }
    });
  });
}

/** Reads how many are left, then takes one: right only when nobody else can come in between. */
function takeLicence(store: Store, userId: string): Promise<boolean> {
  return store.transaction(async (tx) => {
    const before = await tx.get("apps", "361309726");
    if (before === undefined || before.available === 0) return false;
    await tx.put("assignments", {
      id: `${userId} ${before.id}`,
      userId,
      adamId: before.id,
      state: "held",
      since: 1,
      installationId: null,
      returnReason: null,
    });
    await tx.put("apps", { ...before, available: before.available - 1, assigned: before.assigned + 1 });
    return true;
  });
}
