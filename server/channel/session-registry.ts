/** The connections there are, by identity and by device. */
import type { DeviceSession } from "./session.ts";

export class SessionRegistry {
  readonly #all = new Set<DeviceSession>();
  readonly #byIdentity = new Map<string, DeviceSession>();
  readonly #byUdid = new Map<string, DeviceSession>();
  readonly #owed = new Set<DeviceSession>();

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

  /** Something else than NotNow was the phone's last word while a command is put off: it won't ask by itself. */
  owePush(session: DeviceSession): void {
    this.#owed.add(session);
  }

  owePushNoMore(session: DeviceSession): void {
    this.#owed.delete(session);
  }

  /** The phones that a push is owed to, which from now on they aren't. */
  takeOwed(): readonly DeviceSession[] {
    const owed = [...this.#owed];
    this.#owed.clear();
    return owed;
  }

  remove(session: DeviceSession): void {
    this.#all.delete(session);
    this.#owed.delete(session);
    this.unbind(session);
    const id = session.identity?.id;
    if (id !== undefined && this.#byIdentity.get(id) === session) this.#byIdentity.delete(id);
  }
}
