// Which runs a listing is about.

import type { Listing } from "./page.ts";
import type { RunFilter } from "./records.ts";

export function runListing(filter: RunFilter): Listing {
  const { graph, parent, kind, state, snapshot, input, idPrefix, namespace, name, content } = filter;
  const labels = filter.labels === undefined ? undefined : JSON.stringify(Object.entries(filter.labels).sort());
  const engines = filter.engineVersions?.join(" ");
  return [
    "listRuns",
    graph,
    parent,
    kind,
    state,
    snapshot,
    input,
    idPrefix,
    filter.since?.toString(),
    namespace,
    name,
    content,
    labels,
    engines,
  ];
}
