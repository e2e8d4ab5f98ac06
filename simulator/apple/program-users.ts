import type { VppUserStatus } from "../../shared/vpp.ts";
import type { ChangeLog } from "./change-log.ts";

/** A VPP user: the record that stands between a person of the organisation and an Apple ID that Apple alone knows. */
export interface ProgramUser {
  readonly userId: number;
  /** Chosen by the MDM; at most one active record of the organisation has it. */
  readonly clientUserIdStr: string;
  email: string | undefined;
  status: VppUserStatus;
  /** Of the open invitation, or of the one that was accepted. */
  inviteCode: string | undefined;
  /** The Apple ID it is linked to, or (retired) was linked to. Never shown to the MDM. */
  appleId: string | undefined;
  /** Made from the Apple ID; what the MDM and the phone see. */
  itsIdHash: string | undefined;
  linkedAt: number;
  modified: number;
  /** Linked, while MDM servers are still told that they are not. Forgotten by a service that is started anew. */
  isUnseen?: boolean;
}

export const isActive = (user: ProgramUser): boolean =>
  user.status === "Registered" || user.status === "Associated";

/** The user records of one organisation with their indexes. Licences are the organisation's business. */
export class ProgramUsers {
  static readonly usersMax = 200_000;
  readonly byId = new Map<number, ProgramUser>();
  readonly activeByClientId = new Map<string, ProgramUser>();
  /** Every record that ever had the name, oldest first. */
  readonly #allByClientId = new Map<string, ProgramUser[]>();
  /** Active users by the Apple ID they are linked to: usually one. */
  readonly #linked = new Map<string, Set<ProgramUser>>();
  readonly #byInviteCode = new Map<string, ProgramUser>();
  readonly #unseen = new Set<ProgramUser>();
  readonly #changes: ChangeLog;

  constructor(changes: ChangeLog) {
    this.#changes = changes;
  }

  /** Puts a record in place, new or loaded. */
  insert(user: ProgramUser): void {
    this.byId.set(user.userId, user);
    const records = this.#allByClientId.get(user.clientUserIdStr);
    if (records) records.push(user);
    else this.#allByClientId.set(user.clientUserIdStr, [user]);
    if (isActive(user)) this.activeByClientId.set(user.clientUserIdStr, user);
    if (user.status === "Associated") this.#index(user);
    if (user.inviteCode !== undefined) this.#byInviteCode.set(user.inviteCode, user);
  }

  records(clientUserIdStr: string): readonly ProgramUser[] {
    return this.#allByClientId.get(clientUserIdStr) ?? [];
  }

  /** Whom the invitation is or was for, whatever became of it. */
  invited(inviteCode: string): ProgramUser | undefined {
    return this.#byInviteCode.get(inviteCode);
  }

  linkedTo(appleId: string): ProgramUser[] {
    return [...(this.#linked.get(appleId) ?? [])];
  }

  add(userId: number, clientUserIdStr: string, email: string | undefined, inviteCode: string): ProgramUser {
    const user: ProgramUser = {
      userId,
      clientUserIdStr,
      email,
      status: "Registered",
      inviteCode,
      appleId: undefined,
      itsIdHash: undefined,
      linkedAt: 0,
      modified: 0,
    };
    this.insert(user);
    this.#changes.user(user);
    return user;
  }

  /** A retired record that was never linked comes back as itself, with a new invitation. */
  revive(user: ProgramUser, inviteCode: string): void {
    user.status = "Registered";
    if (user.inviteCode !== undefined) this.#byInviteCode.delete(user.inviteCode);
    user.inviteCode = inviteCode;
    this.#byInviteCode.set(inviteCode, user);
    this.activeByClientId.set(user.clientUserIdStr, user);
    this.#changes.user(user);
  }

  link(user: ProgramUser, appleId: string, itsIdHash: string, nowMs: number): void {
    user.status = "Associated";
    user.appleId = appleId;
    user.itsIdHash = itsIdHash;
    user.linkedAt = nowMs;
    this.#index(user);
    this.#changes.user(user);
  }

  /** The last change of the user reaches MDM servers later: `surface` is to bring it to light. */
  hide(user: ProgramUser): void {
    user.isUnseen = true;
    this.#unseen.add(user);
  }

  /** Brings to light whoever joined before that time: for readers of changes it changes now. */
  surface(joinedBefore: number): void {
    for (const user of this.#unseen) {
      if (user.linkedAt > joinedBefore) continue;
      this.#show(user);
      this.#changes.user(user);
    }
  }

  retire(user: ProgramUser): void {
    user.status = "Retired";
    this.#show(user);
    this.activeByClientId.delete(user.clientUserIdStr);
    if (user.appleId !== undefined) {
      const others = this.#linked.get(user.appleId);
      others?.delete(user);
      if (others?.size === 0) this.#linked.delete(user.appleId);
    }
    this.#changes.user(user);
  }

  /** The end of a retired record whose person came back under a newer one. */
  markDeleted(user: ProgramUser): void {
    user.status = "Deleted";
    this.#changes.user(user);
  }

  setEmail(user: ProgramUser, email: string | undefined): void {
    user.email = email;
    this.#changes.user(user);
  }

  #show(user: ProgramUser): void {
    delete user.isUnseen;
    this.#unseen.delete(user);
  }

  #index(user: ProgramUser): void {
    if (user.appleId === undefined) return;
    const linked = this.#linked.get(user.appleId);
    if (linked) linked.add(user);
    else this.#linked.set(user.appleId, new Set([user]));
  }
}
