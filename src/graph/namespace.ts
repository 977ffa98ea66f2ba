// The names a graph's function returns: artifacts, and namespaces of them, as deep as one likes.

import { StratigraphError } from "../errors.ts";
import type { Dimensions } from "../identity/dimension.ts";
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
  collect(checkedNamespace(namespace), "", 0, found);
  return found;
}

function collect(record: unknown, prefix: string, depth: number, found: NamedWire[]): void {
  const members = checkedMembers(record, prefix);
  if (depth === DEEPEST) invalid(`'${prefix}'`, "namespaces are nested too deep", `at most ${DEEPEST} levels`, record);
  for (const name of Object.keys(members)) {
    const member = members[name];
    const key = prefix === "" ? name : `${prefix}.${name}`;
    const wire = wireOf(member);
    if (wire === undefined) collect(member, key, depth + 1, found);
    else found.push({ key, wire });
  }
}

/** The tree of `graph.artifacts`, frozen. Without prototypes, so that a name like "constructor" finds nothing but an artifact of that name. */
export function artifactTree(named: Iterable<NamedWire>, owner: GraphOwner): object {
  const root: Tree = Object.create(null) as Tree;
  const trees = new Set<Tree>([root]);
  for (const { key, wire } of named) {
    const names = key.split(".");
    const last = names.pop()!;
    let place = root;
    for (const name of names) {
      place = (place[name] ??= Object.create(null) as Tree) as Tree;
      trees.add(place);
    }
    place[last] = graphArtifact(wire, owner, key);
  }
  for (const tree of trees) Object.freeze(tree);
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

function checkedMembers(record: unknown, prefix: string): Readonly<Record<string, unknown>> {
  // A declared artifact and an edge are plain records, too, but ones that say what they are.
  if (!isPlainRecord(record) || typeof record["is"] === "string") {
    invalid(`'${prefix}'`, "a graph names artifacts", `${is.wired}, or an object of them`, record);
  }
  checkNames(Object.keys(record), prefix === "" ? "outermost names" : `names in '${prefix}'`, "name");
  return record;
}
