// Which runs a listing is about.

import type { Stores } from "./backend.ts";
import type { Listing } from "./page.ts";

export type RunFilter = NonNullable<Parameters<Stores["listRuns"]>[0]>;

export function runListing({ graph, parent, kind, state, snapshot, input }: RunFilter): Listing {
  return ["listRuns", graph, parent, kind, state, snapshot, input];
}
