import type { IndexSort } from "./records.ts";
import type { IndexPosition } from "./store.ts";

/** Inserting moves at most so many entries; a million entries are two thousand chunks. */
const chunkLengthMax = 512;

/** Numbers by value, strings by code unit, numbers before strings. */
function compareSorts(a: IndexSort, b: IndexSort): number {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparePositions(a: IndexPosition, b: IndexPosition): number {
  return compareSorts(a[0], b[0]) || compareSorts(a[1], b[1]);
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
  readonly #chunks: IndexPosition[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  insert(position: IndexPosition): void {
    this.#size += 1;
    const lastChunk = this.#chunks.at(-1);
    const last = lastChunk?.at(-1);
    if (lastChunk === undefined || last === undefined) {
      this.#chunks.push([position]);
    } else if (comparePositions(last, position) < 0) {
      // Most indexes grow at the end: those chunks are filled rather than halved.
      if (lastChunk.length < chunkLengthMax) lastChunk.push(position);
      else this.#chunks.push([position]);
    } else {
      const place = this.#find((entry) => comparePositions(entry, position) < 0);
      const chunk = this.#chunk(place.chunk);
      chunk.splice(place.offset, 0, position);
      if (chunk.length > chunkLengthMax)
        this.#chunks.splice(place.chunk + 1, 0, chunk.splice(chunkLengthMax / 2));
    }
  }

  /** Throws when the position is not there: an index that lost an entry is a bug. */
  remove(position: IndexPosition): void {
    const place = this.#find((entry) => comparePositions(entry, position) < 0);
    const chunk = this.#chunks[place.chunk];
    const entry = chunk?.[place.offset];
    if (chunk === undefined || entry === undefined || comparePositions(entry, position) !== 0)
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
    let { chunk, offset } = after
      ? this.#find((entry) => comparePositions(entry, after) <= 0)
      : { chunk: 0, offset: 0 };
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
    if (after) end = this.#find((entry) => comparePositions(entry, after) < 0);
    if (sortMax !== undefined) {
      const pastMax = this.#find((entry) => compareSorts(entry[0], sortMax) <= 0);
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

  /** The place of the first entry that is not before; what is before must come first. */
  #find(isBefore: (entry: IndexPosition) => boolean): Place {
    const chunk = partitionPoint(this.#chunks, (entries) => {
      const last = entries.at(-1);
      return last !== undefined && isBefore(last);
    });
    return { chunk, offset: partitionPoint(this.#chunks[chunk] ?? [], isBefore) };
  }

  #chunk(at: number): IndexPosition[] {
    const chunk = this.#chunks[at];
    if (chunk === undefined) throw new Error("An index was asked for a chunk that it does not have.");
    return chunk;
  }
}

/** Binary search: how many items at the front are before. */
function partitionPoint<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(items[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
