import { beforeEach, describe, expect, it } from "vitest";
import { app, device, installation, openHarness, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const padded = (index: number) => String(index).padStart(3, "0");

async function putDevices(ids: string[]): Promise<void> {
  await harness.store.transaction(async (tx) => {
    for (const id of ids) await tx.put("devices", device(id, { kind: id.endsWith("0") ? "dep" : "user" }));
  });
}

async function walk(
  path: string,
  between: (page: number) => Promise<void> = async () => {},
): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: unknown = null;
  do {
    const join = path.includes("?") ? "&" : "?";
    const { body } = await harness.call(
      "GET",
      cursor === null ? path : `${path}${join}cursor=${String(cursor)}`,
    );
    pages.push((body["items"] as { udid?: string; id?: string }[]).map((item) => item.udid ?? item.id ?? ""));
    cursor = body["nextCursor"];
    await between(pages.length);
  } while (cursor !== null && pages.length < 100);
  return pages;
}

describe("a paged list", () => {
  it("hands out every record once, in order, with 50 on a page by default", async () => {
    const ids = Array.from({ length: 120 }, (_, index) => `d${padded(index)}`);
    await putDevices(ids);
    const pages = await walk("/api/v1/devices");
    expect(pages.map((page) => page.length)).toEqual([50, 50, 20]);
    expect(pages.flat()).toEqual(ids);
  });

  it("has no empty last page when the records fill the pages exactly", async () => {
    await putDevices(["a", "b", "c", "d"]);
    expect(await walk("/api/v1/devices?limit=2")).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  it("hands out what is there all the time exactly once while others come and go", async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `d${padded(index * 10)}`);
    await putDevices(ids);
    const pages = await walk("/api/v1/devices?limit=7", async (page) => {
      await putDevices([`a${page}`, `d${padded(page * 10 + 5)}`, `z${page}`]);
      await harness.store.transaction((tx) => tx.delete("devices", `a${page - 1}`));
    });
    const seen = pages.flat();
    expect(seen.filter((id) => ids.includes(id))).toEqual(ids);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("applies a filter that no index serves", async () => {
    await putDevices(Array.from({ length: 45 }, (_, index) => `d${padded(index)}`));
    const pages = await walk("/api/v1/devices?kind=dep&limit=2");
    expect(pages.flat()).toEqual(["d000", "d010", "d020", "d030", "d040"]);
    expect(pages.slice(0, 2).map((page) => page.length)).toEqual([2, 2]);
  });

  it("merges the states behind one label into one order", async () => {
    await harness.store.transaction(async (tx) => {
      const states = ["pending", "installed", "installing", "waitingForTerms", "failed"] as const;
      for (let index = 0; index < 25; index += 1) {
        const state = states[index % states.length] ?? "pending";
        await tx.put(
          "installations",
          installation(`d${padded(index)}`, index % 2 === 0 ? "1" : "2", { state }),
        );
      }
    });
    const expected = Array.from({ length: 25 }, (_, index) => index)
      .filter((index) => [0, 2, 3].includes(index % 5))
      .map((index) => `d${padded(index)}`);
    const pages = await walk("/api/v1/installations?label=Install%20Pending&limit=4");
    expect(pages.flat()).toEqual(expected);
    expect((await walk("/api/v1/installations?label=Failed")).flat()).toEqual([
      "d004",
      "d009",
      "d014",
      "d019",
      "d024",
    ]);
    expect((await walk("/api/v1/installations?label=Failed&adamId=1")).flat()).toEqual([
      "d004",
      "d014",
      "d024",
    ]);
    expect((await walk("/api/v1/installations?state=failed&label=Installed")).flat()).toEqual([]);
  });
});

describe("GET /api/v1/summary", () => {
  it("counts per app what became of it, and who accepted the terms", async () => {
    await harness.store.transaction(async (tx) => {
      await tx.put("apps", app("1"));
      await tx.put("apps", app("2", { total: 1, assigned: 1, available: 0 }));
      await tx.put("installations", installation("p1", "1", { state: "installed" }));
      await tx.put("installations", installation("p2", "1", { state: "waitingForTerms" }));
      await tx.put(
        "installations",
        installation("p1", "2", { state: "failed", reason: "no-license", waitingSince: 5 }),
      );
      await tx.put("installations", installation("p2", "2", { state: "failed", reason: "user-rejected" }));
    });
    await harness.call("POST", "/api/v1/users", { json: { id: "anna", name: "Anna", email: "a@b" } });
    const { body } = await harness.call("GET", "/api/v1/summary");
    const [first, second] = body["apps"] as Record<string, unknown>[];
    expect(first).toMatchObject({
      adamId: "1",
      total: 10,
      used: 4,
      installed: 1,
      waitingForTerms: 1,
      failed: 0,
    });
    expect(second).toMatchObject({ adamId: "2", failed: 2, failedNoLicense: 1, installed: 0 });
    expect(body["terms"]).toEqual({ notInvited: 1, invited: 0, accepted: 0, retired: 0 });
  });
});
