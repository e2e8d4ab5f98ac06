import { z } from "zod";
import {
  AcceptInvitationRequest,
  appStorePaths,
  AppStoreProblem,
  AuthorizeAnswer,
  AuthorizeRequest,
  DownloadAnswer,
  DownloadRequest,
  HoldingsRequest,
  InvitationTerms,
  LookupItem,
  SignInAnswer,
  SignInRequest,
} from "../../shared/app-store.ts";
import { Challenge, Proof, Receipt, Welcome } from "../../shared/channel.ts";
import { CheckinMessage } from "../../shared/checkin.ts";
import { commandSchemas } from "../../shared/command-schemas.ts";
import { CommandEnvelope, ManagedApplicationListAnswer } from "../../shared/commands.ts";
import {
  isPortalRequest,
  PortalAppsAnswer,
  PortalInstallAnswer,
  PortalRequest,
} from "../../shared/portal.ts";
import { CommandResult, DeviceReport } from "../../shared/results.ts";
import {
  AssetsAnswer,
  ClientConfig,
  LicensesAnswer,
  LookupAnswer,
  ManageLicensesAnswer,
  ServiceConfig,
  UserAnswer,
  UsersAnswer,
  VppEnvelope,
} from "../../shared/vpp.ts";
import { Findings, textOf, type Checker, type Trace, type WireEntry } from "./trace-reading.ts";

const SignedProfile = z.looseObject({
  PayloadType: z.literal("Configuration"),
  PayloadContent: z.array(z.looseObject({ PayloadType: z.string() })).min(1),
});

/** What the device channel says beside commands, check-in messages and results. */
const serverMessages = new Map<string, z.ZodType>([
  ["Challenge", Challenge],
  ["Welcome", Welcome],
  ["Receipt", Receipt],
  ["PortalAppsAnswer", PortalAppsAnswer],
  ["PortalInstallAnswer", PortalInstallAnswer],
]);

const vppAnswers = new Map<string, z.ZodType>([
  ["VPPServiceConfigSrv", ServiceConfig],
  ["VPPClientConfigSrv", ClientConfig],
  ["getVPPAssetsSrv", AssetsAnswer],
  ["getVPPUserSrv", UserAnswer],
  ["registerVPPUserSrv", UserAnswer],
  ["getVPPUsersSrv", UsersAnswer],
  ["getVPPLicensesSrv", LicensesAnswer],
  ["manageVPPLicensesByAdamIdSrv", ManageLicensesAnswer],
]);
/** The only answer of the web service that has no status: it is the iTunes lookup's. */
const lookupService = "lookup";

const storeMessages = new Map<string, { readonly request?: z.ZodType; readonly answer: z.ZodType }>([
  [serviceOf(appStorePaths.signIn), { request: SignInRequest, answer: SignInAnswer }],
  [serviceOf(appStorePaths.lookup), { answer: LookupItem }],
  [serviceOf(appStorePaths.authorize), { request: AuthorizeRequest, answer: AuthorizeAnswer }],
  [serviceOf(appStorePaths.holdings), { request: HoldingsRequest, answer: z.strictObject({}) }],
  [serviceOf(appStorePaths.download), { request: DownloadRequest, answer: DownloadAnswer }],
]);

function serviceOf(path: string): string {
  return path.split("/").at(-1) ?? "";
}

/** Every message can be read in its format, and is one that its channel carries in that direction. */
export const checkWire: Checker = (trace) => {
  const findings = new Findings();
  for (const wire of trace.wires.values()) {
    if (wire.problem !== undefined) {
      findings.add(wire.seq, `${wire.channel} message from ${wire.from}: ${wire.problem}`);
      continue;
    }
    const wrong = judge(trace, wire);
    if (wrong !== undefined) {
      findings.add(wire.seq, `${wire.channel} message from ${wire.from} to ${wire.to}: ${wrong}`);
    }
  }
  return findings.all;
};

/** What is wrong with it; undefined when nothing is. */
function judge(trace: Trace, wire: WireEntry): string | undefined {
  switch (wire.channel) {
    case "mdm":
      return wire.from === "server" ? judgeFromServer(trace, wire) : judgeFromPhone(trace, wire);
    case "vpp":
      return wire.from === "apple" ? judgeVppAnswer(wire) : undefined;
    case "store":
      return judgeStore(wire);
    case "api":
      return wire.from === "server" || wire.to === "server" ? undefined : "the server is on neither end";
    default:
      return "there is no such channel";
  }
}

function judgeFromServer(trace: Trace, { event, format, message }: WireEntry): string | undefined {
  if (format === "cms") return mismatch(SignedProfile, message, "a configuration profile");
  if (message === undefined) return undefined;
  const type = textOf(message["MessageType"]);
  const schema = serverMessages.get(type);
  if (schema !== undefined) return mismatch(schema, message, `a ${type}`);
  const envelope = CommandEnvelope.safeParse(message);
  if (!envelope.success) return "neither a command nor Challenge, Welcome or Receipt";
  const { CommandUUID, Command } = envelope.data;
  if (CommandUUID !== event.commandUUID) return "a command under another CommandUUID than the event's";
  const commandSchema = commandSchemas.get(Command.RequestType);
  // An admin may send whatever they like: that is what the phone's refusals are for.
  if (commandSchema === undefined || trace.commands.get(CommandUUID)?.byAdmin === true) return undefined;
  return mismatch(commandSchema, Command, `a ${Command.RequestType}`);
}

function judgeFromPhone(trace: Trace, { event, message }: WireEntry): string | undefined {
  if (message === undefined) return "a phone never sends zero bytes";
  const type = message["MessageType"];
  if (type === "Proof") return mismatch(Proof, message, "a Proof");
  if (event.udid !== undefined && message["UDID"] !== event.udid)
    return "a UDID that is not the connection's";
  if (isPortalRequest(message)) return mismatch(PortalRequest, message, "a question of the company portal");
  if (type !== undefined) return mismatch(CheckinMessage, message, "a check-in message");
  const report = DeviceReport.safeParse(message);
  if (!report.success) return "not a device's report";
  if (report.data.Status === "Idle") return undefined;
  const result: CommandResult = report.data;
  if (result.CommandUUID !== event.commandUUID) return "a result under another CommandUUID than the event's";
  const isList = trace.commands.get(result.CommandUUID)?.requestType === "ManagedApplicationList";
  if (!isList || result.Status !== "Acknowledged") return undefined;
  return mismatch(ManagedApplicationListAnswer, result, "an answer to ManagedApplicationList");
}

function judgeVppAnswer({ event, service, message, request }: WireEntry): string | undefined {
  if (request === undefined || request.from === "apple") return "an answer without a request";
  const status = event["httpStatus"];
  if (message === undefined) return status === 200 ? "an empty answer with HTTP status 200" : undefined;
  if (service === lookupService) return mismatch(LookupAnswer, message, "a lookup's answer");
  const envelope = VppEnvelope.safeParse(message);
  if (!envelope.success) return "not an answer of the volume-purchase service";
  const schema = vppAnswers.get(service);
  // A refusal has an error number and nothing else.
  if (schema === undefined || envelope.data.status === -1) return undefined;
  return mismatch(schema, message, `an answer of ${service}`);
}

function judgeStore(wire: WireEntry): string | undefined {
  const { event, service, message, from, request } = wire;
  const known = storeMessages.get(service);
  if (from !== "apple") {
    if (message === undefined) return event["method"] === "GET" ? undefined : "a request without a body";
    return mismatch(known?.request ?? AcceptInvitationRequest, message, `a request to ${service}`);
  }
  if (request === undefined || request.from === "apple") return "an answer without a request";
  if (message === undefined)
    return event["httpStatus"] === 200 ? "an empty answer with HTTP status 200" : undefined;
  if (event["httpStatus"] !== 200) return mismatch(AppStoreProblem, message, "a refusal");
  const invitation = event["method"] === "GET" ? InvitationTerms : z.strictObject({});
  return mismatch(known?.answer ?? invitation, message, `an answer of ${service}`);
}

function mismatch(schema: z.ZodType, message: unknown, what: string): string | undefined {
  const parsed = schema.safeParse(message);
  if (parsed.success) return undefined;
  // Where it differs, never what stands there.
  const [issue] = parsed.error.issues;
  return `not ${what}${issue === undefined ? "" : ` (at ${issue.path.join(".") || "the top"})`}`;
}
