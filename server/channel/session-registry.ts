/** The connections there are, by identity and by device. */
import type { DeviceSession } from "./session.ts";

export class SessionRegistry {
  readonly #all = new Set<DeviceSession>();
  readonly #byIdentity = new Map<string, DeviceSession>();
  readonly #byUdid = new Map<string, DeviceSession>();

  get all(): readonly DeviceSession[] {
    return [...this.#all];
  }

  /** Phones that are identified and under management, or about to be. */
  get connectedCount(): number {
    return this.#byUdid.size;
  }

  add(session: DeviceSession): void {
    this.#all.add(session);
  }

  byUdid(udid: string): DeviceSession | undefined {
    return this.#byUdid.get(udid);
  }

  /** Answers with the connection that had the identity so far. */
  identify(session: DeviceSession): DeviceSession | undefined {
    if (session.identity === undefined) return undefined;
    const before = this.#byIdentity.get(session.identity.id);
    this.#byIdentity.set(session.identity.id, session);
    return before;
  }

  bind(session: DeviceSession, udid: string): void {
    session.udid = udid;
    this.#byUdid.set(udid, session);
  }

  /** The phone no longer counts as connected. */
  unbind(session: DeviceSession): void {
    if (session.udid !== null && this.#byUdid.get(session.udid) === session)
      this.#byUdid.delete(session.udid);
  }

  remove(session: DeviceSession): void {
    this.#all.delete(session);
    this.unbind(session);
    const id = session.identity?.id;
    if (id !== undefined && this.#byIdentity.get(id) === session) this.#byIdentity.delete(id);
  }
}
