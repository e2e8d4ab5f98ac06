import { beforeEach, describe, expect, it } from "vitest";
import { countUsers } from "../../../server/monitoring/roll-up.ts";
import type { DeploymentRecord, InstallationState } from "../../../server/store/records.ts";
import type { Store } from "../../../server/store/store.ts";
import { app, device, installation, openHarness, startOfTime, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

type Body = Record<string, unknown>;
const items = (body: Body) => body["items"] as Body[];

function deployment(id: string, adamId: string, change: Partial<DeploymentRecord> = {}): DeploymentRecord {
  return {
    id,
    adamId,
    groupId: "sales",
    action: "required",
    deadline: null,
    createdAt: startOfTime,
    updatedAt: startOfTime,
    expandAfter: null,
    removed: false,
    cause: 0,
    ...change,
  };
}

/** Anna has three phones, Bert one, Carl one of Apple's enrolment program; app 1 is deployed, app 2 only owned. */
async function fill(): Promise<void> {
  for (const id of ["anna", "bert", "carl"])
    await harness.call("POST", "/api/v1/users", {
      json: { id, name: id.toUpperCase(), email: `${id}@b.example` },
    });
  await harness.store.transaction(async (tx) => {
    await tx.put("apps", app("1", { total: 12, assigned: 7, available: 5 }));
    await tx.put("apps", app("2", { total: 3, assigned: 0, available: 3 }));
    await tx.put("deployments", deployment("d1", "1"));
    await tx.put("deployments", deployment("d2", "1", { groupId: "field", action: "available" }));
    await tx.put("deployments", deployment("d3", "2", { removed: true }));
    const phones: [string, string, string, InstallationState][] = [
      ["a1", "anna", "1", "installed"],
      ["a2", "anna", "1", "waitingForTerms"],
      ["a3", "anna", "1", "removing"],
      ["b1", "bert", "1", "failed"],
      ["c1", "carl", "1", "notApplicable"],
      ["a1", "anna", "2", "notInstalled"],
    ];
    for (const [udid, userId, adamId, state] of phones) {
      await tx.put("devices", device(udid, { userId, serialNumber: `S${udid}`, osVersion: "9.3.2" }));
      const reason = state === "failed" ? ("no-license" as const) : null;
      await tx.put("installations", installation(udid, adamId, { userId, state, reason, attempts: 1 }));
    }
    await tx.put("assignments", {
      id: "anna 1",
      userId: "anna",
      adamId: "1",
      state: "held",
      since: startOfTime,
      installationId: "a1 1",
      returnReason: null,
    });
  });
}

const get = async (path: string) =>
  (await harness.call("GET", path, { key: harness.keys["read-only"] })).body;

describe("the volume-purchased apps", () => {
  it("R42: shows the apps that are deployed, with what became of them", async () => {
    await fill();
    const deployed = items(await get("/api/v1/summary/apps?deployed=true"));
    expect(deployed).toHaveLength(1);
    expect(deployed[0]).toMatchObject({
      adamId: "1",
      name: "App 1",
      actions: ["available", "required"],
      devices: { installed: 2, pending: 1, failed: 1, notInstalled: 0, notApplicable: 1 },
    });
    expect(items(await get("/api/v1/summary/apps")).map((line) => [line["adamId"], line["actions"]])).toEqual(
      [
        ["1", ["available", "required"]],
        ["2", []],
      ],
    );
  });

  it("R43: shows how many licences are in use beside how many are owned", async () => {
    await fill();
    expect(items(await get("/api/v1/summary/apps"))[0]).toMatchObject({ owned: 12, used: 7, available: 5 });
    expect(await get("/api/v1/apps/1/summary")).toMatchObject({ owned: 12, used: 7, available: 5, held: 1 });
    expect(await get("/api/v1/apps/2/summary")).toMatchObject({ owned: 3, used: 0, available: 3, held: 0 });
    await harness.store.transaction((tx) =>
      tx.put("apps", app("1", { total: 12, assigned: 8, available: 4 })),
    );
    expect(await get("/api/v1/apps/1/summary")).toMatchObject({ owned: 12, used: 8, available: 4 });
  });

  it("R44: are filtered by install status", async () => {
    await fill();
    const withLabel = async (label: string) =>
      items(await get(`/api/v1/summary/apps?label=${encodeURIComponent(label)}`)).map(
        (line) => line["adamId"],
      );
    expect(await withLabel("Installed")).toEqual(["1"]);
    expect(await withLabel("Failed")).toEqual(["1"]);
    expect(await withLabel("Install Pending")).toEqual(["1"]);
    expect(await withLabel("Not Installed")).toEqual(["2"]);
    expect(await withLabel("Not Applicable")).toEqual(["1"]);
    expect((await harness.call("GET", "/api/v1/summary/apps?label=Broken")).status).toBe(400);
  });

  it("come in pages", async () => {
    await harness.store.transaction(async (tx) => {
      for (let index = 10; index < 35; index += 1) await tx.put("apps", app(String(index)));
    });
    const seen: unknown[] = [];
    for (let cursor: unknown = ""; cursor !== null;) {
      const body = await get(
        `/api/v1/summary/apps?limit=10${cursor === "" ? "" : `&cursor=${String(cursor)}`}`,
      );
      seen.push(...items(body).map((line) => line["adamId"]));
      cursor = body["nextCursor"];
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => String(index + 10)));
  });
});

describe("one app", () => {
  it("R44: counts phones and users, a user failing when any phone failed and pending when any is", async () => {
    await fill();
    expect(await get("/api/v1/apps/1/summary")).toMatchObject({
      devices: { installed: 2, pending: 1, failed: 1, notInstalled: 0, notApplicable: 1 },
      users: { installed: 0, pending: 1, failed: 1, notInstalled: 0, notApplicable: 1, complete: true },
    });
    await harness.store.transaction((tx) =>
      tx.put("installations", installation("a2", "1", { userId: "anna", state: "installed" })),
    );
    expect(await get("/api/v1/apps/1/summary")).toMatchObject({
      users: { installed: 1, pending: 0, failed: 1 },
    });
    expect((await harness.call("GET", "/api/v1/apps/99/summary")).body["code"]).toBe("not_found");
  });

  it("lists its users, page by page, each once and whole", async () => {
    await fill();
    const first = await get("/api/v1/apps/1/users?limit=2");
    expect(items(first)).toMatchObject([
      {
        userId: "anna",
        name: "ANNA",
        label: "Install Pending",
        licensed: true,
        attempts: 3,
        terms: "notInvited",
        termsCheckedAt: null,
      },
      { userId: "bert", label: "Failed", licensed: false, devices: { failed: 1 } },
    ]);
    const second = await get(`/api/v1/apps/1/users?limit=2&cursor=${String(first["nextCursor"])}`);
    expect(items(second)).toMatchObject([{ userId: "carl", label: "Not Applicable" }]);
    expect(second["nextCursor"]).toBeNull();
    expect((await harness.call("GET", "/api/v1/apps/99/users")).status).toBe(404);
  });

  it("lists its phones with status, code and last check-in", async () => {
    await fill();
    const phones = items(await get("/api/v1/apps/1/devices"));
    expect(phones.map((phone) => phone["udid"])).toEqual(["a1", "a2", "a3", "b1", "c1"]);
    expect(phones[3]).toMatchObject({
      installationId: "b1:1",
      serialNumber: "Sb1",
      userName: "BERT",
      osVersion: "9.3.2",
      lastSeenAt: "2016-07-01T08:00:00.000Z",
      label: "Failed",
      code: "0x87D13B7E",
      codeDecimal: -2016330882,
      statusDetail: "seeInstallErrorCode",
      statusDetailCode: 2000,
    });
    expect(items(await get("/api/v1/apps/1/devices?label=Installed")).map((phone) => phone["udid"])).toEqual([
      "a1",
      "a3",
    ]);
    expect((await harness.call("GET", "/api/v1/apps/99/devices")).status).toBe(404);
  });
});

describe("one user", () => {
  it("is summed up app by app", async () => {
    await fill();
    expect(await get("/api/v1/users/anna/summary")).toMatchObject({
      userId: "anna",
      terms: "notInvited",
      apps: [
        {
          adamId: "1",
          name: "App 1",
          label: "Install Pending",
          licensed: true,
          devices: { installed: 2, pending: 1 },
        },
        { adamId: "2", label: "Not Installed", licensed: false },
      ],
      counts: { installed: 0, failed: 0, pending: 1, notInstalled: 1, notApplicable: 0 },
    });
    expect((await harness.call("GET", "/api/v1/users/nobody/summary")).body["code"]).toBe("not_found");
  });

  it("has a list of installations, filtered by label", async () => {
    await fill();
    const ids = async (query: string) =>
      items(await get(`/api/v1/users/anna/installations${query}`)).map((item) => item["id"]);
    expect(await ids("")).toEqual(["a1:1", "a1:2", "a2:1", "a3:1"]);
    expect(await ids("?label=Installed")).toEqual(["a1:1", "a3:1"]);
    expect(items(await get("/api/v1/users/anna/installations"))[0]).toMatchObject({
      appName: "App 1",
      userName: "ANNA",
      serialNumber: "Sa1",
    });
    expect((await harness.call("GET", "/api/v1/users/nobody/installations")).status).toBe(404);
  });
});

describe("ten thousand installations of one app", () => {
  it("are counted by user in short transactions, whoever comes in between", async () => {
    await harness.store.transaction(async (tx) => {
      for (let index = 0; index < 10_000; index += 1) {
        // Two phones each, of which every tenth failed.
        const state = index % 10 === 0 ? "failed" : "installed";
        const udid = `phone${String(index).padStart(5, "0")}`;
        await tx.put("installations", installation(udid, "1", { userId: `u${index % 5_000}`, state }));
      }
    });
    let reads = 0;
    let largest = 0;
    const counting: Store = {
      ...harness.store,
      healthy: true,
      close: () => Promise.resolve(),
      transaction: (run) => harness.store.transaction(run),
      read: (run) => {
        reads += 1;
        return harness.store.read((reader) =>
          run({
            get: (...args) => reader.get(...args),
            count: (...args) => reader.count(...args),
            list: async (...args) => {
              const found = await reader.list(...args);
              largest = Math.max(largest, found.length);
              return found;
            },
          }),
        );
      },
    };
    const counts = await countUsers(counting, "1");
    expect(counts).toMatchObject({ failed: 500, installed: 4_500, pending: 0, complete: true });
    expect(reads).toBeGreaterThanOrEqual(20);
    expect(largest).toBeLessThanOrEqual(500);
  });
});
