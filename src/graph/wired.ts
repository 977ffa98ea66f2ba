// One artifact in a graph that is being made: a source with its place, or an output of a producer that was called.

import type { Storage } from "../data/storage/storage.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { Dimensions } from "../identity/dimension.ts";
import type { DeclaredArtifact } from "./artifact.ts";
import type { ProducerDefinition } from "./producer.ts";
import { is, type Is } from "./sentence.ts";

/** For the compiler only, see `InputTypes`. */
export interface WiredTypes<out Value, in out D> {
  readonly value: Value;
  readonly dimensions: D;
}

/** Made by `.from(storage)` and by calling a producer; given to producers, and named by what a graph's function returns. */
export interface WiredArtifact<out Value, in out D = {}> {
  readonly is: Is<"wired">;
  /** The name of the graph it was read from; absent while a graph is being made. */
  readonly graph?: string | undefined;
  /** Its key in that graph: "vendor.transactions". */
  readonly key?: string | undefined;
  readonly "~types": WiredTypes<Value, D>;
}

/** Any wired artifact. Its members are plain, so that invariance does not ask for one exact type. */
export interface AnyWired {
  readonly is: Is<"wired">;
  readonly graph?: string | undefined;
  readonly key?: string | undefined;
  readonly "~types": { readonly value: unknown; readonly dimensions: unknown };
}

/** A wired artifact with its name in a graph: `spend.artifacts.days`. */
export interface GraphArtifact<out Value, in out D, out G extends string> extends WiredArtifact<Value, D> {
  readonly graph: G;
  readonly key: string;
}

/** The run-time side of a wired artifact. Two are the same only if they are one object: equal ones stay two. */
export type Wire = SourceWire | OutputWire;

export interface SourceWire {
  readonly kind: "source";
  readonly artifact: DeclaredArtifact;
  readonly storage: Storage;
}

export interface OutputWire {
  readonly kind: "output";
  readonly artifact: DeclaredArtifact;
  readonly call: ProducerCall;
  readonly slot: string;
}

/** A producer called with what it reads. */
export interface ProducerCall {
  readonly producer: ProducerDefinition;
  readonly dimensions: Dimensions;
  /** By input name, in the order of the definition; an optional input that was left out is absent. */
  readonly inputs: ReadonlyMap<string, Wire>;
  /** By output name, in the order of the definition. */
  readonly outputs: ReadonlyMap<string, OutputWire>;
}

/** The graph that a `GraphArtifact` was read from, as far as telling graphs apart needs it. */
export interface GraphOwner {
  readonly name: string;
  /** Shared by a graph and all that were derived from it. */
  readonly family: object;
  /** What makes two graphs by one name the same, whatever their code is. */
  readonly outline: Fingerprint;
}

// Registered symbols, so that artifacts made by a second copy of the package are still recognised.
const WIRE: unique symbol = Symbol.for("stratigraph.wire");
const OWNER: unique symbol = Symbol.for("stratigraph.owner");

/**
 * Classes without `immerable`, so that a draft of a graph hands its artifacts out as they are. Frozen, because immer would otherwise
 * change such an instance in place. What is private is not printed either, which would be the graph up to the sources.
 */
class WiredHandle {
  readonly is: Is<"wired"> = is.wired;
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
    if (new.target === WiredHandle) Object.freeze(this);
  }

  get [WIRE](): Wire {
    return this.#wire;
  }
}

class GraphHandle extends WiredHandle {
  readonly graph: string;
  readonly key: string;
  readonly #owner: GraphOwner;

  constructor(wire: Wire, owner: GraphOwner, key: string) {
    super(wire);
    this.graph = owner.name;
    this.key = key;
    this.#owner = owner;
    Object.freeze(this);
  }

  get [OWNER](): GraphOwner {
    return this.#owner;
  }
}

export function wiredArtifact(wire: Wire): WiredArtifact<unknown, Dimensions> {
  return new WiredHandle(wire) as unknown as WiredArtifact<unknown, Dimensions>;
}

export function graphArtifact(wire: Wire, owner: GraphOwner, key: string): GraphArtifact<unknown, Dimensions, string> {
  return new GraphHandle(wire, owner, key) as unknown as GraphArtifact<unknown, Dimensions, string>;
}

/** The run-time side of a wired artifact; `undefined` for anything else. */
export function wireOf(thing: unknown): Wire | undefined {
  return hidden(thing, WIRE) as Wire | undefined;
}

/** The graph a wired artifact was read from; `undefined` while it is being made. */
export function ownerOf(thing: unknown): GraphOwner | undefined {
  return hidden(thing, OWNER) as GraphOwner | undefined;
}

function hidden(thing: unknown, symbol: symbol): unknown {
  return typeof thing === "object" && thing !== null && symbol in thing
    ? (thing as Record<symbol, unknown>)[symbol]
    : undefined;
}
