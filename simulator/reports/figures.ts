/** What can be counted while a run goes on, in memory that grows with its phones and apps and not with its length. */
import type { EventName, TraceEvent } from "../../shared/trace.ts";
import { Latencies } from "./latencies.ts";

/** More phones, or apps on phones, than any lab of ours has: further ones are counted and not told apart. */
const phonesMax = 20_000;
const installationsMax = 200_000;
/** Commands that wait for an answer at one time. */
const waitingMax = 100_000;

export interface InstallationFigures {
  readonly adamId: string;
  state: string;
  reason: string | undefined;
  /** When it began to be wanted, by the lab's clock; undefined once it is settled. */
  wantedAtMs: number | undefined;
}

export interface PhoneFigures {
  readonly udid: string;
  serialNumber: string | undefined;
  userId: string | undefined;
  /** How it was enrolled. */
  kind: string | undefined;
  isEnrolled: boolean;
  isConnected: boolean;
  /** Commands that came to an end, whatever the end. */
  commands: number;
  commandsFailed: number;
  /** The longest from the first push of a command to its final answer. */
  slowestMs: number;
  /** The longest an app took from being wanted to being there. */
  slowestInstallMs: number;
  /** By adamId. */
  readonly installations: Map<string, InstallationFigures>;
}

export interface CommandFigures {
  readonly queued: number;
  readonly pushed: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly deferred: number;
}

/** Licences in use of one app, by Apple's own book and by the server's. */
export interface SeatFigures {
  apple: number;
  server: number;
  /** As Apple last told the server; undefined when that isn't known. */
  owned: number | undefined;
}

/** Final answers, and what ends the wait for one. */
const answers: ReadonlySet<EventName> = new Set<EventName>([
  "command.acknowledged",
  "command.failed",
  "command.malformed",
]);
const ends: ReadonlySet<EventName> = new Set<EventName>([...answers, "command.expired", "command.cancelled"]);
const settled: ReadonlySet<string> = new Set(["installed", "notInstalled", "failed", "notApplicable"]);

export class Figures {
  /** From the first push of a command to the phone's final answer, also of one that was put off in between. */
  readonly acknowledgement = new Latencies();
  /** From the wish for an app to the app on its phone. */
  readonly wishToInstalled = new Latencies();
  readonly counts = new Map<string, number>();
  readonly phones = new Map<string, PhoneFigures>();
  /** Installations by state. */
  readonly states = new Map<string, number>();
  /** By adamId. */
  readonly seats = new Map<string, SeatFigures>();
  /** Phones that are enrolled, and of all phones those that are connected. */
  enrolled = 0;
  connected = 0;
  firstAtMs: number | undefined;
  lastAtMs = 0;
  #installations = 0;
  /** When a command that waits for its answer was first pushed, by CommandUUID. */
  readonly #pushedAtMs = new Map<string, number>();

  /** `atMs`: when it happened, by the lab's clock. */
  take(event: TraceEvent, atMs: number): void {
    this.counts.set(event.event, this.count(event.event) + 1);
    this.firstAtMs ??= atMs;
    this.lastAtMs = atMs;
    switch (event.event) {
      case "checkin.authenticate":
      case "enrollment.completed":
      case "checkin.checkOut":
        this.#enroll(event);
        break;
      case "connection.opened":
      case "connection.closed":
        this.#connect(event);
        break;
      case "command.pushed":
        this.#push(event, atMs);
        break;
      case "installation.changed":
        this.#move(event, atMs);
        break;
      case "license.taken":
      case "license.returned":
        this.#book(event);
        break;
      default:
        if (ends.has(event.event) && event["side"] === undefined) this.#answer(event, atMs);
    }
  }

  count(name: EventName): number {
    return this.counts.get(name) ?? 0;
  }

  get commands(): CommandFigures {
    return {
      queued: this.count("command.queued"),
      pushed: this.count("command.pushed"),
      acknowledged: this.count("command.acknowledged"),
      failed: this.count("command.failed"),
      deferred: this.count("command.deferred"),
    };
  }

  /** What Apple told the server about an app. */
  own(adamId: string, total: number): void {
    this.#seatsOf(adamId).owned = total;
  }

  phone(udid: string): PhoneFigures | undefined {
    const known = this.phones.get(udid);
    if (known || this.phones.size >= phonesMax) return known;
    const phone: PhoneFigures = {
      udid,
      serialNumber: undefined,
      userId: undefined,
      kind: undefined,
      isEnrolled: false,
      isConnected: false,
      commands: 0,
      commandsFailed: 0,
      slowestMs: 0,
      slowestInstallMs: 0,
      installations: new Map(),
    };
    this.phones.set(udid, phone);
    return phone;
  }

  #enroll(event: TraceEvent): void {
    const phone = event.udid === undefined ? undefined : this.phone(event.udid);
    if (!phone) return;
    phone.userId = event.userId ?? phone.userId;
    if (typeof event["serialNumber"] === "string") phone.serialNumber = event["serialNumber"];
    if (typeof event["kind"] === "string") phone.kind = event["kind"];
    // A new phone's connection is opened before anybody knows whose it is.
    this.#setConnected(phone, event.event !== "checkin.checkOut" || phone.isConnected);
    const isEnrolled = event.event === "enrollment.completed";
    if (isEnrolled !== phone.isEnrolled) this.enrolled += isEnrolled ? 1 : -1;
    phone.isEnrolled = isEnrolled;
  }

  #connect(event: TraceEvent): void {
    if (event.udid === undefined || event["side"] === "phone") return;
    const phone = this.phone(event.udid);
    if (phone) this.#setConnected(phone, event.event === "connection.opened");
  }

  #setConnected(phone: PhoneFigures, isConnected: boolean): void {
    if (isConnected !== phone.isConnected) this.connected += isConnected ? 1 : -1;
    phone.isConnected = isConnected;
  }

  #push({ commandUUID }: TraceEvent, atMs: number): void {
    if (commandUUID === undefined || this.#pushedAtMs.has(commandUUID)) return;
    if (this.#pushedAtMs.size < waitingMax) this.#pushedAtMs.set(commandUUID, atMs);
  }

  #answer(event: TraceEvent, atMs: number): void {
    const { commandUUID, udid } = event;
    const pushedAtMs = commandUUID === undefined ? undefined : this.#pushedAtMs.get(commandUUID);
    if (commandUUID !== undefined) this.#pushedAtMs.delete(commandUUID);
    const phone = udid === undefined ? undefined : this.phone(udid);
    if (phone) {
      phone.commands += 1;
      if (event.event !== "command.acknowledged") phone.commandsFailed += 1;
    }
    if (pushedAtMs === undefined || !answers.has(event.event)) return;
    const span = atMs - pushedAtMs;
    this.acknowledgement.add(span);
    if (phone) phone.slowestMs = Math.max(phone.slowestMs, span);
  }

  #move(event: TraceEvent, atMs: number): void {
    const { udid, adamId } = event;
    const [from, to] = [event["from"], event["to"]];
    if (udid === undefined || adamId === undefined || typeof to !== "string") return;
    const phone = this.phone(udid);
    if (!phone) return;
    let installation = phone.installations.get(adamId);
    if (!installation) {
      if (this.#installations >= installationsMax) return;
      this.#installations += 1;
      installation = { adamId, state: "", reason: undefined, wantedAtMs: undefined };
      phone.installations.set(adamId, installation);
    } else this.#countState(installation.state, -1);
    installation.state = to;
    installation.reason = typeof event["reason"] === "string" ? event["reason"] : undefined;
    this.#countState(to, 1);
    if (!settled.has(to) && to !== "removing") installation.wantedAtMs ??= atMs;
    if (to === "installed" && from !== "installed" && installation.wantedAtMs !== undefined) {
      const span = atMs - installation.wantedAtMs;
      this.wishToInstalled.add(span);
      phone.slowestInstallMs = Math.max(phone.slowestInstallMs, span);
    }
    // Somebody who waits for a licence waits on.
    if (to !== "failed" && settled.has(to)) installation.wantedAtMs = undefined;
  }

  #countState(state: string, change: number): void {
    const count = (this.states.get(state) ?? 0) + change;
    if (count === 0) this.states.delete(state);
    else this.states.set(state, count);
  }

  #book(event: TraceEvent): void {
    if (event.adamId === undefined) return;
    const change = event.event === "license.taken" ? 1 : -1;
    const seats = this.#seatsOf(event.adamId);
    if (event["side"] === "apple") seats.apple += change;
    else seats.server += change;
  }

  #seatsOf(adamId: string): SeatFigures {
    let seats = this.seats.get(adamId);
    if (!seats) {
      seats = { apple: 0, server: 0, owned: undefined };
      this.seats.set(adamId, seats);
    }
    return seats;
  }
}

/** An installation that failed, or a command that did. */
export function hasTrouble(phone: PhoneFigures): boolean {
  if (phone.commandsFailed > 0) return true;
  for (const { state } of phone.installations.values()) if (state === "failed") return true;
  return false;
}
