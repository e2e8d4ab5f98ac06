import { describe, expect, it } from "vitest";
import { newInstallation } from "../../../server/deployments/installations.ts";
import { intendAssociate } from "../../../server/licensing/seats.ts";
import type { AppRecord } from "../../../server/store/records.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import type { Store } from "../../../server/store/store.ts";
import { runVirtual, type VirtualLab } from "../../../simulator/lab.ts";

const pages: AppRecord = {
  id: "361309726",
  name: "Pages",
  bundleId: "com.apple.Pages",
  pricingParam: "STDQ",
  deviceAssignable: true,
  irrevocable: false,
  total: 10,
  assigned: 0,
  available: 10,
  retired: 0,
  syncedAt: 0,
};

async function storeWith(app: AppRecord): Promise<Store> {
  const store = openMemoryStore();
  await store.transaction((tx) => tx.put("apps", app));
  return store;
}

/** `count` people want a seat at the same moment; answers with how many may ask Apple for one. */
async function race(store: Store, count: number): Promise<number> {
  const wishes = Array.from({ length: count }, (_, index) =>
    store.transaction((tx) =>
      intendAssociate(
        tx,
        newInstallation(`phone-${index}`, pages.id, `user-${index}`, 0, 0),
        { userId: `user-${index}` },
        0,
      ),
    ),
  );
  return (await Promise.all(wishes)).filter((granted) => granted).length;
}

describe("the last licence", () => {
  it.each([
    [2, 1],
    [100, 1],
    [100, 10],
    [5, 10],
  ])("R5: goes to no more than there are: %i people, %i licences", async (people, available) => {
    const store = await storeWith({ ...pages, available });
    expect(await race(store, people)).toBe(Math.min(people, available));
    const taking = await store.read((reader) => reader.count("assignments", "associating", pages.id));
    expect(taking).toBe(Math.min(people, available));
  });

  it("R5: goes to users and phones from one pool, each holder once", async () => {
    const store = await storeWith({ ...pages, available: 3 });
    const holders = Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0 ? { userId: `user-${index}` } : { userId: null, serialNumber: `SERIAL-${index}` },
    );
    const wishes = holders.map((holder, index) =>
      store.transaction((tx) =>
        intendAssociate(tx, newInstallation(`phone-${index}`, pages.id, null, 0, 0), holder, 0),
      ),
    );
    expect((await Promise.all(wishes)).filter((granted) => granted)).toHaveLength(3);
    const query = { index: "associating", partition: pages.id, limit: 10 } as const;
    const taking = await store.read((reader) => reader.list("assignments", query));
    expect(new Set(taking.map(({ id }) => id)).size).toBe(3);
    expect(
      taking.every(({ userId, serialNumber }) => (userId === null) !== (serialNumber === undefined)),
    ).toBe(true);
  });

  it("is not handed out for an app that Apple doesn't list", async () => {
    expect(await race(openMemoryStore(), 3)).toBe(0);
  });
});

interface World {
  sToken: string;
  organisationId: number;
}

/** An organisation with two licences of Pages, its token, a group, and a person with a phone for each name. */
async function setUp(lab: VirtualLab, people: readonly string[], quantity: number): Promise<World> {
  const { organisationId } = await lab.apple.post<{ organisationId: number }>("/control/v1/organisations", {
    name: "Orchard",
    appleId: "it@orchard.example",
  });
  await lab.apple.post(`/control/v1/organisations/${organisationId}/licenses`, {
    adamId: pages.id,
    quantity,
  });
  const { sToken } = await lab.apple.post<{ sToken: string }>(
    `/control/v1/organisations/${organisationId}/tokens`,
    {},
  );
  const upload = { sToken, tokenName: "Orchard", appleId: "it@orchard.example", acknowledged: true };
  await lab.admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(upload), "application/json");
  await lab.admin.post("/api/v1/vpp/sync", {});
  await lab.admin.post("/api/v1/groups", { id: "all", name: "All" });
  for (const name of people) {
    const email = `${name}@orchard.example`;
    await lab.admin.post("/api/v1/users", { id: name, name, email, groupIds: ["all"] });
    await lab.apple.post("/control/v1/apple-ids", { appleId: email, password: "windfall" });
  }
  return { sToken, organisationId };
}

async function addPhone(
  lab: VirtualLab,
  owner: string,
  serial: string,
  kind: "user" | "configurator" = "user",
) {
  const { url } = await lab.admin.post<{ url: string }>("/api/v1/enrollment-tokens", { kind, userId: owner });
  return lab.addPhone({
    serial,
    product: "iPhone8,1",
    name: `${owner}'s iPhone`,
    kind,
    enrollmentUrl: url,
    persona: {
      appleId: `${owner}@orchard.example`,
      password: "windfall",
      terms: "accept",
      install: "install",
      wrongPasswords: 0,
      thinkMsMin: 1_000,
      thinkMsMax: 5_000,
    },
  });
}

const hour = 3_600_000;
interface Item {
  udid: string;
  userId: string;
  state: string;
  reason: string | null;
}
const installations = async (lab: VirtualLab) =>
  (await lab.admin.get<{ items: Item[] }>("/api/v1/installations")).items;
const ledgerLine = async (lab: VirtualLab) => {
  const check = await lab.admin.get<{
    drift: number;
    violations: string[];
    lines: { assigned: number; heldHere: number }[];
  }>("/api/v1/ledger/check");
  return {
    drift: check.drift,
    violations: check.violations,
    assigned: check.lines[0]?.assigned,
    held: check.lines[0]?.heldHere,
  };
};

describe("a user's licence", () => {
  it("R6, R35, R36, R37: is one, however many phones the user has, and stays while one of them can't be reached", async () => {
    await runVirtual({ seed: "two-phones", progress: () => undefined }, async (lab) => {
      await setUp(lab, ["ada"], 2);
      const phones = [await addPhone(lab, "ada", "P1"), await addPhone(lab, "ada", "P2", "configurator")];
      const { id } = await lab.admin.post<{ id: string }>("/api/v1/deployments", {
        adamId: pages.id,
        groupId: "all",
        action: "required",
      });
      await lab.world.sleep(hour);
      expect((await installations(lab)).map((item) => item.state)).toEqual(["installed", "installed"]);
      expect(await ledgerLine(lab)).toEqual({ drift: 0, violations: [], assigned: 1, held: 1 });

      // One of the two can't be reached: the licence stays although the other phone has removed the app.
      await phones[0]?.stop();
      await lab.admin.send(
        "PATCH",
        `/api/v1/deployments/${id}`,
        '{"action":"uninstall"}',
        "application/json",
      );
      await lab.world.sleep(hour);
      const states = (await installations(lab)).map((item) => item.state).sort();
      expect(states).toEqual(["notInstalled", "removing"]);
      expect(await ledgerLine(lab)).toEqual({ drift: 0, violations: [], assigned: 1, held: 1 });
    });
  });

  it("R36, R37, R41: goes to who waited when it comes back, and not before the app is gone", async () => {
    await runVirtual({ seed: "waiting", progress: () => undefined }, async (lab) => {
      await setUp(lab, ["ada", "bruno"], 1);
      await lab.admin.post("/api/v1/groups", { id: "second", name: "Second" });
      await addPhone(lab, "ada", "P1");
      const first = await lab.admin.post<{ id: string }>("/api/v1/deployments", {
        adamId: pages.id,
        groupId: "all",
        action: "required",
      });
      await lab.world.sleep(hour);
      await addPhone(lab, "bruno", "P2");
      await lab.world.sleep(hour);
      const states = new Map((await installations(lab)).map((item) => [item.userId, item]));
      expect(states.get("ada")).toMatchObject({ state: "installed" });
      expect(states.get("bruno")).toMatchObject({ state: "failed", reason: "no-license" });

      // Bruno is in another group too, and only the first is told to give the app back.
      await lab.admin.send("PATCH", "/api/v1/users/bruno", '{"groupIds":["second"]}', "application/json");
      await lab.admin.post("/api/v1/deployments", {
        adamId: pages.id,
        groupId: "second",
        action: "required",
      });
      await lab.admin.send(
        "PATCH",
        `/api/v1/deployments/${first.id}`,
        '{"action":"uninstall"}',
        "application/json",
      );
      await lab.world.sleep(hour);
      const after = new Map((await installations(lab)).map((item) => [item.userId, item.state]));
      expect(after).toEqual(
        new Map([
          ["ada", "notInstalled"],
          ["bruno", "installed"],
        ]),
      );
      expect(await ledgerLine(lab)).toEqual({ drift: 0, violations: [], assigned: 1, held: 1 });
    });
  });

  it("R41: comes to who waited when the organisation buys more and the server syncs", async () => {
    await runVirtual({ seed: "more", progress: () => undefined }, async (lab) => {
      const { organisationId } = await setUp(lab, ["ada", "bruno"], 1);
      await addPhone(lab, "ada", "P1");
      await addPhone(lab, "bruno", "P2");
      await lab.admin.post("/api/v1/deployments", { adamId: pages.id, groupId: "all", action: "required" });
      await lab.world.sleep(hour);
      expect((await installations(lab)).map((item) => item.state).sort()).toEqual(["failed", "installed"]);
      await lab.apple.post(`/control/v1/organisations/${organisationId}/licenses`, {
        adamId: pages.id,
        quantity: 1,
      });
      await lab.admin.post("/api/v1/vpp/sync", {});
      await lab.world.sleep(hour);
      expect((await installations(lab)).map((item) => item.state)).toEqual(["installed", "installed"]);
    });
  });

  it("R5: is taken once when Apple's answer is lost and the server asks again", async () => {
    await runVirtual({ seed: "lost-answer", progress: () => undefined }, async (lab) => {
      await setUp(lab, ["ada"], 2);
      await addPhone(lab, "ada", "P1");
      let lost = 0;
      lab.virtual.network.interceptor = ({ kind, url }) => {
        if (kind !== "response" || !url.includes("manageVPPLicenses") || lost > 0) return "deliver";
        lost += 1;
        return "drop";
      };
      await lab.admin.post("/api/v1/deployments", { adamId: pages.id, groupId: "all", action: "required" });
      await lab.world.sleep(hour);
      expect(lost).toBe(1);
      expect((await installations(lab)).map((item) => item.state)).toEqual(["installed"]);
      expect(await ledgerLine(lab)).toEqual({ drift: 0, violations: [], assigned: 1, held: 1 });
    });
  });

  it("is found again at the next sync when the server was killed between asking and storing", async () => {
    await runVirtual({ seed: "killed", progress: () => undefined }, async (lab) => {
      await setUp(lab, ["ada"], 2);
      await addPhone(lab, "ada", "P1");
      let killed = false;
      lab.virtual.network.interceptor = ({ kind, url }) => {
        if (kind === "response" && url.includes("manageVPPLicenses") && !killed) {
          killed = true;
          lab.killServer();
        }
        return "deliver";
      };
      await lab.admin.post("/api/v1/deployments", { adamId: pages.id, groupId: "all", action: "required" });
      await lab.world.sleep(60_000);
      expect(killed).toBe(true);
      await lab.restartServer();
      await lab.world.sleep(hour);
      expect((await installations(lab)).map((item) => item.state)).toEqual(["installed"]);
      expect(await ledgerLine(lab)).toEqual({ drift: 0, violations: [], assigned: 1, held: 1 });
    });
  });
});
