/** `pippin device …`: each verb of a phone in the hand, and what it asks of the lab. */
import { PippinError } from "../../../shared/errors.ts";
import { part, queryOf, type Given, type Verb } from "../admin/verb.ts";

const phone = ["<phone>", "serial number, name, owner or UDID, or the beginning of one"] as const;

type Body = Readonly<Record<string, unknown>>;

const pathOf = (given: Given) => `/lab/v1/phones/${part(given, "phone")}`;

/** A verb that does one thing with a phone and shows how the phone is then. */
function act(
  name: string,
  help: string,
  more: {
    readonly args?: Verb["args"];
    readonly options?: Verb["options"];
    readonly path?: string;
    readonly body?: (given: Given, readText: (name: string) => Promise<string>) => Body | Promise<Body>;
  } = {},
): Verb {
  const { args = [], options = [], path = name, body = () => ({}) } = more;
  return {
    words: ["device", name],
    help,
    args: [phone, ...args],
    options,
    request: async (given, readText) => ({
      method: "POST",
      path: `${pathOf(given)}/${path}`,
      body: await Promise.resolve(body(given, readText)),
    }),
  };
}

function onOrOff({ state }: Given): { on: boolean } {
  if (state !== "on" && state !== "off") throw new PippinError("usage", "expected on or off");
  return { on: state === "on" };
}

/** What was given, under the names that the lab has for it. */
function only(given: Given, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
}

export const deviceVerbs: readonly Verb[] = [
  {
    words: ["device", "list"],
    help: "the phones of the lab",
    options: [
      { flags: "--status <status>", help: "enrolling, enrolled, off, erased, …" },
      { flags: "--connected <flag>", help: "with a channel to the server", choices: ["true", "false"] },
      { flags: "--asking <flag>", help: "with a sheet on the screen", choices: ["true", "false"] },
      { flags: "--search <text>", help: "part of a name, a serial number or an owner" },
    ],
    request: (given) => ({
      method: "GET",
      path: `/lab/v1/phones${queryOf(given, ["status", "connected", "asking", "search"])}`,
    }),
    columns: [
      ["Serial", "serialNumber"],
      ["Name", "name"],
      ["Owner", "owner"],
      ["Kind", "kind"],
      ["Status", "status"],
      ["Connected", "connected"],
      ["Locked", "locked"],
      ["Apps", "appCount"],
      ["Asks", "prompt.title"],
      ["Held by", "heldBy"],
    ],
  },
  {
    words: ["device", "show"],
    help: "what is to be seen on a phone: its sheet with the buttons, its apps, its state",
    args: [phone],
    request: (given) => ({ method: "GET", path: pathOf(given) }),
  },
  act("tap", "tap a button of the sheet on the screen", {
    args: [["<button>", "what stands on it, e.g. Install"]],
    body: ({ button }) => ({ button }),
  }),
  act("type", "type into the sheet on the screen; a button sends it", {
    args: [["<text>", "- reads it from stdin, so that a password stays out of the list of processes"]],
    options: [
      { flags: "--field <field>", help: "default: the first empty one", choices: ["appleId", "password"] },
    ],
    body: async (given, readText) => ({
      text: given["text"] === "-" ? (await readText("-")).replace(/\r?\n$/, "") : given["text"],
      ...only(given, ["field"]),
    }),
  }),
  act("lock", "lock it"),
  act("unlock", "unlock it", {
    options: [{ flags: "--passcode <passcode>", help: "if it has one" }],
    body: (given) => only(given, ["passcode"]),
  }),
  act("passcode", "set a passcode, or take it away", {
    args: [["[passcode]", "nothing takes it away"]],
    body: ({ passcode = null }) => ({ passcode }),
  }),
  act("airplane", "airplane mode on or off", { args: [["<state>", "on or off"]], body: onOrOff }),
  act("busy", "busy with something of its own, so that it puts off what can wait", {
    args: [["<state>", "on or off"]],
    body: onOrOff,
  }),
  act("boot", "switch it on"),
  act("shutdown", "switch it off", { path: "shut-down" }),
  act("restart", "switch it off and on"),
  act("erase", "erase all content and settings"),
  act("enroll", "enrol a phone that is not under management", {
    options: [{ flags: "--url <url>", help: "the link (default: a new one, for its owner)" }],
    body: (given) => only(given, ["url"]),
  }),
  act("delete-app", "delete an app from the home screen", {
    args: [["<app>", "name, bundle id or App Store id"]],
    body: ({ app }) => ({ app }),
  }),
  act("remove-profile", "remove the management profile, or another", {
    args: [["[identifier]", "of another profile"]],
    body: (given) => only(given, ["identifier"]),
  }),
  act("sign-out", "sign out of the Apple ID"),
  {
    words: ["device", "portal"],
    isWhole: true,
    help: "what the organisation offers, in the company portal",
    args: [phone],
    request: (given) => ({ method: "GET", path: `${pathOf(given)}/portal` }),
    columns: [
      ["App", "name"],
      ["App Store id", "adamId"],
      ["Status", "status"],
      ["Reason", "reason"],
    ],
  },
  act("request-app", "ask for an app in the company portal", {
    args: [["<adamId>", "App Store id"]],
    path: "portal",
    body: ({ adamId }) => ({ adamId }),
  }),
  act("take", "take it out of its person's hand: from then on you answer", {
    path: "hand",
    body: () => ({ heldBy: "nobody" }),
  }),
  act("give", "give it back to its person", { path: "hand", body: () => ({ heldBy: "person" }) }),
];
