import type { AppleModel } from "./apple-model.ts";
import { AppDownloads } from "./app-downloads.ts";
import { holderKey, type License, type LicensePool } from "./license-pool.ts";
import { isIrrevocable, type Organisation } from "./organisation.ts";
import { isActive, type ProgramUser } from "./program-users.ts";

/** What must be true at every moment, looked at from outside the classes that keep it so. */
export class Invariants {
  readonly #model: AppleModel;
  /** How many single checks were made since the beginning. */
  checkCount = 0;
  #found: string[] = [];

  constructor(model: AppleModel) {
    this.#model = model;
  }

  /** Checks what was touched since the last time. Its cost depends on the change, not on the size of the state. */
  checkTouched(): string[] {
    this.#found = [];
    for (const organisation of this.#model.organisations.values()) {
      const { changes } = organisation;
      for (const pool of changes.pools) this.#checkCounts(organisation, pool);
      for (const license of changes.licenses) this.#checkLicense(organisation, license);
      for (const user of changes.users) this.#checkUser(organisation, user);
      changes.clear();
    }
    return this.#found;
  }

  /** Checks everything, and counts again what is otherwise only kept up to date. */
  checkAll(): string[] {
    this.#found = [];
    for (const organisation of this.#model.organisations.values()) {
      for (const pool of organisation.pools.values()) {
        this.#checkCounts(organisation, pool);
        this.#recount(organisation, pool);
        for (const license of pool.licenses) this.#checkLicense(organisation, license);
      }
      for (const user of organisation.users.byId.values()) this.#checkUser(organisation, user);
      this.#checkNames(organisation);
      organisation.changes.clear();
    }
    return this.#found;
  }

  #expect(holds: boolean, organisation: Organisation, what: string): void {
    this.checkCount += 1;
    if (!holds) this.#found.push(`organisation ${organisation.facts.id}: ${what}`);
  }

  #checkCounts(organisation: Organisation, pool: LicensePool): void {
    const { ownedCount, assignedCount, availableCount, retiredCount } = pool.counts;
    const name = `item ${pool.adamId} ${pool.pricingParam}`;
    this.#expect(
      assignedCount + availableCount + retiredCount === ownedCount,
      organisation,
      `${name}: ${assignedCount} assigned + ${availableCount} available + ${retiredCount} refunded is not ${ownedCount} owned`,
    );
    this.#expect(
      assignedCount >= 0 && availableCount >= 0 && retiredCount >= 0 && assignedCount <= ownedCount,
      organisation,
      `${name}: a count is out of range`,
    );
    this.#expect(
      pool.licenses.length === ownedCount,
      organisation,
      `${name}: ${pool.licenses.length} licences are kept, ${ownedCount} were bought`,
    );
    this.#expect(
      this.#model.catalogue.get(pool.adamId) !== undefined,
      organisation,
      `${name} isn't in the catalogue`,
    );
  }

  #recount(organisation: Organisation, pool: LicensePool): void {
    const counted = { available: 0, assigned: 0, refunded: 0 };
    const holders = new Set<string>();
    for (const license of pool.licenses) {
      counted[license.state] += 1;
      if (license.holder) holders.add(holderKey(license.holder));
    }
    const { assignedCount, availableCount, retiredCount } = pool.counts;
    this.#expect(
      counted.assigned === assignedCount &&
        counted.available === availableCount &&
        counted.refunded === retiredCount,
      organisation,
      `item ${pool.adamId} ${pool.pricingParam}: recounted ${counted.assigned} assigned, ${counted.available} available, ` +
        `${counted.refunded} refunded, but ${assignedCount}, ${availableCount}, ${retiredCount} are kept`,
    );
    this.#expect(
      holders.size === counted.assigned,
      organisation,
      `item ${pool.adamId} ${pool.pricingParam}: somebody holds two licences`,
    );
  }

  #checkLicense(organisation: Organisation, license: License): void {
    const { pool, holder } = license;
    const name = `licence ${license.id} of item ${pool.adamId}`;
    this.#expect(
      (license.state === "assigned") === (holder !== undefined) &&
        (license.state === "available") === pool.free.has(license) &&
        organisation.licenses.get(license.id) === license,
      organisation,
      `${name} is ${license.state}, but filed otherwise`,
    );
    if (!holder) return;
    this.#expect(pool.heldBy(holder) === license, organisation, `${name} is one of two that its holder has`);
    this.#expect(
      license.devices.length <= AppDownloads.devicesPerLicenseMax,
      organisation,
      `${name} is used by ${license.devices.length} devices`,
    );
    const item = this.#model.catalogue.get(pool.adamId);
    if (holder.userId === undefined) {
      this.#expect(
        item !== undefined && !isIrrevocable(item) && license.devices.length === 0,
        organisation,
        `${name} is held by device ${holder.serialNumber}, which can't be or shares it`,
      );
      return;
    }
    const user = organisation.users.byId.get(holder.userId);
    const mayStay = item !== undefined && isIrrevocable(item) && user?.status === "Retired";
    this.#expect(
      user !== undefined && (isActive(user) || mayStay),
      organisation,
      `${name} is held by user ${holder.userId}, who is ${user?.status ?? "unknown"}`,
    );
  }

  #checkUser(organisation: Organisation, user: ProgramUser): void {
    const name = `user ${user.userId} (${user.clientUserIdStr})`;
    const active = organisation.users.activeByClientId.get(user.clientUserIdStr);
    this.#expect(
      isActive(user) ? active === user : active !== user,
      organisation,
      `${name} is ${user.status}, but another record is the active one of that name`,
    );
    this.#expect(
      user.status === "Associated"
        ? user.appleId !== undefined
        : user.status !== "Registered" || user.appleId === undefined,
      organisation,
      `${name} is ${user.status} ${user.appleId === undefined ? "without" : "with"} an Apple ID`,
    );
    if (user.appleId !== undefined) {
      const account = this.#model.appleIds.accounts.get(user.appleId);
      this.#expect(
        account !== undefined && account.itsIdHash === user.itsIdHash,
        organisation,
        `${name} is linked to an Apple ID that doesn't exist or has another hash`,
      );
      this.#expect(
        organisation.users.linkedTo(user.appleId).includes(user) === (user.status === "Associated"),
        organisation,
        `${name} is ${user.status}, but filed otherwise under the Apple ID`,
      );
    }
    if (!isActive(user)) {
      const left = organisation
        .licensesOf(user)
        .map((license) => this.#model.catalogue.get(license.pool.adamId));
      this.#expect(
        left.every((item) => item !== undefined && isIrrevocable(item) && user.status === "Retired"),
        organisation,
        `${name} is ${user.status} and still holds a licence that can be revoked`,
      );
    }
  }

  /** One active record per clientUserIdStr, counted from the records themselves. */
  #checkNames(organisation: Organisation): void {
    const names = new Set<string>();
    let activeCount = 0;
    for (const user of organisation.users.byId.values()) {
      if (!isActive(user)) continue;
      activeCount += 1;
      names.add(user.clientUserIdStr);
    }
    this.#expect(
      names.size === activeCount && organisation.users.activeByClientId.size === activeCount,
      organisation,
      `${activeCount} active users have ${names.size} names, ${organisation.users.activeByClientId.size} are filed`,
    );
  }
}
