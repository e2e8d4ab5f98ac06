/** Which events of a trace somebody wants to see. */
import { PippinError } from "../../shared/errors.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { udidOf } from "../reports/timelines.ts";
import { unknownName } from "../scenarios/vocabulary.ts";
import type { TraceLine } from "./trace-lines.ts";

/** All that is given must hold. */
export interface TraceQuery {
  /** Names, in which `*` stands for anything: `command.*`. One of them must hold. */
  readonly events?: readonly string[];
  /** A UDID or the beginning of one, or a serial number. */
  readonly phone?: string;
  /** A user's id: what happened to the user, and to the phones of the user. */
  readonly person?: string;
  /** An adamId. */
  readonly app?: string;
  /** A CommandUUID, or the beginning of one. */
  readonly command?: string;
  /** Where a licence went: of a user by id or a phone by serial number, and of an app by adamId. */
  readonly licence?: { readonly holder: string; readonly adamId: string };
  /** Milliseconds since 1970, or since the first event of the trace when `sinceStart`. */
  readonly from?: TracePoint;
  readonly to?: TracePoint;
  /** Also whatever led to an event that is wanted, however far back. */
  readonly withCauses: boolean;
}

export interface TracePoint {
  readonly ms: number;
  readonly sinceStart: boolean;
}

export interface FoundLine extends TraceLine {
  /** Whether it is here only because it led to another. */
  readonly isCause: boolean;
}

export interface TraceCount {
  /** In the whole trace. */
  readonly events: number;
  readonly shown: number;
}

/** Opens the trace anew, from its beginning. */
export type TraceSource = () => AsyncIterable<TraceLine>;

/**
 * Hands the wanted lines to `show`, in order. Reads the trace once, and as often again as the question takes: for who is who, and for what
 * led where. Memory grows with phones and users and, with causes, by eight bytes an event. Throws PippinError `usage` for a phone or person
 * that is not in the trace.
 */
export async function queryTrace(
  source: TraceSource,
  query: TraceQuery,
  show: (line: FoundLine) => void | Promise<void>,
): Promise<TraceCount> {
  const needsCast = query.phone !== undefined || query.person !== undefined || query.licence !== undefined;
  const matches = matcherOf(query, needsCast ? await readCast(source) : undefined);
  const causes = query.withCauses ? await readCauses(source, matches) : undefined;
  let events = 0;
  let shown = 0;
  for await (const line of source()) {
    events += 1;
    const isWanted = matches(line.event);
    const isCause = !isWanted && causes?.has(line.event.seq) === true;
    if (!isWanted && !isCause) continue;
    shown += 1;
    await show({ ...line, isCause });
  }
  return { events, shown };
}

interface PhoneNames {
  serialNumber: string | undefined;
  userId: string | undefined;
}

/** Who is who in a trace. */
interface Cast {
  /** By UDID. */
  readonly phones: ReadonlyMap<string, PhoneNames>;
  /** By the user's id, how Apple knows the user. */
  readonly users: ReadonlyMap<string, Set<string>>;
}

async function readCast(source: TraceSource): Promise<Cast> {
  const phones = new Map<string, PhoneNames>();
  const users = new Map<string, Set<string>>();
  for await (const { event } of source()) {
    const udid = udidOf(event);
    const { userId, serialNumber, clientUserIdStr, side } = event;
    if (udid !== undefined) {
      const names = phones.get(udid) ?? { serialNumber: undefined, userId: undefined };
      phones.set(udid, names);
      if (typeof serialNumber === "string") names.serialNumber = serialNumber;
      if (userId !== undefined && event.event.startsWith("enrollment.")) names.userId = userId;
    }
    if (userId === undefined || side === "apple") continue;
    const known = users.get(userId) ?? new Set();
    users.set(userId, known);
    if (typeof clientUserIdStr === "string") known.add(clientUserIdStr);
  }
  return { phones, users };
}

type Matcher = (event: TraceEvent) => boolean;

function matcherOf(query: TraceQuery, cast: Cast | undefined): Matcher {
  const tests: Matcher[] = [];
  const { events, phone, person, app, command, licence, from, to } = query;
  if (events && events.length > 0) {
    const patterns = events.map(globOf);
    tests.push(({ event }) => patterns.some((pattern) => pattern.test(event)));
  }
  if (phone !== undefined && cast) {
    const udids = phonesNamed(cast, phone);
    tests.push((event) => udids.has(udidOf(event) ?? ""));
  }
  if (person !== undefined && cast) tests.push(personTest(cast, person));
  if (app !== undefined) tests.push((event) => event.adamId === app);
  if (command !== undefined) {
    const beginning = command.toUpperCase();
    tests.push((event) => event.commandUUID?.toUpperCase().startsWith(beginning) === true);
  }
  if (licence !== undefined && cast) tests.push(licenceTest(cast, licence));
  if (from !== undefined || to !== undefined) tests.push(timeTest(from, to));
  return (event) => tests.every((test) => test(event));
}

function globOf(glob: string): RegExp {
  const pattern = glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${pattern}$`);
}

function phonesNamed(cast: Cast, name: string): Set<string> {
  const beginning = name.toLowerCase();
  const found = [...cast.phones].filter(
    ([udid, { serialNumber }]) => udid.toLowerCase().startsWith(beginning) || serialNumber === name,
  );
  if (found.length > 0) return new Set(found.map(([udid]) => udid));
  const serials = [...cast.phones.values()].flatMap(({ serialNumber }) => serialNumber ?? []);
  throw new PippinError("usage", unknownName("phone", name, serials));
}

function phonesOf(cast: Cast, userId: string): Set<string> {
  return new Set([...cast.phones].filter(([, names]) => names.userId === userId).map(([udid]) => udid));
}

function personTest(cast: Cast, person: string): Matcher {
  const aliases = cast.users.get(person);
  if (!aliases) throw new PippinError("usage", unknownName("person", person, [...cast.users.keys()]));
  const udids = phonesOf(cast, person);
  return (event) =>
    event.userId === person ||
    aliases.has(textIn(event, "clientUserIdStr")) ||
    udids.has(udidOf(event) ?? "");
}

/** Both books, the app on the phones of the holder, and what was said to Apple about this licence. */
function licenceTest(cast: Cast, { holder, adamId }: { holder: string; adamId: string }): Matcher {
  const aliases = cast.users.get(holder);
  const isPhone = [...cast.phones.values()].some(({ serialNumber }) => serialNumber === holder);
  if (!aliases && !isPhone) {
    throw new PippinError("usage", unknownName("holder of a licence", holder, [...cast.users.keys()]));
  }
  const udids = isPhone ? phonesNamed(cast, holder) : phonesOf(cast, holder);
  const names = isPhone ? [holder] : [...(aliases ?? [])];
  return (event) => {
    if (event.event === "wire") return event["channel"] === "vpp" && tellsOf(event, adamId, names);
    if (event.adamId !== adamId) return false;
    if (event.event.startsWith("license.")) {
      if (event.userId === holder || event["serialNumber"] === holder) return true;
      if (names.includes(textIn(event, "clientUserIdStr"))) return true;
      return event.userId === undefined && event["side"] !== "apple" && udids.has(event.udid ?? "");
    }
    return event.userId === holder || udids.has(event.udid ?? "");
  };
}

/** Of the one service that moves licences: the others list them all. */
function tellsOf(event: TraceEvent, adamId: string, names: readonly string[]): boolean {
  if (!textIn(event, "target").includes("manageVPPLicensesByAdamIdSrv")) return false;
  const text = Buffer.from(textIn(event, "bytes"), "base64").toString("utf8");
  return text.includes(`"${adamId}"`) && names.some((name) => text.includes(`"${name}"`));
}

function timeTest(from: TracePoint | undefined, to: TracePoint | undefined): Matcher {
  let startMs: number | undefined;
  const momentOf = ({ ms, sinceStart }: TracePoint) => ms + (sinceStart ? (startMs ?? 0) : 0);
  return (event) => {
    const atMs = Date.parse(event.time);
    startMs ??= atMs;
    return (from === undefined || atMs >= momentOf(from)) && (to === undefined || atMs <= momentOf(to));
  };
}

function textIn(event: TraceEvent, member: string): string {
  const value = event[member];
  return typeof value === "string" ? value : "";
}

/** `seq` of all that led to what is wanted. A cause always comes before its effect. */
async function readCauses(source: TraceSource, matches: Matcher): Promise<Set<number>> {
  const causeOf = new Map<number, number>();
  const found = new Set<number>();
  for await (const { event } of source()) {
    const { seq, cause } = event;
    if (typeof cause !== "number" || cause >= seq) continue;
    causeOf.set(seq, cause);
    if (!matches(event)) continue;
    for (let at: number | undefined = cause; at !== undefined && !found.has(at); at = causeOf.get(at))
      found.add(at);
  }
  return found;
}
