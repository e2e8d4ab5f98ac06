import { describe, expect, it } from "vitest";
import type { DeploymentPreviewView } from "../../../server/api/deployment-preview-routes.ts";
import { inOrganisation, pages, type Organisation, type PersonPlan } from "../../support/deployment-lab.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** Anna and Dora have personal phones, Bert one and one of Apple's enrolment program, Carl only such a one, Eve none. */
const people: PersonPlan[] = [
  { id: "anna", groups: ["Team"] },
  { id: "bert", kinds: ["user", "dep"], groups: ["Team"] },
  { id: "carl", kinds: ["dep"], groups: ["Team"] },
  { id: "dora", groups: ["Team", "Field"] },
  { id: "eve", kinds: [], groups: ["Field"] },
];

async function preview(
  org: Organisation,
  action: string,
  groups: readonly string[] = ["Team"],
  more = "",
): Promise<DeploymentPreviewView> {
  const ids: string[] = [];
  for (const group of groups) ids.push(await org.groupId(group));
  return await org.lab.admin.get(
    `/api/v1/deployments/preview?adamId=${pages}&groupIds=${ids.join()}&action=${action}${more}`,
  );
}

/** What the preview says of phones, as the installations say it once all is done. */
async function found(org: Organisation): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { label } of await org.installations()) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

const phoneSum = ({ phones }: DeploymentPreviewView) =>
  phones.install +
  phones.offer +
  phones.remove +
  phones.keep +
  phones.untouched +
  phones.refused.reduce((sum, { count }) => sum + count, 0);

describe("the preview of a deployment", () => {
  it("foretells a required install: who has to accept, what Apple's enrolment program refuses, which licences are taken", async () => {
    await inOrganisation({ seed: "preview 1", people, seats: { [pages]: 5 } }, async (org) => {
      const foretold = await preview(org, "required", ["Team", "Field"]);
      expect(foretold).toMatchObject({
        groups: [
          { name: "Team", members: 4, deploymentId: null, action: null },
          { name: "Field", members: 2, deploymentId: null },
        ],
        users: { total: 5, withoutPhone: 1, mustAccept: 3, invitedAlready: 0 },
        phones: {
          total: 5,
          install: 3,
          keep: 0,
          refused: [{ reason: "dep-enrolled", count: 2 }],
          outweighed: 0,
        },
        licenses: { owned: 5, free: 5, needed: 3, ifAllAsk: 0, short: 0, returning: 0 },
        account: "usable",
        complete: true,
      });
      expect(phoneSum(foretold)).toBe(5);
      expect(await org.installations()).toEqual([]);

      await org.deploy("required", { group: "Team" });
      await org.deploy("required", { group: "Field" });
      for (const id of ["anna", "bert", "dora"]) await org.settled(id, "installed");
      await org.settled("carl", "notApplicable dep-enrolled");
      expect(await found(org)).toEqual({ Installed: 3, "Not Applicable": 2 });
      expect((await org.seats()).held).toBe(foretold.licenses.needed);

      // The same once more changes nothing: nobody is asked, and no licence is taken.
      const again = await preview(org, "required", ["Team", "Field"]);
      expect(again).toMatchObject({
        users: { mustAccept: 0 },
        phones: { install: 0, keep: 3 },
        licenses: { free: 2, needed: 0 },
      });
      expect(again.groups.map(({ action }) => action)).toEqual(["required", "required"]);
    });
  });

  it("foretells an uninstall: what is removed and which licences come back, but for those whom another deployment reaches", async () => {
    await inOrganisation({ seed: "preview 2", people, seats: { [pages]: 5 } }, async (org) => {
      const id = await org.deploy("required", { group: "Team" });
      await org.deploy("required", { group: "Field" });
      for (const person of ["anna", "bert", "dora"]) await org.settled(person, "installed");
      const foretold = await preview(org, "uninstall", ["Team"]);
      expect(foretold).toMatchObject({
        phones: { total: 5, remove: 2, keep: 1, untouched: 2, refused: [], outweighed: 1 },
        licenses: { needed: 0, returning: 2 },
      });
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
      for (const person of ["anna", "bert"]) await org.settled(person, "notInstalled");
      await org.until("the licences are back", async () => (await org.seats()).held === 1);
      expect(org.hasApp("dora")).toBe(true);
    });
  });

  it("says how many licences there are too few of, and then so many installs fail for want of one", async () => {
    await inOrganisation({ seed: "preview 3", people, seats: { [pages]: 2 } }, async (org) => {
      const foretold = await preview(org, "required");
      expect(foretold.licenses).toMatchObject({ owned: 2, free: 2, needed: 3, short: 1 });
      await org.deploy("required");
      await org.until("all is decided", async () => {
        const { Installed = 0, Failed = 0 } = await found(org);
        return Installed === 2 && Failed === foretold.licenses.short;
      });
    });
  });

  it("counts the licences of an offer apart: they are taken by those who ask", async () => {
    await inOrganisation({ seed: "preview 4", people }, async (org) => {
      expect(await preview(org, "available")).toMatchObject({
        users: { mustAccept: 3 },
        phones: { offer: 3, install: 0, refused: [{ reason: "dep-enrolled", count: 2 }] },
        licenses: { needed: 0, ifAllAsk: 3, short: 0 },
      });
      expect(await preview(org, "notApplicable")).toMatchObject({
        phones: { offer: 0, untouched: 5, refused: [] },
        licenses: { needed: 0, ifAllAsk: 0 },
      });
    });
  });

  it("sees a deadline as of then, and licences of phones as theirs", async () => {
    await inOrganisation({ seed: "preview 5", people }, async (org) => {
      const at = new Date(org.lab.world.now() + day).toISOString();
      expect(await preview(org, "required", ["Team"], `&deadline=${at}`)).toMatchObject({
        deadline: at,
        phones: { install: 3 },
        licenses: { needed: 3 },
      });
      await org.send("PATCH", "/api/v1/policies", { licensing: "user-and-device" });
      expect(await preview(org, "required", ["Team"], "&licenseType=device")).toMatchObject({
        users: { mustAccept: 0 },
        phones: { install: 3 },
        licenses: { needed: 3 },
      });
    });
  });

  type Wish = readonly [action: string, group: string, licenseType?: "device"];
  const courses: [name: string, policies: object, before: Wish[], plan: Wish][] = [
    ["a push of what was only offered", {}, [["available", "Team"]], ["required", "Field"]],
    ["an exclusion of those who have it", {}, [["required", "Team"]], ["notApplicable", "Team"]],
    [
      "an uninstall that turns",
      {},
      [
        ["required", "Team"],
        ["uninstall", "Field"],
      ],
      ["uninstall", "Team"],
    ],
    ["the rules of 2017", { conflictRules: "2017" }, [["required", "Team"]], ["uninstall", "Field"]],
    [
      "a move to licences of phones",
      { licensing: "user-and-device" },
      [["required", "Team"]],
      ["required", "Team", "device"],
    ],
    [
      "licences of phones from the beginning",
      { licensing: "user-and-device" },
      [],
      ["required", "Team", "device"],
    ],
  ];

  it.each(courses)("comes true for %s", async (name, policies, before, [action, group, licenseType]) => {
    await inOrganisation({ seed: `preview: ${name}`, people }, async (org) => {
      if (Object.keys(policies).length > 0) await org.send("PATCH", "/api/v1/policies", policies);
      for (const [was, of] of before) await org.deploy(was, { group: of });
      await org.pass(hour);
      const held = async () => (await org.holders()).length;
      const heldBefore = await held();
      const type = licenseType === undefined ? {} : { licenseType };
      const foretold = await preview(org, action, [group], licenseType ? `&licenseType=${licenseType}` : "");
      const [present] = foretold.groups;
      if (present?.deploymentId) {
        await org.send("PATCH", `/api/v1/deployments/${present.deploymentId}`, { action, ...type });
      } else await org.deploy(action, { group, ...type });
      await org.pass(hour);

      const { phones, licenses } = foretold;
      const members = group === "Team" ? ["anna", "bert", "carl", "dora"] : ["dora", "eve"];
      const installed = (await org.installations()).filter(
        ({ userId, state }) => members.includes(userId) && state === "installed",
      );
      expect(phoneSum(foretold)).toBe(phones.total);
      expect(installed).toHaveLength(phones.keep + phones.install);
      expect(await held()).toBe(heldBefore + licenses.needed - licenses.returning);
    });
  });
});
