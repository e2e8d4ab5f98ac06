import { describe, expect, it } from "vitest";
import {
  inOrganisation,
  keynote,
  pages,
  type Organisation,
  type OrganisationPlan,
} from "../../support/deployment-lab.ts";
import { ApiError } from "../../../simulator/json-client.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** An organisation whose policy lets phones hold licences themselves. */
function inModernOrganisation(
  plan: OrganisationPlan,
  main: (org: Organisation) => Promise<void>,
): Promise<void> {
  return inOrganisation({ checksTrace: true, ...plan }, async (org) => {
    await org.send("PATCH", "/api/v1/policies", { licensing: "user-and-device" });
    await main(org);
  });
}

const movements = async (org: Organisation, query = ""): Promise<string[]> =>
  (
    await org.lab.admin.get<{ items: { kind: string; reason: string; licenseType: string }[] }>(
      `/api/v1/ledger?limit=200${query}`,
    )
  ).items
    .map(({ licenseType, kind, reason }) => `${licenseType} ${kind} ${reason}`)
    .reverse();

interface License {
  licenseType: string;
  userId: string | null;
  serialNumber: string | null;
  state: string;
  stranded: { reason: string } | null;
  phones: { state: string; enrolled: boolean }[];
}
const licenses = async (org: Organisation, query = ""): Promise<License[]> =>
  (await org.lab.admin.get<{ items: License[] }>(`/api/v1/licenses?${query}`)).items;

/** The code of the refusal, or `accepted`. */
async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return "accepted";
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}
const act = (org: Organisation, verb: string, id: string, index = 0, adamId = pages): Promise<unknown> =>
  org.send("POST", `/api/v1/installations/${org.phone(id, index).config.udid}:${adamId}/${verb}`);
const count = (org: Organisation, event: string): number =>
  org.events.filter((one) => one.event === event && one["side"] !== "apple").length;
const installs = (org: Organisation, id: string, index = 0): number =>
  org.queued(id, index).filter((type) => type === "InstallApplication").length;

describe("a licence of the phone itself", () => {
  it("installs without registration, invitation, terms and Apple ID, one for each phone of a user", async () => {
    const people = [
      { id: "ada", kinds: ["user", "device", "configurator"] as const, habits: { terms: "ignore" as const } },
    ];
    await inModernOrganisation({ seed: "own", people }, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      for (const index of [0, 1, 2]) await org.settled("ada", "installed", pages, index);
      expect(await org.holders()).toEqual(["ADA0", "ADA1", "ADA2"]);
      expect(await org.seats()).toEqual({ held: 3, problems: [] });
      expect(org.queued("ada")).not.toContain("InviteToProgram");
      expect([count(org, "user.registered"), count(org, "store.signIn")]).toEqual([0, 0]);
      expect(await org.installation("ada")).toMatchObject({ licenseType: "device" });
      expect(await licenses(org, "serialNumber=ADA1")).toMatchObject([
        { licenseType: "device", userId: null, serialNumber: "ADA1", phones: [{ state: "installed" }] },
      ]);
      expect(await licenses(org, "licenseType=user")).toEqual([]);
      expect(await movements(org, "&serialNumber=ADA2")).toEqual(["device taken licensed"]);
      const summary = await org.lab.admin.get(`/api/v1/users/ada/summary`);
      expect(summary).toMatchObject({ apps: [{ licensed: false, licensedDevices: 3, label: "Installed" }] });
    });
  });

  it("knows no limit of five phones, as the user's does", async () => {
    const kinds = Array.from({ length: 6 }, () => "configurator" as const);
    await inModernOrganisation({ seed: "six", people: [{ id: "ada", kinds }] }, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      for (const index of kinds.keys()) await org.settled("ada", "installed", pages, index);
      expect((await org.seats()).held).toBe(6);
    });
  });

  it("R37: returns when the removal has finished on that phone, whatever the user's others do", async () => {
    const people = [{ id: "ada", kinds: ["user", "configurator"] as const }];
    await inModernOrganisation({ seed: "remove", people }, async (org) => {
      const id = await org.deploy("required", { licenseType: "device" });
      for (const index of [0, 1]) await org.settled("ada", "installed", pages, index);
      await org.switchOff("ada", 1);
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
      await org.settled("ada", "notInstalled");
      await org.pass(5 * dayMs);
      expect(await org.holders()).toEqual(["ADA1"]);
      await org.switchOn("ada", {}, 1);
      await org.settled("ada", "notInstalled", pages, 1);
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      expect(await movements(org)).toEqual([
        ...["device taken licensed", "device taken licensed"],
        ...["device returned uninstalled", "device returned uninstalled"],
      ]);
    });
  });

  it("returns when the person rejects the install, and is taken again when an admin retries", async () => {
    const people = [{ id: "ada", habits: { install: "cancel" as const } }];
    await inModernOrganisation({ seed: "reject", people }, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "failed user-rejected");
      await org.until("the licence is back", async () => (await org.seats()).held === 0);
      await org.pass(10 * dayMs);
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      await act(org, "retry", "ada");
      await org.until("it is taken again", async () => (await movements(org)).length === 4);
      expect(await movements(org)).toEqual([
        ...["device taken licensed", "device returned user-rejected"],
        ...["device taken licensed", "device returned user-rejected"],
      ]);
    });
  });

  it("returns when the install fails for good", async () => {
    await inModernOrganisation(
      { seed: "fail", people: [{ id: "ada", kinds: ["configurator"] }] },
      async (org) => {
        await org.control("PUT", "/behaviour", { refuseAuthorizations: { [pages]: 100 } });
        await org.deploy("required", { licenseType: "device" });
        await org.settled("ada", "failed install-failed");
        await org.until("the licence is back", async () => (await org.seats()).held === 0);
        expect(await movements(org)).toEqual(["device taken licensed", "device returned install-failed"]);
      },
    );
  });

  it("returns when the pending install is cancelled", async () => {
    await inModernOrganisation({ seed: "cancel", people: [{ id: "ada" }] }, async (org) => {
      await org.switchOff("ada");
      await org.deploy("required", { licenseType: "device" });
      await org.until("it is taken", async () => (await org.seats()).held === 1);
      await act(org, "cancel", "ada");
      await org.until("the licence is back", async () => (await org.seats()).held === 0);
      expect(await org.stateOf("ada")).toBe("notInstalled cancelled");
    });
  });

  it.each([
    ["keep", ["ADA0"], ["device taken licensed", "device kept unenrolled"]],
    ["reclaim", [], ["device taken licensed", "device returned unenrolled"]],
  ] as const)(
    "of a phone that leaves management: by the policy %s %j hold one",
    async (policy, held, lines) => {
      await inModernOrganisation({ seed: `leave ${policy}`, people: [{ id: "ada" }] }, async (org) => {
        await org.send("PATCH", "/api/v1/policies", { licenseOnUnenroll: policy });
        await org.deploy("required", { licenseType: "device" });
        await org.settled("ada", "installed");
        await org.phone("ada").removeProfile();
        await org.settled("ada", "notInstalled unenrolled");
        await org.pass(5 * minuteMs);
        expect(await org.holders()).toEqual(held);
        expect(await movements(org)).toEqual(lines);
        expect((await org.seats()).problems).toEqual([]);
      });
    },
  );

  it("is used again by a phone that was erased and enrols anew, also for somebody else", async () => {
    const people = [{ id: "ada" }, { id: "bert", kinds: [] }];
    await inModernOrganisation({ seed: "again", people }, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "installed");
      const tokens = [{ kind: "user", userId: "bert" }];
      const made = await org.lab.admin.post<{ tokens: { url: string }[] }>(
        "/api/v1/enrollment-tokens/batch",
        { tokens },
      );
      const phone = org.phone("ada");
      await phone.erase();
      await phone.enroll(made.tokens[0]?.url ?? "");
      await org.until("bert has it", async () => {
        const [found] = await org.installations();
        return found?.userId === "bert" && found.state === "installed";
      });
      expect(await org.holders()).toEqual(["ADA0"]);
      expect(await movements(org)).toContain("device taken licensed");
      expect((await org.seats()).problems).toEqual([]);
      expect((await licenses(org))[0]).toMatchObject({ stranded: null });
    });
  });

  it("stays with a phone whose user is deleted, with the app", async () => {
    await inModernOrganisation({ seed: "deleted", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "installed");
      await org.send("DELETE", "/api/v1/users/ada?confirm=true");
      await org.pass(8 * dayMs);
      expect(org.hasApp("ada")).toBe(true);
      expect(await org.stateOf("ada")).toBe("installed");
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      await org.send("POST", "/api/v1/licenses/reclaim", { serialNumber: "ADA0" });
      await org.until("the licence is back", async () => (await org.seats()).held === 0);
      expect(org.hasApp("ada")).toBe(false);
    });
  });

  it("brings the app where a restriction closes the App Store; the user's does not", async () => {
    const people = [{ id: "ada", kinds: ["configurator"] as const }];
    await inModernOrganisation(
      { seed: "closed", seats: { [pages]: 1, [keynote]: 1 }, people },
      async (org) => {
        await org.deploy("required", { licenseType: "device" });
        await org.settled("ada", "installed");
        await org.phone("ada").installProfile(closedStore());
        await org.deploy("required", { adamId: keynote, licenseType: "device" });
        await org.settled("ada", "installed", keynote);
        expect(org.queued("ada")).not.toContain("InviteToProgram");
      },
    );
  });

  it("of a phone of the enrolment program is for the policy that lets it have apps", async () => {
    await inModernOrganisation({ seed: "dep", people: [{ id: "ada", kinds: ["dep"] }] }, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "notApplicable dep-enrolled");
      expect(await org.holders()).toEqual([]);
      await org.send("PATCH", "/api/v1/policies", { dep: "documented" });
      await org.enrol({ id: "ada" }, "dep", 1, { refusesVpp: false });
      await org.settled("ada", "installed", pages, 1);
      expect(await org.holders()).toContain("ADA1");
    });
  });
});

function closedStore(): Buffer {
  const payload = (type: string, more: string): string =>
    `<dict><key>PayloadType</key><string>${type}</string><key>PayloadVersion</key><integer>1</integer>` +
    `<key>PayloadIdentifier</key><string>test.${type}</string><key>PayloadUUID</key><string>${type}</string>${more}</dict>`;
  const restriction = payload("com.apple.applicationaccess", "<key>allowAppInstallation</key><false/>");
  const content = `<key>PayloadContent</key><array>${restriction}</array>`;
  return Buffer.from(
    `<?xml version="1.0"?><plist version="1.0">${payload("Configuration", content)}</plist>`,
  );
}

describe("an app that no phone can hold a licence of", () => {
  it("fails by its developer's will, with admins' code, and goes on when that changes", async () => {
    await inModernOrganisation({ seed: "9628", people: [{ id: "ada" }] }, async (org) => {
      await org.control("PATCH", `/catalogue/${pages}`, { deviceAssignable: false });
      // Our records still say that it can.
      await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "failed not-device-assignable");
      expect(await org.installation("ada")).toMatchObject({ code: "0x87D13B95" });
      await org.pass(dayMs);
      expect(await movements(org)).toEqual(["device refused not-device-assignable"]);
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      await org.control("PATCH", `/catalogue/${pages}`, { deviceAssignable: true });
      await org.send("POST", "/api/v1/vpp/sync", {});
      await org.settled("ada", "installed");
    });
  });

  it("fails on an iOS older than 9, with admins' code, and not where the user's licence will do", async () => {
    const plan = { seed: "old", seats: { [pages]: 5, [keynote]: 5 }, people: [{ id: "ada", kinds: [] }] };
    await inModernOrganisation(plan, async (org) => {
      await org.enrol({ id: "ada" }, "user", 0, { osVersion: "8.4.1" });
      await org.deploy("required", { licenseType: "device" });
      await org.deploy("required", { adamId: keynote });
      await org.settled("ada", "failed ios-too-old");
      expect(await org.installation("ada")).toMatchObject({ code: "0x87D13B69", label: "Failed" });
      await org.settled("ada", "installed", keynote);
      expect(await org.holders()).toEqual([]);
    });
  });
});

describe("the last licences", () => {
  it("R5, R41: go to users and phones in the order in which they came to wait", async () => {
    const people = [
      { id: "ada", groups: ["Phones"] },
      { id: "bert", groups: ["Users"] },
      { id: "cleo", groups: ["Phones"] },
    ];
    await inModernOrganisation({ seed: "queue", seats: { [pages]: 1 }, people }, async (org) => {
      await org.deploy("required", { group: "Phones", licenseType: "device" });
      const has = async (id: string): Promise<boolean> => (await org.stateOf(id)) === "installed";
      await org.until("one of them has it", async () => (await has("ada")) || (await has("cleo")));
      const second = (await has("ada")) ? "cleo" : "ada";
      expect(await org.stateOf(second)).toBe("failed no-license");
      expect(await org.installation(second)).toMatchObject({ code: "0x87D13B7E" });
      await org.deploy("required", { group: "Users" });
      await org.settled("bert", "failed no-license");
      await org.buy(pages, 1);
      await org.settled(second, "installed");
      expect(await org.stateOf("bert")).toBe("failed no-license");
      await org.buy(pages, 1);
      await org.settled("bert", "installed");
      expect(await org.seats()).toEqual({ held: 3, problems: [] });
    });
  });

  it.each([1, 2, 3])("R5: are never more than owned, whoever is quicker (seed %i)", async (seed) => {
    const ids = ["ada", "bert", "cleo", "dora", "emil", "fay"];
    const people = ids.map((id, index) => ({ id, groups: [index % 2 === 0 ? "Phones" : "Users"] }));
    await inModernOrganisation({ seed: `race ${seed}`, seats: { [pages]: 3 }, people }, async (org) => {
      await Promise.all([
        org.deploy("required", { group: "Phones", licenseType: "device" }),
        org.deploy("required", { group: "Users" }),
      ]);
      await org.until("all are settled", async () =>
        (await org.installations()).every(({ state }) => state === "installed" || state === "failed"),
      );
      const states = (await org.installations()).map(({ state, reason }) => reason ?? state).sort();
      expect(states).toEqual([...Array<string>(3).fill("installed"), ...Array<string>(3).fill("no-license")]);
      expect(await org.seats()).toEqual({ held: 3, problems: [] });
    });
  });
});

describe("from licences of users to those of phones", () => {
  it("apps move where they are, without a reinstall, and the user's seat goes back after the last phone", async () => {
    const people = [{ id: "ada", kinds: ["user", "configurator"] as const }];
    await inModernOrganisation({ seed: "move", people }, async (org) => {
      const id = await org.deploy("required");
      for (const index of [0, 1]) await org.settled("ada", "installed", pages, index);
      expect(await org.holders()).toEqual(["a user"]);
      await org.send("PATCH", `/api/v1/deployments/${id}`, { licenseType: "device" });
      await org.until("the phones hold them", async () => (await org.holders()).join() === "ADA0,ADA1");
      for (const index of [0, 1]) {
        expect(await org.stateOf("ada", pages, index)).toBe("installed");
        expect(installs(org, "ada", index)).toBe(1);
      }
      expect(await movements(org)).toEqual([
        ...["user taken licensed", "device taken licensed", "device taken licensed"],
        "user returned moved-to-device",
      ]);
      expect(await org.seats()).toEqual({ held: 2, problems: [] });
      // Nothing was ever away from the phones.
      const left = org.events.filter(
        ({ event, from }) => event === "installation.changed" && from === "installed",
      );
      expect(left).toEqual([]);
    });
  });

  it("the user's very seat is handed over where no other is free, past those who wait for one", async () => {
    const people = [{ id: "ada" }, { id: "bert", groups: ["Others"] }];
    await inModernOrganisation({ seed: "hand over", seats: { [pages]: 1 }, people }, async (org) => {
      const id = await org.deploy("required");
      await org.settled("ada", "installed");
      await org.deploy("required", { group: "Others" });
      await org.settled("bert", "failed no-license");
      await org.send("PATCH", `/api/v1/deployments/${id}`, { licenseType: "device" });
      await org.until("the phone holds it", async () => (await org.holders()).join() === "ADA0");
      await org.pass(dayMs);
      expect(await org.stateOf("ada")).toBe("installed");
      expect(await org.stateOf("bert")).toBe("failed no-license");
      expect(installs(org, "ada")).toBe(1);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
    });
  });

  it("phones wait with their user's licence where the seats don't suffice, and follow when there are more", async () => {
    const people = [{ id: "ada", kinds: ["configurator", "configurator"] as const }];
    await inModernOrganisation({ seed: "short", seats: { [pages]: 1 }, people }, async (org) => {
      const id = await org.deploy("required");
      for (const index of [0, 1]) await org.settled("ada", "installed", pages, index);
      await org.send("PATCH", `/api/v1/deployments/${id}`, { licenseType: "device" });
      for (const index of [0, 1]) await org.settled("ada", "installed no-license", pages, index);
      expect(await org.installation("ada")).toMatchObject({
        label: "Installed",
        code: null,
        licenseType: "device",
      });
      // The weekly inventory goes on meanwhile.
      const asked = org.queued("ada").length;
      await org.pass(8 * dayMs);
      expect(org.queued("ada").length).toBeGreaterThan(asked);
      expect(await org.holders()).toEqual(["a user"]);
      await org.buy(pages, 1);
      await org.until("both have one", async () => (await org.holders()).join() === "ADA0,ADA1");
      for (const index of [0, 1]) await org.settled("ada", "installed", pages, index);
      expect(await org.seats()).toEqual({ held: 2, problems: [] });
    });
  });

  it("an install that nobody answers goes on with the user's licence, until it is cancelled and retried", async () => {
    const people = [{ id: "ada", habits: { install: "ignore" as const } }];
    await inModernOrganisation({ seed: "ignored", people }, async (org) => {
      const id = await org.deploy("required");
      await org.until("she is asked", async () => (await org.installation("ada"))?.appState === "Prompting");
      await org.send("PATCH", `/api/v1/deployments/${id}`, { licenseType: "device" });
      await org.pass(2 * dayMs);
      expect(await org.stateOf("ada")).toBe("installing");
      expect(await org.holders()).toEqual(["a user"]);
      await act(org, "cancel", "ada");
      await org.settled("ada", "notInstalled cancelled");
      await act(org, "retry", "ada");
      await org.until("the phone holds it", async () => (await org.holders()).join() === "ADA0");
      expect((await org.seats()).problems).toEqual([]);
    });
  });

  it("an app that no phone can hold stays with its user's licence, and says why", async () => {
    await inModernOrganisation({ seed: "stays", people: [{ id: "ada" }] }, async (org) => {
      const id = await org.deploy("required");
      await org.settled("ada", "installed");
      await org.control("PATCH", `/catalogue/${pages}`, { deviceAssignable: false });
      await org.send("PATCH", `/api/v1/deployments/${id}`, { licenseType: "device" });
      await org.settled("ada", "installed not-device-assignable");
      await org.pass(15 * dayMs);
      expect(await org.holders()).toEqual(["a user"]);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      expect((await movements(org)).filter((line) => line.includes("refused"))).toHaveLength(1);
    });
  });

  it("the phone's place among the five of its user's licence is free", async () => {
    const kinds = Array.from({ length: 6 }, () => "configurator" as const);
    const people = [{ id: "ada", kinds }];
    await inModernOrganisation({ seed: "places", people }, async (org) => {
      await org.deploy("required");
      await org.until("five have it, and one can't", async () => {
        const states = (await org.installations()).map(({ state, reason }) => reason ?? state);
        return (
          states.filter((state) => state === "installed").length === 5 && states.includes("device-limit")
        );
      });
      const holder = (await org.installations()).find(({ state }) => state === "installed");
      const serial = org.lab.phones.find(({ config }) => config.udid === holder?.udid)?.config.serialNumber;
      // Another product gives the phone one: our books learn of it by a sync.
      await org.manageAtApple({ associateSerialNumbers: [serial] });
      await org.send("POST", "/api/v1/vpp/sync", {});
      await org.until("all six have it", async () =>
        (await org.installations()).every(({ state }) => state === "installed"),
      );
      expect(await org.holders()).toEqual([serial, "a user"]);
      expect((await org.seats()).problems).toEqual([]);
    });
  });

  it("there is no way back but by uninstalling", async () => {
    await inModernOrganisation({ seed: "back", people: [{ id: "ada" }] }, async (org) => {
      const id = await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "installed");
      const path = `/api/v1/deployments/${id}`;
      expect(await codeOf(org.send("PATCH", path, { licenseType: "user" }))).toBe("license_type_fixed");
      expect(await codeOf(org.send("PATCH", path, { licenseType: "user", action: "uninstall" }))).toBe(
        "license_type_fixed",
      );
      await org.send("PATCH", path, { action: "uninstall" });
      await org.settled("ada", "notInstalled");
      await org.send("PATCH", path, { licenseType: "user", action: "required" });
      await org.settled("ada", "installed");
      expect(await org.holders()).toEqual(["a user"]);
      expect(installs(org, "ada")).toBe(2);
    });
  });

  it("a phone keeps its own for as long as it has the app, whichever deployment is left", async () => {
    const people = [{ id: "ada", groups: ["Phones", "Users"] }];
    await inModernOrganisation({ seed: "two groups", people }, async (org) => {
      const phones = await org.deploy("required", { group: "Phones", licenseType: "device" });
      await org.deploy("required", { group: "Users" });
      await org.settled("ada", "installed");
      expect(await org.holders()).toEqual(["ADA0"]);
      await org.send("DELETE", `/api/v1/deployments/${phones}`);
      await org.pass(8 * dayMs);
      expect(await org.stateOf("ada")).toBe("installed");
      expect(await org.holders()).toEqual(["ADA0"]);
      expect(await org.installation("ada")).toMatchObject({ licenseType: "device" });
      // A new beginning is one with the user's.
      await org.send("POST", "/api/v1/licenses/reclaim", { serialNumber: "ADA0" });
      await org.settled("ada", "notInstalled reclaimed");
      await act(org, "retry", "ada");
      await org.settled("ada", "installed");
      expect(await org.holders()).toEqual(["a user"]);
      expect((await org.seats()).problems).toEqual([]);
    });
  });
});

describe("the policy that licences go to users alone", () => {
  it("is the default, and refuses a deployment that asks for those of phones", async () => {
    await inOrganisation({ seed: "off", people: [{ id: "ada" }], checksTrace: true }, async (org) => {
      expect(await codeOf(org.deploy("required", { licenseType: "device" }))).toBe("device_licensing_off");
      const id = await org.deploy("required", { licenseType: "user" });
      const path = `/api/v1/deployments/${id}`;
      expect(await codeOf(org.send("PATCH", path, { licenseType: "device" }))).toBe("device_licensing_off");
      await org.settled("ada", "installed");
      expect(await org.send("GET", path)).toMatchObject({ licenseType: "user" });
    });
  });

  it("come back to, stops what had not got far, leaves what is there, and lets it be uninstalled", async () => {
    const people = [{ id: "ada" }, { id: "bert" }];
    await inModernOrganisation({ seed: "off again", people }, async (org) => {
      await org.switchOff("bert");
      const id = await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "installed");
      await org.until("bert's seat is taken", async () => (await org.seats()).held === 2);
      await org.send("PATCH", "/api/v1/policies", { licensing: "user" });
      await org.settled("bert", "notApplicable device-licensing-off");
      await org.until("bert's seat is back", async () => (await org.seats()).held === 1);
      await org.pass(8 * dayMs);
      expect(await org.stateOf("ada")).toBe("installed");
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      await org.switchOn("bert");
      await org.pass(dayMs);
      expect(org.hasApp("bert")).toBe(false);
      await org.send("PATCH", "/api/v1/policies", { licensing: "user-and-device" });
      await org.settled("bert", "installed");
      await org.send("PATCH", "/api/v1/policies", { licensing: "user" });
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
      for (const who of ["ada", "bert"]) await org.settled(who, "notInstalled");
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
    });
  });

  it("offers nothing in the company portal that would need one", async () => {
    await inModernOrganisation({ seed: "portal", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("available", { licenseType: "device" });
      await org.until("it is offered", async () => (await org.offered("ada")) !== undefined);
      await org.send("PATCH", "/api/v1/policies", { licensing: "user" });
      expect(await org.offered("ada")).toBeUndefined();
      await org.send("PATCH", "/api/v1/policies", { licensing: "user-and-device" });
      await org.phone("ada").portal.install(pages);
      await org.settled("ada", "installed");
      expect(await org.holders()).toEqual(["ADA0"]);
    });
  });
});

describe("revoke and reclaim", () => {
  it("of a phone take what it holds itself, and nothing of its user's", async () => {
    const people = [{ id: "ada", kinds: ["user", "configurator"] as const }];
    const plan = { seed: "verbs", seats: { [pages]: 5, [keynote]: 5 }, people };
    await inModernOrganisation(plan, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      await org.deploy("required", { adamId: keynote });
      for (const index of [0, 1]) {
        await org.settled("ada", "installed", pages, index);
        await org.settled("ada", "installed", keynote, index);
      }
      const revoked = await org.send<{ asked: number; done: number; items: unknown[] }>(
        "POST",
        "/api/v1/licenses/revoke",
        {
          serialNumber: "ADA0",
        },
      );
      expect(revoked).toMatchObject({
        asked: 1,
        done: 1,
        serialNumber: "ADA0",
        items: [{ licenseType: "device", userId: null, serialNumber: "ADA0", adamId: pages }],
      });
      await org.settled("ada", "installed license-revoked");
      expect(await org.stateOf("ada", pages, 1)).toBe("installed");
      expect(await org.stateOf("ada", keynote)).toBe("installed");
      expect([await org.holders(), await org.holders(keynote)]).toEqual([["ADA1"], ["a user"]]);
      expect(org.hasApp("ada")).toBe(true);
      await act(org, "retry", "ada");
      await org.until("it has one again", async () => (await org.holders()).length === 2);
      expect(installs(org, "ada")).toBe(2); // one of each app
      await org.send("POST", "/api/v1/licenses/reclaim", { serialNumber: "ADA1" });
      await org.settled("ada", "notInstalled reclaimed", pages, 1);
      await org.until("it is back", async () => (await org.holders()).join() === "ADA0");
      expect((await org.seats()).problems).toEqual([]);
      expect(await codeOf(org.send("POST", "/api/v1/licenses/revoke", { serialNumber: "NOBODY" }))).toBe(
        "not_found",
      );
      const both = { serialNumber: "ADA0", userId: "ada" };
      expect(await codeOf(org.send("POST", "/api/v1/licenses/revoke", both))).toBe("invalid_request");
    });
  });

  it("of a user take the user's own and those that the user's phones hold", async () => {
    const people = [{ id: "ada" }, { id: "bert" }];
    const plan = { seed: "verbs user", seats: { [pages]: 5, [keynote]: 5 }, people };
    await inModernOrganisation(plan, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      await org.deploy("required", { adamId: keynote });
      for (const { id } of people)
        for (const app of [pages, keynote]) await org.settled(id, "installed", app);
      const report = await org.send("POST", "/api/v1/licenses/reclaim", { userId: "ada" });
      expect(report).toMatchObject({ asked: 2 });
      for (const app of [pages, keynote]) await org.settled("ada", "notInstalled reclaimed", app);
      await org.until("both are back", async () => (await org.holders()).join() === "BERT0");
      expect(await org.holders(keynote)).toEqual(["a user"]);
      expect(await org.stateOf("bert")).toBe("installed");
      expect((await org.seats()).problems).toEqual([]);
    });
  });

  it("of a phone's licence let another phone of the user have it that has waited for one", async () => {
    const people = [{ id: "ada", kinds: ["configurator", "configurator"] as const }];
    await inModernOrganisation({ seed: "verbs wait", seats: { [pages]: 1 }, people }, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      await org.until("one has it, one waits", async () => {
        const reasons = (await org.installations()).map(({ reason, state }) => reason ?? state);
        return reasons.sort().join() === "installed,no-license";
      });
      expect(await org.send("POST", "/api/v1/licenses/revoke", { userId: "ada" })).toMatchObject({
        asked: 1,
      });
      await org.until("the other has it", async () => {
        const reasons = (await org.installations()).map(({ reason, state }) => reason ?? state);
        return reasons.sort().join() === "installed,license-revoked";
      });
      await org.pass(dayMs);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
    });
  });

  it("of an app take those of users and phones alike", async () => {
    const people = [
      { id: "ada", groups: ["Phones"] },
      { id: "bert", groups: ["Users"] },
    ];
    await inModernOrganisation({ seed: "verbs app", people }, async (org) => {
      await org.deploy("required", { group: "Phones", licenseType: "device" });
      await org.deploy("required", { group: "Users" });
      for (const { id } of people) await org.settled(id, "installed");
      expect(await org.send("POST", "/api/v1/licenses/revoke", { adamId: pages })).toMatchObject({
        asked: 2,
        done: 2,
      });
      for (const { id } of people) await org.settled(id, "installed license-revoked");
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
    });
  });
});

describe("a sync", () => {
  it("takes in a licence that one of our phones holds, and counts that of any other as foreign", async () => {
    await inModernOrganisation({ seed: "sync", people: [{ id: "ada" }] }, async (org) => {
      await org.manageAtApple({ associateSerialNumbers: ["ADA0"] });
      await org.manageAtApple({ associateSerialNumbers: ["STRANGER"] });
      expect(await org.send("POST", "/api/v1/vpp/sync", {})).toMatchObject({
        licenses: 1,
        foreignLicenses: 1,
      });
      expect(await licenses(org)).toMatchObject([
        { serialNumber: "ADA0", stranded: { reason: "found-at-apple" } },
      ]);
      expect(await org.seats()).toEqual({ held: 2, problems: [] });
      await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "installed");
      expect(await org.holders()).toEqual(["ADA0", "STRANGER"]);
      expect(await licenses(org)).toMatchObject([{ serialNumber: "ADA0", stranded: null }]);
    });
  });

  it("finds that a phone's licence is gone, and the server takes another", async () => {
    await inModernOrganisation({ seed: "lost", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required", { licenseType: "device" });
      await org.settled("ada", "installed");
      await org.manageAtApple({ disassociateSerialNumbers: ["ADA0"] });
      const check = await org.lab.admin.get("/api/v1/ledger/check");
      expect(check).toMatchObject({
        drift: 1,
        differences: [{ serialNumber: "ADA0", here: true, atApple: false }],
      });
      expect(await org.send("POST", "/api/v1/vpp/sync", {})).toMatchObject({ lostLicenses: 1 });
      expect((await org.lab.admin.get<{ items: unknown[] }>("/api/v1/vpp/losses")).items).toMatchObject([
        { kind: "license", userId: null, serialNumber: "ADA0", reason: "gone-at-apple" },
      ]);
      await org.until("it has one again", async () => (await org.holders()).join() === "ADA0");
      await org.settled("ada", "installed");
      expect(installs(org, "ada")).toBe(1);
    });
  });

  it("leaves licences of phones alone by the policy that knows none, and learns of them when it changes", async () => {
    await inOrganisation({ seed: "sync off", people: [{ id: "ada" }] }, async (org) => {
      await org.manageAtApple({ associateSerialNumbers: ["ADA0"] });
      expect(await org.send("POST", "/api/v1/vpp/sync", {})).toMatchObject({
        licenses: 0,
        foreignLicenses: 1,
      });
      await org.send("PATCH", "/api/v1/policies", { licensing: "user-and-device" });
      expect(await org.send("POST", "/api/v1/vpp/sync", {})).toMatchObject({
        licenses: 1,
        foreignLicenses: 0,
      });
    });
  });
});

describe("a server that is killed around a movement of a phone's licence", () => {
  /** Kills it once, when the next message of this kind about licences passes. Answers with whether that has happened. */
  function killAt(org: Organisation, kind: "request" | "response"): () => boolean {
    let killed = false;
    org.lab.virtual.network.interceptor = (message) => {
      if (message.kind === kind && message.url.includes("manageVPPLicenses") && !killed) {
        killed = true;
        org.lab.killServer();
      }
      return "deliver";
    };
    return () => killed;
  }

  it.each([
    ["before Apple hears of a taking", "request", "required"],
    ["before Apple's answer to a taking", "response", "required"],
    ["before Apple hears of a return", "request", "uninstall"],
    ["before Apple's answer to a return", "response", "uninstall"],
  ] as const)("%s makes it good afterwards", async (name, kind, action) => {
    const plan = { seed: `killed ${name}`, people: [{ id: "ada" }], checksTrace: false };
    await inModernOrganisation(plan, async (org) => {
      const isReturn = action === "uninstall";
      const id = isReturn ? await org.deploy("required", { licenseType: "device" }) : "";
      if (isReturn) await org.settled("ada", "installed");
      const killed = killAt(org, kind);
      if (isReturn) await org.send("PATCH", `/api/v1/deployments/${id}`, { action });
      else await org.deploy("required", { licenseType: "device" });
      for (let waited = 0; waited < 600 && !killed(); waited += 1) await org.pass(1_000);
      expect(killed()).toBe(true);
      await org.lab.restartServer();
      await org.settled("ada", isReturn ? "notInstalled" : "installed");
      expect(await org.seats()).toEqual({ held: isReturn ? 0 : 1, problems: [] });
      const lines = ["device taken licensed", "device returned uninstalled"];
      expect(await movements(org)).toEqual(lines.slice(0, isReturn ? 2 : 1));
    });
  });

  it.each(["request", "response"] as const)(
    "at the %s of a handing over from a user to the phone loses neither seat nor app",
    async (kind) => {
      const people = [{ id: "ada" }, { id: "bert", groups: ["Others"] }];
      const plan = { seed: `killed ${kind}`, seats: { [pages]: 1 }, people, checksTrace: false };
      await inModernOrganisation(plan, async (org) => {
        const id = await org.deploy("required");
        await org.settled("ada", "installed");
        await org.deploy("required", { group: "Others" });
        await org.settled("bert", "failed no-license");
        const killed = killAt(org, kind);
        await org.send("PATCH", `/api/v1/deployments/${id}`, { licenseType: "device" });
        for (let waited = 0; waited < 600 && !killed(); waited += 1) await org.pass(1_000);
        await org.lab.restartServer();
        await org.until("the phone holds it", async () => (await org.holders()).join() === "ADA0");
        await org.settled("ada", "installed");
        expect(await org.stateOf("bert")).toBe("failed no-license");
        expect(await org.seats()).toEqual({ held: 1, problems: [] });
        expect(installs(org, "ada")).toBe(1);
      });
    },
  );
});
