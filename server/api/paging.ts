/** Lists are handed out in pages; a cursor is the place in an index where the next page begins. */
import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import {
  indexes,
  type CollectionName,
  type Collections,
  type IndexEntry,
  type IndexName,
  type IndexSort,
} from "../store/records.ts";
import type { IndexPosition, Reader } from "../store/store.ts";

/** Records looked at for one page. A filter that fits little answers with a short page and a cursor. */
const scanMax = 5_000;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).openapi({ description: "Items on a page." }),
  cursor: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .openapi({ description: "`nextCursor` of the page before. Opaque." }),
};

/** `nextCursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}

export interface PageRequest<C extends CollectionName> {
  readonly collection: C;
  readonly index: IndexName<C>;
  /** The list runs through all of them in one order, as if they were one. Default: the partition `""`. */
  readonly partitions?: readonly string[];
  readonly order?: "ascending" | "descending";
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly filter?: (record: Collections[C]) => boolean;
  /** Only records whose sort value is not below this. For a descending list, which ends there. */
  readonly sortMin?: IndexSort;
  /** Only records whose sort value is not above this. */
  readonly sortMax?: IndexSort;
}

export interface Page<R> {
  readonly records: R[];
  readonly nextCursor: string | null;
}

/**
 * One page. Records that come or go between two pages move no others: each record that is there all the time is handed out
 * exactly once. Throws invalid_request for a cursor that is none.
 */
export async function readPage<C extends CollectionName>(
  reader: Reader,
  request: PageRequest<C>,
): Promise<Page<Collections[C]>> {
  let after = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  const records: Collections[C][] = [];
  let scanned = 0;
  for (;;) {
    const batch = await nextEntries(reader, request, after, request.limit + 1);
    for (const { record, place } of batch) {
      if (request.sortMin !== undefined && isBelow(place[0], request.sortMin))
        return { records, nextCursor: null };
      if (records.length === request.limit) return { records, nextCursor: encodeCursor(after) };
      after = place;
      scanned += 1;
      if (!request.filter || request.filter(record)) records.push(record);
    }
    if (batch.length <= request.limit) return { records, nextCursor: null };
    if (scanned >= scanMax) return { records, nextCursor: encodeCursor(after) };
  }
}

interface Entry<R> {
  record: R;
  place: IndexPosition;
}

async function nextEntries<C extends CollectionName>(
  reader: Reader,
  request: PageRequest<C>,
  after: IndexPosition | undefined,
  limit: number,
): Promise<Entry<Collections[C]>[]> {
  const { collection, index, order = "ascending", partitions = [""] } = request;
  const entries: Entry<Collections[C]>[] = [];
  for (const partition of partitions) {
    const query = {
      index,
      partition,
      order,
      limit,
      ...(after ? { after } : {}),
      ...(request.sortMax === undefined ? {} : { sortMax: request.sortMax }),
    };
    for (const record of await reader.list(collection, query)) {
      entries.push({ record, place: placeOf(collection, index, partition, record) });
    }
  }
  if (partitions.length === 1) return entries;
  const sign = order === "ascending" ? 1 : -1;
  return entries.sort((a, b) => sign * comparePlaces(a.place, b.place)).slice(0, limit);
}

function placeOf<C extends CollectionName>(
  collection: C,
  index: IndexName<C>,
  partition: string,
  record: Collections[C],
): IndexPosition {
  // The table of indexes is typed by collection; under a generic collection TypeScript can't look one up.
  const functions = indexes[collection] as Record<
    string,
    (record: Collections[C]) => IndexEntry | readonly IndexEntry[] | undefined
  >;
  const found = functions[index]?.(record) ?? [];
  const entries = isEntry(found) ? [found] : found;
  const entry = entries.find(([name]) => name === partition);
  if (!entry) throw new Error(`${collection}.${index} listed a record that is not in "${partition}"`);
  return [entry[1], record.id];
}

function isEntry(found: IndexEntry | readonly IndexEntry[]): found is IndexEntry {
  return typeof found[0] === "string";
}

function isBelow(sort: IndexSort, min: IndexSort): boolean {
  return typeof sort === typeof min && sort < min;
}

function comparePlaces(a: IndexPosition, b: IndexPosition): number {
  for (const [left, right] of [
    [a[0], b[0]],
    [a[1], b[1]],
  ] as const) {
    if (left < right) return -1;
    if (left > right) return 1;
  }
  return 0;
}

const Place = z.tuple([z.union([z.string().max(256), z.number()]), z.string().max(256)]);

function encodeCursor(place: IndexPosition | undefined): string | null {
  return place ? Buffer.from(JSON.stringify(place)).toString("base64url") : null;
}

function decodeCursor(cursor: string): IndexPosition {
  const refusal = (cause?: unknown) =>
    new PippinError(
      "invalid_request",
      "query.cursor: expected the nextCursor of an earlier page, unchanged",
      {
        cause,
        details: { errors: [{ path: "query.cursor", expected: "the nextCursor of an earlier page" }] },
      },
    );
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch (error) {
    throw refusal(error);
  }
  const place = Place.safeParse(value);
  if (!place.success) throw refusal(place.error);
  return place.data;
}
