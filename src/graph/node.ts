// The nodes of a graph, and the calls between them: what the engine reads.

import type { Storage } from "../data/storage/storage.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { Dimensions } from "../identity/dimension.ts";
import type { DeclaredArtifact } from "./artifact.ts";
import { producedIdentity, sourceIdentity } from "./artifact-identity.ts";
import type { InputSpec } from "./edge.ts";
import type { ProducerDefinition } from "./producer.ts";
import type { OutputWire, ProducerCall, SourceWire } from "./wired.ts";

/** An artifact with its key in a graph. Nodes of one graph are the same only if they are one object. */
export type GraphNode = SourceNode | ProducedNode;

export interface SourceNode {
  readonly kind: "source";
  /** Dotted: "vendor.transactions". */
  readonly key: string;
  readonly artifact: DeclaredArtifact;
  /** With the names of graph and artifact filled in. */
  readonly storage: Storage;
  /** The artifact's own, see `artifact-identity.ts`; computed when first read. */
  readonly identity: Fingerprint;
  readonly wire: SourceWire;
}

export interface ProducedNode {
  readonly kind: "produced";
  readonly key: string;
  readonly artifact: DeclaredArtifact;
  readonly call: GraphCall;
  readonly slot: string;
  readonly identity: Fingerprint;
  readonly wire: OutputWire;
}

/** A producer with the nodes it reads and makes. */
export interface GraphCall {
  /** Its place in `graph.calls`: whatever it reads comes from calls with smaller ones. */
  readonly index: number;
  readonly producer: ProducerDefinition;
  /** Those of its outputs, and of the key of a step. */
  readonly dimensions: Dimensions;
  /** In the order of the definition; an optional input that was not wired is absent. */
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  /** What a fan-out makes: many partitions for each of `outputs`, which then is the list of their keys alone. */
  readonly parts: GraphOutput | undefined;
  readonly wire: ProducerCall;
}

export interface GraphInput {
  readonly name: string;
  readonly spec: InputSpec;
  readonly from: GraphNode;
}

export interface GraphOutput {
  readonly slot: string;
  readonly node: ProducedNode;
}

/** Every artifact that a call makes. */
export function everyOutput({ outputs, parts }: GraphCall): readonly GraphOutput[] {
  return parts === undefined ? outputs : [...outputs, parts];
}

export function sourceNode(key: string, wire: SourceWire, storage: Storage): SourceNode {
  return Object.freeze(new Source(key, wire, storage));
}

export function producedNode(key: string, wire: OutputWire, call: GraphCall): ProducedNode {
  return Object.freeze(new Produced(key, wire, call));
}

// Classes for the getter alone: most graphs are defined to use a part of them, and identities cost more than all else.

class Source implements SourceNode {
  readonly kind = "source";
  readonly key: string;
  readonly artifact: DeclaredArtifact;
  readonly storage: Storage;
  readonly wire: SourceWire;

  constructor(key: string, wire: SourceWire, storage: Storage) {
    this.key = key;
    this.artifact = wire.artifact;
    this.storage = storage;
    this.wire = wire;
  }

  get identity(): Fingerprint {
    return sourceIdentity(this.artifact, this.storage).fingerprint;
  }
}

class Produced implements ProducedNode {
  readonly kind = "produced";
  readonly key: string;
  readonly artifact: DeclaredArtifact;
  readonly call: GraphCall;
  readonly slot: string;
  readonly wire: OutputWire;

  constructor(key: string, wire: OutputWire, call: GraphCall) {
    this.key = key;
    this.artifact = wire.artifact;
    this.call = call;
    this.slot = wire.slot;
    this.wire = wire;
  }

  get identity(): Fingerprint {
    return producedIdentity(this.artifact, this.call.producer.firstName, this.slot).fingerprint;
  }
}
