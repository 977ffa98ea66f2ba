// A graph as users hold it: declared once, planned, built and looked up.

import { StratigraphError } from "../errors.ts";
import type { GraphDraft } from "../graph/derive.ts";
import { defineGraph, type GraphDefinition, type GraphOptions } from "../graph/graph.ts";
import { bindParams, type GivenParams } from "../graph/params.ts";
import type { InGraph, Namespace } from "../graph/namespace.ts";
import type { AnyWired, GraphArtifact } from "../graph/wired.ts";
import { buildGraph, planGraph, type BuildOptions } from "./build.ts";
import type { MarkRecord } from "../backend/records.ts";
import type { BuildResult } from "./events.ts";
import { explainReason } from "./explain.ts";
import type { MarkingOptions, UnpinOptions } from "./marks.ts";
import type { quarantinedOf } from "./quarantine.ts";
import type { PartitionStatistics } from "./statistics.ts";
import { placeText } from "./place.ts";
import type { Plan } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";
import type { WorkspaceOptions } from "./workspace.ts";

const MARK = Symbol.for("stratigraph.graph");

/** A plan that can be carried out: `build` decides again from what is there then, and does what it decided. */
export interface BuildablePlan<G extends string = string> extends Plan {
  build(options?: BuildOptions): Promise<Snapshot<G, BuildResult>>;
}

/** Made by `graph()`. Holds no open resource: every method opens the backend and closes it again. */
export class Graph<G extends string = string, N = {}> {
  readonly name: G;
  /** What the engine reads. */
  readonly definition: GraphDefinition<G, N>;

  constructor(definition: GraphDefinition<G, N>) {
    this.name = definition.name;
    this.definition = definition;
    Object.defineProperty(this, MARK, { value: true });
  }

  /** Everything the graph names, in the shape its function returned. */
  get artifacts(): InGraph<N, G> {
    return this.definition.artifacts;
  }

  /** What a build would do, with the reason of each step. Writes nothing. */
  async plan(options: BuildOptions = {}): Promise<BuildablePlan<G>> {
    const plan = await planGraph(this.definition, options);
    return { ...plan, build: (more) => this.build({ ...options, ...more }) };
  }

  /**
   * Brings the graph up to date and returns the snapshot.
   * Errors: BUILD_FAILED when a step failed (the rest is built and stored; `data.result` says what), BUILD_CANCELLED, and what stops everything.
   */
  async build(options: BuildOptions = {}): Promise<Snapshot<G, BuildResult>> {
    const result = await buildGraph(this.definition, options);
    if (result.outcome !== "succeeded") throw buildError(result);
    const { Snapshot } = await import("./snapshot.ts");
    return new Snapshot(this.name, result.snapshot, this.definition, options, result);
  }

  /**
   * Looks up a snapshot: "latest" unless told, a tag, or at least 4 characters of an id.
   * Errors: SNAPSHOT_UNKNOWN.
   */
  async snapshot(reference = "latest", options: WorkspaceOptions = {}): Promise<Snapshot<G, undefined>> {
    const { findSnapshot } = await import("./snapshot.ts");
    return findSnapshot(this.name, this.definition, reference, options);
  }

  /**
   * Builds keep using these results, whatever changes, until they are let go: of the latest snapshot unless told.
   * Errors: SNAPSHOT_UNKNOWN, SELECTOR_UNKNOWN, PARTITION_NOT_BUILT, PIN_INVALID.
   */
  async pin(selectors: string | readonly string[], options: MarkingOptions): Promise<readonly MarkRecord[]> {
    const { markResults } = await import("./marks.ts");
    return markResults("pin", this.definition, [selectors].flat(), options);
  }

  /** Lets pins go. Error: PIN_INVALID where nothing that is named is pinned. */
  async unpin(selectors: string | readonly string[], options: UnpinOptions = {}): Promise<readonly MarkRecord[]> {
    const { releasePins } = await import("./marks.ts");
    return releasePins(this.definition, [selectors].flat(), options);
  }

  /** Builds do not use these results again and make them anew. Errors: those of `pin`. */
  async taint(selectors: string | readonly string[], options: MarkingOptions): Promise<readonly MarkRecord[]> {
    const { markResults } = await import("./marks.ts");
    return markResults("taint", this.definition, [selectors].flat(), options);
  }

  /** The same graph with other values for params where nobody gives any. Error: PARAM_INVALID. */
  withParams(params: GivenParams): Graph<G, N> {
    const definition = bindParams(this.definition, params);
    return definition === this.definition ? this : new Graph(definition);
  }

  /** Statistics of each partition of an artifact: of the latest snapshot unless told. Error: SNAPSHOT_UNKNOWN. */
  async statistics<V, D>(
    artifact: GraphArtifact<V, D, G>,
    options: WorkspaceOptions & { readonly snapshot?: string | undefined } = {},
  ): Promise<readonly PartitionStatistics[]> {
    const { statisticsIn } = await import("./statistics.ts");
    return statisticsIn(this.definition, artifact as unknown as GraphArtifact<unknown, never, G>, options);
  }

  /** What builds made and checks refused, newest first, to be looked at. Error: SELECTOR_UNKNOWN. */
  async quarantined(
    selectors: string | readonly string[] = [],
    options: WorkspaceOptions = {},
  ): Promise<Awaited<ReturnType<typeof quarantinedOf>>> {
    const { quarantinedOf: list } = await import("./quarantine.ts");
    return list(this.definition, [selectors].flat(), options);
  }

  /**
   * A graph like this one but for what `recipe` changes in the draft; this one stays as it is.
   * Errors: GRAPH_INVALID, GRAPH_CYCLE.
   */
  with<M extends Namespace | AnyWired | void, const G2 extends string = G>(
    recipe: (draft: GraphDraft<N>) => M,
    options: { readonly name?: G2 | undefined } = {},
  ): Graph<G2, M extends AnyWired | void ? N : M> {
    return new Graph(this.definition.with(recipe, options));
  }
}

/**
 * Declares a graph: `define` wires artifacts and returns them by name; nested objects are namespaces.
 * Errors: GRAPH_INVALID, GRAPH_CYCLE, as sentences that name graph, producer and input.
 */
export function graph<const G extends string, N extends Namespace>(
  name: G,
  define: () => N,
  options: GraphOptions = {},
): Graph<G, N> {
  return new Graph(defineGraph(name, define, options));
}

/** Also true for a graph that a second copy of the package made. */
export function isGraph(value: unknown): value is Graph {
  return typeof value === "object" && value !== null && MARK in value;
}

function buildError(result: BuildResult): StratigraphError {
  if (result.outcome === "cancelled") {
    return new StratigraphError("BUILD_CANCELLED", `the build was cancelled with ${result.skipped} partitions left`, {
      where: `graph '${result.graph}'`,
      hint: "Build again to go on: what was finished is kept.",
      data: { result },
    });
  }
  const first = result.steps.find(({ state }) => state === "failed");
  const place = first === undefined ? "" : placeText(first.key, first.partition);
  return new StratigraphError(
    "BUILD_FAILED",
    `${result.failed} of ${result.steps.length} partitions failed, ${result.skipped} were skipped; first ${place}: ${
      first?.error?.message ?? (first === undefined ? "" : explainReason(first.reason))
    }`,
    { where: `graph '${result.graph}'`, cause: first?.error, data: { result } },
  );
}
