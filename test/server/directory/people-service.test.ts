import { describe, expect, it } from "vitest";
import { hourMs, inProgramLab, keynote, pages, type ProgramLab } from "../licensing/program-lab.ts";

const agreed = { drift: 0, violations: [] };
const remove = (lab: ProgramLab, path: string) => lab.admin.send<{ deleted: boolean }>("DELETE", path);
const exists = async (lab: ProgramLab, path: string) =>
  (await lab.refusal(() => lab.admin.get(path))) === null;

describe("deleting a user", () => {
  it("asks first where licences or phones are concerned, then returns the licences and leaves the phones to nobody", async () => {
    await inProgramLab("delete", async (lab) => {
      await lab.setUp();
      const phone = await lab.addPerson("ada", { kind: "configurator" });
      await lab.require();
      await lab.sleep(hourMs);
      const refused = await remove(lab, "/api/v1/users/ada").catch((error: unknown) => error);
      expect(refused).toMatchObject({ status: 409, code: "confirmation_required" });
      expect(String(refused)).toContain("1 licence and has 1 managed phone");
      expect((await lab.user("ada")).seatCount).toBe(1);

      expect(await remove(lab, "/api/v1/users/ada?confirm=true")).toEqual({ deleted: true });
      expect(await exists(lab, "/api/v1/users/ada")).toBe(false);
      expect([await lab.appleSeats(), await lab.appleUsers()]).toMatchObject([
        [],
        { Registered: 0, Associated: 0, Retired: 1 },
      ]);
      await lab.sleep(24 * hourMs);
      expect(await lab.ledger()).toEqual(agreed);
      const { udid } = phone.config;
      expect(await lab.admin.get(`/api/v1/devices/${udid}`)).toMatchObject({
        state: "enrolled",
        userId: null,
      });
      const { items } = await lab.admin.get<{ items: object[] }>("/api/v1/installations");
      expect(items).toMatchObject([{ udid, userId: null, state: "notApplicable", reason: "no-user" }]);
      expect(await lab.movements("ada")).toHaveLength(2);

      // A namesake begins from nothing.
      await lab.addUser("ada");
      expect(await lab.user("ada")).toMatchObject({
        deviceCount: 0,
        terms: { status: "notInvited", inviteCount: 0 },
      });
    });
  });

  it("needs no question where there is nothing to lose", async () => {
    await inProgramLab("delete-unknown", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      expect(await remove(lab, "/api/v1/users/ada")).toEqual({ deleted: true });
      expect(await lab.refusal(() => remove(lab, "/api/v1/users/ada"))).toBe("not_found");
    });
  });

  it("ends the user's enrolment links, and nobody else's", async () => {
    await inProgramLab("delete-links", async (lab) => {
      await lab.setUp();
      const links = new Map<string, string>();
      for (const id of ["ada", "bert"]) {
        await lab.addUser(id);
        links.set(id, await lab.enrollmentUrl(id));
      }
      const statusOf = async (id: string) => (await lab.lab.world.request(links.get(id) ?? "")).status;
      expect([await statusOf("ada"), await statusOf("bert")]).toEqual([200, 200]);
      expect(await remove(lab, "/api/v1/users/ada")).toEqual({ deleted: true });
      expect([await statusOf("ada"), await statusOf("bert")]).toEqual([403, 200]);
      const { items } = await lab.admin.get<{ items: object[] }>("/api/v1/enrollment-tokens");
      expect(items).toMatchObject([{ userId: "bert" }]);
      // A namesake begins without them.
      await lab.addUser("ada");
      expect(await statusOf("ada")).toBe(403);
    });
  });

  it("is over when Apple was told, however long that takes; the user can be seen to go meanwhile", async () => {
    await inProgramLab("delete-later", async (lab) => {
      await lab.setUp();
      await lab.addPerson("ada", { kind: "configurator" });
      await lab.require();
      await lab.sleep(hourMs);
      await lab.setUnavailable({ retryAfterSeconds: 120 });
      expect(await remove(lab, "/api/v1/users/ada?confirm=true")).toEqual({ deleted: false });
      expect((await lab.user("ada")).terms).toMatchObject({ status: "accepted", pending: "delete" });
      expect(await lab.refusal(() => lab.admin.post("/api/v1/users/ada/retire", {}))).toBe("conflict");
      const csv = "id,name,email\nada,Ada,ada@orchard.example";
      expect(await lab.refusal(() => lab.admin.send("POST", "/api/v1/users/import", csv, "text/csv"))).toBe(
        "conflict",
      );
      lab.lab.killServer();
      await lab.lab.restartServer();
      await lab.setUnavailable(false);
      await lab.sleep(2 * hourMs);
      expect(await exists(lab, "/api/v1/users/ada")).toBe(false);
      expect([await lab.appleSeats(), await lab.ledger()]).toEqual([[], agreed]);
    });
  });
});

describe("a group", () => {
  it("with members or deployments is deleted after a question: what is installed stays, with its licence", async () => {
    await inProgramLab("delete-group", async (lab) => {
      await lab.setUp();
      await lab.addPerson("ada", { kind: "configurator" });
      await lab.require();
      await lab.sleep(hourMs);
      const refused = await remove(lab, "/api/v1/groups/all").catch((error: unknown) => error);
      expect(refused).toMatchObject({ status: 409, code: "confirmation_required" });
      expect(String(refused)).toContain("1 member and 1 deployment");
      await remove(lab, "/api/v1/groups/all?confirm=true");
      await lab.sleep(24 * hourMs);
      expect(await exists(lab, "/api/v1/groups/all")).toBe(false);
      expect(await lab.user("ada")).toMatchObject({ groupIds: [], seatCount: 1 });
      expect(await lab.states("ada")).toEqual(["installed"]);
      expect((await lab.admin.get<{ items: object[] }>("/api/v1/deployments")).items).toEqual([]);
      expect(await lab.ledger()).toEqual(agreed);
      // Its name is free again, at once.
      await lab.admin.post("/api/v1/groups", { name: "All" });
    });
  });

  it("whose deletion a crash interrupted is gone soon after the restart", async () => {
    await inProgramLab("delete-group-crash", async (lab) => {
      await lab.setUp();
      const rows = Array.from({ length: 450 }, (_, index) => `u${index},U,u${index}@orchard.example,All`);
      await lab.admin.send(
        "POST",
        "/api/v1/users/import",
        ["id,name,email,groups", ...rows].join("\n"),
        "text/csv",
      );
      await lab.require();
      const deletion = remove(lab, "/api/v1/groups/all?confirm=true").catch(() => undefined);
      let members = 450;
      lab.lab.recorder.subscribe((event) => {
        if (event.event === "admin.changed" && event["what"] === "group.deleted") {
          void Promise.resolve().then(() => lab.lab.killServer());
        }
      });
      await lab.sleep(10_000);
      await lab.lab.restartServer();
      await deletion;
      members = (await lab.admin.get<{ items: object[] }>("/api/v1/users?groupId=all&limit=200")).items
        .length;
      expect(members).toBeGreaterThan(0);
      expect(await exists(lab, "/api/v1/groups/all")).toBe(false);
      await lab.sleep(2 * hourMs);
      members = (await lab.admin.get<{ items: object[] }>("/api/v1/users?groupId=all&limit=200")).items
        .length;
      expect(members).toBe(0);
    });
  });

  it("gives and takes apps as its members change, one by one or all at once", async () => {
    await inProgramLab("members", async (lab) => {
      await lab.setUp({ [pages]: 5, [keynote]: 5 });
      await lab.admin.post("/api/v1/groups", { id: "field", name: "Field" });
      for (const id of ["ada", "bruno"]) await lab.addPerson(id, { kind: "configurator" });
      await lab.require(keynote, "field");
      await lab.sleep(hourMs);
      expect([await lab.states("ada"), await lab.states("bruno")]).toEqual([[], []]);
      await lab.put("/api/v1/groups/field/members/ada", {});
      await lab.sleep(hourMs);
      expect([await lab.states("ada"), await lab.states("bruno")]).toEqual([["installed"], []]);

      const replaced = await lab.put("/api/v1/groups/field/members", { userIds: ["bruno"] });
      expect(replaced).toEqual({ added: 1, removed: 1, unchanged: 0 });
      await lab.sleep(hourMs);
      // Who leaves a group keeps what is installed; taking it back is the deployment's business.
      expect([await lab.states("ada"), await lab.states("bruno")]).toEqual([["installed"], ["installed"]]);
      expect(await lab.admin.get("/api/v1/groups/field")).toMatchObject({
        memberCount: 1,
        deploymentCount: 1,
      });
    });
  });
});
