// What a graph is, without its code: as JSON for people and storage, and as the manifest of its fingerprint.

import { isStratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import type { Dimensions } from "../identity/dimension.ts";
import { schemaDescription, type SchemaDescription } from "../identity/schema.ts";
import { canonicalText } from "../util/canonical.ts";
import type { AnnotationValue, Annotations } from "./annotation.ts";
import { artifactForm, seal, type ArtifactForm } from "./artifact-identity.ts";
import { recordText } from "./canonical-record.ts";
import type { EdgeSpec } from "./edge.ts";
import { everyOutput, type GraphCall, type GraphInput, type GraphNode } from "./node.ts";
import type { ProducerDefinition } from "./producer.ts";

type Json = AnnotationValue;

interface DescribedGraph {
  readonly name: string;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly calls: readonly GraphCall[];
  readonly fingerprint: Fingerprint;
  readonly was?: ReadonlyMap<string, readonly string[]>;
}

/** Plain JSON; stored with every build, read back without any code being loaded. */
export type GraphDescription = {
  readonly format: 1;
  readonly name: string;
  readonly fingerprint: string;
  /** JSON Schemas of the written form, by fingerprint: many artifacts may share one. */
  readonly schemas: { readonly [fingerprint: string]: Json };
  /** In the graph's order. */
  readonly artifacts: readonly ArtifactDescription[];
  /** Calls of producers; whatever one reads is made by those before it. */
  readonly producers: readonly ProducerDescription[];
};

export type ArtifactDescription = {
  readonly key: string;
  readonly kind: "source" | "produced";
  readonly identity: string;
  readonly schema: string;
  readonly dimensions: Json;
  readonly format: { readonly kind: string; readonly extension: string; readonly options: Json };
  /** `null`: where the backend keeps what is built. */
  readonly storage: { readonly kind: string; readonly template: string } | null;
  readonly annotations: Annotations;
  readonly description: string | null;
  readonly checks: readonly string[];
  /** The keys it had before, the newest first; there only where it had others. */
  readonly was?: readonly string[];
  /** The position in `producers` of the call that makes it. */
  readonly producer: number | null;
};

export type ProducerDescription = {
  readonly name: string;
  readonly version: { readonly kind: string; readonly counts: string; readonly text: string };
  readonly inputs: readonly {
    readonly name: string;
    readonly from: string;
    readonly edge: Json;
    readonly optional: boolean;
  }[];
  readonly outputs: readonly { readonly slot: string; readonly key: string }[];
  readonly annotations: Annotations;
  readonly description: string | null;
};

/** Error: SCHEMA_UNSUPPORTED, naming the artifact. */
export function describeGraph(graph: DescribedGraph): GraphDescription {
  const schemas: Record<string, Json> = {};
  const artifacts = [...graph.nodes.values()].map((node): ArtifactDescription => {
    const { key, kind, artifact } = node;
    const { fingerprint: schema, json } = schemaOf(node);
    schemas[schema] ??= json as Json;
    const { format, annotations, description = null, checks } = artifact;
    const storage = node.kind === "source" ? node.storage : artifact.storage;
    return {
      key,
      kind,
      identity: node.identity,
      schema,
      dimensions: artifact.dimensions as unknown as Json,
      format: { kind: format.kind, extension: format.extension, options: format.options },
      storage: storage === undefined ? null : { kind: storage.kind, template: storage.template },
      annotations,
      description,
      checks: Object.keys(checks),
      ...(graph.was?.has(key) === true ? { was: graph.was.get(key)! } : {}),
      producer: node.kind === "source" ? null : node.call.index,
    };
  });
  const { name, fingerprint } = graph;
  return { format: 1, name, fingerprint, schemas, artifacts, producers: graph.calls.map(describeCall) };
}

function describeCall(call: GraphCall): ProducerDescription {
  const { producer, inputs } = call;
  const { name, version, annotations, description = null } = producer;
  return {
    name,
    version: { kind: version.kind, counts: version.counts, text: version.text },
    inputs: inputs.map((input) => ({
      name: input.name,
      from: input.from.key,
      edge: describeEdge(input.spec.edge),
      optional: input.spec.optional,
    })),
    outputs: everyOutput(call).map(({ slot, node }) => ({ slot, key: node.key })),
    annotations,
    description,
  };
}

/**
 * What makes two graphs the same. In: the graph's name, every artifact's key, schema, format and dimensions, spans and values
 * included because they say which partitions there are; and how it is made:
 * the producer's name, what counts of its version, the slot, and each input by name with its edge.
 * Out: where anything is stored (moving data is no new graph), annotations, descriptions, checks, retries, time limits; and all
 * code, the functions of `mapKeys` too, for which the producer's version stands.
 *
 * `{ name, artifacts: { [key]: { dimensions, format, schema, made?: { inputs, producer, slot, version } } } }`, written directly:
 * most of it is known as text, and graphs are large.
 */
export function graphManifest(
  { name, nodes, calls }: Omit<DescribedGraph, "fingerprint">,
  { code }: { readonly code: boolean } = { code: true },
): SealedManifest {
  const reads = new Map<ProducerDefinition, readonly InputText[]>();
  const made = calls.map((call) => {
    let texts = reads.get(call.producer);
    if (texts === undefined) reads.set(call.producer, (texts = inputTexts(call.producer)));
    return inputsText(call, texts);
  });
  const makers = new Map<ProducerDefinition, readonly [before: string, after: string]>();
  const artifacts: [string, string][] = [];
  for (const [key, node] of nodes) {
    const { format, schema } = formOf(node);
    const dimensions = spansText(node.artifact.dimensions);
    let how = "";
    if (node.kind === "produced") {
      const { producer, index } = node.call;
      let maker = makers.get(producer);
      if (maker === undefined) makers.set(producer, (maker = makerTexts(producer, code)));
      how = `"made":{"inputs":${made[index]!},${maker[0]},"slot":${JSON.stringify(node.slot)},${maker[1]}},`;
    }
    artifacts.push([key, `{"dimensions":${dimensions},"format":${format},${how}"schema":${schema}}`]);
  }
  return seal("graph", `{"artifacts":${recordText(artifacts)},"name":${JSON.stringify(name)}}`);
}

const spans = new WeakMap<Dimensions, string>();

function spansText(dimensions: Dimensions): string {
  let text = spans.get(dimensions);
  if (text === undefined) spans.set(dimensions, (text = canonicalText(dimensions)));
  return text;
}

/** What is the same for one input in every call of a producer: what stands before the key it reads, and what after it. */
interface InputText {
  readonly index: number;
  readonly before: string;
  readonly after: string;
}

/** In the order of the canonical text; none where names have a form of their own there. */
function inputTexts({ inputs }: ProducerDefinition): readonly InputText[] {
  const names = [...inputs.keys()];
  if (!names.every((name) => /^[\w-]+$/.test(name) && name !== "toJSON")) return [];
  return names
    .map((name, index) => ({ name, index }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, index }) => {
      const { edge, optional } = inputs.get(name)!;
      return { index, before: `"${name}":{"edge":${edgeText(edge)},"from":`, after: `,"optional":${optional}}` };
    });
}

function inputsText({ inputs }: GraphCall, texts: readonly InputText[]): string {
  if (inputs.length !== texts.length) return recordText(inputs.map((input) => [input.name, inputText(input)]));
  let text = "";
  for (const { index, before, after } of texts) {
    text += `${text === "" ? "" : ","}${before}${JSON.stringify(inputs[index]!.from.key)}${after}`;
  }
  return `{${text}}`;
}

function inputText({ spec, from }: GraphInput): string {
  return `{"edge":${edgeText(spec.edge)},"from":${JSON.stringify(from.key)},"optional":${spec.optional}}`;
}

/** What of a producer's members comes before the slot, and what after it. `code`: whether followed code, and the values of params, count. */
function makerTexts(
  { name, params, version }: ProducerDefinition,
  code: boolean,
): readonly [before: string, after: string] {
  const { kind } = version;
  const counts = kind === "code" && !code ? "code" : version.counts;
  const given = params === undefined || !code ? "" : `"params":${recordText([...params.values])},`;
  return [`${given}"producer":${JSON.stringify(name)}`, `"version":${canonicalText({ kind, counts })}`];
}

function edgeText(edge: EdgeSpec): string {
  return edge.kind === "same" ? '{"kind":"same"}' : canonicalText(describeEdge(edge));
}

/** The function of `mapKeys` is code, and the output it names is known from where it stands. */
export function describeEdge(edge: EdgeSpec): { readonly [name: string]: Json } {
  switch (edge.kind) {
    case "same":
    case "map":
      return { kind: edge.kind };
    case "all":
      return edge.over === undefined ? { kind: "all" } : { kind: "all", over: edge.over };
    case "window":
      return { kind: "window", size: edge.size, over: edge.over };
    case "latest":
      return { kind: "latest", over: edge.over };
  }
}

function formOf(node: GraphNode): ArtifactForm {
  return naming(node, () => artifactForm(node.artifact));
}

function schemaOf(node: GraphNode): SchemaDescription {
  return naming(node, () => schemaDescription(node.artifact.schema));
}

function naming<T>({ key }: GraphNode, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isStratigraphError(error) ? error.within(`artifact '${key}'`) : error;
  }
}
