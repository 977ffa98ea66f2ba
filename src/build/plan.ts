// What a build would do and why, as data: every decision of a build is made here.

import type { GraphDefinition } from "../graph/graph.ts";
import { requireParams, type GivenParams } from "../graph/params.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import { settleVersions } from "./code-versions.ts";
import type { PlannedDifference } from "./difference.ts";
import type { BuildListener, StepReport } from "./events.ts";
import { layNetwork, markNeeded, neededPositions, type Network, type SourceState, type Step } from "./network.ts";
import { pinnedContents } from "./pins.ts";
import type { Price } from "./price.ts";
import { Rebuilder } from "./rebuilder.ts";
import { selection, type SelectionOptions } from "./selection.ts";
import { scanSources, snapshotManifest, sourceMissing, type SourceScan } from "./sources.ts";
import { warningsOf } from "./quality.ts";
import type { PlannedState } from "./step-state.ts";
import type { Workspace } from "./workspace.ts";

export interface PlanOptions extends SelectionOptions {
  /** Read every reused output again and check its content. False unless told. */
  readonly verify?: boolean | undefined;
  /** Believe what is remembered without looking whether the bytes are still there. False unless told. */
  readonly trust?: boolean | undefined;
  /** Say what it is expected to cost, by what the same steps cost before. False unless told. */
  readonly price?: boolean | undefined;
  /** For this environment: a plan says what would come to it and leave it, a build gives it the snapshot once everything has succeeded. */
  readonly environment?: string | undefined;
  /** Values for params of the graph's producers. */
  readonly params?: GivenParams | undefined;
  readonly on?: BuildListener | undefined;
}

/** A plan as people and programs read it. */
export interface Plan {
  readonly graph: string;
  readonly snapshot: Fingerprint;
  /** One entry per output partition that was asked for or is needed, in graph order then key order. */
  readonly steps: readonly StepReport<PlannedState>[];
  /** Output partitions by state. */
  readonly counts: Readonly<Record<PlannedState, number>>;
  /** Whether a build would run anything. */
  readonly changes: boolean;
  /** What lies among the sources without being a partition. */
  readonly strays: SourceScan["strays"];
  /** What the steps that will or may run are expected to cost together; there where it was asked for. */
  readonly expected?: ExpectedCost | undefined;
  /** There where it was asked for. */
  readonly environment?: PlannedDifference | undefined;
}

/** Milliseconds of work, bytes stored, and the number of steps of which nothing is known. */
export interface ExpectedCost {
  readonly duration: number;
  readonly bytes: number;
  readonly unknown: number;
}

/** A plan with what a build needs to carry it out. */
export interface PlannedNetwork {
  readonly network: Network;
  readonly rebuilder: Rebuilder;
  readonly manifest: SealedManifest;
  readonly strays: SourceScan["strays"];
  /** Whether everything in the graph is part of the plan. */
  readonly whole: boolean;
}

/** Looks at the sources and decides every step, level by level. Writes nothing. */
export async function planNetwork(
  workspace: Workspace,
  graph: GraphDefinition,
  options: PlanOptions,
  /** Sources as they were found already: a second pass of one build must see the same snapshot. */
  scan?: SourceScan,
  /** "allow": plan although a source that is needed has nothing. Such a plan is to be looked at, not to be carried out. */
  emptySources: "refuse" | "allow" = "refuse",
): Promise<PlannedNetwork> {
  requireParams(graph);
  await settleVersions(graph, workspace);
  const emit = options.on ?? (() => {});
  if (scan === undefined) emit({ type: "scan-started", graph: graph.name });
  const { sources, strays } = scan ?? (await scanSources(workspace, graph, emit));
  const network = layNetwork(
    graph,
    sources.map((source) => ({ ...source, stored: [...source.stored] })),
  );
  const { chosen, forced, whole } = selection(network, options);
  markNeeded(network, chosen);
  if (emptySources === "refuse") requireSources(network, workspace.storage.root);
  const rebuilder = new Rebuilder(workspace, network, {
    forced,
    why: options.why,
    verify: options.verify ?? false,
    trust: options.trust ?? false,
  });
  await rebuilder.recall();
  for (const level of levels(network)) await rebuilder.decide(level);
  for (const step of neededSteps(network)) step.planned = step.state as PlannedState;
  return {
    network,
    rebuilder,
    manifest: snapshotManifest(graph, sources, pinnedContents(rebuilder.pins)),
    strays,
    whole,
  };
}

/** The needed steps of one level at a time, in topological order. */
function* levels(network: Network): Generator<Step[]> {
  const byLevel: Step[][] = [];
  for (const { level, steps } of network.groups) {
    const members = (byLevel[level] ??= []);
    for (const step of steps) if (step.needed) members.push(step);
  }
  for (const steps of byLevel) if (steps !== undefined && steps.length > 0) yield steps;
}

export function* neededSteps(network: Network): Generator<Step> {
  for (const { steps } of network.groups) for (const step of steps) if (step.needed) yield step;
}

/** A source that some needed step reads without any partition to read, or that nobody reads but is asked for, is an error. */
function requireSources(network: Network, root: string): void {
  const empty = new Set<SourceState>(network.sources.filter(({ found }) => found.length === 0));
  if (empty.size === 0) return;
  for (const { call, steps, inputs } of network.groups) {
    const anyNeeded = steps.some((step) => step.needed);
    for (const input of inputs) {
      const state = network.states.get(input.from)!;
      if (state.kind !== "source" || !empty.has(state)) continue;
      const optional = call.inputs.find(({ name }) => name === input.name)!.spec.optional;
      if (optional) continue;
      // Without its source such a producer has no partitions at all, so "needed" shows only where others gave it some.
      if (
        steps.length === 0 ||
        (anyNeeded && steps.some((step) => step.needed && neededPositions(input, step.position).length === 0))
      ) {
        throw sourceMissing(state, root);
      }
    }
  }
}

/** The plan as data, read off the network. */
export function describePlan(planned: PlannedNetwork, price?: Price, environment?: PlannedDifference): Plan {
  const counts = { "up-to-date": 0, stale: 0, missing: 0, pending: 0 };
  const steps: StepReport<PlannedState>[] = [];
  for (const step of neededSteps(planned.network)) {
    for (const { node } of step.group.call.outputs) {
      counts[step.planned!]++;
      steps.push({
        key: node.key,
        partition: step.group.set.texts[step.position]!,
        state: step.planned!,
        reason: step.reason,
        ...warningsOf(step, node.key),
        ...(price?.steps.has(step) === true ? { expected: price.steps.get(step) } : {}),
      });
    }
  }
  return {
    graph: planned.network.graph.name,
    snapshot: planned.manifest.fingerprint,
    steps,
    counts,
    changes: counts.stale + counts.missing > 0,
    strays: planned.strays,
    ...(price === undefined
      ? {}
      : { expected: { duration: price.duration, bytes: price.bytes, unknown: price.unknown } }),
    ...(environment === undefined ? {} : { environment }),
  };
}
