// Which listing of marks a cursor belongs to.

import type { Listing } from "./page.ts";
import type { MarkFilter } from "./records.ts";

export function markListing({ graph, kind, open }: MarkFilter): Listing {
  return ["listMarks", graph, kind, open === undefined ? undefined : String(open)];
}
