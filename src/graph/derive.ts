// Deriving a graph: names and producers are changed in a draft, and whatever reads what was changed is wired anew.

import { freeze, produce } from "immer";
import { StratigraphError } from "../errors.ts";
import { code, followsCode, type Version, type VersionDescription } from "../identity/version.ts";
import { topologicalOrder } from "../util/dag.ts";
import { checkedAnnotations, type Annotations } from "./annotation.ts";
import { checkWireFits } from "./fit.ts";
import { namedWires, type NamedWire } from "./namespace.ts";
import type { GraphCall } from "./node.ts";
import { checkedDescription, didYouMean, invalid } from "./option.ts";
import {
  checkedTimeout,
  checkedVersion,
  producerDefinition,
  wireCall,
  type AnyProducer,
  type Producer,
  type ProducerDefinition,
} from "./producer.ts";
import { cycleError, reachableCalls } from "./resolve.ts";
import { checkRetries, type Retries } from "./retry.ts";
import { is } from "./sentence.ts";
import { wireOf, type ProducerCall, type Wire, type WiredArtifact } from "./wired.ts";

/** What the function given to `graph.with` changes. Good only while that function runs. */
export interface GraphDraft<N> {
  /**
   * The names. Assign an artifact of the same type in place of another: what read the old one reads the new one.
   * What is wired inside the function takes exactly what it is given: `draft.artifacts.days = smooth({ days: draft.artifacts.days })`
   * puts a step between `days` and its readers.
   */
  artifacts: DraftNames<N>;
  /** What can be changed of a producer, wherever the graph calls it. Error: GRAPH_INVALID where it does not. */
  producer(producer: AnyProducer | string): ProducerDraft;
  /** Calls another producer of the same type wherever the graph calls this one. */
  replace<Wires, Out>(producer: Producer<Wires, Out>, by: Producer<Wires, Out>): void;
}

export type DraftNames<N> = {
  -readonly [Name in keyof N]: N[Name] extends WiredArtifact<infer Value, infer D>
    ? WiredArtifact<Value, D>
    : DraftNames<N[Name]>;
};

export interface ProducerDraft {
  version: Version;
  retries: Retries | undefined;
  timeout: number | undefined;
  annotations: Annotations;
  description: string | undefined;
}

/** One thing in which a derived graph differs from the one it came from. */
export type GraphChange =
  | { readonly kind: "artifact"; readonly key: string; readonly change: "added" | "removed" | "replaced" }
  | { readonly kind: "producer"; readonly name: string; readonly part: keyof ProducerDraft | "implementation" };

interface BaseGraph {
  readonly artifacts: object;
  readonly calls: readonly GraphCall[];
}

interface DraftState {
  artifacts: object;
  /** Those that were asked for. */
  producers: Record<string, ProducerState>;
}

interface ProducerState extends ProducerDraft {
  implementation: ProducerDefinition;
}

/** The names of the derived graph, wired, and what was changed. Errors: GRAPH_INVALID, GRAPH_CYCLE, VERSION_INVALID. */
export function derive(
  base: BaseGraph,
  recipe: (draft: GraphDraft<unknown>) => unknown,
): { readonly named: readonly NamedWire[]; readonly changes: readonly GraphChange[] } {
  const definitions = new Map(base.calls.map(({ producer }) => [producer.name, producer]));
  const state: DraftState = { artifacts: base.artifacts, producers: Object.create(null) as DraftState["producers"] };
  const next = produce(freeze(state, true), (draft: DraftState) => {
    const returned = recipe(draftOf(draft, definitions));
    // An arrow function that only assigns an artifact returns it; that is not a new set of names.
    if (returned !== undefined && wireOf(returned) === undefined) draft.artifacts = returned as object;
  });

  const before = new Map(namedWires(base.artifacts).map(({ key, wire }) => [key, wire]));
  const after = next.artifacts === base.artifacts ? entriesOf(before) : namedWires(next.artifacts);
  const changes = artifactChanges(before, after);
  const producers = new Map<ProducerDefinition, ProducerDefinition>();
  for (const [name, changed] of Object.entries(next.producers)) {
    const parts = changedParts(stateOf(definitions.get(name)!), changed);
    for (const part of parts) changes.push(Object.freeze({ kind: "producer", name, part }));
    if (parts.length === 0) continue;
    for (const { producer } of base.calls) {
      if (producer.name === name && !producers.has(producer))
        producers.set(producer, changedProducer(producer, changed, parts));
    }
  }
  return { named: rewired(base.calls, before, after, producers), changes };
}

// ------------------------------------------------------------------ the draft

function draftOf(state: DraftState, definitions: ReadonlyMap<string, ProducerDefinition>): GraphDraft<unknown> {
  const known = (producer: unknown): string => {
    const name = typeof producer === "string" ? producer : producerDefinition(producer)?.name;
    if (name === undefined) invalid("producer()", "this is not a producer", "a producer, or the name of one", producer);
    const definition = definitions.get(name);
    if (definition === undefined) {
      const hint = didYouMean(name, definitions.keys());
      invalid("producer()", "the graph calls no such producer", "the name of one it calls", name, hint);
    }
    state.producers[name] ??= stateOf(definition);
    return name;
  };
  return {
    get artifacts() {
      return state.artifacts;
    },
    set artifacts(names) {
      state.artifacts = names;
    },
    producer: (producer) => state.producers[known(producer)]!,
    replace(producer, by) {
      const name = known(producer);
      const implementation = producerDefinition(by);
      if (implementation === undefined) invalid("replace()", "this is not a producer", is.producer, by);
      state.producers[name] = stateOf(implementation);
    },
  };
}

function stateOf(implementation: ProducerDefinition): ProducerState {
  const { retries, timeout, annotations, description } = implementation;
  return { implementation, version: declaredVersion(implementation), retries, timeout, annotations, description };
}

/** As it may be written. */
function declaredVersion({ version }: ProducerDefinition): Version {
  return version.kind === "code" ? code() : version.text;
}

function versionOf(base: ProducerDefinition, declared: Version, where: string): VersionDescription {
  if (declared === declaredVersion(base)) return base.version;
  if (declared === undefined || !followsCode(declared)) return checkedVersion(declared, where);
  throw new StratigraphError(
    "VERSION_INVALID",
    "a producer with a version of its own cannot be made to follow its code",
    {
      where,
      hint: "Declare it with code(), or without a version: then its code is followed from there.",
    },
  );
}

function checkStandsIn(producer: ProducerDefinition, by: ProducerDefinition): void {
  const where = `replace(), producer '${by.name}'`;
  const [wanted, given] = [slotsOf(producer), slotsOf(by)];
  if (wanted !== given) {
    throw new StratigraphError("GRAPH_INVALID", "it has other inputs or outputs", {
      where,
      expected: wanted,
      received: given,
    });
  }
  for (const [slot, artifact] of by.outputs)
    checkWireFits(artifact, producer.outputs.get(slot)!, `${where}, output '${slot}'`);
}

function slotsOf({ inputs, outputs, single }: ProducerDefinition): string {
  const made = single ? "its output" : `{ ${[...outputs.keys()].sort().join(", ")} }`;
  return `({ ${[...inputs.keys()].sort().join(", ")} }) => ${made}`;
}

function changedParts(before: ProducerState, after: ProducerState): readonly (keyof ProducerState)[] {
  return (Object.keys(before) as (keyof ProducerState)[]).filter((part) => before[part] !== after[part]);
}

function changedProducer(
  producer: ProducerDefinition,
  after: ProducerState,
  parts: readonly (keyof ProducerState)[],
): ProducerDefinition {
  const where = `producer '${producer.name}'`;
  const base = parts.includes("implementation") ? after.implementation : producer;
  // A name may stand for more than one definition, of which `replace` has seen one.
  checkStandsIn(producer, base);
  return Object.freeze({
    ...base,
    version: versionOf(base, after.version, where),
    retries: checkRetries(after.retries, where),
    timeout: checkedTimeout(after.timeout, where),
    annotations: checkedAnnotations(after.annotations, where),
    description: checkedDescription(after.description, where),
  });
}

function artifactChanges(before: ReadonlyMap<string, Wire>, after: readonly NamedWire[]): GraphChange[] {
  const changes: GraphChange[] = [];
  const left = new Set(before.keys());
  for (const { key, wire } of after) {
    left.delete(key);
    const old = before.get(key);
    if (old !== wire)
      changes.push(Object.freeze({ kind: "artifact", key, change: old === undefined ? "added" : "replaced" }));
  }
  for (const key of left) changes.push(Object.freeze({ kind: "artifact", key, change: "removed" }));
  return changes;
}

// ------------------------------------------------------------------ wiring anew

/** Calls are never changed: one that reads something else, or runs another producer, is made again, and so is all that reads from it. */
export function rewired(
  baseCalls: readonly GraphCall[],
  before: ReadonlyMap<string, Wire>,
  after: readonly NamedWire[],
  producers: ReadonlyMap<ProducerDefinition, ProducerDefinition>,
): readonly NamedWire[] {
  const replaced = new Map<Wire, Wire>();
  for (const { key, wire } of after) {
    const old = before.get(key);
    if (old !== undefined && old !== wire) replaced.set(old, wire);
  }
  if (replaced.size === 0 && producers.size === 0) return after;

  const old = new Map(baseCalls.map((call) => [call.wire, call]));
  const read = (call: ProducerCall, wire: Wire): Wire => (old.has(call) ? (replaced.get(wire) ?? wire) : wire);
  const { calls, dependencies } = reachableCalls(
    after.map(({ wire }) => wire),
    (call) => [...call.inputs.values()].map((wire) => read(call, wire)),
  );
  const sorted = topologicalOrder(calls.length, (index) => dependencies[index]!);
  if ("cycle" in sorted) {
    throw cycleError(sorted.cycle.map((index) => nameOf(calls[index]!, old, after)));
  }

  const again = new Map<ProducerCall, ProducerCall>();
  const current = (wire: Wire): Wire =>
    wire.kind === "source" ? wire : (again.get(wire.call)?.outputs.get(wire.slot) ?? wire);
  for (const index of sorted.order) {
    const call = calls[index]!;
    const producer = producers.get(call.producer) ?? call.producer;
    let changed = producer !== call.producer;
    const inputs = new Map<string, Wire>();
    for (const [name, wire] of call.inputs) {
      const now = current(read(call, wire));
      changed ||= now !== wire;
      const spec = producer.inputs.get(name)!;
      if (now !== wire) checkWireFits(now.artifact, spec.artifact, `producer '${producer.name}', input '${name}'`);
      inputs.set(name, now);
    }
    if (changed) again.set(call, wireCall(producer, inputs));
  }
  return after.map(({ key, wire }) => ({ key, wire: current(wire) }));
}

function nameOf(call: ProducerCall, old: ReadonlyMap<ProducerCall, GraphCall>, after: readonly NamedWire[]): string {
  const named = after.find(({ wire }) => wire.kind === "output" && wire.call === call);
  return named?.key ?? old.get(call)?.outputs[0]?.node.key ?? call.producer.name;
}

function entriesOf(wires: ReadonlyMap<string, Wire>): readonly NamedWire[] {
  return [...wires].map(([key, wire]) => ({ key, wire }));
}
