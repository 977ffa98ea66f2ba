// Mean, spread and quantiles of numbers, in one pass and bounded memory, the same for the same numbers in the same order.

/** Values kept per level. Up to this many are all kept, and quantiles are exact. */
const KEPT = 1024;

export class Numbers {
  count = 0;
  #mean = 0;
  #squares = 0;
  min: number = Number.POSITIVE_INFINITY;
  max: number = Number.NEGATIVE_INFINITY;
  /** By level: values that stand for 2^level values each. */
  readonly #levels: number[][] = [[]];
  /** By level, whether the last compaction kept the odd ones: taking turns keeps the error from adding up in one direction. */
  readonly #odd: boolean[] = [];

  add(number: number): void {
    const value = number + 0; // -0 is 0: no backend keeps it
    this.count++;
    const before = value - this.#mean;
    this.#mean += before / this.count;
    this.#squares += before * (value - this.#mean); // Welford: no large sums that cancel out
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.#levels[0]!.push(value);
    for (let level = 0; this.#levels[level]!.length > KEPT; level++) this.#compact(level);
  }

  /** Of a full level every second value in order moves up, and stands for both. */
  #compact(level: number): void {
    const values = this.#levels[level]!.sort(ascending);
    // An even number is halved; the largest stays where it is.
    const rest = values.length % 2 === 1 ? [values.pop()!] : [];
    const odd = (this.#odd[level] = !(this.#odd[level] ?? false));
    const above = (this.#levels[level + 1] ??= []);
    for (let index = odd ? 1 : 0; index < values.length; index += 2) above.push(values[index]!);
    this.#levels[level] = rest;
  }

  get mean(): number | undefined {
    return this.count === 0 ? undefined : this.#mean;
  }

  /** The standard deviation of all values, not of a sample. */
  get deviation(): number | undefined {
    return this.count === 0 ? undefined : Math.sqrt(this.#squares / this.count);
  }

  /** Whether quantiles are those of the values themselves. */
  get exact(): boolean {
    return this.#levels.length === 1;
  }

  /** The smallest value that at least this share of the values does not exceed; `share` from 0 to 1. */
  quantile(share: number): number | undefined {
    if (this.count === 0) return undefined;
    if (share <= 0) return this.min;
    if (share >= 1) return this.max;
    const weighted: [value: number, weight: number][] = [];
    for (const [level, values] of this.#levels.entries())
      for (const value of values) weighted.push([value, 2 ** level]);
    weighted.sort(([a], [b]) => a - b);
    const rank = share * this.count;
    let seen = 0;
    for (const [value, weight] of weighted) if ((seen += weight) >= rank) return value;
    return this.max;
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}
