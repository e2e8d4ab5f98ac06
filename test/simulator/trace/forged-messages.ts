/** Ways to spoil the form, the messages and the secrecy of a trace. */
import { named, ours, wire, says, answerOf, handing, aside, type Forgery } from "./forged-trace.ts";
import { smallPassword } from "../../support/small-journey.ts";

export const forgedControlKey = "a-control-key-of-this-run";

export const form: readonly Forgery[] = [
  [
    "an event is missing",
    (trace) => {
      trace.events.splice(40, 1);
    },
    /^#42: 41 was due/,
  ],
  [
    "time goes back",
    (trace) => (trace.events[50]!.time = "2016-06-15T07:59:59.000Z"),
    /^#51: time goes back/,
  ],
  ["a time is no time", (trace) => (trace.events[50]!.time = "noon"), /^#51: "noon" is no time/],
  ["an event is of another run", (trace) => (trace.events[50]!.run = "2"), /^#51: it belongs to another run/],
  [
    "a cause comes later",
    (trace) => (trace.find(ours("command.pushed")).cause = trace.events.length),
    /its cause \d+ is no earlier event/,
  ],
  [
    "an event has a name that nobody knows",
    (trace) => Object.assign(trace.events[50]!, { event: "command.lost" }),
    /nobody knows an event command\.lost/,
  ],
  [
    "an id is missing",
    (trace) => delete trace.find(named("command.queued")).udid,
    /command\.queued without udid/,
  ],
  ["an id is empty", (trace) => (trace.find(named("app.state")).adamId = ""), /adamId is no id/],
  [
    "a request is answered twice",
    (trace) => trace.insert("after", named("api.answered"), aside(trace, named("api.answered"))),
    /a second answer to request/,
  ],
  [
    "an answer has no request",
    (trace) => trace.drop(named("api.request", (event) => event["path"] === "/api/v1/vpp/token")),
    /an answer to a request that nobody made|api\.answered without cause/,
  ],
];

export const wires: readonly Forgery[] = [
  [
    "a plist is cut off",
    (trace) => {
      const event = trace.find(named("wire", (found) => found["format"] === "plist-binary"));
      event["bytes"] = Buffer.from(String(event["bytes"]), "base64").subarray(0, 20).toString("base64");
    },
    /it is no plist-binary/,
  ],
  [
    "JSON is cut off",
    (trace) =>
      (trace.find(answerOf("getVPPAssetsSrv"))["bytes"] = Buffer.from('{"status":').toString("base64")),
    /it is no json/,
  ],
  [
    "zero bytes are some bytes",
    (trace) => (trace.find(named("wire", (event) => event["format"] === "empty"))["bytes"] = "AAAA"),
    /it is said to be empty and isn't/,
  ],
  [
    "bytes are not base64",
    (trace) => (trace.find(named("wire"))["bytes"] = "%%"),
    /its bytes are not base64/,
  ],
  [
    "a profile's signature is broken",
    (trace) => {
      const event = trace.find(named("wire", (found) => found["format"] === "cms"));
      const bytes = Buffer.from(String(event["bytes"]), "base64");
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      event["bytes"] = bytes.toString("base64");
    },
    /it is no cms/,
  ],
  [
    "a format is unknown",
    (trace) => (trace.find(answerOf("getVPPAssetsSrv"))["format"] = "yaml"),
    /nobody knows the format/,
  ],
  [
    "a channel is unknown",
    (trace) => (trace.find(named("wire"))["channel"] = "fax"),
    /there is no such channel/,
  ],
  [
    "the server says something that it never says",
    (trace) =>
      trace.rewrite(trace.find(wire("mdm", "server", says("MessageType", "Welcome"))), () => ({ A: 1 })),
    /neither a command nor/,
  ],
  [
    "a check-in message lacks its topic",
    (trace) =>
      trace.rewrite(
        trace.find(wire("mdm", "phone", says("MessageType", "Authenticate"))),
        ({ Topic: _, ...rest }) => rest,
      ),
    /not a check-in message \(at Topic\)/,
  ],
  [
    "a result has a status that there isn't",
    (trace) =>
      trace.rewrite(trace.find(wire("mdm", "phone", says("Status", "Acknowledged"))), (result) => ({
        ...result,
        Status: "Fine",
      })),
    /not a device's report/,
  ],
  [
    "a result's CommandUUID is not the event's",
    (trace) =>
      trace.rewrite(trace.find(wire("mdm", "phone", says("Status", "Acknowledged"))), (result) => ({
        ...result,
        CommandUUID: "0",
      })),
    /another CommandUUID than the event's/,
  ],
  [
    "a phone speaks for another phone",
    (trace) =>
      trace.rewrite(trace.find(wire("mdm", "phone", says("Status", "Acknowledged"))), (result) => ({
        ...result,
        UDID: "0",
      })),
    /a UDID that is not the connection's/,
  ],
  [
    "the server's own command lacks a key",
    (trace) =>
      trace.rewrite(trace.find(handing("InviteToProgram")), (message) => ({
        ...message,
        Command: { RequestType: "InviteToProgram" },
      })),
    /not a InviteToProgram/,
  ],
  [
    "Apple answers without a status",
    (trace) => trace.rewrite(trace.find(answerOf("getVPPAssetsSrv")), ({ status: _, ...rest }) => rest),
    /not an answer of the volume-purchase service/,
  ],
  [
    "Apple's asset lacks its app",
    (trace) =>
      trace.rewrite(trace.find(answerOf("getVPPAssetsSrv")), (answer) => ({ ...answer, assets: [{}] })),
    /not an answer of getVPPAssetsSrv/,
  ],
  [
    "the store is asked for something else than it knows",
    (trace) =>
      trace.rewrite(trace.find(wire("store", "phone", says("purchaseMethod", 1))), (request) => ({
        ...request,
        purchaseMethod: 7,
      })),
    /not a request to authorize/,
  ],
];

export const leaks: readonly Forgery[] = [
  [
    "an sToken stands in a message",
    (trace) =>
      trace.rewrite(trace.find(wire("vpp", "server", (message) => "sToken" in message)), (request) => ({
        ...request,
        note: Buffer.from('{"token":"abc"}').toString("base64"),
      })),
    /an sToken in a vpp message/,
  ],
  [
    "the value of sToken is no placeholder",
    (trace) =>
      trace.rewrite(trace.find(wire("vpp", "server", (message) => "sToken" in message)), (request) => ({
        ...request,
        sToken: "something else",
      })),
    /the value of sToken stands in a vpp message/,
  ],
  [
    "PushMagic is no placeholder",
    (trace) =>
      trace.rewrite(trace.find(wire("mdm", "phone", says("MessageType", "TokenUpdate"))), (message) => ({
        ...message,
        PushMagic: "6F1D0A3E",
      })),
    /the value of PushMagic stands in a mdm message/,
  ],
  [
    "an unlock token is no placeholder",
    (trace) =>
      trace.rewrite(trace.find(wire("mdm", "phone", says("MessageType", "TokenUpdate"))), (message) => ({
        ...message,
        UnlockToken: new Uint8Array([0, 1]),
      })),
    /the value of UnlockToken stands in a mdm message/,
  ],
  [
    "a session token is no placeholder",
    (trace) =>
      trace.rewrite(trace.find(wire("store", "apple", (message) => "sessionToken" in message)), (answer) => ({
        ...answer,
        sessionToken: "5e551011",
      })),
    /the value of sessionToken stands in a store message/,
  ],
  [
    "an Apple ID's password stands in an event",
    (trace) => (trace.find(named("store.signIn"))["detail"] = `tried ${smallPassword}!`),
    /a secret value of this run in the event itself/,
  ],
  [
    "a password of the sample organisation stands in an event",
    (trace) => (trace.events[30]!["detail"] = "pomme-jboskoop"),
    /a secret value of this run in the event itself/,
  ],
  [
    "a password is written in UTF-16",
    (trace) =>
      trace.rewrite(trace.find(wire("mdm", "phone", says("MessageType", "Authenticate"))), (message) => ({
        ...message,
        DeviceName: `ü ${smallPassword}`,
      })),
    /a secret value of this run in a mdm message/,
  ],
  [
    "a password, blackened, goes to the server",
    (trace) =>
      trace.rewrite(trace.find(wire("api", "server", () => true)), (answer) => ({
        ...answer,
        password: "***",
      })),
    /a password in a api message/,
  ],
  [
    "an API key stands in an answer",
    (trace) =>
      trace.rewrite(trace.find(wire("api", "server", () => true)), (answer) => ({
        ...answer,
        note: "pk_0123456789abcdef",
      })),
    /an API key in a api message/,
  ],
  [
    "an enrolment link stands in an answer",
    (trace) =>
      trace.rewrite(trace.find(wire("api", "server", () => true)), (answer) => ({
        ...answer,
        note: "http://10.0.0.1:8080/enroll/0123456789abcdef",
      })),
    /an enrolment link in a api message/,
  ],
  [
    "the run's control key stands in an event",
    (trace) => (trace.events[30]!["detail"] = { deep: [forgedControlKey] }),
    /a secret value of this run in the event itself/,
  ],
];
