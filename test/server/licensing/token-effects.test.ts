import { describe, expect, it } from "vitest";
import { type AccountLab, dayMs, hourMs, inAccountLab, pages } from "./account-lab.ts";

interface Installation {
  state: string;
  reason: string | null;
}

/** Anna with a phone, and Pages required for the group she is in. */
async function deployTo(lab: AccountLab, ...people: string[]): Promise<void> {
  const { admin, apple } = lab.lab;
  await admin.post("/api/v1/groups", { id: "all", name: "All" });
  for (const name of people) await addPerson(lab, name);
  await admin.post("/api/v1/deployments", { adamId: pages, groupId: "all", action: "required" });

  async function addPerson(one: AccountLab, name: string): Promise<void> {
    const email = `${name}@orchard.example`;
    await apple.post("/control/v1/apple-ids", { appleId: email, password: "windfall" });
    await admin.post("/api/v1/users", { id: name, name, email, groupIds: ["all"] });
    await givePhone(one, name);
  }
}

async function givePhone(lab: AccountLab, name: string, serial = `PHONE-${name}`): Promise<void> {
  const body = { kind: "user", userId: name };
  const { url } = await lab.lab.admin.post<{ url: string }>("/api/v1/enrollment-tokens", body);
  await lab.lab.addPhone({
    serial,
    product: "iPhone8,1",
    name: `${name}'s iPhone`,
    kind: "user",
    enrollmentUrl: url,
    persona: {
      appleId: `${name}@orchard.example`,
      password: "windfall",
      terms: "accept",
      install: "install",
      wrongPasswords: 0,
      thinkMsMin: 1_000,
      thinkMsMax: 5_000,
    },
  });
}

async function installation(lab: AccountLab, userId: string): Promise<Installation | undefined> {
  const [found] = await lab.items<Installation>(`/api/v1/installations?userId=${userId}`);
  return found;
}

describe("what a dead token does to installations", () => {
  it.each(["expire", "revoke", "forget"])(
    "leaves what is installed, stops new licences with a clear reason, and lets them go on after the renewal (%s)",
    async (act) => {
      await inAccountLab(async (lab) => {
        await deployTo(lab, "anna");
        await lab.lab.world.sleep(hourMs);
        expect(await installation(lab, "anna")).toMatchObject({ state: "installed" });
        await lab.control("POST", `/tokens/${lab.tokenId}/${act}`);
        // Nobody has asked Apple since: the next wish for a licence is what finds out.
        const email = "bert@orchard.example";
        await lab.lab.apple.post("/control/v1/apple-ids", { appleId: email, password: "windfall" });
        await lab.lab.admin.post("/api/v1/users", { id: "bert", name: "bert", email, groupIds: ["all"] });
        await givePhone(lab, "bert");
        await lab.lab.world.sleep(2 * hourMs);
        expect(await lab.account()).not.toMatchObject({ state: "valid" });
        expect(await installation(lab, "bert")).toMatchObject({
          state: "pending",
          reason: "account-unusable",
        });
        expect(await installation(lab, "anna")).toMatchObject({ state: "installed" });
        await lab.put((await lab.newer()).sToken);
        await lab.lab.world.sleep(hourMs);
        expect(await installation(lab, "bert")).toMatchObject({ state: "installed" });
        expect(await lab.lab.admin.get("/api/v1/ledger/check")).toMatchObject({ drift: 0, violations: [] });
      });
    },
  );

  it("picks up after a deletion, too", async () => {
    await inAccountLab(async (lab) => {
      await lab.deleteToken();
      await deployTo(lab, "anna");
      await lab.lab.world.sleep(hourMs);
      expect(await installation(lab, "anna")).toMatchObject({ state: "pending", reason: "account-unusable" });
      await lab.put(lab.sToken);
      await lab.lab.world.sleep(hourMs);
      expect(await installation(lab, "anna")).toMatchObject({ state: "installed" });
    });
  });
});

describe("an account that another product wiped", () => {
  it("R20: shows who lost what once control was taken back, and gives it back to whom an admin reinstates", async () => {
    await inAccountLab(async (lab) => {
      await deployTo(lab, "anna", "bert");
      await lab.lab.world.sleep(hourMs);
      await lab.takeOver(true);
      await lab.sync();
      const calls = lab.calls().length;
      await lab.lab.world.sleep(3 * dayMs);
      expect(lab.calls()).toHaveLength(calls);
      // What is installed stays.
      expect(await installation(lab, "anna")).toMatchObject({ state: "installed" });
      const { sync } = await lab.takeControl();
      expect(sync).toMatchObject({ result: "completed", lostUsers: 2, lostLicenses: 2 });
      expect(await installation(lab, "anna")).toMatchObject({ state: "installed", reason: "user-retired" });
      await lab.lab.admin.post("/api/v1/users/anna/reinstate", {});
      await lab.lab.world.sleep(2 * hourMs);
      expect(await installation(lab, "anna")).toMatchObject({ state: "installed", reason: null });
      const check = await lab.lab.admin.get("/api/v1/ledger/check");
      expect(check).toMatchObject({ drift: 0, violations: [], lines: [{ heldAtApple: 1, heldHere: 1 }] });
    });
  });
});
