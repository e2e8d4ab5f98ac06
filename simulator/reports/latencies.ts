/** Buckets grow by this factor, so that a quantile is at most so much too high. */
const growth = 1.02;
const logGrowth = Math.log(growth);

/** What people ask for. All in milliseconds; null when nothing was measured. */
export interface LatencyFigures {
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/**
 * Spans of time in some fourteen hundred buckets at most, whatever is measured. Whole milliseconds below fifty have a bucket each; above, a
 * quantile is at most two per cent too high, and never more than the longest span.
 */
export class Latencies {
  /** By bucket: how many, and the longest of them. */
  readonly #buckets = new Map<number, { count: number; maxMs: number }>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const span = Math.max(0, ms);
    const index = Math.floor(Math.log(span + 1) / logGrowth);
    const bucket = this.#buckets.get(index);
    if (bucket) {
      bucket.count += 1;
      bucket.maxMs = Math.max(bucket.maxMs, span);
    } else this.#buckets.set(index, { count: 1, maxMs: span });
    this.#count += 1;
  }

  /** The span that the part `q` (0 to 1) of all spans doesn't exceed; null when there are none. */
  quantile(q: number): number | null {
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let passed = 0;
    for (const [, { count, maxMs }] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      passed += count;
      if (passed >= rank) return maxMs;
    }
    return null;
  }

  get figures(): LatencyFigures {
    return {
      count: this.#count,
      p50Ms: this.quantile(0.5),
      p95Ms: this.quantile(0.95),
      p99Ms: this.quantile(0.99),
      maxMs: this.quantile(1),
    };
  }
}
