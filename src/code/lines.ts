// The line of a place in a text.

export class Lines {
  readonly #text: string;
  #ends: readonly number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Counted from one. */
  of(place: number): number {
    const ends = (this.#ends ??= [...this.#text.matchAll(/\n/g)].map(({ index }) => index));
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }
}
