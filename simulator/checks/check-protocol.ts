import { readCertificate, verifyBytes } from "../../shared/certificates.ts";
import { Challenge, Proof, proofMessage } from "../../shared/channel.ts";
import { PippinError } from "../../shared/errors.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { Findings, isKill, textOf, type Checker, type WireEntry } from "./trace-reading.ts";

type CommandState = "queued" | "pushed" | "deferred" | "settled";

interface CommandLife {
  readonly commandUUID: string;
  state: CommandState;
  /** It crossed the wire to the phone. */
  handed: boolean;
  /** The status with which the phone performed it. */
  performed: string | undefined;
  /** The server was killed while the phone had it: whether its result was stored then, nobody told. */
  uncertain: boolean;
}

interface DeviceLife {
  authenticated: boolean;
  enrolled: boolean;
  /** Handed out and not answered yet. */
  inFlight: CommandLife | undefined;
  /** In the order in which they were queued. */
  readonly commands: Map<string, CommandLife>;
  /** Results that came in and that the server hasn't said to have stored. */
  readonly unstored: Set<string>;
}

const endings: ReadonlySet<string> = new Set([
  "command.acknowledged",
  "command.failed",
  "command.malformed",
  "command.cancelled",
  "command.expired",
]);
/** Endings that come from the phone. */
const answers: ReadonlySet<string> = new Set([
  "command.acknowledged",
  "command.failed",
  "command.malformed",
  "command.deferred",
]);

/**
 * The device channel, phone by phone: check-in before commands, oldest first, one in flight, each performed once, results for what
 * was handed out alone, and none confirmed before it is stored.
 *
 * Where the server was killed, what it had stored and not yet told is missing from the trace; the rules are lenient about commands
 * that were under way at that moment, and about nothing else.
 */
export const checkProtocol: Checker = (trace) => {
  const findings = new Findings();
  const devices = new Map<string, DeviceLife>();
  for (const event of trace.events) {
    if (isKill(event)) for (const device of devices.values()) afterKill(device);
    const { udid } = event;
    if (udid === undefined) continue;
    let device = devices.get(udid);
    if (device === undefined) {
      device = {
        authenticated: false,
        enrolled: false,
        inFlight: undefined,
        commands: new Map(),
        unstored: new Set(),
      };
      devices.set(udid, device);
    }
    const walk = { device, hasKills: trace.hasKills, findings };
    if (event.event === "wire") {
      const wire = trace.wires.get(event.seq);
      if (wire?.channel === "mdm") takeWire(walk, event, wire);
    } else if (event.event.startsWith("command.")) takeCommand(walk, event);
    else takeCheckin(walk, event);
  }
  return findings.all;
};

interface Walk {
  readonly device: DeviceLife;
  readonly hasKills: boolean;
  readonly findings: Findings;
}

function afterKill(device: DeviceLife): void {
  device.inFlight = undefined;
  device.unstored.clear();
  for (const command of device.commands.values()) {
    if (command.state === "pushed" || command.state === "deferred") command.uncertain = true;
  }
}

function takeCheckin({ device, findings }: Walk, event: TraceEvent): void {
  const name: string = event.event;
  switch (name) {
    case "checkin.authenticate":
      device.authenticated = true;
      device.enrolled = false;
      return;
    case "checkin.tokenUpdate":
      if (!device.authenticated) findings.add(event, "TokenUpdate without Authenticate");
      device.enrolled = true;
      return;
    case "checkin.checkOut":
      device.authenticated = device.enrolled = false;
      return;
    case "connection.opened":
      // What was on its way on the old connection comes again.
      device.unstored.clear();
      return;
    default:
      return;
  }
}

function takeCommand(walk: Walk, event: TraceEvent): void {
  const { device, findings, hasKills } = walk;
  const commandUUID = event.commandUUID ?? "";
  if (event["side"] === "phone" && event.event !== "command.performed") return;
  if (event.event === "command.queued") {
    if (device.commands.has(commandUUID)) findings.add(event, `${commandUUID} was queued before`);
    device.commands.set(commandUUID, newCommand(commandUUID));
    return;
  }
  let command = device.commands.get(commandUUID);
  if (command === undefined) {
    if (event.event === "command.duplicate" || event.event === "command.malformed") return;
    // The server was killed between storing the command and saying so.
    const isForgiven = hasKills && event.event === "command.pushed";
    if (!isForgiven) findings.add(event, `${event.event} of ${commandUUID}, which nobody queued`);
    command = newCommand(commandUUID);
    command.uncertain = isForgiven;
    device.commands.set(commandUUID, command);
  }
  if (event.event === "command.pushed") return push(walk, event, command);
  if (event.event === "command.performed") return perform(walk, event, command);
  if (answers.has(event.event) && command.state !== "pushed" && command.state !== "deferred") {
    findings.add(event, `${event.event} of ${commandUUID}, which is ${command.state}`);
  }
  if (event.event === "command.acknowledged" || event.event === "command.failed") {
    if (command.performed !== event["status"]) {
      findings.add(event, `${commandUUID} is said to be ${textOf(event["status"])}, which no phone said`);
    }
  }
  if (endings.has(event.event)) {
    if (command.state === "settled") findings.add(event, `${commandUUID} ends a second time`);
    command.state = "settled";
  } else if (event.event === "command.deferred") command.state = "deferred";
  if (device.inFlight === command && event.event !== "command.duplicate") device.inFlight = undefined;
  device.unstored.delete(commandUUID);
}

function newCommand(commandUUID: string): CommandLife {
  return { commandUUID, state: "queued", handed: false, performed: undefined, uncertain: false };
}

function push({ device, findings }: Walk, event: TraceEvent, command: CommandLife): void {
  const { commandUUID } = command;
  if (!device.enrolled) findings.add(event, `${commandUUID} is pushed to a phone that is not enrolled`);
  if (command.state === "settled") findings.add(event, `${commandUUID} is pushed after its end`);
  if (device.inFlight !== undefined && device.inFlight !== command) {
    findings.add(event, `${commandUUID} is pushed while ${device.inFlight.commandUUID} is in flight`);
  }
  if (command.state === "queued" && !command.uncertain) {
    for (const other of device.commands.values()) {
      if (other === command) break;
      if (other.state === "settled" || other.state === "deferred" || other.uncertain) continue;
      findings.add(event, `${commandUUID} is pushed before ${other.commandUUID}, which was queued earlier`);
    }
  }
  command.state = "pushed";
  device.inFlight = command;
}

function perform({ findings }: Walk, event: TraceEvent, command: CommandLife): void {
  const { commandUUID } = command;
  if (command.performed !== undefined) findings.add(event, `${commandUUID} is performed a second time`);
  if (command.state === "queued") findings.add(event, `${commandUUID} is performed before it was pushed`);
  command.performed = textOf(event["status"]);
}

function takeWire({ device, findings }: Walk, event: TraceEvent, wire: WireEntry): void {
  const commandUUID = event.commandUUID ?? "";
  const command = device.commands.get(commandUUID);
  if (wire.from !== "server") {
    if (commandUUID === "") return;
    if (command?.handed !== true) {
      findings.add(event, `a result for ${commandUUID}, which was not handed to this phone`);
    }
    device.unstored.add(commandUUID);
    return;
  }
  const isCommand = wire.message?.["CommandUUID"] !== undefined;
  if (isCommand) {
    if (command === undefined || command.state !== "pushed") {
      findings.add(event, `${commandUUID} crosses the wire, but was not pushed`);
    } else command.handed = true;
  }
  if (!isCommand && wire.format !== "empty") return;
  for (const waiting of device.unstored) {
    if (waiting === commandUUID) continue;
    findings.add(event, `the result of ${waiting} is confirmed before it is stored`);
    device.unstored.delete(waiting);
  }
}

/** Every connection that was let in had proved who it is: a signature over a challenge of the server's, each used once. */
export const checkProofs: Checker = ({ events, wires }) => {
  const findings = new Findings();
  const challenges: Challenge[] = [];
  let proofCount = 0;
  for (const event of events) {
    const message = wires.get(event.seq)?.message;
    if (event.event === "connection.opened") {
      if (wires.size > 0 && proofCount === 0) findings.add(event, "a connection is let in without a proof");
      proofCount -= 1;
    } else if (message?.["MessageType"] === "Challenge") {
      const challenge = Challenge.safeParse(message);
      if (challenge.success) challenges.push(challenge.data);
    } else if (message?.["MessageType"] === "Proof") {
      const proof = Proof.safeParse(message);
      const answered = proof.success
        ? challenges.findIndex((challenge) => proves(proof.data, challenge))
        : -1;
      if (answered < 0) continue;
      challenges.splice(answered, 1);
      proofCount += 1;
    }
  }
  return findings.all;
};

function proves(proof: Proof, challenge: Challenge): boolean {
  try {
    const { publicKeyPem } = readCertificate(proof.Certificate);
    return verifyBytes(proofMessage(challenge.Nonce, challenge.Audience), proof.Signature, publicKeyPem);
  } catch (error) {
    if (error instanceof PippinError) return false;
    throw error;
  }
}
