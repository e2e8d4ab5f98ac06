import type { License, LicensePool } from "./license-pool.ts";
import type { ProgramUser } from "./program-users.ts";

/** Numbers the changes of one organisation, and remembers what was touched until the invariants have been checked. */
export class ChangeLog {
  /** The number of the latest change; `sinceModifiedToken` is made of it. */
  sequence = 0;
  readonly users = new Set<ProgramUser>();
  readonly licenses = new Set<License>();
  readonly pools = new Set<LicensePool>();
  readonly #changed: () => void;

  /** `changed` is called at every change, visible to the MDM or not. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  next(): number {
    this.sequence += 1;
    this.#changed();
    return this.sequence;
  }

  user(user: ProgramUser): void {
    user.modified = this.next();
    this.users.add(user);
  }

  license(license: License): void {
    license.modified = this.next();
    this.licenses.add(license);
    this.pools.add(license.pool);
  }

  pool(pool: LicensePool): void {
    this.pools.add(pool);
    this.#changed();
  }

  /** A change that only this service knows of (a device used the licence, the client context): no reader is told. */
  inner(license?: License): void {
    if (license) this.licenses.add(license);
    this.#changed();
  }

  clear(): void {
    this.users.clear();
    this.licenses.clear();
    this.pools.clear();
  }
}
