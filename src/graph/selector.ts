// Selectors: parts of a graph chosen by text: `total`, `vendor.*`, `+total`, `total+`, `owner:ana`, `days[2026-01-02]`.

import { isStratigraphError, StratigraphError } from "../errors.ts";
import { encodeKey, parseKeyArgument, type KeyText } from "../identity/partition-key.ts";
import { reach } from "../util/dag.ts";
import { showValue } from "../util/show.ts";
import { suggest, suggestKey } from "../util/suggest.ts";
import { annotationTexts, hasAnnotation, type Annotations } from "./annotation.ts";
import { everyOutput, type GraphCall, type GraphNode } from "./node.ts";

export interface Selector {
  readonly text: string;
  /** `+x`: and everything it is made from. */
  readonly upstream: boolean;
  /** `x+`: and everything made from it. */
  readonly downstream: boolean;
  readonly what:
    | { readonly kind: "key"; readonly pattern: string; readonly partition: string | undefined }
    | { readonly kind: "annotation"; readonly name: string; readonly value: string };
}

export interface Selection {
  readonly keys: ReadonlySet<string>;
  /** Where only some partitions of an artifact are meant. An artifact that is selected as a whole is not in it. */
  readonly partitions: ReadonlyMap<string, readonly KeyText[]>;
}

interface SelectableGraph {
  readonly name: string;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly calls: readonly GraphCall[];
  readonly was?: ReadonlyMap<string, readonly string[]>;
}

const MOST_LISTED = 5;
const FORMS = "one such as total, vendor.*, +total, total+, owner:ana or days[2026-01-02]";

/** Throws SELECTOR_INVALID for a text that is no selector; whether it matches anything is for `selectNodes` to say. */
export function parseSelector(text: string): Selector {
  const upstream = text.startsWith("+");
  const downstream = text.length > 1 && text.endsWith("+");
  const inner = text.slice(upstream ? 1 : 0, downstream ? -1 : undefined);
  const open = inner.indexOf("[");
  const partition = open >= 0 && inner.endsWith("]") ? inner.slice(open + 1, -1) : undefined;
  const name = partition === undefined ? inner : inner.slice(0, open);
  const colon = name.indexOf(":");
  const wrong = (problem: string): never => {
    throw new StratigraphError("SELECTOR_INVALID", problem, { expected: FORMS, received: showValue(text) });
  };
  if (name === "") wrong("a selector names an artifact");
  if (/[\s[\]+]/.test(name.replaceAll(" ", "")) || (open >= 0 && partition === undefined))
    wrong("this is not a selector");
  if (colon >= 0) {
    if (partition !== undefined) wrong("an annotation has no partitions");
    if (colon === 0 || colon === name.length - 1) wrong("an annotation is chosen by name and value");
    return {
      text,
      upstream,
      downstream,
      what: { kind: "annotation", name: name.slice(0, colon), value: name.slice(colon + 1) },
    };
  }
  if (partition !== undefined) {
    if (name.includes("*")) wrong("partitions are chosen of one artifact");
    if (upstream || downstream) wrong("partitions are chosen without '+': what they need is built with them anyway");
  }
  return { text, upstream, downstream, what: { kind: "key", pattern: name, partition } };
}

/**
 * Everything that at least one of the selectors chooses; all of the graph where there is none.
 * Errors: SELECTOR_INVALID, SELECTOR_UNKNOWN for one that matches nothing, PARTITION_KEY_INVALID.
 */
export function selectNodes(graph: SelectableGraph, selectors: readonly string[]): Selection {
  if (selectors.length === 0) return { keys: new Set(graph.nodes.keys()), partitions: new Map() };
  const whole = new Set<string>();
  const partitions = new Map<string, Set<KeyText>>();
  for (const text of selectors) {
    const selector = parseSelector(text);
    const matches = matchingNodes(graph, selector);
    const { what } = selector;
    if (what.kind === "key" && what.partition !== undefined) {
      const [node] = matches;
      const chosen = partitions.get(node!.key) ?? new Set();
      partitions.set(node!.key, chosen.add(partitionOf(node!, what.partition, text)));
      continue;
    }
    for (const node of matches) whole.add(node.key);
    if (selector.upstream) for (const node of upstreamOf(graph, matches)) whole.add(node.key);
    if (selector.downstream) for (const node of downstreamOf(graph, matches)) whole.add(node.key);
  }
  for (const key of whole) partitions.delete(key);
  const lists = new Map([...partitions].map(([key, texts]) => [key, [...texts]]));
  // In the graph's order, whatever the order of the selectors.
  const keys = new Set([...graph.nodes.keys()].filter((key) => whole.has(key) || lists.has(key)));
  return { keys, partitions: lists };
}

/** These nodes' inputs, and theirs, to the sources. */
export function upstreamOf(graph: Pick<SelectableGraph, "calls">, nodes: Iterable<GraphNode>): Iterable<GraphNode> {
  const starts = [...nodes];
  const found = new Set<GraphNode>(starts);
  const calls = new Set<number>();
  for (const node of starts) if (node.kind === "produced") calls.add(node.call.index);
  const reached = reach(calls, (index) =>
    graph.calls[index]!.inputs.flatMap(({ from }) => (from.kind === "produced" ? [from.call.index] : [])),
  );
  for (const index of reached) {
    for (const { from } of graph.calls[index]!.inputs) found.add(from);
  }
  return found;
}

/** What is made from these nodes, and from that. */
export function downstreamOf(graph: Pick<SelectableGraph, "calls">, nodes: Iterable<GraphNode>): Iterable<GraphNode> {
  const found = new Set<GraphNode>(nodes);
  // Calls stand in the order they are built, so one pass sees every reader after what it reads.
  for (const call of graph.calls) {
    if (call.inputs.some(({ from }) => found.has(from))) for (const { node } of everyOutput(call)) found.add(node);
  }
  return found;
}

function matchingNodes(graph: SelectableGraph, { text, what }: Selector): readonly GraphNode[] {
  if (what.kind === "annotation") {
    const found = [...graph.nodes.values()].filter((node) =>
      annotationsOf(node).some((annotations) => hasAnnotation(annotations, what.name, what.value)),
    );
    return found.length > 0 ? found : unknown(graph, text, suggest(text, annotationsIn(graph)));
  }
  if (!what.pattern.includes("*")) {
    const node = graph.nodes.get(what.pattern);
    if (node !== undefined) return [node];
    // A namespace chooses what is in it.
    const inside = what.partition === undefined ? glob(graph, `${what.pattern}.*`) : [];
    if (inside.length > 0) return inside;
    const [now] = [...(graph.was ?? [])].find(([, olds]) => olds.includes(what.pattern)) ?? [];
    return unknown(graph, text, suggestKey(what.pattern, graph.nodes.keys()), now);
  }
  const found = glob(graph, what.pattern);
  return found.length > 0 ? found : unknown(graph, text, undefined);
}

function glob(graph: SelectableGraph, pattern: string): GraphNode[] {
  return [...graph.nodes.values()].filter(({ key }) => matchesGlob(pattern, key));
}

/**
 * Whether `*` in the pattern can stand for any text so that it becomes this one. Never goes back: pieces between stars are
 * looked for from left to right, and the first place that fits is as good as any later one. Not a RegExp, which could run for ever.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const pieces = pattern.split("*");
  const first = pieces[0]!;
  if (pieces.length === 1) return pattern === text;
  const last = pieces[pieces.length - 1]!;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let place = first.length;
  for (let i = 1; i < pieces.length - 1; i++) {
    const found = text.indexOf(pieces[i]!, place);
    if (found < 0) return false;
    place = found + pieces[i]!.length;
  }
  return place <= text.length - last.length;
}

function partitionOf(node: GraphNode, argument: string, selector: string): KeyText {
  const { dimensions } = node.artifact;
  try {
    return encodeKey(dimensions, parseKeyArgument(dimensions, argument));
  } catch (error) {
    throw isStratigraphError(error) ? error.within(`selector ${showValue(selector)}`) : error;
  }
}

/** `now`: what the name that was meant has become. */
function unknown(graph: SelectableGraph, text: string, near: string | undefined, now?: string): never {
  const keys = [...graph.nodes.keys()];
  const some = keys.slice(0, MOST_LISTED).map((key) => `'${key}'`);
  const more = keys.length > some.length ? ` and ${keys.length - some.length} more` : "";
  throw new StratigraphError("SELECTOR_UNKNOWN", `nothing in graph '${graph.name}' matches ${showValue(text)}`, {
    hint:
      now !== undefined
        ? `It is called '${now}' now.`
        : near === undefined
          ? `Its artifacts are ${some.join(", ")}${more}.`
          : `Did you mean '${near}'?`,
    data: { selector: text },
  });
}

/** What is known of an artifact is what was said of it, and of the producer that makes it. */
function annotationsOf(node: GraphNode): readonly Annotations[] {
  const { annotations } = node.artifact;
  return node.kind === "source" ? [annotations] : [annotations, node.call.producer.annotations];
}

function annotationsIn(graph: SelectableGraph): Set<string> {
  const found = new Set<string>();
  for (const node of graph.nodes.values()) {
    for (const [name, value] of annotationsOf(node).flatMap((annotations) => Object.entries(annotations))) {
      for (const text of annotationTexts(value)) found.add(`${name}:${text}`);
    }
  }
  return found;
}
