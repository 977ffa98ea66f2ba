// Records of one kind in memory: listed in order, put and dropped.

import { compareKeys } from "../../kept-records.ts";
import type { Position } from "../../page.ts";
import type { OrderedMap } from "../ordered-map.ts";
import type { MemoryState } from "../state.ts";

export interface Kept<Item> {
  /** Up to `limit`, behind `after`. */
  list(state: MemoryState, after: Position | undefined, limit: number): readonly Item[];
  put(state: MemoryState, records: readonly Item[]): void;
  drop?(state: MemoryState, record: Item): void;
}

/** Of a map that knows its own order. */
export function ofMap<Key extends string | number, Row, Item>(
  map: OrderedMap<Key, Row>,
  after: Position | undefined,
  limit: number,
  itemOf: (row: Row, key: Key) => Item,
): readonly Item[] {
  return map.keysAfter(after?.[0] as Key | undefined, limit).map((key) => itemOf(map.get(key)!, key));
}

/** Of what lies in many maps: sorted for each page, and made into records only where it is on the page. */
export function ofMany<Row, Item>(
  rows: Iterable<Row>,
  keyOf: (row: Row) => Position,
  after: Position | undefined,
  limit: number,
  itemOf: (row: Row) => Item,
): readonly Item[] {
  const found: { readonly row: Row; readonly key: Position }[] = [];
  for (const row of rows) {
    const key = keyOf(row);
    if (after === undefined || compareKeys(key, after) > 0) found.push({ row, key });
  }
  found.sort((a, b) => compareKeys(a.key, b.key));
  return found.slice(0, limit).map(({ row }) => itemOf(row));
}

/** Of maps in maps in ordered maps, with the names of all three: without looking at what comes before the page. */
export function ofPlaces<Key extends string, Row, Item>(
  map: ReadonlyMap<string, ReadonlyMap<string, OrderedMap<Key, Row>>>,
  after: Position | undefined,
  limit: number,
  itemOf: (outer: string, inner: string, key: Key, row: Row) => Item,
): readonly Item[] {
  const places: { readonly names: readonly [string, string]; readonly rows: OrderedMap<Key, Row> }[] = [];
  for (const [outer, inners] of map) for (const [inner, rows] of inners) places.push({ names: [outer, inner], rows });
  places.sort((a, b) => compareKeys(a.names, b.names));
  const items: Item[] = [];
  for (const { names, rows } of places) {
    const order = after === undefined ? 1 : compareKeys(names, after);
    if (order < 0) continue;
    const from = order === 0 ? (after![2] as Key) : undefined;
    for (const key of rows.keysAfter(from, limit - items.length)) items.push(itemOf(...names, key, rows.get(key)!));
    if (items.length === limit) break;
  }
  return items;
}

export function* valuesOf<Row>(maps: ReadonlyMap<unknown, ReadonlyMap<unknown, Row>>): Generator<Row> {
  for (const map of maps.values()) yield* map.values();
}
