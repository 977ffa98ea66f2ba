// What a transaction changed in plain maps, so that it can be taken back, or hidden from readers while it is open.

interface Change {
  readonly map: Map<unknown, unknown>;
  readonly key: unknown;
  had: boolean;
  before: unknown;
}

/**
 * Changes are made in place, which costs one entry each. The alternatives were measured: an immer draft (and any copy on write) copies
 * each map it touches, which for 10,000 commits into one artifact of 10,000 partitions is 10,000 copies.
 */
export class Journal {
  #changes: Change[] | undefined;

  get open(): boolean {
    return this.#changes !== undefined;
  }

  begin(): void {
    this.#changes = [];
  }

  commit(): void {
    this.#changes = undefined;
  }

  rollback(): void {
    const changes = this.#changes;
    this.#changes = undefined;
    if (changes !== undefined) swapBackwards(changes);
  }

  set<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
    this.#note(map, key);
    map.set(key, value);
  }

  delete<Key>(map: Map<Key, unknown>, key: Key): void {
    if (!map.has(key)) return;
    this.#note(map, key);
    map.delete(key);
  }

  /** Shows `read`, which must not wait, everything as it was before the open transaction. */
  beforeAll<T>(read: () => T): T {
    const changes = this.#changes;
    if (changes === undefined || changes.length === 0) return read();
    swapBackwards(changes);
    try {
      return read();
    } finally {
      for (const change of changes) swap(change);
    }
  }

  #note(map: Map<unknown, unknown>, key: unknown): void {
    if (this.#changes === undefined) throw new Error("a change outside a transaction");
    this.#changes.push({ map, key, had: map.has(key), before: map.get(key) });
  }
}

function swapBackwards(changes: readonly Change[]): void {
  for (let i = changes.length - 1; i >= 0; i--) swap(changes[i]!);
}

/** Exchanges what is there with what was there; doing it twice changes nothing. */
function swap(change: Change): void {
  const { map, key, had, before } = change;
  change.had = map.has(key);
  change.before = map.get(key);
  if (had) map.set(key, before);
  else map.delete(key);
}
