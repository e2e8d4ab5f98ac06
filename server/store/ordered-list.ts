import type { IndexSort } from "./records.ts";
import type { IndexPosition } from "./store.ts";

/** Inserting moves at most so many entries; a million entries are ten thousand chunks. */
const chunkLengthMax = 128;

/** Numbers by value, strings by code unit, numbers before strings. */
function compareSorts(a: IndexSort, b: IndexSort): number {
  // A comparison that only ever meets one type is many times faster than one that meets both.
  if (typeof a === "number") return typeof b === "number" ? compareNumbers(a, b) : -1;
  return typeof b === "number" ? 1 : compareTexts(a, b);
}

function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A place to look for: by sort value alone, before or after all that have it, when there is no id. */
interface Bound {
  readonly sort: IndexSort;
  readonly id?: string;
  /** Whether what is exactly there lies before the place. */
  readonly includes: boolean;
}

function at([sort, id]: IndexPosition, { includes } = { includes: false }): Bound {
  return { sort, id, includes };
}

function isBefore(entry: IndexPosition, { sort, id, includes }: Bound): boolean {
  const order = compareSorts(entry[0], sort) || (id === undefined ? 0 : compareTexts(entry[1], id));
  return order < 0 || (includes && order === 0);
}

export interface Page {
  readonly after?: IndexPosition | undefined;
  readonly sortMax?: IndexSort | undefined;
  readonly descending: boolean;
  readonly limit: number;
}

/** A place between entries: before the entry at `offset` of `chunk`. */
interface Place {
  readonly chunk: number;
  readonly offset: number;
}

/** One partition of an index: positions in order, kept in short chunks so that no insertion moves the whole list. */
export class OrderedList {
  #chunks: IndexPosition[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  insert(position: IndexPosition): void {
    this.#size += 1;
    const lastChunk = this.#chunks.at(-1);
    const last = lastChunk?.at(-1);
    if (lastChunk === undefined || last === undefined) {
      // Many lists hold a single entry, and pushing onto an empty list makes room for seventeen.
      this.#chunks = [[position]];
    } else if (isBefore(last, at(position))) {
      // Most indexes grow at the end: those chunks are filled rather than halved.
      if (lastChunk.length < chunkLengthMax) lastChunk.push(position);
      else this.#chunks.push([position]);
    } else {
      const place = this.#find(at(position));
      const chunk = this.#chunk(place.chunk);
      chunk.splice(place.offset, 0, position);
      if (chunk.length > chunkLengthMax)
        this.#chunks.splice(place.chunk + 1, 0, chunk.splice(chunkLengthMax / 2));
    }
  }

  /** Throws when the position is not there: an index that lost an entry is a bug. */
  remove(position: IndexPosition): void {
    const place = this.#find(at(position));
    const chunk = this.#chunks[place.chunk];
    const entry = chunk?.[place.offset];
    if (chunk === undefined || entry === undefined || entry[0] !== position[0] || entry[1] !== position[1])
      throw new Error("An index holds no entry for a record that it should hold.");
    this.#size -= 1;
    if (chunk.length === 1) this.#chunks.splice(place.chunk, 1);
    else chunk.splice(place.offset, 1);
  }

  /** The ids of one page, in the page's order. */
  page(page: Page): string[] {
    return page.descending ? this.#descending(page) : this.#ascending(page);
  }

  #ascending({ after, sortMax, limit }: Page): string[] {
    const ids: string[] = [];
    let { chunk, offset } = after ? this.#find(at(after, { includes: true })) : { chunk: 0, offset: 0 };
    for (; chunk < this.#chunks.length; chunk += 1, offset = 0) {
      for (const [sort, id] of this.#chunk(chunk).slice(offset, offset + limit - ids.length)) {
        if (sortMax !== undefined && compareSorts(sort, sortMax) > 0) return ids;
        ids.push(id);
      }
      if (ids.length >= limit) break;
    }
    return ids;
  }

  #descending({ after, sortMax, limit }: Page): string[] {
    const ids: string[] = [];
    let end: Place = { chunk: this.#chunks.length, offset: 0 };
    if (after) end = this.#find(at(after));
    if (sortMax !== undefined) {
      const pastMax = this.#find({ sort: sortMax, includes: true });
      if (pastMax.chunk < end.chunk || (pastMax.chunk === end.chunk && pastMax.offset < end.offset))
        end = pastMax;
    }
    let { chunk, offset } = end;
    while (ids.length < limit) {
      if (offset === 0) {
        if (chunk === 0) break;
        chunk -= 1;
        offset = this.#chunk(chunk).length;
      }
      const taken = this.#chunk(chunk).slice(Math.max(0, offset - (limit - ids.length)), offset);
      for (const [, id] of taken.reverse()) ids.push(id);
      offset -= taken.length;
    }
    return ids;
  }

  /** The place that the bound names: what is before it comes first. */
  #find(bound: Bound): Place {
    let chunk = 0;
    for (let high = this.#chunks.length; chunk < high;) {
      const middle = (chunk + high) >>> 1;
      const last = this.#chunks[middle]?.at(-1);
      if (last !== undefined && isBefore(last, bound)) chunk = middle + 1;
      else high = middle;
    }
    return { chunk, offset: countBefore(this.#chunks[chunk] ?? [], bound) };
  }

  #chunk(index: number): IndexPosition[] {
    const chunk = this.#chunks[index];
    if (chunk === undefined) throw new Error("An index was asked for a chunk that it does not have.");
    return chunk;
  }
}

/** Binary search: how many entries at the front are before. */
function countBefore(entries: readonly IndexPosition[], bound: Bound): number {
  let low = 0;
  for (let high = entries.length; low < high;) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && isBefore(entry, bound)) low = middle + 1;
    else high = middle;
  }
  return low;
}
