import { PippinError } from "../../shared/errors.ts";
import type { AppleAccount } from "./apple-ids.ts";
import type { CatalogueItem } from "./catalogue.ts";
import { ChangeLog } from "./change-log.ts";
import type { Environment, Numbers } from "./environment.ts";
import { LicensePool, type Holder, type License, type PricingParam } from "./license-pool.ts";
import { ProgramUsers, type ProgramUser } from "./program-users.ts";
import { VppRefusal } from "./refusals.ts";

/** A book stays for ever with whom it was given to. */
export const isIrrevocable = (item: CatalogueItem): boolean => item.productTypeId === 10;

export interface OrganisationFacts {
  readonly id: number;
  readonly name: string;
  /** The Apple ID of the program's manager in this organisation. */
  readonly appleId: string;
  /** ISO 3166-1 alpha-2, lower case. */
  readonly countryCode: string;
  readonly idHash: string;
  /** Names the library: two tokens with the same uId show the same licences. */
  readonly uId: string;
}

export interface OrganisationParts {
  readonly environment: Environment;
  readonly numbers: Numbers;
  readonly item: (adamId: string) => CatalogueItem | undefined;
  readonly changed: () => void;
}

/**
 * One organisation's account in the Volume Purchase Program: its users and its licences, and Apple's rules about them. Everything
 * here is synchronous, so two requests can never be half way through it at once.
 */
export class Organisation {
  readonly facts: OrganisationFacts;
  readonly changes: ChangeLog;
  readonly users: ProgramUsers;
  readonly pools = new Map<string, LicensePool>();
  readonly licenses = new Map<number, License>();
  /** What the MDM product that uses the account stored to say so. */
  clientContext: string | undefined;
  readonly #parts: OrganisationParts;

  constructor(facts: OrganisationFacts, parts: OrganisationParts) {
    this.facts = facts;
    this.#parts = parts;
    this.changes = new ChangeLog(parts.changed);
    this.users = new ProgramUsers(this.changes);
  }

  // Users.

  /**
   * The active user of that name, made or revived when there is none. A retired record that was once linked isn't revived: the
   * person gets a new record and must be invited again.
   */
  register(
    clientUserIdStr: string,
    email: string | undefined,
    account: AppleAccount | undefined,
  ): ProgramUser {
    const active = this.users.activeByClientId.get(clientUserIdStr);
    if (active) return active;
    if (account) this.#requireLinkable(account);
    const { numbers, environment } = this.#parts;
    const inviteCode = environment.randomHex(16);
    const revivable = this.users
      .records(clientUserIdStr)
      .find((record) => record.status === "Retired" && record.appleId === undefined);
    let user: ProgramUser;
    if (revivable) {
      user = revivable;
      this.users.revive(user, inviteCode);
      if (email !== undefined) this.users.setEmail(user, email || undefined);
    } else {
      if (this.users.byId.size >= ProgramUsers.usersMax) {
        throw new VppRefusal(9602, `an organisation has at most ${ProgramUsers.usersMax} users`);
      }
      numbers.user += 1;
      user = this.users.add(numbers.user, clientUserIdStr, email || undefined, inviteCode);
    }
    this.#emit("user.registered", user);
    if (account) this.link(user, account);
    return user;
  }

  edit(user: ProgramUser, email: string | undefined, account: AppleAccount | undefined): void {
    if (account && account.appleId !== user.appleId) {
      if (user.status === "Associated") {
        throw new VppRefusal(9602, "the user is linked to another Apple ID; retire the user first");
      }
      this.#requireLinkable(account);
      this.link(user, account);
    }
    if (email !== undefined) this.users.setEmail(user, email || undefined);
  }

  /**
   * The person joins with an Apple ID. When the same person was here before under a record that is retired now, Apple's text
   * describes two outcomes; this is the one of its getVPPUser section: the old record becomes Deleted for good, the new one
   * Associated, and licences that can't be revoked move over.
   */
  link(user: ProgramUser, account: AppleAccount): void {
    this.users.link(user, account.appleId, account.itsIdHash, this.#parts.environment.now());
    for (const former of this.users.records(user.clientUserIdStr)) {
      if (former.status !== "Retired" || former.appleId !== account.appleId) continue;
      for (const license of this.licensesOf(former)) {
        // The seat given to the new record meanwhile was never delivered; the old one has been.
        const undelivered = license.pool.heldBy(user);
        if (undelivered) license.pool.release(undelivered);
        license.pool.release(license);
        license.pool.assign(license, { userId: user.userId }, this.#parts.environment.now());
      }
      this.users.markDeleted(former);
    }
    this.#emit("user.accepted", user);
  }

  /** Revocable licences return to the pool, the link is cut. */
  retire(user: ProgramUser): void {
    for (const license of this.licensesOf(user)) {
      const item = this.#parts.item(license.pool.adamId);
      if (item && isIrrevocable(item)) continue;
      this.#release(license, "retired");
    }
    this.users.retire(user);
    this.#emit("user.retired", user);
  }

  licensesOf(user: ProgramUser): License[] {
    const found: License[] = [];
    for (const pool of this.pools.values()) {
      const license = pool.heldBy(user);
      if (license) found.push(license);
    }
    return found;
  }

  // Licences.

  pool(adamId: string, pricingParam: PricingParam): LicensePool | undefined {
    return this.pools.get(`${adamId}/${pricingParam}`);
  }

  /** The pool, made when there is none. */
  openPool(adamId: string, pricingParam: PricingParam): LicensePool {
    const known = this.pool(adamId, pricingParam);
    if (known) return known;
    const pool = new LicensePool(adamId, pricingParam, this.changes);
    this.pools.set(`${adamId}/${pricingParam}`, pool);
    return pool;
  }

  /** Throws limit_exceeded. */
  buy(adamId: string, pricingParam: PricingParam, quantity: number): LicensePool {
    const owned = this.pool(adamId, pricingParam)?.licenses.length ?? 0;
    if (owned + quantity > LicensePool.licensesMax) {
      throw new PippinError(
        "limit_exceeded",
        `an organisation can own at most ${LicensePool.licensesMax} licences of one item`,
      );
    }
    const pool = this.openPool(adamId, pricingParam);
    const { numbers } = this.#parts;
    const firstLicenseId = numbers.license + 1;
    numbers.license += quantity;
    const bought = pool.buy({ firstLicenseId, quantity, sequence: this.changes.next() });
    for (const license of bought) this.licenses.set(license.id, license);
    return pool;
  }

  /** Gives free licences back for money. Throws conflict when so many aren't free; then none is refunded. */
  refund(pool: LicensePool, quantity: number): void {
    if (pool.free.size < quantity) {
      throw new PippinError(
        "conflict",
        `only ${pool.free.size} licences are free, ${quantity} were to be refunded`,
      );
    }
    for (const license of [...pool.free].slice(-quantity)) pool.refund(license);
  }

  /** Gives the user a licence: `wanted`, or any free one. Throws VppRefusal. */
  assignToUser(
    pool: LicensePool | undefined,
    user: ProgramUser,
    account: AppleAccount | undefined,
    wanted?: License,
  ): License {
    try {
      const already = pool?.heldBy(user);
      if (already) throw new VppRefusal(9616, undefined, { license: already });
      if (account && account.countryCode !== this.facts.countryCode) throw new VppRefusal(9605);
      // The text says it of managed Apple IDs that are named; nothing suggests that one that accepted an invitation fares better.
      if (account?.managedBy !== undefined && account.managedBy !== this.facts.id) throw new VppRefusal(9635);
      const twins = user.appleId === undefined ? [] : this.users.linkedTo(user.appleId);
      const holders = twins.filter((twin) => pool?.heldBy(twin));
      if (holders.length > 0) throw new VppRefusal(9616, undefined, { users: holders });
      return this.#assign(pool, { userId: user.userId }, wanted);
    } catch (error) {
      if (error instanceof VppRefusal) {
        const adamId = pool?.adamId ?? wanted?.pool.adamId;
        this.#emit("license.refused", user, { ...(adamId && { adamId }), errorNumber: error.errorNumber });
      }
      throw error;
    }
  }

  /** Gives the device a licence. Throws VppRefusal. */
  assignToDevice(pool: LicensePool | undefined, item: CatalogueItem, serialNumber: string): License {
    try {
      if (!item.deviceAssignable || isIrrevocable(item)) throw new VppRefusal(9628);
      const already = pool?.heldBy({ serialNumber });
      if (already) throw new VppRefusal(9616, undefined, { license: already });
      return this.#assign(pool, { serialNumber }, undefined);
    } catch (error) {
      if (error instanceof VppRefusal) {
        const { errorNumber } = error;
        const details = { organisationId: this.facts.id, serialNumber, adamId: item.adamId, errorNumber };
        this.#parts.environment.emit("license.refused", details);
      }
      throw error;
    }
  }

  /** Takes the licence back from whoever has it. Throws VppRefusal. */
  takeBack(license: License): void {
    if (license.state !== "assigned") throw new VppRefusal(9619);
    const item = this.#parts.item(license.pool.adamId);
    if (item && isIrrevocable(item)) throw new VppRefusal(9607);
    this.#release(license, "disassociated");
  }

  #assign(pool: LicensePool | undefined, holder: Holder, wanted: License | undefined): License {
    if (wanted?.state === "refunded") throw new VppRefusal(9624);
    if (wanted?.state === "assigned") throw new VppRefusal(9626);
    const license = wanted ?? pool?.firstFree();
    if (!license) throw new VppRefusal(9610, "no free licence of this item");
    license.pool.assign(license, holder, this.#parts.environment.now());
    this.#emitLicense("license.taken", license);
    return license;
  }

  #release(license: License, reason: string): void {
    this.#emitLicense("license.returned", license, { reason });
    license.pool.release(license);
  }

  /** A managed Apple ID can stand behind one user of the organisation only. */
  #requireLinkable(account: AppleAccount): void {
    if (account.managedBy !== this.facts.id) throw new VppRefusal(9635);
    if (this.users.linkedTo(account.appleId).length > 0) throw new VppRefusal(9641);
  }

  #emit(
    event: "user.registered" | "user.accepted" | "user.retired" | "license.refused",
    user: ProgramUser,
    more: Record<string, unknown> = {},
  ): void {
    this.#parts.environment.emit(event, {
      organisationId: this.facts.id,
      vppUserId: user.userId,
      clientUserIdStr: user.clientUserIdStr,
      ...(user.itsIdHash !== undefined && { itsIdHash: user.itsIdHash }),
      ...more,
    });
  }

  #emitLicense(
    event: "license.taken" | "license.returned",
    license: License,
    more: Record<string, unknown> = {},
  ): void {
    const { holder } = license;
    const user = holder?.userId === undefined ? undefined : this.users.byId.get(holder.userId);
    this.#parts.environment.emit(event, {
      organisationId: this.facts.id,
      adamId: license.pool.adamId,
      pricingParam: license.pool.pricingParam,
      licenseId: license.id,
      ...(user && { vppUserId: user.userId, clientUserIdStr: user.clientUserIdStr }),
      ...(holder?.serialNumber !== undefined && { serialNumber: holder.serialNumber }),
      ...more,
    });
  }
}
