/** Values at one moment of the run. */
export interface CoursePoint {
  /** By the lab's clock. */
  readonly atMs: number;
  readonly values: Readonly<Record<string, number>>;
}

const pointsMax = 1_000;

/**
 * How some counts changed in the course of a run, each value holding until the next point. When there are twice as many points as it keeps,
 * every other one goes, and from then on only every second change is kept, then every fourth: what is left is evenly spread over the
 * changes, so that a busy minute keeps more points than a quiet day. The first and the last are always there.
 */
export class Course {
  #points: CoursePoint[] = [];
  #latest: CoursePoint | undefined;
  #isLatestKept = false;
  /** Of so many changes one is kept. */
  #stride = 1;
  #changes = 0;

  /** Never earlier than the point before. Of several values of one moment the last holds. */
  add(atMs: number, values: Readonly<Record<string, number>>): void {
    const point = { atMs, values: { ...values } };
    const isSameMoment = this.#latest?.atMs === atMs;
    this.#latest = point;
    if (isSameMoment) {
      if (this.#isLatestKept) this.#points[this.#points.length - 1] = point;
      return;
    }
    this.#isLatestKept = this.#changes % this.#stride === 0;
    this.#changes += 1;
    if (!this.#isLatestKept) return;
    this.#points.push(point);
    if (this.#points.length <= 2 * pointsMax) return;
    this.#points = this.#points.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
    this.#isLatestKept = this.#points.at(-1) === point;
  }

  get points(): readonly CoursePoint[] {
    return this.#latest === undefined || this.#isLatestKept ? this.#points : [...this.#points, this.#latest];
  }
}
