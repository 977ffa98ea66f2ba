// What a build would do and why, as data: every decision of a build is made here.

import { everyOutput, type GraphDefinition, type GraphNode } from "../graph/graph.ts";
import { requireParams, type GivenParams } from "../graph/params.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import { settleVersions } from "./code-versions.ts";
import type { PlannedDifference } from "./difference.ts";
import type { BuildListener, OpenArtifact, StepReport } from "./events.ts";
import {
  layMore,
  layNetwork,
  madeBy,
  markNeeded,
  neededPositions,
  type Chosen,
  type Network,
  type SourceState,
  type Step,
  type StepGroup,
} from "./network.ts";
import { layParts } from "./parts.ts";
import type { Price } from "./price.ts";
import { Rebuilder } from "./rebuilder.ts";
import { selection, type Selection, type SelectionOptions } from "./selection.ts";
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
  /** Artifacts of which it is not known which partitions there are, each with the fan-out that will tell; there where there are any. */
  readonly open?: readonly OpenArtifact[] | undefined;
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
  const rebuilder = new Rebuilder(workspace, network, {
    forced: (step) => selected.forced(step),
    why: options.why,
    verify: options.verify ?? false,
    trust: options.trust ?? false,
  });
  let selected: Selection;
  let added = network.groups;
  do {
    selected = selection(network, options);
    markNeeded(network, selected.chosen);
    if (emptySources === "refuse") requireSources(network, selected.chosen, workspace.storage.root);
    await rebuilder.recall(added);
    for (const level of undecided(network)) await rebuilder.decide(level);
    // What is stored of a fan-out says which partitions there are of what reads it.
    added = layParts(network) ? layMore(network) : [];
  } while (added.length > 0);
  for (const step of neededSteps(network)) step.planned = step.state as PlannedState;
  return {
    network,
    rebuilder,
    manifest: snapshotManifest(graph, sources, rebuilder.pinned),
    strays,
    whole: selected.whole,
  };
}

/** The needed steps of one level at a time, in topological order. */
function* undecided(network: Network): Generator<Step[]> {
  const byLevel: Step[][] = [];
  for (const { level, steps } of network.groups) {
    const members = (byLevel[level] ??= []);
    for (const step of steps) if (step.needed && step.state === undefined) members.push(step);
  }
  for (const steps of byLevel) if (steps !== undefined && steps.length > 0) yield steps;
}

export function* neededSteps(network: Network): Generator<Step> {
  for (const { steps } of network.groups) for (const step of steps) if (step.needed) yield step;
}

/** A source without any partition is an error where something that was asked for needs one. */
function requireSources(network: Network, chosen: Chosen, root: string): void {
  const empty = new Set<SourceState>(network.sources.filter(({ found }) => found.length === 0));
  if (empty.size === 0) return;
  for (const { call, steps, inputs } of wantedGroups(network, chosen)) {
    for (const input of inputs) {
      const state = network.states.get(input.from)!;
      if (state.kind !== "source" || !empty.has(state)) continue;
      const { optional } = call.inputs.find(({ name }) => name === input.name)!.spec;
      if (optional) continue;
      const lacks = ({ needed, position }: Step): boolean => needed && neededPositions(input, position).length === 0;
      // Without its source a producer may have no steps at all, of which any could be needed.
      if (steps.length === 0 || steps.some(lacks)) throw sourceMissing(state, root);
    }
  }
}

/** Groups that were asked for or are needed, also those without any step. */
function wantedGroups({ groups }: Network, chosen: Chosen): readonly StepGroup[] {
  const wanted = new Set<GraphNode>();
  const found: StepGroup[] = [];
  for (const group of groups.toReversed()) {
    const { call, steps } = group;
    const isAskedFor = everyOutput(call).some(({ node }) => wanted.has(node) || chosen(node, undefined));
    if (!isAskedFor && !steps.some(({ needed }) => needed)) continue;
    for (const { from } of call.inputs) wanted.add(from);
    found.push(group);
  }
  return found.toReversed();
}

/** What has no place in the network yet although it was asked for, because a fan-out is not known. */
export function openOf({ groups, unlaid, states }: Network): { readonly open?: readonly OpenArtifact[] } {
  const tellers = new Map<GraphNode, string>();
  for (const { call, steps } of groups) {
    if (call.parts === undefined || states.has(call.parts.node) || !steps.some(({ needed }) => needed)) continue;
    tellers.set(call.parts.node, call.producer.name);
  }
  for (const call of unlaid) {
    const teller = call.inputs.map(({ from }) => tellers.get(from)).find((one) => one !== undefined);
    if (teller !== undefined) for (const { node } of everyOutput(call)) tellers.set(node, teller);
  }
  return tellers.size === 0 ? {} : { open: [...tellers].map(([{ key }, producer]) => ({ key, producer })) };
}

/** The plan as data, read off the network. */
export function describePlan(planned: PlannedNetwork, price?: Price, environment?: PlannedDifference): Plan {
  const counts = { "up-to-date": 0, stale: 0, missing: 0, pending: 0 };
  const steps: StepReport<PlannedState>[] = [];
  for (const step of neededSteps(planned.network)) {
    for (const { node, partition } of madeBy(step)) {
      counts[step.planned!]++;
      steps.push({
        key: node.key,
        partition,
        state: step.planned!,
        reason: step.reason,
        ...warningsOf(step, node.key, partition),
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
    ...openOf(planned.network),
    ...(price === undefined
      ? {}
      : { expected: { duration: price.duration, bytes: price.bytes, unknown: price.unknown } }),
    ...(environment === undefined ? {} : { environment }),
  };
}
