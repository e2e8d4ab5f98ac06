import type { ChangeLog } from "./change-log.ts";

/** `STDQ` standard, `PLUS` the better kind of a book. */
export type PricingParam = "STDQ" | "PLUS";
export type LicenseState = "available" | "assigned" | "refunded";

/** Who holds a licence: a user of the program, or a device by its serial number. */
export type Holder =
  | { readonly userId: number; readonly serialNumber?: undefined }
  | { readonly userId?: undefined; readonly serialNumber: string };

export interface License {
  readonly id: number;
  readonly pool: LicensePool;
  state: LicenseState;
  holder: Holder | undefined;
  /** When it was given to the present holder; 0 when nobody has it. */
  assignedAt: number;
  /** Somebody has or had it: a reader of changes who asked for assigned licences only must hear of its return. */
  everAssigned: boolean;
  /** The change that made it what it is now. */
  modified: number;
  /** The devices (by UDID) that have fetched the app with it. */
  devices: readonly string[];
}

export interface Purchase {
  readonly firstLicenseId: number;
  readonly quantity: number;
  /** The change it was bought by. */
  readonly sequence: number;
}

export interface PoolCounts {
  readonly ownedCount: number;
  readonly assignedCount: number;
  readonly availableCount: number;
  /** Refunded: no longer usable, and not part of Apple's `totalCount`. */
  readonly retiredCount: number;
}

/** Shared by all: most of a hundred thousand licences are never used. */
const noDevices: readonly string[] = [];

export const holderKey = (holder: Holder): string =>
  holder.userId === undefined ? `device:${holder.serialNumber}` : `user:${holder.userId}`;

/** All the licences one organisation ever bought of one item. It moves licences; who may have one is decided by the caller. */
export class LicensePool {
  static readonly licensesMax = 1_000_000;
  readonly adamId: string;
  readonly pricingParam: PricingParam;
  readonly purchases: Purchase[] = [];
  /** Ascending by id. */
  readonly licenses: License[] = [];
  /** In the order in which they became free. */
  readonly free = new Set<License>();
  readonly held = new Map<string, License>();
  refundedCount = 0;
  readonly #changes: ChangeLog;

  constructor(adamId: string, pricingParam: PricingParam, changes: ChangeLog) {
    this.adamId = adamId;
    this.pricingParam = pricingParam;
    this.#changes = changes;
  }

  get counts(): PoolCounts {
    let ownedCount = 0;
    for (const purchase of this.purchases) ownedCount += purchase.quantity;
    return {
      ownedCount,
      assignedCount: this.held.size,
      availableCount: this.free.size,
      retiredCount: this.refundedCount,
    };
  }

  /** Adds new licences with consecutive ids. Answers with them. */
  buy(purchase: Purchase): License[] {
    const bought: License[] = [];
    for (let index = 0; index < purchase.quantity; index += 1) {
      const license: License = {
        id: purchase.firstLicenseId + index,
        pool: this,
        state: "available",
        holder: undefined,
        assignedAt: 0,
        everAssigned: false,
        modified: purchase.sequence,
        devices: noDevices,
      };
      bought.push(license);
      this.licenses.push(license);
      this.free.add(license);
    }
    this.purchases.push(purchase);
    this.#changes.pool(this);
    return bought;
  }

  heldBy(holder: Holder): License | undefined {
    return this.held.get(holderKey(holder));
  }

  /** The one that has been free longest. */
  firstFree(): License | undefined {
    for (const license of this.free) return license;
    return undefined;
  }

  assign(license: License, holder: Holder, nowMs: number): void {
    this.free.delete(license);
    this.held.set(holderKey(holder), license);
    license.state = "assigned";
    license.holder = holder;
    license.assignedAt = nowMs;
    license.everAssigned = true;
    this.#changes.license(license);
  }

  release(license: License): void {
    if (license.holder) this.held.delete(holderKey(license.holder));
    license.state = "available";
    license.holder = undefined;
    license.assignedAt = 0;
    license.devices = noDevices;
    this.free.add(license);
    this.#changes.license(license);
  }

  refund(license: License): void {
    this.free.delete(license);
    license.state = "refunded";
    this.refundedCount += 1;
    this.#changes.license(license);
  }
}
