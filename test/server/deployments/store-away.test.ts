import { describe, expect, it } from "vitest";
import { storeAwayMax } from "../../../server/deployments/device-facts.ts";
import { inOrganisation, keynote, pages, type Organisation } from "../../support/deployment-lab.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const plan = { people: [{ id: "anna" }], seats: { [pages]: 1, [keynote]: 1 } };

function storeIs(org: Organisation, storeUnavailable: unknown): Promise<unknown> {
  const body = JSON.stringify({ storeUnavailable });
  return org.lab.apple.send("PUT", "/control/v1/behaviour", body, "application/json");
}

function installsSent(org: Organisation): number {
  return org.queued("anna").filter((type) => type === "InstallApplication").length;
}

/** Anna has one app, so that she has joined the program and signed in, and is to get another while the store is away. */
async function deployWhileAway(org: Organisation): Promise<void> {
  await org.deploy("required");
  await org.settled("anna", "installed");
  await storeIs(org, { retryAfterSeconds: 60 });
  await org.deploy("required", { adamId: keynote });
}

describe("while the App Store does not answer a phone", () => {
  it.each([1, 30, 26 * 60])(
    "an install costs no attempt, is sent again ever more slowly, and succeeds in the end (away for %i min)",
    async (awayMinutes) => {
      await inOrganisation({ seed: `away ${awayMinutes}`, ...plan }, async (org) => {
        await deployWhileAway(org);
        await org.pass(awayMinutes * minute);
        expect(await org.installation("anna", keynote)).toMatchObject({
          state: "installing",
          reason: "install-refused",
          attempts: 0,
        });
        await storeIs(org, false);
        await org.settled("anna", "installed", keynote);
        // An hour apart at most: so many in a row fill a day.
        expect(installsSent(org)).toBeLessThan(2 + 12 + awayMinutes / 60);
        expect(await org.seats(keynote)).toEqual({ held: 1, problems: [] });
      });
    },
  );

  it("the install is given up after some days, and the licence returns; an admin's retry begins anew", async () => {
    await inOrganisation({ seed: "away for good", ...plan }, async (org) => {
      await deployWhileAway(org);
      await org.pass(storeAwayMax * 60 * minute);
      expect(await org.stateOf("anna", keynote)).toBe("failed install-refused");
      expect(installsSent(org)).toBe(1 + storeAwayMax + 3);
      expect(await org.seats(keynote)).toEqual({ held: 0, problems: [] });
      const [failed] = (await org.installations()).filter(({ adamId }) => adamId === keynote);
      await org.send("POST", `/api/v1/installations/${failed?.udid ?? ""}:${keynote}/retry`, {});
      await org.pass(day / 2);
      expect(await org.stateOf("anna", keynote)).toBe("installing install-refused");
      await storeIs(org, false);
      await org.settled("anna", "installed", keynote);
    });
  });
});
