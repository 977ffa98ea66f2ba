// Which listing of the quarantine a cursor belongs to.

import type { Listing } from "./page.ts";
import type { QuarantineFilter } from "./records.ts";

export function quarantineListing({ graph, open }: QuarantineFilter): Listing {
  return ["listQuarantine", graph, open === undefined ? undefined : String(open)];
}
