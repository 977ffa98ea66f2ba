// All steps of a graph over the partitions that exist now, and what each needs: the ground that planning and building stand on.

import type { StoredPartition } from "../backend/records.ts";
import type { StratigraphError } from "../errors.ts";
import type { DiscoveredPartition, FolderStamp } from "../data/storage/storage.ts";
import {
  everyOutput,
  type GraphCall,
  type GraphDefinition,
  type GraphNode,
  type ProducedNode,
  type SourceNode,
} from "../graph/graph.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import { mapCall, type InputMapping } from "./mapping.ts";
import type { PartitionSet } from "./partition-set.ts";
import { placeText } from "./place.ts";
import { neverBuilt, type Reason } from "./reason.ts";
import { inNameOrder, producerManifest, stepManifest, type StepInput } from "./step-identity.ts";
import type { StepName } from "./events.ts";
import type { Warning } from "./quality.ts";
import type { FinishedState, PlannedState } from "./step-state.ts";

/** A source artifact as it is now. */
export interface SourceState {
  readonly kind: "source";
  readonly node: SourceNode;
  readonly set: PartitionSet;
  /** By position. */
  readonly found: readonly DiscoveredPartition[];
  /** By position: the same content as remembered from earlier, or as written by this build. */
  readonly stored: (StoredPartition | undefined)[];
  /** The folders that were listed for it, where their stamps tell of every change. */
  readonly folders: readonly FolderStamp[] | undefined;
}

/** All partitions of one wired producer. */
export interface StepGroup {
  readonly kind: "steps";
  readonly call: GraphCall;
  readonly set: PartitionSet;
  readonly producer: SealedManifest;
  /** In order of input name. */
  readonly inputs: readonly InputMapping[];
  readonly steps: readonly Step[];
  /** 1 + the highest level of the groups it reads: groups of one level do not depend on each other. */
  readonly level: number;
}

/** What a fan-out made: many partitions of each of its steps. There once all of them are known. */
export interface PartsState {
  readonly kind: "parts";
  readonly node: ProducedNode;
  readonly group: StepGroup;
  readonly set: PartitionSet;
  /** By position: the step that made it, and its slot there. */
  readonly origins: readonly { readonly step: Step; readonly slot: number }[];
}

export type NodeState = SourceState | StepGroup | PartsState;

/** One producer, one partition. Its fields change while it is planned and built. */
export interface Step {
  readonly group: StepGroup;
  readonly position: number;
  /** Asked for, or needed by something asked for. */
  needed: boolean;
  /** What the plan said first; a build changes `state`, not this. */
  planned: PlannedState | undefined;
  state: PlannedState | FinishedState | undefined;
  reason: Reason;
  /** The input fingerprint; known once all inputs are. Its manifest is made anew where it is wanted, as most never are: `stepManifestOf`. */
  input: Fingerprint | undefined;
  /** By slot, see `outputNode`; there once the step is up to date, reused or built. */
  outputs: readonly StoredPartition[] | undefined;
  /** What its outputs do not meet, once they are judged. */
  warnings: readonly Warning[] | undefined;
  /** Why what is stored, or what it would read, must not be used. */
  blocked: StratigraphError | undefined;
}

/** It grows where there are fan-outs: what reads of one has a place in it only once it is known what there is to read. */
export interface Network {
  readonly graph: GraphDefinition;
  readonly sources: readonly SourceState[];
  /** In topological order. */
  readonly groups: readonly StepGroup[];
  readonly states: ReadonlyMap<GraphNode, NodeState>;
  /** In topological order: calls whose partitions are not known yet, because a fan-out they depend on is not. */
  readonly unlaid: readonly GraphCall[];
}

/** Lays out every step whose partitions are known. Iterative: a chain of 100,000 producers is a loop. */
export function layNetwork(graph: GraphDefinition, sources: readonly SourceState[]): Network {
  const states = new Map<GraphNode, NodeState>(sources.map((source) => [source.node, source]));
  const network = { graph, sources, states, groups: [], unlaid: graph.calls };
  layMore(network);
  return network;
}

/** Lays out what can be laid out by now; the groups that came to it. */
export function layMore(network: Network): readonly StepGroup[] {
  const states = network.states as Map<GraphNode, NodeState>;
  const added: StepGroup[] = [];
  const left: GraphCall[] = [];
  for (const call of network.unlaid) {
    if (call.inputs.some(({ from }) => !states.has(from))) {
      left.push(call);
      continue;
    }
    const group = layGroup(call, states);
    for (const { node } of call.outputs) states.set(node, group);
    added.push(group);
  }
  const { groups } = network;
  const all = groups.length === 0 ? added : [...groups, ...added].sort((a, b) => a.call.index - b.call.index);
  Object.assign(network, { groups: all, unlaid: left });
  return added;
}

function layGroup(call: GraphCall, states: ReadonlyMap<GraphNode, NodeState>): StepGroup {
  const mapping = mapCall(call, (node) => states.get(node)!.set);
  const steps: Step[] = [];
  let level = 0;
  for (const { from } of call.inputs) {
    const above = groupOf(states.get(from)!);
    if (above !== undefined && above.level >= level) level = above.level + 1;
  }
  const group: StepGroup = {
    kind: "steps",
    call,
    set: mapping.outputs,
    producer: producerManifest(call),
    inputs: inNameOrder(mapping.inputs),
    steps,
    level,
  };
  for (let position = 0; position < mapping.outputs.texts.length; position++) {
    steps.push({
      group,
      position,
      needed: false,
      planned: undefined,
      state: undefined,
      reason: neverBuilt,
      input: undefined,
      outputs: undefined,
      warnings: undefined,
      blocked: undefined,
    });
  }
  return group;
}

function groupOf(state: NodeState): StepGroup | undefined {
  return state.kind === "source" ? undefined : state.kind === "parts" ? state.group : state;
}

/** The step that makes a partition; `undefined` for one of a source. */
export function stepAt(state: NodeState, position: number): Step | undefined {
  if (state.kind === "source") return undefined;
  return state.kind === "parts" ? state.origins[position]!.step : state.steps[position]!;
}

/** What is known to be at a place; `undefined` while it is to be built, and for a new partition of a source. */
export function storedAt(state: NodeState, node: GraphNode, position: number): StoredPartition | undefined {
  if (state.kind === "source") return state.stored[position];
  if (state.kind === "steps") return state.steps[position]!.outputs?.[slotOf(state, node)];
  const { step, slot } = state.origins[position]!;
  return step.outputs?.[slot];
}

/** The content of a place; `undefined` while it is to be built. */
export function contentAt(state: NodeState, node: GraphNode, position: number): Fingerprint | undefined {
  return state.kind === "source"
    ? state.found[position]!.content.fingerprint
    : storedAt(state, node, position)?.content;
}

/** The positions of one input's partitions that a step needs. */
export function neededPositions(input: InputMapping, position: number): readonly number[] {
  return input.needs === undefined ? [position] : input.needs[position]!;
}

/** Every step a step reads from, as often as it reads it. */
export function* upstreamSteps(network: Network, step: Step): Generator<Step> {
  for (const input of step.group.inputs) {
    const state = network.states.get(input.from)!;
    if (state.kind === "source") continue;
    for (const position of neededPositions(input, step.position)) yield stepAt(state, position)!;
  }
}

/** Marks the chosen steps and everything they need, in one pass against the topological order. */
export function markNeeded(network: Network, chosen: Chosen): void {
  const wanted = wantedUnlaid(network, chosen);
  for (const state of network.states.values()) {
    if (state.kind !== "parts") continue;
    state.origins.forEach(({ step }, position) => (step.needed ||= chosen(state.node, position)));
  }
  for (let index = network.groups.length - 1; index >= 0; index--) {
    const group = network.groups[index]!;
    // Which partitions there are says only the whole of a fan-out.
    const isOpen = group.call.parts !== undefined && wanted.has(group.call.parts.node);
    for (const step of group.steps) {
      step.needed ||= isOpen || group.call.outputs.some(({ node }) => chosen(node, step.position));
      if (!step.needed) continue;
      for (const upstream of upstreamSteps(network, step)) upstream.needed = true;
    }
  }
}

/** What was asked for: `position` is `undefined` where it is not known yet which partitions there are. */
export type Chosen = (node: GraphNode, position: number | undefined) => boolean;

/** What must be laid out, and is not yet. */
function wantedUnlaid({ unlaid, groups, states }: Network, chosen: Chosen): ReadonlySet<GraphNode> {
  const wanted = new Set<GraphNode>();
  for (const { call } of groups) {
    if (call.parts === undefined) continue;
    const { node } = call.parts;
    if (!states.has(node) && chosen(node, undefined)) wanted.add(node);
  }
  for (const call of [...unlaid].reverse()) {
    const made = everyOutput(call);
    if (!made.some(({ node }) => wanted.has(node) || chosen(node, undefined))) continue;
    for (const { from } of call.inputs) if (!states.has(from)) wanted.add(from);
  }
  return wanted;
}

/** A step's inputs with their content; `undefined` while some input is not known yet. */
export function stepInputs(network: Network, step: Step): StepInput[] | undefined {
  const inputs: StepInput[] = [];
  for (const input of step.group.inputs) {
    const state = network.states.get(input.from)!;
    const contents: Fingerprint[] = [];
    const positions = neededPositions(input, step.position);
    for (const position of positions) {
      const content = contentAt(state, input.from, position);
      if (content === undefined) return undefined;
      contents.push(content);
    }
    inputs.push({ name: input.name, keys: positions.map((position) => input.set.texts[position]!), contents });
  }
  return inputs;
}

/** What a step is made from, in full. All its inputs must be known. */
export function stepManifestOf(network: Network, step: Step): SealedManifest {
  const { producer, set } = step.group;
  return stepManifest(producer.fingerprint, set.texts[step.position]!, stepInputs(network, step)!);
}

/** By input and partition, the content of what is there; `undefined` for what is not built yet. */
export function knownInputs(network: Network, step: Step): Map<string, Map<string, Fingerprint | undefined>> {
  const inputs = new Map<string, Map<string, Fingerprint | undefined>>();
  for (const input of step.group.inputs) {
    const state = network.states.get(input.from)!;
    const contents = new Map<string, Fingerprint | undefined>();
    for (const position of neededPositions(input, step.position)) {
      contents.set(input.set.texts[position]!, contentAt(state, input.from, position));
    }
    inputs.set(input.name, contents);
  }
  return inputs;
}

/** The stored partitions behind a step's input, in order. */
export function storedInputs(network: Network, input: InputMapping, position: number): StoredPartition[] {
  const state = network.states.get(input.from)!;
  return neededPositions(input, position).map((at) => storedAt(state, input.from, at)!);
}

/** The artifact of a step's slot: of a fan-out the first is the list of keys, and all others are parts. */
export function outputNode({ group: { call } }: Step, slot: number): ProducedNode {
  return call.parts !== undefined && slot > 0 ? call.parts.node : call.outputs[slot]!.node;
}

/** What a step makes, as far as it is known: each artifact with its partition. */
export function madeBy(step: Step): readonly { readonly node: ProducedNode; readonly partition: KeyText }[] {
  const { call, set } = step.group;
  const partition = set.texts[step.position]!;
  if (call.parts === undefined || step.outputs === undefined)
    return call.outputs.map(({ node }) => ({ node, partition }));
  return step.outputs.map(({ key }, slot) => ({ node: outputNode(step, slot), partition: key }));
}

export function slotOf(group: StepGroup, node: GraphNode): number {
  return group.call.outputs.length === 1 ? 0 : group.call.outputs.findIndex((output) => output.node === node);
}

/** A step's place as people write it: "days[date=2026-01-02]". */
export function stepPlace(step: Step): string {
  const { key, partition } = stepName(step);
  return placeText(key, partition);
}

/** How people name a step: by its first output. */
export function stepName(step: Step): StepName {
  const { call, set } = step.group;
  return { key: call.outputs[0]!.node.key, partition: set.texts[step.position]!, producer: call.producer.name };
}
