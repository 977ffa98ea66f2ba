// Where the numbered rows about a model lie in memory.

import type { ModelName } from "../model-records.ts";
import { OrderedMap } from "./ordered-map.ts";
import { ascending, modelPlace, type MemoryState } from "./state.ts";

export function rowsOf<Row>(
  state: MemoryState,
  map: Map<string, OrderedMap<number, Row>>,
  place: string,
): OrderedMap<number, Row> {
  return state.within(map, place, () => new OrderedMap<number, Row>(ascending));
}

export function aliasPlace(alias: ModelName & { readonly alias: string }): string {
  return `${modelPlace(alias)}\0${alias.alias}`;
}
