import type { AppleAccount, AppleIds } from "./apple-ids.ts";
import type { Catalogue, CatalogueItem } from "./catalogue.ts";
import type { Environment } from "./environment.ts";
import type { License } from "./license-pool.ts";
import type { Organisation } from "./organisation.ts";
import { AppStoreRefusal } from "./refusals.ts";

export interface Ticket {
  readonly adamId: string;
  readonly udid: string;
  readonly issuedAt: number;
}

export interface AuthorizeInput {
  readonly sessionToken: string;
  readonly adamId: string;
  readonly purchaseMethod: number;
  readonly udid: string;
}

export interface DownloadParts {
  readonly environment: Environment;
  readonly appleIds: AppleIds;
  readonly catalogue: Catalogue;
  readonly organisations: ReadonlyMap<number, Organisation>;
  /** How long a licence takes to reach the person's purchases, in milliseconds. */
  readonly associationDelayMs: () => number;
  readonly changed: () => void;
}

/** Who may fetch which app. A ticket lets a phone fetch it once. */
export class AppDownloads {
  static readonly devicesPerLicenseMax = 5;
  static readonly ticketsMax = 20_000;
  static readonly ticketLifeMs = 60 * 60_000;
  readonly tickets = new Map<string, Ticket>();
  readonly #parts: DownloadParts;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  /** Throws AppStoreRefusal item_unknown. */
  item(adamId: string): CatalogueItem {
    const item = this.#parts.catalogue.app(adamId);
    if (!item) throw new AppStoreRefusal("item_unknown", `the App Store has no app ${adamId}`);
    return item;
  }

  /** Answers with a ticket. Throws AppStoreRefusal session_invalid, item_unknown, license_not_found, device_limit. */
  authorize(input: AuthorizeInput): string {
    const session = this.#parts.appleIds.session(input.sessionToken);
    if (session.udid !== input.udid) {
      session.udid = input.udid;
      this.#parts.changed();
    }
    const { account } = session;
    const details = {
      udid: input.udid,
      adamId: input.adamId,
      itsIdHash: account.itsIdHash,
      purchaseMethod: input.purchaseMethod,
    };
    try {
      const item = this.item(input.adamId);
      if (input.purchaseMethod === 1) this.#useLicense(account, item, input.udid);
      else this.#useOwnPurchase(account, item);
    } catch (error) {
      if (error instanceof AppStoreRefusal) {
        this.#parts.environment.emit("store.refused", { ...details, code: error.code });
      }
      throw error;
    }
    this.#parts.environment.emit("store.authorized", details);
    const ticket = this.#parts.environment.randomHex(16);
    this.tickets.set(ticket, {
      adamId: input.adamId,
      udid: input.udid,
      issuedAt: this.#parts.environment.now(),
    });
    for (const oldest of this.tickets.keys()) {
      if (this.tickets.size <= AppDownloads.ticketsMax) break;
      this.tickets.delete(oldest);
    }
    this.#parts.changed();
    return ticket;
  }

  /** Uses the ticket up. Throws AppStoreRefusal ticket_invalid. */
  redeem(ticket: string): CatalogueItem {
    const found = this.tickets.get(ticket);
    if (!found || this.#parts.environment.now() - found.issuedAt > AppDownloads.ticketLifeMs) {
      throw new AppStoreRefusal(
        "ticket_invalid",
        "a ticket fetches one app once, within an hour: authorise again",
      );
    }
    this.tickets.delete(ticket);
    this.#parts.changed();
    return this.item(found.adamId);
  }

  #useLicense(account: AppleAccount, item: CatalogueItem, udid: string): void {
    const licenses = this.#licensesOf(account, item.adamId);
    const [license] = licenses;
    if (!license) {
      throw new AppStoreRefusal("license_not_found", `this Apple ID holds no licence for ${item.name}`);
    }
    // Counted over all licences of the person, so that two organisations don't make ten devices.
    const devices = new Set(licenses.flatMap((held) => held.license.devices));
    if (devices.has(udid)) return;
    if (devices.size >= AppDownloads.devicesPerLicenseMax) {
      throw new AppStoreRefusal(
        "device_limit",
        `the licence for ${item.name} is used by ${AppDownloads.devicesPerLicenseMax} devices of this Apple ID already`,
      );
    }
    license.license.devices = [...license.license.devices, udid];
    license.organisation.changes.inner(license.license);
  }

  #useOwnPurchase(account: AppleAccount, item: CatalogueItem): void {
    if (account.purchases.has(item.adamId)) return;
    if (item.priceCents > 0) {
      throw new AppStoreRefusal(
        "license_not_found",
        `${item.name} isn't free and this Apple ID hasn't bought it`,
      );
    }
    account.purchases.add(item.adamId);
    this.#parts.changed();
  }

  /** In any organisation of the same store country. */
  #licensesOf(account: AppleAccount, adamId: string): { license: License; organisation: Organisation }[] {
    const usableSince = this.#parts.environment.now() - this.#parts.associationDelayMs();
    const found: { license: License; organisation: Organisation }[] = [];
    for (const organisation of this.#parts.organisations.values()) {
      if (organisation.facts.countryCode !== account.countryCode) continue;
      for (const user of organisation.users.linkedTo(account.appleId)) {
        for (const pricingParam of ["STDQ", "PLUS"] as const) {
          const license = organisation.pool(adamId, pricingParam)?.heldBy(user);
          if (!license || Math.max(license.assignedAt, user.linkedAt) > usableSince) continue;
          found.push({ license, organisation });
        }
      }
    }
    return found;
  }
}
