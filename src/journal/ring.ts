// A queue of bounded length that gives up its oldest item for a new one, each in constant time.

export class Ring<T> {
  readonly #capacity: number;
  readonly #items: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  /** Throws RangeError unless `capacity` is a whole number from 1. */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`a capacity is a whole number from 1, not ${capacity}`);
    }
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  /** The item that had to go. */
  push(item: T): T | undefined {
    const evicted = this.#length === this.#capacity ? this.shift() : undefined;
    // The array grows as it is first needed, and is gone round from then on.
    this.#items[(this.#head + this.#length) % this.#capacity] = item;
    this.#length++;
    return evicted;
  }

  /** Oldest first; `undefined` when empty. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#capacity;
    this.#length--;
    return item;
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#head];
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let i = 0; i < this.#length; i++) yield this.#items[(this.#head + i) % this.#capacity] as T;
  }
}
