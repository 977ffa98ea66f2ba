// Graph: named artifacts, who produces each, and what makes the whole the same graph as another.

import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import { checkedAnnotations, type Annotations } from "./annotation.ts";
import { sameForm } from "./artifact-identity.ts";
import type { ProducerDefinition } from "./producer.ts";
import { bindParams, type GivenParams } from "./params.ts";
import { derive, rewired, type GraphChange, type GraphDraft } from "./derive.ts";
import { describeGraph, graphManifest, type GraphDescription } from "./describe.ts";
import { checkName } from "./name.ts";
import { artifactTree, namedWires, type InGraph, type NamedWire, type Namespace } from "./namespace.ts";
import type { GraphCall, GraphNode } from "./node.ts";
import { checkOptions, didYouMean, invalid, isPlainRecord } from "./option.ts";
import { resolveGraph } from "./resolve.ts";
import { ownerOf, wireOf, type AnyWired, type GraphOwner } from "./wired.ts";

export {
  everyOutput,
  type GraphCall,
  type GraphInput,
  type GraphNode,
  type GraphOutput,
  type ProducedNode,
  type SourceNode,
} from "./node.ts";

/**
 * Names artifacts: `define` wires them and returns them by name, nested objects being namespaces. It runs once, at once.
 * What is reachable but not returned is in the graph too: a produced artifact as `<producer>` or `<producer>.<output>`.
 * Errors: GRAPH_INVALID, GRAPH_CYCLE, TEMPLATE_INVALID, VERSION_INVALID, all naming the graph.
 */
export function defineGraph<const G extends string, N extends Namespace>(
  name: G,
  define: () => N,
  options: GraphOptions = {},
): GraphDefinition<G, N> {
  checkName(name, "graph");
  checkOptions(options, ["annotations", "params", "was"], `graph '${name}'`);
  if (typeof define !== "function")
    invalid(`graph '${name}'`, "a graph is defined by a function", "() => ({ days, total })", define);
  const annotations = checkedAnnotations(options.annotations, `graph '${name}'`);
  const defined = within(
    name,
    () => new GraphDefinition<G, N>(name, namedWires(define()), {}, [], annotations, checkedWas(options.was)),
  );
  return bindParams(defined, options.params);
}

export type FormerKeys = ReadonlyMap<string, readonly string[]>;

export interface GraphOptions {
  /** What people know about the graph. One counts: `strata` holds settings for everything in it, see docs/configuration.md. */
  readonly annotations?: Annotations | undefined;
  /**
   * Keys that artifacts had before, the newest first where there are several: `{ "daily.spend": "days" }`. Earlier snapshots, differences
   * and pins are found by the new key then. Part of no fingerprint.
   */
  readonly was?: { readonly [key: string]: string | readonly string[] } | undefined;
  /** Values for params of its producers, where a build is not given others. */
  readonly params?: GivenParams | undefined;
}

/** Frozen. Fingerprint and description are computed when first asked for, and then kept. */
export class GraphDefinition<G extends string = string, N = {}> implements GraphOwner {
  readonly name: G;
  /** Every node by its key: the named ones as they were written, then the others as they are built. */
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** The producers as they are wired; whatever one reads is made by those before it. */
  readonly calls: readonly GraphCall[];
  /** Shared by a graph and all that were derived from it. */
  readonly family: object;
  /** How it was derived, from the first graph of its family on; empty for that one. */
  readonly changes: readonly GraphChange[];
  /** Part of no fingerprint, and not of the description either. */
  readonly annotations: Annotations;
  /** Keys that artifacts had before, the newest first, by key. */
  readonly was: FormerKeys;
  readonly #named: readonly NamedWire[];
  readonly #lazy: { artifacts?: InGraph<N, G>; manifest?: SealedManifest; description?: GraphDescription } = {};

  /** @internal Graphs are made by `defineGraph` and `with`. */
  constructor(
    name: G,
    named: readonly NamedWire[],
    family: object,
    changes: readonly GraphChange[],
    annotations: Annotations,
    was: FormerKeys,
  ) {
    if (named.length === 0) {
      throw new StratigraphError("GRAPH_INVALID", "the graph has no artifacts: its function returns them by name", {
        expected: "an object such as { days, total }",
      });
    }
    this.name = name;
    this.annotations = annotations;
    this.family = family;
    this.changes = changes;
    ({ nodes: this.nodes, calls: this.calls } = resolveGraph(name, named));
    this.#named = named;
    for (const [key, olds] of was) {
      if (!this.nodes.has(key)) {
        const guess = didYouMean(key, this.nodes.keys());
        invalid("was", "there is no such artifact", "the key of one of its artifacts", key, guess);
      }
      for (const old of olds) {
        if (this.nodes.has(old)) invalid(`was, '${key}'`, "this key is in use", "a key that no artifact has now", old);
      }
    }
    this.was = was;
    Object.freeze(this);
  }

  /** The artifacts by name, as they were returned. Made when first asked for: many programs only build. */
  get artifacts(): InGraph<N, G> {
    return (this.#lazy.artifacts ??= artifactTree(this.#named, this) as InGraph<N, G>);
  }

  /** What counts of it, see `graphManifest`. Error: SCHEMA_UNSUPPORTED, naming the artifact. */
  get manifest(): SealedManifest {
    return (this.#lazy.manifest ??= within(this.name, () => graphManifest(this)));
  }

  get fingerprint(): Fingerprint {
    return this.manifest.fingerprint;
  }

  /** The fingerprint without what nobody has looked at yet: as a fingerprint, but the same for every state of followed code. */
  get outline(): Fingerprint {
    const follows = this.calls.some(({ producer }) => producer.version.kind === "code");
    return follows ? within(this.name, () => graphManifest(this, { code: false })).fingerprint : this.fingerprint;
  }

  /** What can be stored of it: plain JSON without code. */
  describe(): GraphDescription {
    return (this.#lazy.description ??= within(this.name, () => describeGraph(this)));
  }

  /** The key of today for one that an artifact had before; any other key as it is. */
  keyNow(key: string): string {
    for (const [now, olds] of this.was) if (olds.includes(key)) return now;
    return key;
  }

  /**
   * The node of a key, or of an artifact of this graph, of one it was derived from or one derived from it.
   * Error: GRAPH_INVALID for any other artifact, also of another graph by the same name.
   */
  node(of: string | AnyWired): GraphNode {
    const where = `graph '${this.name}'`;
    const key = typeof of === "string" ? of : this.#keyOf(of, where);
    const node = this.nodes.get(key);
    if (node === undefined) {
      invalid(
        where,
        "there is no such artifact",
        "the key of one of its artifacts",
        key,
        didYouMean(key, this.nodes.keys()),
      );
    }
    const wire = wireOf(of);
    if (wire !== undefined && !sameForm(wire.artifact, node.artifact)) {
      throw new StratigraphError("GRAPH_INVALID", `'${key}' is another artifact in this graph`, {
        where,
        hint: `Name the one in '${this.name}.artifacts'.`,
      });
    }
    return node;
  }

  /**
   * A graph like this one but for what `recipe` changes in the draft. This one stays as it is.
   *
   * A name stands for what is under it: whatever reads an artifact whose name is given another one reads that one.
   * A recipe may also return the names themselves, more or fewer than there were.
   *
   * @example
   * const rehearsal = spend.with((draft) => {
   *   draft.artifacts.vendor.transactions = Transactions.from(local("fixtures/{date}.json"));
   *   draft.producer(sumDay).version = "2.0.0";
   * });
   */
  with<M extends Namespace | AnyWired | void, const G2 extends string = G>(
    recipe: (draft: GraphDraft<N>) => M,
    options: { readonly name?: G2 | undefined } = {},
  ): GraphDefinition<G2, M extends AnyWired | void ? N : M> {
    checkOptions(options, ["name"], `graph '${this.name}', with()`);
    const name = (options.name ?? this.name) as G2;
    checkName(name, "graph");
    return within(name, () => {
      const { named, changes } = derive(this, recipe as (draft: GraphDraft<unknown>) => unknown);
      const keys = new Set(named.map(({ key }) => key));
      return new GraphDefinition(
        name,
        named,
        this.family,
        Object.freeze([...this.changes, ...changes]),
        this.annotations,
        new Map([...this.was].filter(([key, olds]) => keys.has(key) && !olds.some((old) => keys.has(old)))),
      );
    });
  }

  /** The same graph with other definitions of its producers: artifacts of one are artifacts of the other. */
  withProducers(producers: ReadonlyMap<ProducerDefinition, ProducerDefinition>): GraphDefinition<G, N> {
    const before = new Map(this.#named.map(({ key, wire }) => [key, wire]));
    const named = rewired(this.calls, before, this.#named, producers);
    return new GraphDefinition(this.name, named, this.family, this.changes, this.annotations, this.was);
  }

  #keyOf(artifact: AnyWired, where: string): string {
    const owner = ownerOf(artifact);
    if (owner === undefined) {
      invalid(where, "this is not one of its artifacts", `one of those in '${this.name}.artifacts'`, artifact);
    }
    const key = artifact.key!;
    // A module that was loaded twice gives two families of one graph.
    const related = owner.family === this.family || (owner.name === this.name && owner.outline === this.outline);
    if (!related) {
      const other = owner.name === this.name ? "another graph by that name" : `graph '${owner.name}'`;
      throw new StratigraphError("GRAPH_INVALID", "this artifact belongs to another graph", {
        where,
        expected: `one of those in '${this.name}.artifacts'`,
        received: `'${key}' of ${other}`,
      });
    }
    return key;
  }
}

function checkedWas(was: unknown): FormerKeys {
  const former = new Map<string, readonly string[]>();
  if (was === undefined) return former;
  if (!isPlainRecord(was)) invalid("was", "renamed keys are given by their new ones", '{ "daily.spend": "days" }', was);
  const seen = new Set<unknown>();
  for (const [key, given] of Object.entries(was)) {
    const olds: readonly unknown[] = Array.isArray(given) ? given : [given];
    for (const old of olds) {
      const where = `was, '${key}'`;
      if (typeof old !== "string" || old === "")
        invalid(where, "this was no key", "a key it had before, or a list of them", old);
      if (seen.has(old)) invalid(where, "one key cannot have become two", "a key that is named once", old);
      seen.add(old);
    }
    former.set(key, Object.freeze(olds as readonly string[]));
  }
  return former;
}

function within<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isStratigraphError(error) ? error.within(`graph '${name}'`) : error;
  }
}
