import { beforeEach, describe, expect, it } from "vitest";
import { commandSchemas } from "../../../shared/command-schemas.ts";
import { decodePlist, type PlistDictionary } from "../../../shared/plist.ts";
import { device, openHarness, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
  await harness.store.transaction(async (tx) => {
    await tx.put("devices", device("phone-1", { unlockToken: "sealed", deviceName: "Anna's iPhone" }));
    await tx.put("devices", device("phone-2", { serialNumber: "C39PIPPIN002" }));
    await tx.put("devices", device("phone-3", { state: "unenrolled", kind: "dep" }));
  });
});

const send = async (command: object, more: object = {}) => {
  const path = "/api/v1/devices/phone-1/commands";
  return await harness.call("POST", path, { json: { command, ...more } });
};

interface Schema {
  requestType: string;
  schema: { properties: Record<string, object>; required: string[]; additionalProperties: unknown };
  example: Record<string, unknown>;
}
const schemas = async () =>
  (await harness.call("GET", "/api/v1/command-schemas", { key: harness.keys["read-only"] })).body[
    "schemas"
  ] as Schema[];

describe("GET /api/v1/command-schemas", () => {
  it("tells of every command that is known, with its members and which of them must be there", async () => {
    const all = await schemas();
    expect(all.map(({ requestType }) => requestType)).toEqual([...commandSchemas.keys()]);
    const profile = all.find(({ requestType }) => requestType === "InstallProfile");
    expect(profile?.schema).toMatchObject({
      required: ["RequestType", "Payload"],
      properties: { Payload: { properties: { $data: { contentEncoding: "base64" } } } },
      additionalProperties: false,
    });
    // The server puts the token in; nobody is to be asked for it.
    const clear = all.find(({ requestType }) => requestType === "ClearPasscode");
    expect(Object.keys(clear?.schema.properties ?? {})).toEqual(["RequestType"]);
  });

  it("gives examples that are taken as they are", async () => {
    const refused: string[] = [];
    for (const { requestType, example } of await schemas()) {
      const { status, text } = await send(example);
      if (status !== 202) refused.push(`${requestType}: ${text}`);
    }
    expect(refused).toEqual([]);
  });

  it("gives the least: without any one of its members an example is refused", async () => {
    const install = (await schemas()).find(({ requestType }) => requestType === "ApplyRedemptionCode");
    for (const name of ["Identifier", "RedemptionCode"]) {
      const rest = Object.entries(install?.example ?? {}).filter(([key]) => key !== name);
      expect((await send(Object.fromEntries(rest))).body["code"]).toBe("invalid_request");
    }
  });
});

describe("GET /api/v1/commands/{commandUUID}/plist", () => {
  const plists = async (id: unknown) =>
    (await harness.call("GET", `/api/v1/commands/${String(id)}/plist`, { key: harness.keys["read-only"] }))
      .body as { command: string; result: string | null; code?: string };
  const decoded = (xml: string | null) => decodePlist(Buffer.from(xml ?? ""), "plist-xml") as PlistDictionary;

  it("shows what goes to the phone as a property list, and no answer until there is one", async () => {
    const { body } = await send({ RequestType: "DeviceInformation", Queries: ["UDID"] });
    const { command, result } = await plists(body["commandUUID"]);
    expect(command).toMatch(/^<\?xml/);
    expect(decoded(command)).toEqual({
      CommandUUID: body["commandUUID"],
      Command: { RequestType: "DeviceInformation", Queries: ["UDID"] },
    });
    expect(result).toBeNull();
    expect((await plists("none")).code).toBe("not_found");
  });

  it("shows the answer, and hides what opens something in either", async () => {
    const { body } = await send(
      { RequestType: "DeviceLock", PIN: "hide-123456", Message: "Call us" },
      { raw: true },
    );
    const id = String(body["commandUUID"]);
    await harness.store.transaction(async (tx) => {
      const record = await tx.get("commands", id);
      const result = {
        Status: "Acknowledged",
        UnlockToken: { $data: "aGlkZQ==" },
        At: { $date: "2016-07-01T08:00:00.000Z" },
      };
      if (record) await tx.put("commands", { ...record, state: "acknowledged", result });
    });
    const { command, result } = await plists(id);
    expect(decoded(command)).toMatchObject({ Command: { PIN: "[redacted]", Message: "Call us" } });
    expect(decoded(result)).toEqual({
      Status: "Acknowledged",
      UnlockToken: "[redacted]",
      At: new Date("2016-07-01T08:00:00.000Z"),
    });
    expect(`${command}${String(result)}`).not.toMatch(/hide-123456|aGlkZQ/);
  });
});

describe("the list of phones", () => {
  it.each([
    ["connected=true", ["phone-1"]],
    ["connected=false", ["phone-2", "phone-3"]],
    ["connected=false&state=enrolled", ["phone-2"]],
    ["search=ANNA", ["phone-1"]],
    ["search=pippin002", ["phone-2"]],
    ["search=phone-", ["phone-1", "phone-2", "phone-3"]],
    ["search=phone-&kind=dep", ["phone-3"]],
    ["search=nobody", []],
  ])("is filtered by %s", async (query, expected) => {
    const { body } = await harness.call("GET", `/api/v1/devices?${query}`);
    expect((body["items"] as { udid: string }[]).map(({ udid }) => udid)).toEqual(expected);
  });

  it.each(["connected=yes", "search=", `search=${"x".repeat(101)}`])("refuses %s", async (query) => {
    const { status, body } = await harness.call("GET", `/api/v1/devices?${query}`);
    expect([status, body["code"]]).toEqual([400, "invalid_request"]);
  });
});

describe("the list of groups", () => {
  it("says how many are in each", async () => {
    await harness.call("POST", "/api/v1/groups", { json: { id: "sales", name: "Sales" } });
    await harness.call("POST", "/api/v1/groups", { json: { id: "field", name: "Field" } });
    await harness.call("POST", "/api/v1/users", {
      json: { id: "anna", name: "Anna", email: "a@b", groupIds: ["sales"] },
    });
    const { body } = await harness.call("GET", "/api/v1/groups");
    expect(body["items"]).toMatchObject([
      { id: "field", memberCount: 0, deploymentCount: 0 },
      { id: "sales", memberCount: 1, deploymentCount: 0 },
    ]);
  });
});
