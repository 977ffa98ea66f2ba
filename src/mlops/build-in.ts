// A build inside an instance: in its place, with itself as the current one, told as its settings say.

import type { Backend } from "../backend/backend.ts";
import type { BuildOptions } from "../build/build.ts";
import type { BuildListener, BuildResult } from "../build/events.ts";
import type { Graph } from "../build/graph.ts";
import type { Snapshot } from "../build/snapshot.ts";
import type { FlushOptions } from "../changes/host.ts";
import type { Annotated } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { StratigraphError } from "../errors.ts";
import type { WriterTotals } from "../util/unfinished.ts";
import { openLineageOf } from "./open-lineage.ts";

/** Place and backend are the instance's. */
export type InstanceBuildOptions = Omit<BuildOptions, "backend" | "root" | "clock">;

export interface BuildPlace {
  readonly folder: string;
  readonly root: string;
  /** Where results are remembered, also where nothing else is. */
  readonly backend: () => Promise<Backend>;
  readonly warn: (sentence: string) => void;
  /** As they are for a graph, whose annotation may say something. */
  readonly settingsFor: (graph: Annotated) => Promise<Settings>;
  /** Runs work with the instance as the current one. */
  readonly within: <T>(work: () => T) => T;
  readonly flush: (options?: FlushOptions) => Promise<WriterTotals>;
  readonly totals: () => WriterTotals;
}

/** Errors: as of `Graph.build`; METADATA_FELL_BACK with `metadata.strict`. */
export async function buildIn<G extends string, N>(
  place: BuildPlace,
  graph: Graph<G, N>,
  options: InstanceBuildOptions,
): Promise<Snapshot<G, BuildResult>> {
  const { folder, root, warn } = place;
  const { name, definition } = graph;
  const settings = await place.settingsFor({ name, annotations: definition.annotations });
  const backend = await place.backend();
  const telling = openLineageOf(settings, { folder, root, backend, warn });
  const { concurrency = settings.concurrency } = options;
  const on = listeners(options.on, telling);
  const before = unkept(place.totals());
  const building = place.within(() => graph.build({ ...options, backend, root, concurrency, on }));
  const snapshot = await building.finally(() => telling?.flush());
  const left = settings.metadata.strict ? unkept(await place.flush()) - before : 0;
  if (left === 0) return snapshot;
  throw new StratigraphError("METADATA_FELL_BACK", `${left} records of the build are not in the database`, {
    where: `graph '${name}'`,
    hint: "What was built is kept. Run `strata sync` once the database answers.",
    data: { snapshot: snapshot.id, records: left },
  });
}

function unkept({ fallback, dropped, lost }: WriterTotals): number {
  return fallback + dropped + lost;
}

function listeners(own: BuildListener | undefined, telling: BuildListener | undefined): BuildListener | undefined {
  if (own === undefined || telling === undefined) return own ?? telling;
  return (event) => {
    telling(event);
    own(event);
  };
}
