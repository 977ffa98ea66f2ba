// All steps of a graph over the partitions that exist now, and what each needs: the ground that planning and building stand on.

import type { StoredPartition } from "../backend/records.ts";
import type { StratigraphError } from "../errors.ts";
import type { DiscoveredPartition, FolderStamp } from "../data/storage/storage.ts";
import type { GraphCall, GraphDefinition, GraphNode, SourceNode } from "../graph/graph.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import { mapCall, type InputMapping } from "./mapping.ts";
import type { PartitionSet } from "./partition-set.ts";
import { placeText } from "./place.ts";
import type { Reason } from "./reason.ts";
import { inNameOrder, producerManifest, type StepInput } from "./step-identity.ts";
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
  /** Known once all inputs are. */
  manifest: SealedManifest | undefined;
  /** By slot; there once the step is up to date, reused or built. */
  outputs: readonly StoredPartition[] | undefined;
  /** What its outputs do not meet, once they are judged. */
  warnings?: readonly Warning[] | undefined;
  /** Why what is stored, or what it would read, must not be used. */
  blocked?: StratigraphError | undefined;
}

export interface Network {
  readonly graph: GraphDefinition;
  readonly sources: readonly SourceState[];
  /** In topological order. */
  readonly groups: readonly StepGroup[];
  readonly states: ReadonlyMap<GraphNode, SourceState | StepGroup>;
}

/** Lays out every step. Iterative: a chain of 100,000 producers is a loop. */
export function layNetwork(graph: GraphDefinition, sources: readonly SourceState[]): Network {
  const states = new Map<GraphNode, SourceState | StepGroup>();
  const sets = new Map<GraphNode, PartitionSet>();
  for (const source of sources) {
    states.set(source.node, source);
    sets.set(source.node, source.set);
  }
  const groups = graph.calls.map((call) => {
    const mapping = mapCall(call, sets);
    const steps: Step[] = [];
    let level = 0;
    for (const { from } of call.inputs) {
      const state = states.get(from)!;
      if (state.kind === "steps" && state.level >= level) level = state.level + 1;
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
        reason: { code: "never-built" },
        manifest: undefined,
        outputs: undefined,
      });
    }
    for (const { node } of call.outputs) {
      states.set(node, group);
      sets.set(node, mapping.outputs);
    }
    return group;
  });
  return { graph, sources, groups, states };
}

/** The positions of one input's partitions that a step needs. */
export function neededPositions(input: InputMapping, position: number): readonly number[] {
  return input.needs === undefined ? [position] : input.needs[position]!;
}

/** Every step a step reads from, as often as it reads it. */
export function* upstreamSteps(network: Network, step: Step): Generator<Step> {
  for (const input of step.group.inputs) {
    const state = network.states.get(input.from)!;
    if (state.kind === "steps") {
      for (const position of neededPositions(input, step.position)) yield state.steps[position]!;
    }
  }
}

/** Marks the chosen steps and everything they need, in one pass against the topological order. */
export function markNeeded(network: Network, chosen: (node: GraphNode, position: number) => boolean): void {
  for (let index = network.groups.length - 1; index >= 0; index--) {
    const group = network.groups[index]!;
    for (const step of group.steps) {
      step.needed ||= group.call.outputs.some(({ node }) => chosen(node, step.position));
      if (!step.needed) continue;
      for (const upstream of upstreamSteps(network, step)) upstream.needed = true;
    }
  }
}

/** A step's inputs with their content; `undefined` while some input is not known yet. */
export function stepInputs(network: Network, step: Step): StepInput[] | undefined {
  const inputs: StepInput[] = [];
  for (const input of step.group.inputs) {
    const state = network.states.get(input.from)!;
    const contents: Fingerprint[] = [];
    const positions = neededPositions(input, step.position);
    if (state.kind === "source") {
      for (const position of positions) contents.push(state.found[position]!.content.fingerprint);
    } else {
      const slot = slotOf(state, input.from);
      for (const position of positions) {
        const outputs = state.steps[position]!.outputs;
        if (outputs === undefined) return undefined;
        contents.push(outputs[slot]!.content);
      }
    }
    inputs.push({ name: input.name, keys: positions.map((position) => input.set.texts[position]!), contents });
  }
  return inputs;
}

/** By input and partition, the content of what is there; `undefined` for what is not built yet. */
export function knownInputs(network: Network, step: Step): Map<string, Map<string, Fingerprint | undefined>> {
  const inputs = new Map<string, Map<string, Fingerprint | undefined>>();
  for (const input of step.group.inputs) {
    const state = network.states.get(input.from)!;
    const contents = new Map<string, Fingerprint | undefined>();
    for (const position of neededPositions(input, step.position)) {
      const content =
        state.kind === "source"
          ? state.found[position]!.content.fingerprint
          : state.steps[position]!.outputs?.[slotOf(state, input.from)]!.content;
      contents.set(input.set.texts[position]!, content);
    }
    inputs.set(input.name, contents);
  }
  return inputs;
}

/** The stored partitions behind a step's input, in order. */
export function storedInputs(network: Network, input: InputMapping, position: number): StoredPartition[] {
  const state = network.states.get(input.from)!;
  return neededPositions(input, position).map((at) =>
    state.kind === "source" ? state.stored[at]! : state.steps[at]!.outputs![slotOf(state, input.from)]!,
  );
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
