import { z } from "zod";
import type { Environment } from "./environment.ts";
import type { Organisation } from "./organisation.ts";
import { VppRefusal } from "./refusals.ts";

/** What the two lists have in common. `F` is what a reader may filter by; it must be plain JSON. */
export interface Listing<T extends { modified: number }, F extends object> {
  readonly kind: "users" | "licenses";
  readonly filter: z.ZodType<F>;
  /** Ascending by id, which makes the order stable while records change. */
  all(organisation: Organisation): Iterable<T>;
  id(record: T): number;
  find(organisation: Organisation, id: number): T | undefined;
  /** `isUpdate`: the reader asked for changes only. */
  matches(record: T, filter: F, isUpdate: boolean): boolean;
  /** What a `sinceModifiedToken` carries on to the next read, whatever that one says. */
  readonly remembers: readonly (keyof F & string)[];
}

export interface ListRequest<F> {
  readonly batchToken: string | undefined;
  readonly sinceModifiedToken: string | undefined;
  readonly overrideIndex: number | undefined;
  readonly filter: F;
}

export interface Page<T> {
  readonly records: T[];
  /** Records in the whole read. */
  readonly totalCount: number;
  readonly pageCount: number;
  /** Whether this is the answer to a request without a batchToken. */
  readonly isFirst: boolean;
  /** Given while there is more. */
  readonly batchToken: string | undefined;
  /** Given on the last page: the only sign of the end. */
  readonly sinceModifiedToken: string | undefined;
}

/** A read under way: which records it found when it began. */
interface OpenRead {
  readonly organisationId: number;
  readonly kind: string;
  readonly filter: unknown;
  readonly isUpdate: boolean;
  readonly ids: readonly number[];
  /** The organisation's latest change when the read began; changes made meanwhile come with the next `sinceModifiedToken`. */
  readonly sequence: number;
  readonly beganAt: number;
  readonly pageSize: number;
  readonly generation: number;
}

export interface PagingOptions {
  /** Records on a page of a read that begins now. */
  pageSize(): number;
  /** Reads of an earlier generation are lost. */
  generation(): number;
}

const BatchToken = z.strictObject({ read: z.string(), page: z.number().int().positive() });
const SinceToken = z.strictObject({
  kind: z.string(),
  library: z.string(),
  sequence: z.number().int().nonnegative(),
  filter: z.record(z.string(), z.unknown()),
});

const encode = (content: unknown): string =>
  Buffer.from(JSON.stringify(content), "utf8").toString("base64url");

function decode<T>(schema: z.ZodType<T>, name: string, token: string): T {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw new VppRefusal(9602, `${name} is none that this service gave out`);
  return parsed.data;
}

/**
 * Reads of long lists, page by page. A read keeps the ids it found at its beginning, so that pages neither skip nor repeat a record
 * whatever happens meanwhile; the records themselves are shown as they are when their page is asked for. Reads are kept in memory
 * only and not for ever: a client that comes too late, or after a restart, is answered 9633 and begins again.
 */
export class Paging {
  static readonly readsPerOrganisationMax = 32;
  static readonly readLifeMs = 30 * 60_000;
  readonly #reads = new Map<string, OpenRead>();
  readonly #options: PagingOptions;
  readonly #environment: Environment;

  constructor(environment: Environment, options: PagingOptions) {
    this.#environment = environment;
    this.#options = options;
  }

  /** Throws VppRefusal 9602, 9629, 9633. */
  page<T extends { modified: number }, F extends object>(
    organisation: Organisation,
    listing: Listing<T, F>,
    request: ListRequest<F>,
  ): Page<T> {
    if (request.batchToken !== undefined) {
      const token = decode(BatchToken, "batchToken", request.batchToken);
      const read = this.#reads.get(token.read);
      if (!read || this.#isOver(read)) throw new VppRefusal(9633);
      if (read.organisationId !== organisation.facts.id) throw new VppRefusal(9629);
      if (read.kind !== listing.kind) throw new VppRefusal(9602, "the batchToken is of another service");
      return this.#cut(organisation, listing, read, token.read, request.overrideIndex ?? token.page, false);
    }
    if (request.overrideIndex !== undefined) {
      throw new VppRefusal(9602, "overrideIndex goes with a batchToken");
    }
    const read = this.#begin(organisation, listing, request);
    const isLong = read.ids.length > read.pageSize;
    return this.#cut(organisation, listing, read, isLong ? this.#keep(read) : "", 1, true);
  }

  #begin<T extends { modified: number }, F extends object>(
    organisation: Organisation,
    listing: Listing<T, F>,
    request: ListRequest<F>,
  ): OpenRead {
    let { filter } = request;
    const remembers: readonly string[] = listing.remembers;
    let since = -1;
    if (request.sinceModifiedToken !== undefined) {
      const token = decode(SinceToken, "sinceModifiedToken", request.sinceModifiedToken);
      const own = Object.entries(request.filter).filter(([name]) => !remembers.includes(name));
      const remembered = listing.filter.safeParse({ ...Object.fromEntries(own), ...token.filter });
      if (
        token.kind !== listing.kind ||
        token.library !== organisation.facts.uId ||
        token.sequence > organisation.changes.sequence ||
        !remembered.success
      ) {
        throw new VppRefusal(9602, "the sinceModifiedToken is of another service or account");
      }
      since = token.sequence;
      filter = remembered.data;
    }
    const isUpdate = since >= 0;
    const ids: number[] = [];
    for (const record of listing.all(organisation)) {
      if (record.modified > since && listing.matches(record, filter, isUpdate)) ids.push(listing.id(record));
    }
    return {
      organisationId: organisation.facts.id,
      kind: listing.kind,
      filter,
      isUpdate,
      ids,
      sequence: organisation.changes.sequence,
      beganAt: this.#environment.now(),
      pageSize: this.#options.pageSize(),
      generation: this.#options.generation(),
    };
  }

  #keep(read: OpenRead): string {
    const own: string[] = [];
    for (const [id, other] of this.#reads) {
      if (this.#isOver(other)) this.#reads.delete(id);
      else if (other.organisationId === read.organisationId) own.push(id);
    }
    const [oldest] = own;
    if (oldest !== undefined && own.length >= Paging.readsPerOrganisationMax) this.#reads.delete(oldest);
    const id = this.#environment.randomHex(16);
    this.#reads.set(id, read);
    return id;
  }

  #isOver(read: OpenRead): boolean {
    if (read.generation !== this.#options.generation()) return true;
    return this.#environment.now() - read.beganAt > Paging.readLifeMs;
  }

  #cut<T extends { modified: number }, F extends object>(
    organisation: Organisation,
    listing: Listing<T, F>,
    read: OpenRead,
    readId: string,
    page: number,
    isFirst: boolean,
  ): Page<T> {
    const pageCount = Math.max(1, Math.ceil(read.ids.length / read.pageSize));
    if (page < 1 || page > pageCount) throw new VppRefusal(9602, `overrideIndex goes from 1 to ${pageCount}`);
    const filter = read.filter as F;
    const records: T[] = [];
    for (const id of read.ids.slice((page - 1) * read.pageSize, page * read.pageSize)) {
      const record = listing.find(organisation, id);
      if (record && listing.matches(record, filter, read.isUpdate)) records.push(record);
    }
    const isLast = page === pageCount;
    return {
      records,
      totalCount: read.ids.length,
      pageCount,
      isFirst,
      batchToken: isLast ? undefined : encode({ read: readId, page: page + 1 }),
      sinceModifiedToken: isLast
        ? encode({
            kind: listing.kind,
            library: organisation.facts.uId,
            sequence: read.sequence,
            filter: Object.fromEntries(listing.remembers.map((name) => [name, filter[name]])),
          })
        : undefined,
    };
  }
}
