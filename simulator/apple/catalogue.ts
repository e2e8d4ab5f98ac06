import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import apps from "../data/apps.json" with { type: "json" };

/** What an item is, by Apple's `productTypeId`. A book can't be taken back once given. */
export const productTypes = { 7: "Software", 8: "Application", 10: "Publication" } as const;
export type ProductTypeId = keyof typeof productTypes;

const ProductType = z.union([z.literal(7), z.literal(8), z.literal(10)]);
const text = z.string().trim().min(1).max(255);

/** An adamId: the App Store's number for an item, as decimal digits. */
export const AdamId = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, "an adamId: decimal digits, without a leading zero, as a string");

/** One item of the store, as the catalogue file holds it. */
export const CatalogueItem = z.strictObject({
  adamId: AdamId,
  bundleId: text,
  name: text,
  artistName: text,
  version: text,
  externalVersionIdentifier: z.number().int().positive(),
  /** Size of the download. */
  bytes: z.number().int().positive().max(50_000_000_000),
  priceCents: z.number().int().nonnegative(),
  deviceAssignable: z.boolean(),
  productTypeId: ProductType,
});
export type CatalogueItem = z.infer<typeof CatalogueItem>;

/** What a new version changes of an item. */
export const Release = CatalogueItem.pick({ version: true, externalVersionIdentifier: true, bytes: true });
export type Release = z.infer<typeof Release>;

/** The same, with defaults for what a tester seldom cares about. */
export const NewCatalogueItem = CatalogueItem.extend({
  artistName: text.default("Pippin Lab"),
  version: text.default("1.0"),
  externalVersionIdentifier: z.number().int().positive().default(1),
  bytes: z.number().int().positive().max(50_000_000_000).default(20_000_000),
  priceCents: z.number().int().nonnegative().default(0),
  deviceAssignable: z.boolean().default(true),
  productTypeId: ProductType.default(8),
});

/** Every item the store knows, by adamId. */
export class Catalogue {
  static readonly itemsMax = 10_000;
  readonly #items = new Map<string, CatalogueItem>();
  readonly #adamIds = new Map<string, string>();

  constructor(items: readonly CatalogueItem[]) {
    for (const item of items) this.add(item);
  }

  get(adamId: string): CatalogueItem | undefined {
    return this.#items.get(adamId);
  }

  byBundleId(bundleId: string): CatalogueItem | undefined {
    const adamId = this.#adamIds.get(bundleId);
    return adamId === undefined ? undefined : this.#items.get(adamId);
  }

  /** Throws not_found, and invalid_request unless the version's number is higher than the one before. */
  release(adamId: string, release: Release): CatalogueItem {
    const item = this.#items.get(adamId);
    if (!item) throw new PippinError("not_found", `the catalogue has no item ${adamId}`);
    if (release.externalVersionIdentifier <= item.externalVersionIdentifier) {
      throw new PippinError(
        "invalid_request",
        `expected an externalVersionIdentifier above ${item.externalVersionIdentifier}, the present one`,
      );
    }
    const released = { ...item, ...release };
    this.#items.set(adamId, released);
    return released;
  }

  /** Its developer lets devices hold licences of it, or no longer does. Throws not_found. */
  setDeviceAssignable(adamId: string, deviceAssignable: boolean): CatalogueItem {
    const item = this.#items.get(adamId);
    if (!item) throw new PippinError("not_found", `the catalogue has no item ${adamId}`);
    const changed = { ...item, deviceAssignable };
    this.#items.set(adamId, changed);
    return changed;
  }

  /** What the App Store of a phone offers: no books, no Mac software. */
  app(adamId: string): CatalogueItem | undefined {
    const item = this.#items.get(adamId);
    return item?.productTypeId === 8 ? item : undefined;
  }

  all(): CatalogueItem[] {
    return [...this.#items.values()];
  }

  /** Throws already_exists, limit_exceeded. */
  add(item: CatalogueItem): void {
    if (this.#items.has(item.adamId)) {
      throw new PippinError(
        "already_exists",
        `the catalogue already holds an item with adamId ${item.adamId}`,
      );
    }
    if (this.#adamIds.has(item.bundleId)) {
      throw new PippinError(
        "already_exists",
        `the catalogue already holds an item with bundleId ${item.bundleId}`,
      );
    }
    if (this.#items.size >= Catalogue.itemsMax) {
      throw new PippinError("limit_exceeded", `the catalogue holds at most ${Catalogue.itemsMax} items`);
    }
    this.#items.set(item.adamId, item);
    this.#adamIds.set(item.bundleId, item.adamId);
  }
}

/** Parses a catalogue (the content of a JSON file). Throws configuration_invalid. */
export function parseCatalogue(content: unknown): CatalogueItem[] {
  const items = z.array(CatalogueItem).max(Catalogue.itemsMax).safeParse(content);
  if (!items.success) {
    throw new PippinError("configuration_invalid", `the app catalogue: ${z.prettifyError(items.error)}`);
  }
  return new Catalogue(items.data).all();
}

/**
 * Two dozen real apps, with the adamIds, bundle ids and names they have in the public store, as of mid-2016. That two of them can't go
 * to devices is made up.
 */
export function defaultCatalogue(): CatalogueItem[] {
  return parseCatalogue(apps);
}
