// From the names a graph's function returns to nodes and calls: everything reachable, each with a key, in order.

import type { Storage } from "../data/storage/storage.ts";
import { StratigraphError } from "../errors.ts";
import { topologicalOrder } from "../util/dag.ts";
import { showValue } from "../util/show.ts";
import type { DeclaredArtifact } from "./artifact.ts";
import { foldName } from "./name.ts";
import type { NamedWire } from "./namespace.ts";
import { producedNode, sourceNode, type GraphCall, type GraphInput, type GraphNode, type GraphOutput } from "./node.ts";
import { KEYS, SINGLE } from "./output.ts";
import type { ProducerDefinition } from "./producer.ts";
import type { ProducerCall, Wire } from "./wired.ts";

export interface ResolvedGraph {
  /** Named ones in the order they were named, then the others in the order they are built. */
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** Whatever a call reads comes before it. */
  readonly calls: readonly GraphCall[];
}

/**
 * Errors: GRAPH_INVALID for an artifact with two names, a source without one, and two producers of one name; GRAPH_CYCLE.
 * Iterative throughout: a chain may be as long as memory allows.
 */
export function resolveGraph(name: string, named: readonly NamedWire[]): ResolvedGraph {
  const keys = keysOf(named);
  const { calls, dependencies } = reachableCalls(named.map(({ wire }) => wire));
  checkProducers(calls);
  const sorted = topologicalOrder(calls.length, (index) => dependencies[index]!);
  if ("cycle" in sorted) {
    throw cycleError(sorted.cycle.map((index) => nameOf(calls[index]!, keys)));
  }
  const ordered = Array.from(sorted.order, (index) => calls[index]!);
  nameTheRest(ordered, keys);
  return nodesOf(name, ordered, keys);
}

/** The calls that are reachable from these artifacts, each with those it reads from, by position. */
export function reachableCalls(
  start: readonly Wire[],
  inputsOf: (call: ProducerCall) => Iterable<Wire> = (call) => call.inputs.values(),
): { readonly calls: readonly ProducerCall[]; readonly dependencies: readonly (readonly number[])[] } {
  const calls: ProducerCall[] = [];
  const positions = new Map<ProducerCall, number>();
  const dependencies: number[][] = [];
  const visit = (wire: Wire): number | undefined => {
    if (wire.kind === "source") return undefined;
    let position = positions.get(wire.call);
    if (position === undefined) {
      position = calls.push(wire.call) - 1;
      positions.set(wire.call, position);
    }
    return position;
  };
  for (const wire of start) visit(wire);
  // `calls` grows while it is gone through: it is its own queue.
  for (let i = 0; i < calls.length; i++) {
    const reads: number[] = [];
    for (const wire of inputsOf(calls[i]!)) {
      const position = visit(wire);
      if (position !== undefined) reads.push(position);
    }
    dependencies.push(reads);
  }
  return { calls, dependencies };
}

/** At most 20 names, however long the circle is; each reads from the one before it, and the first from the last. */
export function cycleError(names: readonly string[]): StratigraphError {
  const shown = names.length <= 20 ? names : [...names.slice(0, 19), `… (${names.length - 19} more)`];
  return new StratigraphError("GRAPH_CYCLE", "artifacts depend on each other in a circle", {
    received: [...shown, names[0]!].map((name) => (name.startsWith("…") ? name : `'${name}'`)).join(" → "),
    data: { length: names.length },
  });
}

function keysOf(named: readonly NamedWire[]): Map<Wire, string> {
  const keys = new Map<Wire, string>();
  for (const { key, wire } of named) {
    const other = keys.get(wire);
    // Not an alias, because snapshots, plans and selectors speak of one key.
    if (other !== undefined) {
      throw new StratigraphError("GRAPH_INVALID", "one artifact has two names", {
        where: `'${other}' and '${key}'`,
        hint: "Keep one of them; or wire it twice, where two artifacts are meant.",
      });
    }
    keys.set(wire, key);
  }
  return keys;
}

/** The name stands for the code in every fingerprint, so two producers of one name and version would be given each other's results. */
function checkProducers(calls: readonly ProducerCall[]): void {
  const producers = new Map<string, ProducerDefinition>();
  for (const { producer } of calls) {
    const other = producers.get(producer.firstName);
    if (other === undefined) producers.set(producer.firstName, producer);
    else if (other.name !== producer.name) {
      throw new StratigraphError("GRAPH_INVALID", "two producers would be given each other's results", {
        where: `producers '${other.name}' and '${producer.name}'`,
        received: `'${producer.firstName}' is the first name of both`,
        hint: "Leave out `was` where the old name is in use again.",
      });
    } else if (other !== producer && other.build !== producer.build) {
      throw new StratigraphError("GRAPH_INVALID", "two producers have the same name", {
        where: `producer '${producer.name}'`,
        hint: "Declare it once and call it where it is needed, or give each its own name.",
      });
    }
  }
}

/** `<producer>`, or `<producer>.<output>`; with "-2", "-3", … behind the producer where the graph has that name already. */
function nameTheRest(calls: readonly ProducerCall[], keys: Map<Wire, string>): void {
  let freeName: ((name: string) => string) | undefined;
  for (const { producer, outputs } of calls) {
    let base: string | undefined;
    for (const wire of outputs.values()) {
      if (keys.has(wire) || (producer.fanOut !== undefined && wire.slot === KEYS)) continue;
      freeName ??= namesBeside(keys.values());
      base ??= freeName(producer.name);
      keys.set(wire, producer.single ? base : `${base}.${wire.slot}`);
    }
    // Nothing else can have that name: what is below an artifact's name would be in a namespace of the same name.
    if (producer.fanOut !== undefined) keys.set(outputs.get(KEYS)!, `${keys.get(outputs.get(SINGLE)!)!}.keys`);
  }
}

/** Gives each name out once, passing over those that some key begins with. */
function namesBeside(keys: Iterable<string>): (name: string) => string {
  const taken = new Set<string>();
  for (const key of keys) taken.add(foldName(key.split(".", 1)[0]!));
  const counts = new Map<string, number>();
  return (name) => {
    let count = counts.get(name) ?? 1;
    let candidate = count === 1 ? name : `${name}-${count}`;
    while (taken.has(foldName(candidate))) candidate = `${name}-${++count}`;
    counts.set(name, count + 1);
    taken.add(foldName(candidate));
    return candidate;
  };
}

function nodesOf(graph: string, calls: readonly ProducerCall[], keys: ReadonlyMap<Wire, string>): ResolvedGraph {
  const byWire = new Map<Wire, GraphNode>();
  for (const [wire, key] of keys) {
    if (wire.kind !== "source") continue;
    byWire.set(wire, sourceNode(key, wire, resolved(wire.storage, graph, key, wire.artifact)));
  }
  const graphCalls = calls.map((wire, index): GraphCall => {
    const { producer, dimensions } = wire;
    const inputs: GraphInput[] = [];
    for (const [name, read] of wire.inputs) {
      // What calls make has got a name by now, and was made before.
      const from = byWire.get(read) ?? namelessSource(producer, name);
      inputs.push({ name, spec: producer.inputs.get(name)!, from });
    }
    const outputs: GraphOutput[] = [];
    const call: { -readonly [Member in keyof GraphCall]: GraphCall[Member] } = {
      index,
      producer,
      dimensions,
      inputs: Object.freeze(inputs),
      outputs,
      parts: undefined,
      wire,
    };
    for (const [slot, output] of wire.outputs) {
      const node = producedNode(keys.get(output)!, output, call);
      byWire.set(output, node);
      if (producer.fanOut !== undefined && slot === SINGLE) call.parts = Object.freeze({ slot, node });
      else outputs.push({ slot, node });
    }
    Object.freeze(outputs);
    if (outputs.length > 1) checkPlaces(graph, call);
    return Object.freeze(call);
  });
  // In the order of the names, whenever their node was made.
  const nodes = new Map<string, GraphNode>();
  for (const [wire, key] of keys) nodes.set(key, byWire.get(wire)!);
  return { nodes, calls: Object.freeze(graphCalls) };
}

function namelessSource(producer: ProducerDefinition, input: string): never {
  throw new StratigraphError("GRAPH_INVALID", "a source has no name", {
    where: `producer '${producer.name}', input '${input}'`,
    hint: `Return it from the graph's function with the others: { ${input}, … }.`,
  });
}

function resolved(storage: Storage, graph: string, key: string, artifact: DeclaredArtifact): Storage {
  return storage.resolve({ graph, artifactKey: key, extension: artifact.format.extension });
}

/** Outputs of one step have partition, fingerprint and attempt in common, so the rest of the template must tell them apart. */
function checkPlaces(graph: string, { producer, outputs }: GraphCall): void {
  const places = new Map<string, string>();
  for (const { slot, node } of outputs) {
    const { artifact, key } = node;
    // A storage without a template keeps its own order.
    if (artifact.storage === undefined || artifact.storage.template === "") continue;
    const { kind, template } = resolved(artifact.storage, graph, key, artifact);
    const other = places.get(`${kind} ${template}`);
    if (other !== undefined) {
      throw new StratigraphError("TEMPLATE_INVALID", `it would be written over output '${other}'`, {
        where: `producer '${producer.name}', output '${slot}'`,
        received: `the template ${showValue(artifact.storage.template)} for both`,
        hint: "Put {names} into the template, or give each output its own.",
      });
    }
    places.set(`${kind} ${template}`, slot);
  }
}

/** How a message calls what a call makes. */
function nameOf(call: ProducerCall, keys: ReadonlyMap<Wire, string>): string {
  for (const wire of call.outputs.values()) {
    const key = keys.get(wire);
    if (key !== undefined) return key;
  }
  return call.producer.name;
}
