// A map whose keys can be listed in order, from any place on.

/** Sorts lazily: adding in order costs nothing more, and one listing after many changes sorts once. */
export class OrderedMap<Key, Value> extends Map<Key, Value> {
  readonly #compare: (a: Key, b: Key) => number;
  #keys: Key[] = [];
  #sorted = true;

  constructor(compare: (a: Key, b: Key) => number) {
    super();
    this.#compare = compare;
  }

  override set(key: Key, value: Value): this {
    if (!this.has(key)) {
      const last = this.#keys.at(-1);
      if (this.#sorted && (last === undefined || this.#compare(last, key) < 0)) this.#keys.push(key);
      else this.#sorted = false;
    }
    return super.set(key, value);
  }

  override delete(key: Key): boolean {
    const deleted = super.delete(key);
    if (deleted) this.#sorted = false;
    return deleted;
  }

  override clear(): void {
    super.clear();
    this.#keys = [];
    this.#sorted = true;
  }

  /** Up to `count` keys in order, behind `after` or from the first on. */
  keysAfter(after: Key | undefined, count: number): readonly Key[] {
    const keys = this.#inOrder();
    let start = 0;
    if (after !== undefined) {
      start = this.#firstFrom(after);
      if (start < keys.length && this.#compare(keys[start]!, after) === 0) start++;
    }
    return keys.slice(start, start + count);
  }

  /** Up to `count` keys in reverse order, before `before` or from the last on. */
  keysBefore(before: Key | undefined, count: number): readonly Key[] {
    const keys = this.#inOrder();
    const end = before === undefined ? keys.length : this.#firstFrom(before);
    return keys.slice(Math.max(0, end - count), end).reverse();
  }

  /** Like `keysAfter`, the key itself included. */
  keysFrom(first: Key, count: number): readonly Key[] {
    const start = this.#firstFrom(first);
    return this.#inOrder().slice(start, start + count);
  }

  #inOrder(): readonly Key[] {
    if (!this.#sorted) {
      this.#keys = [...this.keys()].sort(this.#compare);
      this.#sorted = true;
    }
    return this.#keys;
  }

  /** The position of the first key that is not before `key`. */
  #firstFrom(key: Key): number {
    const keys = this.#inOrder();
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
