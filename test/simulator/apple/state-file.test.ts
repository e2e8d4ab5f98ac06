import { describe, expect, it } from "vitest";
import { StateFile, toState } from "../../../simulator/apple/state-file.ts";
import { book, buy, counts, expectSound, give, openBench, pages, slack, take, type Bench } from "./bench.ts";
import { FakeWorld } from "./fake-world.ts";

const dataFile = "/data/apple.json";

/** A service with some of everything, and the session and ticket of a phone. */
async function openBusy(): Promise<{ bench: Bench; session: string; ticket: string }> {
  const bench = await openBench({ dataFile });
  await buy(bench, book, 2);
  await bench.join("ann", "ann@example.com");
  await bench.join("bob", "bob@example.com");
  await bench.register("cy");
  await give(bench, pages, ["ann", "bob", "cy"]);
  await give(bench, book, ["bob"]);
  await take(bench, pages, ["cy"]);
  await bench.control("POST", `/organisations/${bench.organisationId}/refunds`, {
    adamId: pages,
    quantity: 2,
  });
  await bench.vpp("retireVPPUserSrv", { clientUserIdStr: "bob" });
  await bench.vpp("VPPClientConfigSrv", { clientContext: "mine" });
  await bench.store("/store/v1/sign-in", { appleId: "cy@example.com", password: "wrong" });
  const session = await bench.session("ann@example.com");
  const { json } = await bench.store("/store/v1/authorize", {
    sessionToken: session,
    adamId: pages,
    purchaseMethod: 1,
    udid: "phone-1",
  });
  return { bench, session, ticket: String(json.ticket) };
}

async function reopen(bench: Bench): Promise<Bench> {
  await bench.apple.close();
  const again = await openBench({ dataFile, world: bench.world, isEmpty: true });
  again.organisationId = bench.organisationId;
  again.sToken = bench.sToken;
  return again;
}

describe("the state file", () => {
  it("brings everything back after a restart", async () => {
    const { bench, session, ticket } = await openBusy();
    const before = toState(bench.apple.model);
    const { sinceModifiedToken } = await bench.vpp("getVPPUsersSrv");
    const again = await reopen(bench);
    expect(toState(again.apple.model)).toEqual(before);
    expect(await counts(again, pages)).toBe("1/7/2");
    expect(await counts(again, book)).toBe("1/1/0");
    expect(await again.vpp("VPPClientConfigSrv")).toMatchObject({ status: 0, clientContext: "mine" });
    expect((await again.store("/store/v1/download", { ticket })).status).toBe(200);
    expect(
      await again.refused("/store/v1/authorize", {
        sessionToken: session,
        adamId: slack,
        purchaseMethod: 1,
        udid: "x",
      }),
    ).toBe("license_not_found");
    await again.register("dan");
    expect(await again.vpp("getVPPUsersSrv", { sinceModifiedToken })).toMatchObject({
      users: [{ clientUserIdStr: "dan" }],
    });
    await expectSound(again);
  });

  it("gives out the same licence after a restart as it would have without one", async () => {
    const next = async (restart: boolean): Promise<unknown> => {
      const { bench } = await openBusy();
      const asked = restart ? await reopen(bench) : bench;
      await buy(asked, pages, 1);
      return (await give(asked, pages, ["cy"])).associations;
    };
    expect(await next(true)).toEqual(await next(false));
  });

  it("loses open reads: they are answered 9633", async () => {
    const bench = await openBench({ dataFile, pageSize: 4 });
    const { batchToken } = await bench.vpp("getVPPLicensesSrv");
    const again = await reopen(bench);
    expect(await again.vpp("getVPPLicensesSrv", { batchToken })).toMatchObject({
      status: -1,
      errorNumber: 9633,
    });
  });

  it("is written before the answer to a change, and not for a read or a refusal", async () => {
    const bench = await openBench({ dataFile });
    const written = bench.world.writeCount;
    await bench.vpp("getVPPAssetsSrv");
    await bench.vpp("retireVPPUserSrv", { clientUserIdStr: "nobody" });
    expect(bench.world.writeCount).toBe(written);
    await bench.register("u1");
    expect(bench.world.writeCount).toBe(written + 1);
    expect(String(bench.world.files.get(dataFile))).toContain('"clientUserIdStr":"u1"');
  });

  it("keeps a count of wrong passwords, although the sign-in was refused", async () => {
    const bench = await openBench({ dataFile });
    const wrong = { appleId: "ann@example.com", password: "wrong" };
    for (let round = 1; round <= 4; round += 1) await bench.store("/store/v1/sign-in", wrong);
    const again = await reopen(bench);
    expect(await again.refused("/store/v1/sign-in", wrong)).toBe("apple_id_locked");
  });

  it("answers 503 when it can't be written, and goes on when it can", async () => {
    const bench = await openBench({ dataFile });
    bench.world.failWrites = true;
    const body = { sToken: bench.sToken, clientUserIdStr: "u1" };
    const reply = await bench.send("POST", "/mdm/registerVPPUserSrv", body);
    expect([reply.status, reply.json]).toMatchObject([503, { error: { code: "store_unwritable" } }]);
    bench.world.failWrites = false;
    expect(await bench.vpp("registerVPPUserSrv", { clientUserIdStr: "u2" })).toMatchObject({ status: 0 });
    expect(String(bench.world.files.get(dataFile))).toContain('"clientUserIdStr":"u1"');
  });

  it.each([
    ["no JSON", (text: string) => text.slice(0, -20)],
    ["another format", () => '{"format":"other","version":1}'],
    ["a later version", (text: string) => text.replace('"version":1', '"version":2')],
    [
      "a seat of nobody",
      (text: string) => text.replace(/"userId":\d+,"assignedAt"/, '"userId":5,"assignedAt"'),
    ],
    [
      "a licence nobody bought",
      (text: string) => text.replace(/"touched":\[\{"id":\d+/, '"touched":[{"id":1'),
    ],
    ["a session of nobody", (text: string) => text.replace(/("tokenHash":"[0-9a-f]+","appleId":")/, "$1x")],
    [
      "a token of no organisation",
      (text: string) => text.replace(/("id":"token-1","organisationId":)\d+/, "$15"),
    ],
    ["an item that isn't sold any more", (text: string) => text.replaceAll(pages, "4")],
  ])("that holds %s is refused as store_corrupt", async (_what, damage) => {
    const { bench } = await openBusy();
    await bench.apple.close();
    const sound = String(bench.world.files.get(dataFile));
    const damaged = damage(sound);
    expect(damaged).not.toBe(sound);
    bench.world.files.set(dataFile, Buffer.from(damaged));
    await expect(openBench({ dataFile, world: bench.world, isEmpty: true })).rejects.toMatchObject({
      code: "store_corrupt",
    });
    bench.world.files.set(dataFile, Buffer.from(sound));
    await expect(openBench({ dataFile, world: bench.world, isEmpty: true })).resolves.toBeDefined();
  });
});

describe("writes that come together", () => {
  it("share the next write: one under way, one waiting, and each sees its own state written", async () => {
    const world = new FakeWorld();
    const release = world.holdWrites();
    let state = 0;
    const file = new StateFile(world.disk, dataFile, () => String(state));
    const done: number[] = [];
    const save = (value: number): Promise<void> => {
      state = value;
      return file.save().then(() => void done.push(value));
    };
    const saves = [1, 2, 3, 4].map(save);
    expect(world.writeCount).toBe(1);
    release();
    await saves[0];
    expect(String(world.files.get(dataFile))).toBe("1");
    expect(done).toEqual([1]);
    await Promise.resolve();
    const late = save(5);
    release();
    release();
    await Promise.resolve();
    release();
    await Promise.all(saves);
    release();
    await late;
    await file.settled();
    expect(String(world.files.get(dataFile))).toBe("5");
    expect(world.writeCount).toBeLessThanOrEqual(3);
    expect(done).toEqual([1, 2, 3, 4, 5]);
  });

  it("tells those whose write failed, and only them", async () => {
    const world = new FakeWorld();
    const file = new StateFile(world.disk, dataFile, () => "x");
    world.failWrites = true;
    const failed = file.save();
    await expect(failed).rejects.toMatchObject({ code: "full" });
    world.failWrites = false;
    await expect(file.save()).resolves.toBeUndefined();
    expect(world.files.has(dataFile)).toBe(true);
  });
});
