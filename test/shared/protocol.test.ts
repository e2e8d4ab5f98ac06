import { describe, expect, it } from "vitest";
import { Authenticate, CheckOut, CheckinMessage, TokenUpdate } from "../../shared/checkin.ts";
import {
  CommandEnvelope,
  DeviceInformation,
  InstallApplication,
  InstalledApplicationList,
  InviteToProgram,
  ManagedApplicationList,
  ManagedApplicationListAnswer,
  ProfileList,
  RemoveApplication,
  rejectionReasons,
} from "../../shared/commands.ts";
import { decodePlist, encodePlist } from "../../shared/plist.ts";
import { CommandResult, DeviceReport, Idle, resultStatuses } from "../../shared/results.ts";

interface Schema {
  safeParse(value: unknown): { success: boolean; data?: unknown };
}
/** What a reader on the other side makes of it, by either format. */
function received(value: object): Record<string, unknown>[] {
  return (["plist-xml", "plist-binary"] as const).map((format) => decodePlist(encodePlist(value, format)));
}

const udid = "00008030-001A2B3C4D5E6F70";
const commandUUID = "0A1B2C3D-0000-4000-8000-00000000ABCD";
const bytes = new Uint8Array([1, 2, 3]);

const authenticate = {
  MessageType: "Authenticate",
  Topic: "com.apple.mgmt.External.1",
  UDID: udid,
  OSVersion: "9.3.2",
  BuildVersion: "13F69",
  ProductName: "iPhone8,1",
  SerialNumber: "C39R0000G5MN",
  IMEI: "35 000000 000000 1",
  MEID: "35000000000000",
  DeviceName: "Anna’s iPhone",
  Model: "MKQK2",
  ModelName: "iPhone",
};
const tokenUpdate = {
  MessageType: "TokenUpdate",
  Topic: authenticate.Topic,
  UDID: udid,
  Token: bytes,
  PushMagic: "7B1A2E6C-0000",
  UnlockToken: bytes,
  AwaitingConfiguration: false,
};
const checkOut = { MessageType: "CheckOut", Topic: authenticate.Topic, UDID: udid };

const idle = { Status: "Idle", UDID: udid };
const acknowledged = { Status: "Acknowledged", UDID: udid, CommandUUID: commandUUID };
const failed = {
  ...acknowledged,
  Status: "Error",
  ErrorChain: [
    {
      ErrorCode: 12026,
      ErrorDomain: "MCMDMErrorDomain",
      LocalizedDescription: "App già in coda",
      USEnglishDescription: "queued",
    },
    { ErrorCode: 2605, ErrorDomain: "ISServerErrorDomain", LocalizedDescription: "no licence" },
  ],
};

const install = {
  RequestType: "InstallApplication",
  iTunesStoreID: 361_309_726,
  Options: { PurchaseMethod: 1 },
  ManagementFlags: 1,
  ChangeManagementState: "Managed",
  Configuration: { server: "https://example.com", port: 8443, certificate: bytes },
  Attributes: { VPNUUID: "A", Removable: false },
};
const installedBy = (way: object) => ({ RequestType: "InstallApplication", ...way });
const invite = {
  RequestType: "InviteToProgram",
  ProgramID: "com.apple.cloudvpp",
  InvitationURL: "https://buy.itunes.apple.com/invite?code=1",
};
const listAnswer = {
  ManagedApplicationList: {
    "com.apple.Pages": {
      Status: "Managed",
      ManagementFlags: 1,
      UnusedRedemptionCode: "X",
      HasConfiguration: true,
      HasFeedback: false,
      IsValidated: true,
      ExternalVersionIdentifier: 1,
    },
    // Apple's own examples leave the rest out.
    "com.apple.Keynote": { Status: "Prompting", ManagementFlags: 0 },
  },
};

describe("messages of Apple's protocol", () => {
  it.each<[string, Schema, object]>([
    ["Authenticate", Authenticate, authenticate],
    [
      "Authenticate with what is required alone",
      Authenticate,
      { MessageType: "Authenticate", Topic: "t", UDID: udid },
    ],
    ["TokenUpdate", TokenUpdate, tokenUpdate],
    [
      "TokenUpdate with what is required alone",
      TokenUpdate,
      { ...tokenUpdate, UnlockToken: undefined, AwaitingConfiguration: undefined },
    ],
    ["CheckOut", CheckOut, checkOut],
    ["any check-in message", CheckinMessage, tokenUpdate],
    ["Idle", Idle, idle],
    ["Acknowledged", CommandResult, acknowledged],
    ["Acknowledged with an answer", CommandResult, { ...acknowledged, ...listAnswer }],
    ["NotNow", CommandResult, { ...acknowledged, Status: "NotNow" }],
    ["Error with its chain", CommandResult, failed],
    ["Error without a chain", CommandResult, { ...acknowledged, Status: "Error" }],
    ["CommandFormatError", CommandResult, { ...acknowledged, Status: "CommandFormatError" }],
    ["any report", DeviceReport, idle],
    ["a command in its envelope", CommandEnvelope, { CommandUUID: commandUUID, Command: install }],
    [
      "a command of a kind we don't know",
      CommandEnvelope,
      { CommandUUID: "1", Command: { RequestType: "EraseDevice", PIN: "123456" } },
    ],
    ["InstallApplication with all it may have", InstallApplication, install],
    ["InstallApplication by store id", InstallApplication, installedBy({ iTunesStoreID: 1 })],
    ["InstallApplication by bundle id", InstallApplication, installedBy({ Identifier: "com.example.app" })],
    [
      "InstallApplication by manifest",
      InstallApplication,
      installedBy({ ManifestURL: "https://example.com/m.plist" }),
    ],
    ["InviteToProgram", InviteToProgram, invite],
    [
      "RemoveApplication",
      RemoveApplication,
      { RequestType: "RemoveApplication", Identifier: "com.example.app" },
    ],
    ["ManagedApplicationList", ManagedApplicationList, { RequestType: "ManagedApplicationList" }],
    [
      "ManagedApplicationList of some",
      ManagedApplicationList,
      { RequestType: "ManagedApplicationList", Identifiers: ["a"] },
    ],
    [
      "InstalledApplicationList",
      InstalledApplicationList,
      { RequestType: "InstalledApplicationList", Identifiers: [], ManagedAppsOnly: true },
    ],
    [
      "DeviceInformation",
      DeviceInformation,
      { RequestType: "DeviceInformation", Queries: ["OSVersion", "SerialNumber"] },
    ],
    ["ProfileList", ProfileList, { RequestType: "ProfileList" }],
    ["an answer that lists managed apps", ManagedApplicationListAnswer, { ...acknowledged, ...listAnswer }],
    ["an answer that lists none", ManagedApplicationListAnswer, { ManagedApplicationList: {} }],
  ])("%s is taken as it comes", (_name, schema, message) => {
    for (const value of received(message))
      expect(schema.safeParse(value)).toEqual({ success: true, data: value });
  });

  it.each<[string, Schema, object]>([
    ["Authenticate", Authenticate, authenticate],
    ["TokenUpdate", TokenUpdate, tokenUpdate],
    ["CheckOut", CheckOut, checkOut],
    ["Idle", Idle, idle],
    ["a result", CommandResult, acknowledged],
    ["an envelope", CommandEnvelope, { CommandUUID: commandUUID, Command: install }],
    ["InstallApplication", InstallApplication, install],
    ["InviteToProgram", InviteToProgram, invite],
  ])("%s keeps keys that later systems add", (_name, schema, message) => {
    const value = { ...message, LaterKey: { a: [1] } };
    expect(schema.safeParse(value)).toEqual({ success: true, data: value });
  });

  const required: [string, Schema, object, string[]][] = [
    ["Authenticate", CheckinMessage, authenticate, ["MessageType", "Topic", "UDID"]],
    ["TokenUpdate", CheckinMessage, tokenUpdate, ["MessageType", "Topic", "UDID", "Token", "PushMagic"]],
    ["CheckOut", CheckinMessage, checkOut, ["MessageType", "Topic", "UDID"]],
    ["Idle", DeviceReport, idle, ["Status", "UDID"]],
    ["a result", DeviceReport, acknowledged, ["Status", "UDID", "CommandUUID"]],
    [
      "an envelope",
      CommandEnvelope,
      { CommandUUID: commandUUID, Command: install },
      ["CommandUUID", "Command"],
    ],
    ["InviteToProgram", InviteToProgram, invite, ["RequestType", "ProgramID", "InvitationURL"]],
    [
      "RemoveApplication",
      RemoveApplication,
      { RequestType: "RemoveApplication", Identifier: "a" },
      ["RequestType", "Identifier"],
    ],
    [
      "DeviceInformation",
      DeviceInformation,
      { RequestType: "DeviceInformation", Queries: [] },
      ["RequestType", "Queries"],
    ],
    ["an answer of managed apps", ManagedApplicationListAnswer, listAnswer, ["ManagedApplicationList"]],
  ];
  it.each(
    required.flatMap(([name, schema, message, keys]) =>
      keys.map((key) => [name, key, schema, message] as const),
    ),
  )("%s is refused without %s", (_name, key, schema, message) => {
    expect(schema.safeParse(message).success).toBe(true);
    expect(schema.safeParse({ ...message, [key]: undefined }).success).toBe(false);
  });

  /** Values of every other type that a property list has. */
  const others: Record<string, unknown> = {
    string: "a",
    integer: 1,
    real: 0.5,
    boolean: true,
    data: bytes,
    date: new Date(0),
    array: [],
    dictionary: {},
  };
  const typed: [string, Schema, object, Record<string, string>][] = [
    [
      "Authenticate",
      Authenticate,
      authenticate,
      {
        MessageType: "-",
        Topic: "string",
        UDID: "string",
        OSVersion: "string",
        BuildVersion: "string",
        ProductName: "string",
        SerialNumber: "string",
        IMEI: "string",
        MEID: "string",
        DeviceName: "string",
        Model: "string",
        ModelName: "string",
      },
    ],
    [
      "TokenUpdate",
      TokenUpdate,
      tokenUpdate,
      { Token: "data", PushMagic: "string", UnlockToken: "data", AwaitingConfiguration: "boolean" },
    ],
    ["CheckOut", CheckOut, checkOut, { Topic: "string", UDID: "string" }],
    [
      "a result",
      CommandResult,
      failed,
      { Status: "-", UDID: "string", CommandUUID: "string", ErrorChain: "array" },
    ],
    [
      "an envelope",
      CommandEnvelope,
      { CommandUUID: commandUUID, Command: install },
      { CommandUUID: "string", Command: "-" },
    ],
    ["InviteToProgram", InviteToProgram, invite, { ProgramID: "string", InvitationURL: "string" }],
    [
      "InstallApplication",
      InstallApplication,
      install,
      {
        iTunesStoreID: "integer",
        Options: "dictionary",
        ManagementFlags: "integer",
        ChangeManagementState: "string",
        Configuration: "dictionary",
        Attributes: "dictionary",
      },
    ],
    [
      "InstalledApplicationList",
      InstalledApplicationList,
      { RequestType: "InstalledApplicationList" },
      { Identifiers: "array", ManagedAppsOnly: "boolean" },
    ],
    [
      "DeviceInformation",
      DeviceInformation,
      { RequestType: "DeviceInformation", Queries: [] },
      { Queries: "array" },
    ],
  ];
  it.each(
    typed.flatMap(([name, schema, message, types]) =>
      Object.entries(types).map(([key, type]) => [name, key, type, schema, message] as const),
    ),
  )("%s is refused when %s is of another type than %s", (_name, key, type, schema, message) => {
    for (const [other, value] of Object.entries(others))
      if (other !== type) expect(schema.safeParse({ ...message, [key]: value }).success, other).toBe(false);
  });

  it.each<[string, Schema, object]>([
    [
      "a check-in of a kind that we don't take",
      CheckinMessage,
      { ...checkOut, MessageType: "GetBootstrapToken" },
    ],
    [
      "a check-in named like an object's own machinery",
      CheckinMessage,
      { ...checkOut, MessageType: "constructor" },
    ],
    ["an empty UDID", CheckOut, { ...checkOut, UDID: "" }],
    ["a UDID beyond measure", CheckOut, { ...checkOut, UDID: "a".repeat(65) }],
    ["a result with an unknown status", DeviceReport, { ...acknowledged, Status: "Done" }],
    ["a result with a status in capitals", DeviceReport, { ...acknowledged, Status: "ACKNOWLEDGED" }],
    ["an empty CommandUUID", DeviceReport, { ...acknowledged, CommandUUID: "" }],
    ["an error chain of words", DeviceReport, { ...failed, ErrorChain: ["12026"] }],
    [
      "an error chain without a code",
      DeviceReport,
      { ...failed, ErrorChain: [{ ErrorDomain: "a", LocalizedDescription: "b" }] },
    ],
    [
      "an error code of words",
      DeviceReport,
      { ...failed, ErrorChain: [{ ErrorCode: "12026", ErrorDomain: "a", LocalizedDescription: "b" }] },
    ],
    ["a command without a request type", CommandEnvelope, { CommandUUID: "1", Command: {} }],
    ["an install of nothing", InstallApplication, installedBy({})],
    ["an install of two things", InstallApplication, installedBy({ iTunesStoreID: 1, Identifier: "a" })],
    ["an install of a negative id", InstallApplication, installedBy({ iTunesStoreID: -1 })],
    ["an install of a fraction", InstallApplication, installedBy({ iTunesStoreID: 1.5 })],
    [
      "an install by a purchase method in words",
      InstallApplication,
      installedBy({ iTunesStoreID: 1, Options: { PurchaseMethod: "1" } }),
    ],
    ["another command", InviteToProgram, install],
    [
      "a list of numbers",
      ManagedApplicationList,
      { RequestType: "ManagedApplicationList", Identifiers: [1] },
    ],
    [
      "an app without a status",
      ManagedApplicationListAnswer,
      { ManagedApplicationList: { a: { ManagementFlags: 1 } } },
    ],
    ["apps in an array", ManagedApplicationListAnswer, { ManagedApplicationList: [{ Status: "Managed" }] }],
  ])("%s is refused", (_name, schema, message) => {
    expect(schema.safeParse(message).success).toBe(false);
  });

  it("have five statuses, of which one is no result", () => {
    for (const status of resultStatuses)
      expect(CommandResult.safeParse({ ...acknowledged, Status: status }).success, status).toBe(
        status !== "Idle",
      );
  });

  it("have ten reasons to reject an install, each once", () => {
    expect(new Set(rejectionReasons).size).toBe(10);
  });
});
