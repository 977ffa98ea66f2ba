// Which events and which audit entries a listing is about.

import type { AuditFilter, EventFilter } from "./fact-records.ts";
import type { Listing } from "./page.ts";

export function auditListing({ actor, action, resource, status, since }: AuditFilter): Listing {
  return ["listAudit", actor, action, resource, status, since?.toString()];
}

export function eventListing({ types, subject, run, since, after }: EventFilter): Listing {
  return ["listEvents", types && JSON.stringify(types), subject, run, since?.toString(), after?.toString()];
}

/** The exact types, and the beginnings of types ("model." for "model.*"). */
export function splitTypes(types: readonly string[]): {
  readonly exact: readonly string[];
  readonly prefixes: readonly string[];
} {
  return {
    exact: types.filter((type) => !type.endsWith("*")),
    prefixes: types.filter((type) => type.endsWith("*")).map((type) => type.slice(0, -1)),
  };
}
