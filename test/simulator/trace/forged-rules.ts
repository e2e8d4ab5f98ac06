/** Ways to break the protocol and the rules in a trace. */
import type { TraceEvent } from "../../../shared/trace.ts";
import {
  named,
  ours,
  commandEvent,
  wire,
  says,
  answerOf,
  handing,
  sameCommand,
  aside,
  messageOf,
  type ForgedTrace,
  type Forgery,
} from "./forged-trace.ts";
import { smallApp } from "../../support/small-journey.ts";

export const protocol: readonly Forgery[] = [
  [
    "a phone never said Authenticate",
    (trace) => trace.drop(named("checkin.authenticate", (event) => event["kind"] === "user")),
    /TokenUpdate without Authenticate/,
  ],
  [
    "a phone gets commands before TokenUpdate",
    (trace) => trace.drop(named("checkin.tokenUpdate")),
    /is pushed to a phone that is not enrolled/,
  ],
  [
    "a command was never queued",
    (trace) => {
      const queued = aside(trace, commandEvent("command.queued", "InstallApplication"));
      trace.drop(named("command.queued", sameCommand(queued)));
    },
    /command\.pushed of [-\w]+, which nobody queued/,
  ],
  [
    "a command is queued twice",
    (trace) => trace.insert("after", named("command.queued"), aside(trace, named("command.queued"))),
    /was queued before/,
  ],
  [
    "a command is pushed out of its turn",
    (trace) => {
      const [first, second] = trace.events.filter(
        named("command.queued", (event) => event.udid === trace.find(named("command.queued")).udid),
      );
      const moved = { ...second! };
      trace.drop((event) => event === second).insert("before", (event) => event === first, moved);
    },
    /is pushed before [-\w]+, which was queued earlier/,
  ],
  [
    "a second command is pushed while one is in flight",
    (trace) => {
      const pushed = trace.find(named("command.pushed"));
      const next = aside(
        trace,
        named("command.pushed", (event) => event.udid === pushed.udid && event !== pushed),
      );
      trace.insert("after", (event) => event === pushed, next);
    },
    /is pushed while [-\w]+ is in flight/,
  ],
  [
    "a command is pushed after its end",
    (trace) => {
      const ended = aside(trace, named("command.acknowledged"));
      const pushed = aside(trace, named("command.pushed", sameCommand(ended)));
      trace.insert("after", named("command.acknowledged", sameCommand(ended)), pushed);
    },
    /is pushed after its end/,
  ],
  [
    "a command is performed twice",
    (trace) => trace.insert("after", named("command.performed"), aside(trace, named("command.performed"))),
    /is performed a second time/,
  ],
  [
    "a command is performed before it is pushed",
    (trace) => {
      const performed = aside(trace, named("command.performed"));
      trace
        .drop(named("command.performed", sameCommand(performed)))
        .insert("before", named("command.pushed", sameCommand(performed)), performed);
    },
    /is performed before it was pushed/,
  ],
  [
    "a command is acknowledged that was never pushed",
    (trace) => {
      const ended = aside(trace, commandEvent("command.acknowledged", "InviteToProgram"));
      trace.drop(named("command.pushed", sameCommand(ended)));
    },
    /command\.acknowledged of [-\w]+, which is queued/,
  ],
  [
    "a command ends twice",
    (trace) =>
      trace.insert("after", named("command.acknowledged"), aside(trace, named("command.acknowledged"))),
    /ends a second time/,
  ],
  [
    "a command fails that the phone had acknowledged",
    (trace) => (trace.find(named("command.acknowledged"))["status"] = "Error"),
    /is said to be Error, which no phone said/,
  ],
  [
    "a result is confirmed that was not stored",
    (trace) => {
      const ended = aside(trace, named("command.acknowledged"));
      trace.drop(named("command.acknowledged", sameCommand(ended)));
    },
    /the result of [-\w]+ is confirmed before it is stored/,
  ],
  [
    "a phone answers what was not handed to it",
    (trace) => {
      const handed = aside(trace, handing("InviteToProgram"));
      trace.drop((event) => handing("InviteToProgram")(event) && sameCommand(handed)(event));
    },
    /a result for [-\w]+, which was not handed to this phone/,
  ],
  [
    "a command crosses the wire without having been pushed",
    (trace) => {
      const handed = aside(trace, handing("InviteToProgram"));
      trace.drop(named("command.pushed", sameCommand(handed)));
    },
    /crosses the wire, but was not pushed/,
  ],
  [
    "a connection is let in on a wrong signature",
    (trace) =>
      trace.rewrite(trace.find(wire("mdm", "phone", says("MessageType", "Proof"))), (proof) => ({
        ...proof,
        Signature: new Uint8Array(256),
      })),
    /a connection is let in without a proof/,
  ],
  [
    "a connection is let in on a proof that was used before",
    (trace) => {
      const proof = wire("mdm", "phone", says("MessageType", "Proof"));
      trace.findLast(proof)["bytes"] = trace.find(proof)["bytes"];
    },
    /a connection is let in without a proof/,
  ],
];

export const states: readonly Forgery[] = [
  [
    "an app leaps over a state",
    (trace) => trace.drop(named("app.state", (event) => event["to"] === "Installing")),
    /an app leaves Installing, where it is not/,
  ],
  [
    "an app goes where no app can go",
    (trace) => {
      const event = trace.find(named("app.state"));
      event["to"] = "Updating";
    },
    /an app can't go from absent to Updating/,
  ],
  [
    "an installation leaps over a state",
    (trace) => trace.drop(named("installation.changed", (event) => event["to"] === "waitingForTerms")),
    /an installation leaves \w+, where it is not/,
  ],
  [
    "a prompt is answered twice",
    (trace) => trace.insert("after", named("prompt.answered"), aside(trace, named("prompt.answered"))),
    /is answered twice/,
  ],
  [
    "a prompt is answered that nobody saw",
    (trace) => trace.drop(named("prompt.shown", (event) => event["kind"] === "appInstallation")),
    /is answered but was not shown/,
  ],
];

interface Seats {
  associations?: { clientUserIdStr: string }[];
}
/** An event of the server's about a user's seat, as if a phone held it: one that enrolled, unless another is named. */
function ofPhone(trace: ForgedTrace, name: string, serialNumber?: string): TraceEvent {
  const event = aside(trace, ours(name));
  delete event.userId;
  const phone = trace.find(named("checkin.authenticate", ({ kind }) => kind !== "dep"));
  return { ...event, serialNumber: serialNumber ?? phone["serialNumber"] };
}
const givesSeat = (event: TraceEvent): boolean =>
  answerOf("manageVPPLicensesByAdamIdSrv")(event) && (messageOf(event) as Seats).associations !== undefined;

function recount(trace: ForgedTrace, change: (asset: Record<string, unknown>) => object): void {
  for (const event of trace.events.filter(answerOf("getVPPAssetsSrv"))) {
    trace.rewrite(event, (answer) => ({
      ...answer,
      assets: (answer["assets"] as Record<string, unknown>[]).map((asset) => ({
        ...asset,
        ...change(asset),
      })),
    }));
  }
}

export const rules: readonly Forgery[] = [
  [
    "more seats are given than are owned",
    (trace) => recount(trace, () => ({ totalCount: 1 })),
    new RegExp(`2 seats of ${smallApp} are taken, 1 are owned`),
  ],
  [
    "Apple has given away more than it owns",
    (trace) => recount(trace, () => ({ assignedCount: 3 })),
    /Apple has 3 of 2 seats/,
  ],
  [
    "Apple counts fewer seats than it gave away",
    (trace) => {
      const early = aside(trace, givesSeat);
      const counts = { ...trace.findLast(answerOf("getVPPAssetsSrv")), seq: 0 };
      delete counts.cause;
      trace.insert("after", (event) => event.seq === early.seq, counts);
    },
    /Apple counts 0 seats of \d+, and gave away 1/,
  ],
  [
    "the server takes a seat twice",
    (trace) => trace.insert("after", ours("license.taken"), aside(trace, ours("license.taken"))),
    /takes a second seat/,
  ],
  [
    "the server returns a seat that it doesn't have",
    (trace) => trace.insert("after", ours("license.returned"), aside(trace, ours("license.returned"))),
    /returns a seat of \d+ without having one/,
  ],
  [
    "Apple gives a user a second seat",
    (trace) => trace.insert("after", givesSeat, { ...aside(trace, givesSeat) }),
    /Apple gives [-\w]+ a second seat/,
  ],
  [
    "a phone takes a seat though policy lets none hold one",
    (trace) => trace.insert("after", ours("license.taken"), ofPhone(trace, "license.taken")),
    /a seat for the phone \w+, though by policy licences go to users alone/,
  ],
  [
    "a seat is taken for a phone that never enrolled",
    (trace) => trace.insert("after", ours("license.taken"), ofPhone(trace, "license.taken", "NOBODY")),
    /a seat for the phone NOBODY, who has no phone that could use it/,
  ],
  [
    "a phone returns a seat that it doesn't have",
    (trace) => trace.insert("after", ours("license.returned"), ofPhone(trace, "license.returned")),
    /the phone \w+ returns a seat of \d+ without having one/,
  ],
  [
    "Apple gives a phone a second seat",
    (trace) =>
      trace.rewrite(trace.find(givesSeat), (answer) => ({
        ...answer,
        associations: [{ serialNumber: "S1" }, { serialNumber: "S1" }],
      })),
    /Apple gives the phone S1 a second seat/,
  ],
  [
    "a phone installs by its own seat, which is not in the server's book",
    (trace) => {
      for (const event of trace.events.filter(givesSeat)) {
        const serials = trace.events
          .filter(named("checkin.authenticate"))
          .map((phone) => phone["serialNumber"]);
        const associations = serials.map((serialNumber) => ({ serialNumber }));
        trace.rewrite(event, (answer) => ({ ...answer, associations }));
      }
    },
    /InstallApplication of \d+ while the phone \w+ holds no seat by the server's book/,
  ],
  [
    "Apple takes a seat back that nobody got",
    (trace) => {
      const given = aside(trace, givesSeat);
      trace.drop((event) => event.seq === given.seq);
    },
    /takes back a seat of \d+ that nobody was seen to get/,
  ],
  [
    "a seat is given to somebody who hasn't accepted the terms",
    (trace) => {
      for (const event of trace.events.filter(answerOf("getVPPUserSrv"))) {
        trace.rewrite(event, (answer) => ({
          ...answer,
          user: { ...(answer["user"] as object), status: "Registered" },
        }));
      }
    },
    /who hasn't accepted the terms/,
  ],
  [
    "a seat is taken for somebody whose only phone is a DEP phone",
    (trace) => {
      const { userId } = trace.find(ours("license.taken"));
      trace.find(named("checkin.authenticate", (event) => event.userId === userId))["kind"] = "dep";
    },
    /who has no phone that could use it/,
  ],
  [
    "a DEP phone is invited",
    (trace) =>
      (trace.find(named("checkin.authenticate", (event) => event["kind"] === "user"))["kind"] = "dep"),
    /InviteToProgram for a DEP phone/,
  ],
  [
    "a DEP phone gets an install that no admin ordered",
    (trace) =>
      trace.drop(named("api.request", (event) => event["path"] === "/api/v1/devices/{udid}/commands")),
    /InstallApplication for a DEP phone/,
  ],
  [
    "an app is installed before the user was invited",
    (trace) => {
      const invite = aside(trace, handing("InviteToProgram"));
      trace.drop((event) => handing("InviteToProgram")(event) && event.udid === invite.udid);
    },
    /InstallApplication of \d+ before \w+ was invited/,
  ],
  [
    "an invitation leads somewhere else",
    (trace) =>
      trace.rewrite(trace.find(handing("InviteToProgram")), (message) => ({
        ...message,
        Command: { ...(message["Command"] as object), InvitationURL: "http://elsewhere.example/" },
      })),
    /an address that Apple never gave/,
  ],
  [
    "an app is installed without a seat at Apple",
    (trace) => trace.drop(givesSeat),
    /InstallApplication of \d+ while \w+ holds no seat at Apple/,
  ],
  [
    "an app is installed without a seat by the server's book",
    (trace) => trace.drop(ours("license.taken")),
    /InstallApplication of \d+ while \w+ holds no seat by the server's book/,
  ],
  [
    "a seat comes back while the app is still listed",
    (trace) => {
      const returned = trace.find(ours("license.returned"));
      const before = (event: TraceEvent): boolean => event.seq < returned.seq && event.udid === returned.udid;
      const list = trace.events.findLast(
        (event) => before(event) && "ManagedApplicationList" in messageOf(event),
      );
      trace.rewrite(list!, (result) => ({
        ...result,
        ManagedApplicationList: { "com.apple.Pages": { Status: "Managed" } },
      }));
    },
    /is returned before the list of \w+ was without it/,
  ],
  [
    "a seat comes back without a removal",
    (trace) => {
      const removal = aside(trace, commandEvent("command.performed", "RemoveApplication"));
      trace.drop((event) => event["from"] === removal.udid && sameCommand(removal)(event));
    },
    /is returned without a removal/,
  ],
];
