// A graph as users hold it: declared once, planned, built and looked up.

import { StratigraphError } from "../errors.ts";
import type { GraphDraft } from "../graph/derive.ts";
import { defineGraph, type GraphDefinition, type GraphOptions } from "../graph/graph.ts";
import type { InGraph, Namespace } from "../graph/namespace.ts";
import type { AnyWired } from "../graph/wired.ts";
import { buildGraph, planGraph, type BuildOptions } from "./build.ts";
import type { BuildResult } from "./events.ts";
import { explainReason } from "./explain.ts";
import { placeText } from "./network.ts";
import type { Plan } from "./plan.ts";
import { resolveSnapshot, Snapshot } from "./snapshot.ts";
import { openWorkspace, type WorkspaceOptions } from "./workspace.ts";

const MARK = Symbol.for("stratigraph.graph");

/** A plan that can be carried out: `build` decides again from what is there then, and does what it decided. */
export interface BuildablePlan<G extends string = string> extends Plan {
  build(options?: BuildOptions): Promise<Snapshot<G, BuildResult>>;
}

/** Made by `graph()`. Holds no open resource: every method opens the backend and closes it again. */
export class Graph<G extends string = string, N = {}> {
  readonly name: G;
  /** Everything the graph names, in the shape its function returned. */
  readonly artifacts: InGraph<N, G>;
  /** What the engine reads. */
  readonly definition: GraphDefinition<G, N>;

  constructor(definition: GraphDefinition<G, N>) {
    this.name = definition.name;
    this.artifacts = definition.artifacts;
    this.definition = definition;
    Object.defineProperty(this, MARK, { value: true });
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
    return new Snapshot(this.name, result.snapshot, this.definition, options, result);
  }

  /**
   * Looks up a snapshot: "latest" unless told, a tag, or at least 4 characters of an id.
   * Errors: SNAPSHOT_UNKNOWN.
   */
  async snapshot(reference = "latest", options: WorkspaceOptions = {}): Promise<Snapshot<G, undefined>> {
    await using workspace = await openWorkspace({ ...options, readOnly: true });
    const { id } = await resolveSnapshot(workspace.connection, this.name, reference);
    return new Snapshot(this.name, id, this.definition, options, undefined);
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
