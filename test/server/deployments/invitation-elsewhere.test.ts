import { describe, expect, it } from "vitest";
import { inOrganisation, type Organisation } from "../../support/deployment-lab.ts";

const hour = 3_600_000;
const people = [{ id: "anna", kinds: ["user", "user"] as const }];

/** Phones of Anna to which an invitation was handed out, by their place among hers. */
function invited(org: Organisation): number[] {
  return org.events.flatMap(({ event, udid, requestType }) =>
    event === "command.pushed" && requestType === "InviteToProgram"
      ? [[0, 1].findIndex((index) => org.phone("anna", index).config.udid === udid)]
      : [],
  );
}

describe("R38: an invitation that was handed out to a phone, and lost with it", () => {
  it("goes to another phone of the user after a day, and not before", async () => {
    await inOrganisation({ seed: "elsewhere 1", people }, async (org) => {
      const { network } = org.lab.virtual;
      network.interceptor = ({ kind, from }) =>
        kind === "message" && from === "server" ? "drop" : "deliver";
      await org.deploy("required");
      await org.until("somebody is invited", () => invited(org).length > 0);
      const [lost = 0] = invited(org);
      const other = 1 - lost;
      await org.switchOff("anna", lost);
      network.interceptor = undefined;
      network.cutChannels();
      await org.pass(23 * hour);
      expect(invited(org)).toEqual([lost]);
      expect(await org.stateOf("anna", undefined, other)).toBe("waitingForTerms");
      await org.pass(hour);
      await org.settled("anna", "installed", undefined, other);
      expect(invited(org)).toEqual([lost, other]);
    });
  });

  it("stays with a phone that took it up, whatever the person does then", async () => {
    const slow = [{ ...people[0], id: "anna", habits: { terms: "ignore" as const } }];
    await inOrganisation({ seed: "elsewhere 2", people: slow }, async (org) => {
      await org.deploy("required");
      await org.settled("anna", "waitingForTerms");
      await org.pass(48 * hour);
      expect(invited(org)).toHaveLength(1);
    });
  });
});
