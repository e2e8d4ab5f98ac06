import { beforeEach, describe, expect, it } from "vitest";
import { PippinError } from "../../../shared/errors.ts";
import { toProblemResponse } from "../../../server/api/problem-response.ts";
import { openHarness, sToken, type CallOptions, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const anna = { id: "anna", name: "Anna", email: "anna@orchard.example" };
const json = { "content-type": "application/json" };
const upload = { sToken, tokenName: "Orchard", appleId: "vpp@orchard.example", acknowledged: true };
const command = { RequestType: "DeviceInformation", Queries: ["OSVersion"] };

interface Case {
  what: string;
  method: string;
  path: string;
  refused: CallOptions;
  code: string;
  /** Sentence or field that tells what was expected. */
  says?: string;
  accepted: CallOptions;
  /** Where the accepted twin differs in the path. */
  acceptedPath?: string;
}

const cases: Case[] = [
  {
    what: "an unknown field",
    method: "POST",
    path: "/api/v1/users",
    refused: { json: { ...anna, admin: true } },
    code: "invalid_request",
    says: "body.admin",
    accepted: { json: anna },
  },
  {
    what: "a missing field",
    method: "POST",
    path: "/api/v1/users",
    refused: { json: { id: "anna", name: "Anna" } },
    code: "invalid_request",
    says: "body.email",
    accepted: { json: anna },
  },
  {
    what: "an id with a slash",
    method: "POST",
    path: "/api/v1/users",
    refused: { json: { ...anna, id: "../anna" } },
    code: "invalid_request",
    says: "1 to 64 characters",
    accepted: { json: anna },
  },
  {
    what: "a name with a line break",
    method: "POST",
    path: "/api/v1/users",
    refused: { json: { ...anna, name: "Anna\nroot" } },
    code: "invalid_request",
    says: "control characters",
    accepted: { json: anna },
  },
  {
    what: "an e-mail address that is none",
    method: "POST",
    path: "/api/v1/users",
    refused: { json: { ...anna, email: "anna" } },
    code: "invalid_request",
    says: "e-mail",
    accepted: { json: anna },
  },
  {
    what: "a user who is there already",
    method: "POST",
    path: "/api/v1/users",
    refused: { json: { ...anna, id: "bruno" } },
    code: "already_exists",
    accepted: { json: anna },
  },
  {
    what: "a group that isn't there",
    method: "POST",
    path: "/api/v1/users",
    refused: { json: { ...anna, groupIds: ["nowhere"] } },
    code: "not_found",
    says: "nowhere",
    accepted: { json: { ...anna, groupIds: ["sales"] } },
  },
  {
    what: "a body that is not JSON",
    method: "POST",
    path: "/api/v1/users",
    refused: { body: '{"id": "anna",', headers: json },
    code: "malformed_json",
    accepted: { body: JSON.stringify(anna), headers: { "content-type": "application/json; charset=utf-8" } },
  },
  {
    what: "a body that is not UTF-8",
    method: "POST",
    path: "/api/v1/users",
    refused: { body: new Uint8Array([0x22, 0xff, 0x22]), headers: json },
    code: "malformed_json",
    accepted: { json: anna },
  },
  {
    what: "another media type",
    method: "POST",
    path: "/api/v1/users",
    refused: { body: JSON.stringify(anna), headers: { "content-type": "text/plain" } },
    code: "unsupported_media_type",
    says: "application/json",
    accepted: { json: anna },
  },
  {
    what: "no body",
    method: "POST",
    path: "/api/v1/users",
    refused: { headers: json },
    code: "invalid_request",
    accepted: { json: anna },
  },
  {
    what: "a body over 1 MiB",
    method: "POST",
    path: "/api/v1/users",
    refused: { body: `${JSON.stringify(anna)}${" ".repeat(1024 * 1024)}`, headers: json },
    code: "body_too_large",
    accepted: { body: `${JSON.stringify(anna)}${" ".repeat(1024 * 1000)}`, headers: json },
  },
  {
    what: "a limit over 200",
    method: "GET",
    path: "/api/v1/users?limit=201",
    refused: {},
    code: "invalid_request",
    says: "query.limit",
    acceptedPath: "/api/v1/users?limit=200",
    accepted: {},
  },
  {
    what: "an unknown query parameter",
    method: "GET",
    path: "/api/v1/users?admin=1",
    refused: {},
    code: "invalid_request",
    says: "query.admin",
    acceptedPath: "/api/v1/users?groupId=sales",
    accepted: {},
  },
  {
    what: "a query parameter given twice",
    method: "GET",
    path: "/api/v1/users?limit=1&limit=2",
    refused: {},
    code: "invalid_request",
    says: "once",
    acceptedPath: "/api/v1/users?limit=1",
    accepted: {},
  },
  {
    what: "a cursor that is none",
    method: "GET",
    path: `/api/v1/users?cursor=${Buffer.from('{"a":1}').toString("base64url")}`,
    refused: {},
    code: "invalid_request",
    says: "query.cursor",
    acceptedPath: `/api/v1/users?cursor=${Buffer.from('["a","a"]').toString("base64url")}`,
    accepted: {},
  },
  {
    what: "a token that is not acknowledged",
    method: "PUT",
    path: "/api/v1/vpp/token",
    refused: { json: { ...upload, acknowledged: false } },
    code: "token_not_acknowledged",
    accepted: { json: { ...upload, sToken: `\n  ${sToken}\n` } },
  },
  {
    what: "a group whose name differs only in case",
    method: "POST",
    path: "/api/v1/groups",
    refused: { json: { name: "SALES" } },
    code: "already_exists",
    accepted: { json: { name: "Field" } },
  },
  {
    what: "a group name with a semicolon",
    method: "POST",
    path: "/api/v1/groups",
    refused: { json: { name: "a;b" } },
    code: "invalid_request",
    accepted: { json: { name: "a,b" } },
  },
  {
    what: "a change that changes nothing",
    method: "PATCH",
    path: "/api/v1/users/bruno",
    refused: { json: {} },
    code: "invalid_request",
    accepted: { json: { name: "Bruno B." } },
  },
  {
    what: "a member who isn't there",
    method: "PUT",
    path: "/api/v1/groups/sales/members/nobody",
    refused: {},
    code: "not_found",
    acceptedPath: "/api/v1/groups/sales/members/bruno",
    accepted: {},
  },
  {
    what: "a command with a null, which no property list holds",
    method: "POST",
    path: "/api/v1/devices/phone-1/commands",
    refused: { json: { command: { ...command, Queries: null } } },
    code: "malformed_plist",
    accepted: { json: { command: { ...command, Since: { $date: "2016-07-01T00:00:00.000Z" } }, raw: true } },
  },
  {
    what: "a command without RequestType",
    method: "POST",
    path: "/api/v1/devices/phone-1/commands",
    refused: { json: { command: { Queries: [] } } },
    code: "invalid_request",
    says: "RequestType",
    accepted: { json: { command } },
  },
  {
    what: "a command nested deeper than a property list may be",
    method: "POST",
    path: "/api/v1/devices/phone-1/commands",
    refused: { json: { command: { ...command, Deep: nested(40) }, raw: true } },
    code: "malformed_plist",
    accepted: { json: { command: { ...command, Deep: nested(20) }, raw: true } },
  },
  {
    what: "a command with a character that XML can't carry",
    method: "POST",
    path: "/api/v1/devices/phone-1/commands",
    refused: { json: { command: { ...command, Text: "\u0001" }, raw: true } },
    code: "malformed_plist",
    accepted: { json: { command: { ...command, Text: "\u00e9" }, raw: true } },
  },
  {
    what: "JSON nested past all sense",
    method: "POST",
    path: "/api/v1/groups",
    refused: { body: `{"name":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, headers: json },
    code: "malformed_json",
    accepted: { json: { name: "[[]]" } },
  },
  {
    what: "a command for a phone that isn't there",
    method: "POST",
    path: "/api/v1/devices/phone-9/commands",
    refused: { json: { command } },
    code: "not_found",
    acceptedPath: "/api/v1/devices/phone-1/commands",
    accepted: { json: { command } },
  },
  {
    what: "a broadcast to phones and a group at once",
    method: "POST",
    path: "/api/v1/commands",
    refused: { json: { udids: ["phone-1"], groupId: "sales", command } },
    code: "invalid_request",
    says: "either",
    accepted: { json: { udids: ["phone-1"], command } },
  },
  {
    what: "a broadcast to nobody",
    method: "POST",
    path: "/api/v1/commands",
    refused: { json: { command } },
    code: "invalid_request",
    accepted: { json: { groupId: "sales", command } },
  },
  {
    what: "a broadcast to too many",
    method: "POST",
    path: "/api/v1/commands",
    refused: { json: { udids: Array.from({ length: 10_001 }, (_, index) => `p${index}`), command } },
    code: "invalid_request",
    accepted: { json: { udids: Array.from({ length: 10_000 }, (_, index) => `p${index}`), command } },
  },
  {
    what: "a deadline for an app that is only available",
    method: "POST",
    path: "/api/v1/deployments",
    refused: {
      json: { adamId: "1", groupId: "sales", action: "available", deadline: "2016-08-01T00:00:00Z" },
    },
    code: "invalid_request",
    says: "deadline",
    accepted: {
      json: { adamId: "1", groupId: "sales", action: "required", deadline: "2016-08-01T02:00:00+02:00" },
    },
  },
  {
    what: "an enrolment token for a user who isn't there",
    method: "POST",
    path: "/api/v1/enrollment-tokens",
    refused: { json: { kind: "user", userId: "nobody" } },
    code: "not_found",
    accepted: { json: { kind: "user", userId: "bruno", expiresInHours: 24 } },
  },
  {
    what: "a role that there isn't",
    method: "POST",
    path: "/api/v1/keys",
    refused: { json: { name: "root", role: "root" } },
    code: "invalid_request",
    says: "body.role",
    accepted: { json: { name: "second", role: "admin" } },
  },
  {
    what: "a policy out of range",
    method: "PUT",
    path: "/api/v1/policies",
    refused: { json: { syncIntervalHours: 0 } },
    code: "invalid_request",
    says: "body.syncIntervalHours",
    accepted: { json: { syncIntervalHours: 6 } },
  },
  {
    what: "an Idempotency-Key with a space",
    method: "POST",
    path: "/api/v1/groups",
    refused: { json: { name: "Field" }, headers: { "idempotency-key": "a b" } },
    code: "invalid_request",
    accepted: { json: { name: "Field" }, headers: { "idempotency-key": "a-b" } },
  },
];

function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe("a refusal", () => {
  beforeEach(async () => {
    await harness.call("POST", "/api/v1/groups", { json: { id: "sales", name: "Sales" } });
    await harness.call("POST", "/api/v1/users", { json: { ...anna, id: "bruno", name: "Bruno" } });
    await harness.store.transaction((tx) =>
      tx.put("devices", {
        id: "phone-1",
        serialNumber: null,
        kind: "user",
        supervised: false,
        userId: "bruno",
        state: "enrolled",
        identity: "",
        topic: "",
        pushMagic: null,
        pushToken: null,
        awaitingConfiguration: false,
        productName: null,
        osVersion: null,
        enrolledAt: 0,
        lastSeenAt: 0,
      }),
    );
  });

  it.each(cases)(
    "is the answer to $what, and its twin passes",
    async ({ method, path, refused, code, says, ...twin }) => {
      const before = await peopleAndCommands();
      const answer = await harness.call(method, path, refused);
      expect([answer.body["code"], answer.body["type"]], answer.text).toEqual([
        code,
        `urn:pippin:problem:${code}`,
      ]);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.body["status"]).toBe(answer.status);
      if (says !== undefined)
        expect(JSON.stringify([answer.body["detail"], answer.body["errors"]])).toContain(says);
      expect(await peopleAndCommands()).toEqual(before);

      const accepted = await harness.call(method, twin.acceptedPath ?? path, twin.accepted);
      expect(accepted.status, accepted.text).toBeLessThan(300);
    },
  );

  async function peopleAndCommands(): Promise<number[]> {
    return await harness.store.read(async (reader) => [
      await reader.count("users", "all", ""),
      await reader.count("groups", "all", ""),
      await reader.count("commands", "all", ""),
      await reader.count("apiKeys", "all", ""),
      await reader.count("enrollmentTokens", "all", ""),
    ]);
  }
});

describe("toProblemResponse", () => {
  it("tells what a refusal has to say, with its details", async () => {
    const response = toProblemResponse(
      new PippinError("malformed_csv", "Line 7 is wrong.", { details: { line: 7, status: 200 } }),
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      type: "urn:pippin:problem:malformed_csv",
      title: "Bad Request",
      status: 400,
      code: "malformed_csv",
      detail: "Line 7 is wrong.",
      line: 7,
    });
  });

  it("tells nothing of a bug", async () => {
    const response = toProblemResponse(new TypeError("the password is apple"));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("apple");
  });
});
