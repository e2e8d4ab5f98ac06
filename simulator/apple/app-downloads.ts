import type { DownloadAnswer, LookupItem } from "../../shared/app-store.ts";
import { devicesPerUserLicense } from "../../shared/vpp.ts";
import type { AppleAccount, AppleIds } from "./apple-ids.ts";
import { countDown, type AppleBehaviour } from "./behaviour.ts";
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
  readonly sessionToken?: string | undefined;
  readonly adamId: string;
  readonly purchaseMethod: number;
  readonly udid: string;
  readonly serialNumber?: string | undefined;
}

export interface DownloadParts {
  readonly environment: Environment;
  readonly appleIds: AppleIds;
  readonly catalogue: Catalogue;
  readonly organisations: ReadonlyMap<number, Organisation>;
  readonly behaviour: () => AppleBehaviour;
  readonly changed: () => void;
}

/** Who may fetch which app. A ticket lets a phone fetch it once. */
export class AppDownloads {
  static readonly devicesPerLicenseMax = devicesPerUserLicense;
  static readonly ticketsMax = 20_000;
  static readonly ticketLifeMs = 60 * 60_000;
  readonly tickets = new Map<string, Ticket>();
  /** By UDID, the serial number of each phone that uses a user's licence: one with its own takes none of the five places. */
  readonly serialNumbers = new Map<string, string>();
  readonly #parts: DownloadParts;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  /** Throws AppStoreRefusal item_unknown, not_an_app. */
  item(name: { adamId: string } | { bundleId: string }): CatalogueItem {
    const { catalogue } = this.#parts;
    const item = "adamId" in name ? catalogue.get(name.adamId) : catalogue.byBundleId(name.bundleId);
    const said = Object.values(name).join();
    if (!item) throw new AppStoreRefusal("item_unknown", `the App Store has no app ${said}`);
    if (!catalogue.app(item.adamId))
      throw new AppStoreRefusal("not_an_app", `${said} is no app that runs on a phone`);
    return item;
  }

  /** What a phone is shown, and whether it holds a licence of its own. Throws as `item`. */
  lookup(name: { adamId: string } | { bundleId: string }, serialNumber: string | undefined): LookupItem {
    const item = this.item(name);
    const deviceLicensed = this.#holdsItself(serialNumber, item.adamId);
    return { ...lookupItem(item), ...(deviceLicensed ? { deviceLicensed } : {}) };
  }

  /**
   * Answers with a ticket. A phone that holds a licence itself needs no Apple ID, whoever is signed in. Throws AppStoreRefusal
   * session_invalid, store_terms_due, item_unknown, not_an_app, purchase_refused, license_not_found, device_limit.
   */
  authorize(input: AuthorizeInput): string {
    const { udid, adamId, purchaseMethod, serialNumber } = input;
    const holdsItself = purchaseMethod === 1 && this.#holdsItself(serialNumber, adamId);
    const account = holdsItself ? undefined : this.#accountOf(input);
    const details = {
      ...{ udid, adamId, purchaseMethod },
      ...(account ? { itsIdHash: account.itsIdHash } : { serialNumber }),
    };
    try {
      const item = this.item({ adamId });
      if (account) this.requireStoreTerms(account);
      if (countDown(this.#parts.behaviour(), "refuseAuthorizations", item.adamId))
        throw new AppStoreRefusal("purchase_refused", `${item.name} can't be had just now`);
      if (account && purchaseMethod === 1) this.#useLicense(account, item, input);
      else if (account) this.#useOwnPurchase(account, item);
    } catch (error) {
      if (error instanceof AppStoreRefusal) {
        this.#parts.environment.emit("store.refused", { ...details, code: error.code });
      }
      throw error;
    }
    this.#parts.environment.emit("store.authorized", details);
    const ticket = this.#parts.environment.randomHex(16);
    this.tickets.set(ticket, { adamId, udid, issuedAt: this.#parts.environment.now() });
    for (const oldest of this.tickets.keys()) {
      if (this.tickets.size <= AppDownloads.ticketsMax) break;
      this.tickets.delete(oldest);
    }
    this.#parts.changed();
    return ticket;
  }

  /** Throws AppStoreRefusal store_terms_due. */
  requireStoreTerms(account: AppleAccount): void {
    if (account.storeTermsAccepted) return;
    throw new AppStoreRefusal(
      "store_terms_due",
      "this Apple ID can't be used before its owner has agreed to the App Store's terms",
    );
  }

  /** Uses the ticket up. Throws AppStoreRefusal ticket_invalid. */
  redeem(ticket: string): DownloadAnswer {
    const found = this.tickets.get(ticket);
    if (!found || this.#parts.environment.now() - found.issuedAt > AppDownloads.ticketLifeMs) {
      throw new AppStoreRefusal(
        "ticket_invalid",
        "a ticket fetches one app once, within an hour: authorise again",
      );
    }
    this.tickets.delete(ticket);
    this.#parts.changed();
    const item = this.item({ adamId: found.adamId });
    const behaviour = this.#parts.behaviour();
    const { downloadBytesPerSecond } = behaviour;
    const breaksOff = countDown(behaviour, "failDownloads", item.adamId);
    if (breaksOff)
      this.#parts.environment.emit("fault", {
        adamId: item.adamId,
        udid: found.udid,
        where: "store",
        what: "a download breaks off",
      });
    return {
      ...lookupItem(item),
      ...(downloadBytesPerSecond === null ? {} : { bytesPerSecond: downloadBytesPerSecond }),
      ...(breaksOff ? { breaksOffAtByte: Math.floor(item.bytes / 2) } : {}),
    };
  }

  /** The device no longer has what isn't named: its place among the five is free. Throws AppStoreRefusal session_invalid. */
  keepOnly(holdings: { sessionToken: string; udid: string; adamIds: readonly string[] }): void {
    const { account } = this.#parts.appleIds.session(holdings.sessionToken);
    const kept = new Set(holdings.adamIds);
    for (const organisation of this.#parts.organisations.values()) {
      for (const user of organisation.users.linkedTo(account.appleId)) {
        for (const license of organisation.licensesOf(user)) {
          const { devices, pool } = license;
          if (kept.has(pool.adamId) || !devices.includes(holdings.udid)) continue;
          license.devices = devices.filter((udid) => udid !== holdings.udid);
          organisation.changes.inner(license);
        }
      }
    }
  }

  /** Who is signed in on the phone. Throws AppStoreRefusal session_invalid. */
  #accountOf({ sessionToken, udid }: AuthorizeInput): AppleAccount {
    if (sessionToken === undefined)
      throw new AppStoreRefusal("session_invalid", "sign in first: the phone has no licence of its own");
    const session = this.#parts.appleIds.session(sessionToken);
    if (session.udid !== udid) {
      session.udid = udid;
      this.#parts.changed();
    }
    return session.account;
  }

  #useLicense(
    account: AppleAccount,
    item: CatalogueItem,
    { udid, serialNumber }: { udid: string; serialNumber?: string | undefined },
  ): void {
    const licenses = this.#licensesOf(account, item.adamId);
    const [license] = licenses;
    if (!license) {
      throw new AppStoreRefusal("license_not_found", `this Apple ID holds no licence for ${item.name}`);
    }
    if (serialNumber !== undefined) this.serialNumbers.set(udid, serialNumber);
    for (const held of licenses) this.#freePlaces(held, item.adamId);
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

  /** A phone that was given a licence of its own since takes no place of the user's any more. */
  #freePlaces(
    { license, organisation }: { license: License; organisation: Organisation },
    adamId: string,
  ): void {
    const { devices } = license;
    const left = devices.filter((udid) => !this.#holdsItself(this.serialNumbers.get(udid), adamId));
    if (left.length === devices.length) return;
    license.devices = left;
    organisation.changes.inner(license);
  }

  /** Whether any organisation gave a licence to the phone of this serial number. */
  #holdsItself(serialNumber: string | undefined, adamId: string): boolean {
    if (!serialNumber) return false;
    const usableSince = this.#parts.environment.now() - this.#parts.behaviour().associationDelayMs;
    return [...this.#parts.organisations.values()].some((organisation) => {
      const license = organisation.pool(adamId, "STDQ")?.heldBy({ serialNumber });
      return license !== undefined && license.assignedAt <= usableSince;
    });
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
    const usableSince = this.#parts.environment.now() - this.#parts.behaviour().associationDelayMs;
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

function lookupItem(item: CatalogueItem): LookupItem {
  const { adamId, bundleId, name, version, externalVersionIdentifier, bytes, priceCents } = item;
  return {
    ...{ adamId, bundleId, name, version, externalVersionIdentifier, bytes },
    ...(priceCents > 0 ? { priceCents } : {}),
  };
}
