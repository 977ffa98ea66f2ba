// The names a graph's function returns: artifacts, and namespaces of them, as deep as one likes.

import { StratigraphError } from "../errors.ts";
import type { Dimensions } from "../identity/partition.ts";
import { checkNames } from "./name.ts";
import { called, invalid, isPlainRecord } from "./option.ts";
import { is } from "./sentence.ts";
import {
  graphArtifact,
  wireOf,
  type AnyWired,
  type GraphArtifact,
  type GraphOwner,
  type Wire,
  type WiredArtifact,
} from "./wired.ts";

/** `{ vendor: { transactions }, days, total }`. */
export type Namespace = { readonly [name: string]: AnyWired | Namespace };

/** The same names, each artifact knowing its graph: what `graph.artifacts` is. */
export type InGraph<N, G extends string> = {
  readonly [Name in keyof N]: N[Name] extends WiredArtifact<infer Value, infer D>
    ? GraphArtifact<Value, D, G>
    : InGraph<N[Name], G>;
};

export interface NamedWire {
  /** The names from the outside in, joined by dots. */
  readonly key: string;
  readonly wire: Wire;
}

/** Deeper nesting is taken for an object that contains itself. */
const DEEPEST = 32;

/**
 * Every artifact with its key, in the order written. Errors: GRAPH_INVALID for a name that cannot be one, or looks like its
 * neighbour's, and for what is neither artifact nor namespace.
 */
export function namedWires(namespace: unknown): readonly NamedWire[] {
  const found: NamedWire[] = [];
  const open: { readonly record: unknown; readonly prefix: string; readonly depth: number }[] = [];
  open.push({ record: checkedNamespace(namespace), prefix: "", depth: 0 });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { record, prefix, depth } = next;
    const wire = wireOf(record);
    if (wire !== undefined) {
      found.push({ key: prefix, wire });
      continue;
    }
    const members = checkedMembers(record, prefix);
    if (depth === DEEPEST)
      invalid(`'${prefix}'`, "namespaces are nested too deep", `at most ${DEEPEST} levels`, record);
    // Onto a stack the last goes first, so that the first is taken first.
    for (let i = members.length - 1; i >= 0; i--) {
      const [name, member] = members[i]!;
      open.push({ record: member, prefix: prefix === "" ? name : `${prefix}.${name}`, depth: depth + 1 });
    }
  }
  return found;
}

/** The tree of `graph.artifacts`. Without prototypes, so that a name like "constructor" finds nothing but an artifact of that name. */
export function artifactTree(named: Iterable<NamedWire>, owner: GraphOwner): object {
  const root: Tree = Object.create(null) as Tree;
  for (const { key, wire } of named) {
    const names = key.split(".");
    const last = names.pop()!;
    let place = root;
    for (const name of names) place = (place[name] ??= Object.create(null) as Tree) as Tree;
    place[last] = graphArtifact(wire, owner, key);
  }
  return root;
}

interface Tree {
  [name: string]: Tree | GraphArtifact<unknown, Dimensions, string>;
}

function checkedNamespace(namespace: unknown): object {
  if (isPlainRecord(namespace) && typeof namespace["is"] !== "string") return namespace;
  throw new StratigraphError("GRAPH_INVALID", "a graph's function returns the artifacts by name", {
    expected: "an object such as { days, total }",
    received: called(namespace),
    hint: namespace instanceof Promise ? "The function that defines a graph cannot be async." : undefined,
  });
}

function checkedMembers(record: unknown, prefix: string): readonly (readonly [string, unknown])[] {
  // A declared artifact and an edge are plain records, too, but ones that say what they are.
  if (!isPlainRecord(record) || typeof record["is"] === "string") {
    invalid(`'${prefix}'`, "a graph names artifacts", `${is.wired}, or an object of them`, record);
  }
  const members = Object.entries(record);
  const names = members.map(([name]) => name);
  checkNames(names, prefix === "" ? "outermost names" : `names in '${prefix}'`, "name");
  return members;
}
