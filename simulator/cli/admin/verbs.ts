/** Every admin verb. The commands, their help, the completion and the tests are all made from this table. */
import { PippinError } from "../../../shared/errors.ts";
import { part, queryOf, type Column, type Given, type Verb, type VerbOption } from "./verb.ts";

const yes: VerbOption = { flags: "--yes", help: "really do it" };
const forUser: VerbOption = { flags: "--user-id <id>", help: "of this user" };
const forPhone: VerbOption = { flags: "--serial-number <serial>", help: "held by this phone itself" };
const ofType: VerbOption = {
  flags: "--license-type <type>",
  help: "whose licence: the user's, or one of each phone (by the policy `licensing`)",
  choices: ["user", "device"],
};
const forApp: VerbOption = { flags: "--adam-id <id>", help: "of the app with this App Store id" };
const actions = ["required", "available", "uninstall", "notApplicable"] as const;

const installationColumns: readonly Column[] = [
  ["Installation", "id"],
  ["User", "userId"],
  ["Licence", "licenseType"],
  ["Label", "label"],
  ["State", "state"],
  ["Reason", "reason"],
  ["Code", "code"],
  ["Since", "since"],
  ["Attempts", "attempts"],
];
const deploymentColumns: readonly Column[] = [
  ["Deployment", "id"],
  ["App", "adamId"],
  ["Group", "groupId"],
  ["Action", "action"],
  ["Licence", "licenseType"],
  ["Deadline", "deadline"],
];
const commandColumns: readonly Column[] = [
  ["Command", "commandUUID"],
  ["Request type", "requestType"],
  ["State", "state"],
  ["Sent", "sendCount"],
  ["Created", "createdAt"],
  ["Settled", "settledAt"],
];

export const verbs: readonly Verb[] = [
  // --- The account ---
  {
    words: ["token", "show"],
    help: "the volume-purchase account: organisation, state, dates, warnings",
    request: () => ({ method: "GET", path: "/api/v1/vpp/token" }),
  },
  {
    words: ["token", "upload"],
    help: "ties the account of a .vpptoken file to the server, or renews its token",
    args: [["<file>", "the file, or - for standard input"]],
    options: [
      { flags: "--name <name>", help: "a name for the token", required: true },
      { flags: "--apple-id <id>", help: "the Apple ID that the token was got with", required: true },
      { flags: "--acknowledge", help: "I know that the account can't be changed later" },
    ],
    request: async (given, readText) => ({
      method: "PUT",
      path: "/api/v1/vpp/token",
      body: {
        sToken: (await readText(String(given["file"]))).trim(),
        tokenName: given["name"],
        appleId: given["appleId"],
        acknowledged: given["acknowledge"] === true,
      },
    }),
  },
  {
    words: ["token", "take-control"],
    help: "takes the account back from another product that has claimed it",
    options: [yes],
    request: (given) => ({
      method: "POST",
      path: "/api/v1/vpp/token/take-control",
      body: { confirm: given["yes"] === true },
    }),
  },
  {
    words: ["token", "delete"],
    help: "forgets the token; without --yes it only says how many licences that would strand",
    options: [yes],
    request: (given) => ({ method: "DELETE", path: `/api/v1/vpp/token${confirm(given)}` }),
  },
  {
    words: ["token", "losses"],
    help: "users and licences that Apple no longer has, since another product took the account",
    request: () => ({ method: "GET", path: "/api/v1/vpp/losses" }),
    columns: [
      ["Kind", "kind"],
      ["User", "userId"],
      ["App", "adamId"],
      ["Reason", "reason"],
      ["Found by sync", "syncId"],
    ],
  },
  // --- Synchronisation ---
  {
    words: ["sync", "now"],
    help: "brings in what Apple holds",
    request: () => ({ method: "POST", path: "/api/v1/vpp/sync", body: {} }),
  },
  {
    words: ["sync", "list"],
    help: "the syncs so far, newest first",
    request: () => ({ method: "GET", path: "/api/v1/vpp/syncs" }),
    columns: [
      ["Sync", "id"],
      ["Started", "startedAt"],
      ["Trigger", "trigger"],
      ["Result", "result"],
      ["Error", "errorCode"],
      ["Apps", "apps"],
      ["Users", "users"],
      ["Licences", "licenses"],
      ["Foreign users", "foreignUsers"],
    ],
  },
  {
    words: ["sync", "show"],
    help: "one sync",
    args: [["<syncId>", "from `pippin sync list`"]],
    request: (given) => ({ method: "GET", path: `/api/v1/vpp/syncs/${part(given, "syncId")}` }),
  },
  // --- Apps ---
  {
    words: ["apps", "list"],
    help: "every app that a sync brought",
    request: () => ({ method: "GET", path: "/api/v1/apps" }),
    columns: [
      ["App", "adamId"],
      ["Name", "name"],
      ["Bundle id", "bundleId"],
      ["Owned", "total"],
      ["Used", "used"],
      ["Available", "available"],
    ],
  },
  {
    words: ["apps", "show"],
    help: "how it stands with one app: licences, phones, people",
    args: [["<adamId>", "App Store id"]],
    request: (given) => ({ method: "GET", path: `/api/v1/apps/${part(given, "adamId")}/summary` }),
  },
  {
    words: ["apps", "devices"],
    help: "one app on every phone it concerns",
    args: [["<adamId>", "App Store id"]],
    request: (given) => ({ method: "GET", path: `/api/v1/apps/${part(given, "adamId")}/devices` }),
    columns: installationColumns,
  },
  // --- Licences ---
  {
    words: ["licenses", "list"],
    help: "who holds a licence of what",
    options: [forUser, forPhone, forApp],
    request: (given) => ({
      method: "GET",
      path: `/api/v1/licenses${queryOf(given, ["userId", "serialNumber", "adamId"])}`,
    }),
    columns: [
      ["Licence", "licenseType"],
      ["User", "userId"],
      ["Serial number", "serialNumber"],
      ["App", "adamId"],
      ["State", "state"],
      ["Since", "since"],
      ["Returning", "returnReason"],
      ["Stranded", "stranded.reason"],
    ],
  },
  {
    words: ["licenses", "revoke"],
    help: "takes licences back now; the app stays on the phone",
    options: [forUser, forPhone, forApp, { flags: "--all", help: "every licence (with --yes)" }, yes],
    request: (given) => ({ method: "POST", path: "/api/v1/licenses/revoke", body: selection(given) }),
  },
  {
    words: ["licenses", "reclaim"],
    help: "removes the app from the phones, then takes the licence back",
    options: [forUser, forPhone, forApp, { flags: "--all", help: "every licence (with --yes)" }, yes],
    request: (given) => ({ method: "POST", path: "/api/v1/licenses/reclaim", body: selection(given) }),
  },
  {
    words: ["licenses", "acts"],
    help: "what became of each revoke and reclaim",
    args: [["[actId]", "one of them, in full"]],
    request: (given) => ({
      method: "GET",
      path:
        given["actId"] === undefined
          ? "/api/v1/licenses/acts"
          : `/api/v1/licenses/acts/${part(given, "actId")}`,
    }),
    columns: [
      ["Act", "id"],
      ["Verb", "verb"],
      ["User", "userId"],
      ["Serial number", "serialNumber"],
      ["App", "adamId"],
      ["Asked", "asked"],
      ["Done", "done"],
      ["Failed", "failed"],
      ["Pending", "pending"],
    ],
  },
  {
    words: ["licenses", "ledger"],
    help: "every movement of a licence, with its cause",
    options: [forUser, forPhone, forApp, { flags: "--kind <kind>", help: "taken, returned or refused" }],
    request: (given) => ({
      method: "GET",
      path: `/api/v1/ledger${queryOf(given, ["userId", "serialNumber", "adamId", "kind"])}`,
    }),
    columns: [
      ["At", "at"],
      ["Kind", "kind"],
      ["App", "adamId"],
      ["User", "userId"],
      ["Serial number", "serialNumber"],
      ["Reason", "reason"],
    ],
  },
  {
    words: ["licenses", "check"],
    help: "compares the server's ledger with Apple's counts",
    request: () => ({ method: "GET", path: "/api/v1/ledger/check" }),
  },
  // --- People ---
  {
    words: ["users", "list"],
    help: "the directory, with each user's consent",
    options: [
      { flags: "--group-id <id>", help: "in this group" },
      {
        flags: "--terms-status <status>",
        help: "with this consent",
        choices: ["notInvited", "invited", "accepted", "retired"],
      },
      { flags: "--search <text>", help: "part of a name or an e-mail address" },
    ],
    request: (given) => ({
      method: "GET",
      path: `/api/v1/users${queryOf(given, ["groupId", "termsStatus", "search"])}`,
    }),
    columns: [
      ["User", "id"],
      ["Name", "name"],
      ["E-mail", "email"],
      ["Terms", "terms.status"],
      ["Phones", "deviceCount"],
      ["Licences", "seatCount"],
      ["Conflict", "conflict.kind"],
    ],
  },
  {
    words: ["users", "show"],
    help: "one user",
    args: [["<userId>", "as in the directory"]],
    request: (given) => ({ method: "GET", path: `/api/v1/users/${part(given, "userId")}` }),
  },
  {
    words: ["users", "import"],
    help: "takes in a CSV or JSON file; the same file twice changes nothing",
    args: [["<file>", ".csv or .json, or - for CSV from standard input"]],
    options: [{ flags: "--dry-run", help: "only say what would change" }],
    request: async (given, readText) => {
      const file = String(given["file"]);
      return {
        method: "POST",
        path: `/api/v1/users/import${given["dryRun"] === true ? "?dryRun=true" : ""}`,
        raw: {
          text: await readText(file),
          mediaType: file.toLowerCase().endsWith(".json") ? "application/json" : "text/csv",
        },
      };
    },
  },
  {
    words: ["users", "delete"],
    help: "deletes a user; without --yes it only says what depends on it",
    args: [["<userId>", "as in the directory"]],
    options: [yes],
    request: (given) => ({
      method: "DELETE",
      path: `/api/v1/users/${part(given, "userId")}${confirm(given)}`,
    }),
  },
  ...(
    [
      ["invite", "invitation", "sends the invitation to the program again"],
      ["refresh", "refresh", "asks Apple now whether the user accepted the terms"],
      ["retire", "retire", "takes the user out of the program; the licences come back"],
      ["reinstate", "reinstate", "lets a retired user join the program again"],
    ] as const
  ).map(([name, route, help]): Verb => ({
    words: ["users", name],
    help,
    args: [["<userId>", "as in the directory"]],
    request: (given) => ({
      method: "POST",
      path: `/api/v1/users/${part(given, "userId")}/${route}`,
      body: {},
    }),
    done: "done",
  })),
  {
    words: ["groups", "list"],
    help: "the groups",
    request: () => ({ method: "GET", path: "/api/v1/groups" }),
    columns: [
      ["Group", "id"],
      ["Name", "name"],
    ],
  },
  {
    words: ["groups", "show"],
    help: "one group",
    args: [["<groupId>", "its id"]],
    request: (given) => ({ method: "GET", path: `/api/v1/groups/${part(given, "groupId")}` }),
  },
  {
    words: ["groups", "add"],
    help: "makes a group",
    args: [["<name>", "its name"]],
    options: [{ flags: "--id <id>", help: "its id (default: made up)" }],
    request: ({ id, name }) => ({
      method: "POST",
      path: "/api/v1/groups",
      body: { name, ...(id === undefined ? {} : { id }) },
    }),
  },
  {
    words: ["groups", "rename"],
    help: "gives a group another name",
    args: [
      ["<groupId>", "its id"],
      ["<name>", "the new name"],
    ],
    request: (given) => ({
      method: "PATCH",
      path: `/api/v1/groups/${part(given, "groupId")}`,
      body: { name: given["name"] },
    }),
  },
  {
    words: ["groups", "delete"],
    help: "deletes a group; without --yes it only says what depends on it",
    args: [["<groupId>", "its id"]],
    options: [yes],
    request: (given) => ({
      method: "DELETE",
      path: `/api/v1/groups/${part(given, "groupId")}${confirm(given)}`,
    }),
    done: "deleted",
  },
  ...(
    [
      ["join", "PUT", "puts a user into a group"],
      ["leave", "DELETE", "takes a user out of a group"],
    ] as const
  ).map(([name, method, help]): Verb => ({
    words: ["groups", name],
    help,
    args: [
      ["<groupId>", "the group"],
      ["<userId>", "the user"],
    ],
    request: (given) => ({
      method,
      path: `/api/v1/groups/${part(given, "groupId")}/members/${part(given, "userId")}`,
    }),
    done: "done",
  })),
  // --- Deployments ---
  {
    words: ["deploy", "list"],
    help: "what is wanted of each app for each group",
    options: [forApp, { flags: "--group-id <id>", help: "for this group" }],
    request: (given) => ({
      method: "GET",
      path: `/api/v1/deployments${queryOf(given, ["adamId", "groupId"])}`,
    }),
    columns: deploymentColumns,
  },
  {
    words: ["deploy", "add"],
    help: "wants something of an app for a group",
    args: [
      ["<adamId>", "App Store id"],
      ["<groupId>", "the group"],
      ["<action>", actions.join(", ")],
    ],
    options: [{ flags: "--deadline <time>", help: "of a required app, e.g. 2016-07-01T08:00:00Z" }, ofType],
    request: ({ adamId, groupId, action, deadline, licenseType }) => ({
      method: "POST",
      path: "/api/v1/deployments",
      body: {
        ...{ adamId, groupId, action },
        ...(deadline === undefined ? {} : { deadline }),
        ...(licenseType === undefined ? {} : { licenseType }),
      },
    }),
  },
  {
    words: ["deploy", "change"],
    help: "wants something else; `uninstall` takes the app and then its licence back",
    args: [
      ["<deploymentId>", "from `pippin deploy list`"],
      ["<action>", actions.join(", ")],
    ],
    options: [ofType],
    request: ({ action, licenseType, ...given }) => ({
      method: "PATCH",
      path: `/api/v1/deployments/${part(given, "deploymentId")}`,
      body: { action, ...(licenseType === undefined ? {} : { licenseType }) },
    }),
  },
  {
    words: ["deploy", "remove"],
    help: "wants nothing any more; what is installed stays",
    args: [["<deploymentId>", "from `pippin deploy list`"]],
    request: (given) => ({ method: "DELETE", path: `/api/v1/deployments/${part(given, "deploymentId")}` }),
    done: "removed",
  },
  // --- Phones ---
  {
    words: ["devices", "list"],
    help: "the phones",
    options: [forUser, { flags: "--state <state>", help: "in this state" }],
    request: (given) => ({ method: "GET", path: `/api/v1/devices${queryOf(given, ["userId", "state"])}` }),
    columns: [
      ["UDID", "udid"],
      ["Serial number", "serialNumber"],
      ["Kind", "kind"],
      ["User", "userId"],
      ["State", "state"],
      ["Connected", "connected"],
      ["Last seen", "lastSeenAt"],
    ],
  },
  {
    words: ["devices", "show"],
    help: "one phone",
    args: [["<udid>", "its UDID"]],
    request: (given) => ({ method: "GET", path: `/api/v1/devices/${part(given, "udid")}` }),
  },
  {
    words: ["devices", "enroll"],
    help: "makes an enrolment link for one phone",
    args: [["<kind>", "user, device, configurator or dep"]],
    options: [{ flags: "--user-id <id>", help: "whose phone it is" }],
    request: ({ kind, userId }) => ({
      method: "POST",
      path: "/api/v1/enrollment-tokens",
      body: { kind, userId: userId ?? null },
    }),
  },
  // --- Installations ---
  {
    words: ["installations", "list"],
    help: "each app on each phone: state, since when, why",
    options: [
      forUser,
      forApp,
      { flags: "--group-id <id>", help: "of this group's members" },
      { flags: "--udid <udid>", help: "on this phone" },
      { flags: "--state <state>", help: "in this state" },
      { flags: "--label <label>", help: "Installed, Not Installed, Failed, Install Pending, Not Applicable" },
    ],
    request: (given) => ({
      method: "GET",
      path: `/api/v1/installations${queryOf(given, ["userId", "adamId", "groupId", "udid", "state", "label"])}`,
    }),
    columns: installationColumns,
  },
  {
    words: ["installations", "show"],
    help: "one app on one phone",
    args: [["<installationId>", "`<udid>:<adamId>`"]],
    request: (given) => ({ method: "GET", path: `/api/v1/installations/${part(given, "installationId")}` }),
  },
  ...(
    [
      ["retry", "tries one that failed again"],
      ["resend", "sends the install command again, for a prompt that was put away"],
      ["cancel", "gives up one that is under way; the licence comes back"],
    ] as const
  ).map(([name, help]): Verb => ({
    words: ["installations", name],
    help,
    args: [["<installationId>", "`<udid>:<adamId>`"]],
    request: (given) => ({
      method: "POST",
      path: `/api/v1/installations/${part(given, "installationId")}/${name}`,
      body: {},
    }),
  })),
  // --- Commands ---
  {
    words: ["commands", "list"],
    help: "the commands of one phone, newest first",
    args: [["<udid>", "its UDID"]],
    options: [{ flags: "--open <which>", help: "true: those not settled", choices: ["true", "false"] }],
    request: (given) => ({
      method: "GET",
      path: `/api/v1/devices/${part(given, "udid")}/commands${queryOf(given, ["open"])}`,
    }),
    columns: commandColumns,
  },
  {
    words: ["commands", "send"],
    help: "sends any MDM command to one phone",
    args: [
      ["<udid>", "its UDID"],
      ["<command>", 'the Command dictionary as JSON, e.g. \'{"RequestType":"DeviceLock"}\''],
    ],
    request: (given) => ({
      method: "POST",
      path: `/api/v1/devices/${part(given, "udid")}/commands`,
      body: { command: json(String(given["command"])) },
    }),
  },
  {
    words: ["commands", "show"],
    help: "one command, with what the phone answered",
    args: [["<commandUUID>", "its CommandUUID"]],
    request: (given) => ({ method: "GET", path: `/api/v1/commands/${part(given, "commandUUID")}` }),
  },
  {
    words: ["commands", "cancel"],
    help: "takes a command back that no phone has yet",
    args: [["<commandUUID>", "its CommandUUID"]],
    request: (given) => ({ method: "DELETE", path: `/api/v1/commands/${part(given, "commandUUID")}` }),
    done: "cancelled",
  },
  // --- The server itself ---
  {
    words: ["policies", "show"],
    help: "what an admin may choose, and what is chosen",
    request: () => ({ method: "GET", path: "/api/v1/policies" }),
  },
  {
    words: ["policies", "set"],
    help: "changes policies",
    args: [["<changes>", 'as JSON, e.g. \'{"dep":"documented"}\'']],
    request: (given) => ({ method: "PATCH", path: "/api/v1/policies", body: json(String(given["changes"])) }),
  },
  {
    words: ["audit", "list"],
    help: "who did what, newest first",
    request: () => ({ method: "GET", path: "/api/v1/audit" }),
    columns: [
      ["At", "at"],
      ["Who", "keyName"],
      ["Operation", "operation"],
      ["Target", "target"],
      ["Result", "result"],
    ],
  },
];

function confirm(given: Given): string {
  return given["yes"] === true ? "?confirm=true" : "";
}

function selection(given: Given): Record<string, unknown> {
  const { userId, serialNumber, adamId, all } = given;
  if (all === true) return { all: true, confirm: given["yes"] === true };
  return {
    ...(userId === undefined ? {} : { userId }),
    ...(serialNumber === undefined ? {} : { serialNumber }),
    ...(adamId === undefined ? {} : { adamId }),
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PippinError("usage", `Expected JSON, got ${text.slice(0, 60)}`);
  }
}
