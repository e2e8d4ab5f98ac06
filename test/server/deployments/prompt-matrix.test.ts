import { describe, expect, it } from "vitest";
import type { Phone } from "../../../agent/phone.ts";
import { inOrganisation, pages } from "../../support/deployment-lab.ts";

/** Who sees what, as Intune's table of October 2017 has it, by the number of its row. */
const rows: readonly {
  readonly row: number;
  readonly kind: Phone["config"]["kind"];
  readonly licenseType: "user" | "device";
  readonly invite: boolean;
  readonly install: boolean;
  readonly appleId: boolean;
}[] = [
  { row: 1, kind: "user", licenseType: "user", invite: true, install: true, appleId: true },
  { row: 2, kind: "device", licenseType: "user", invite: true, install: true, appleId: true },
  { row: 3, kind: "configurator", licenseType: "user", invite: true, install: false, appleId: true },
  { row: 4, kind: "user", licenseType: "device", invite: false, install: true, appleId: false },
  { row: 5, kind: "device", licenseType: "device", invite: false, install: true, appleId: false },
  { row: 6, kind: "configurator", licenseType: "device", invite: false, install: false, appleId: false },
];

describe("the prompts of an install", () => {
  it.each(rows)(
    "R7, R38: row $row: a phone of kind $kind with a licence of the $licenseType: invited $invite, asked to install $install, Apple ID $appleId",
    async ({ row, kind, licenseType, invite, install, appleId }) => {
      const people = [{ id: "ada", kinds: [kind] }];
      await inOrganisation({ seed: `matrix ${row}`, people, checksTrace: true }, async (org) => {
        await org.send("PATCH", "/api/v1/policies", { licensing: "user-and-device" });
        await org.deploy("required", { licenseType });
        await org.settled("ada", "installed");
        const shown = new Set(
          org.events.filter(({ event }) => event === "prompt.shown").map(({ kind: prompt }) => prompt),
        );
        expect({
          invite: shown.has("programTerms"),
          install: shown.has("appInstallation"),
          appleId: shown.has("appleIdSignIn"),
        }).toEqual({ invite, install, appleId });
        expect(await org.holders(pages)).toEqual([licenseType === "user" ? "a user" : "ADA0"]);
        expect(org.queued("ada").includes("InviteToProgram")).toBe(invite);
      });
    },
  );
});
