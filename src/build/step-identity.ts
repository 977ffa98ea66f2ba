// What makes two steps the same work: the manifest of a producer as it is wired, and of one of its partitions.

import { artifactForm } from "../graph/artifact-identity.ts";
import { everyOutput, type GraphCall } from "../graph/graph.ts";
import type { ProducerDefinition } from "../graph/producer.ts";
import { paramValues } from "../graph/params.ts";
import { fingerprintText, type Fingerprint } from "../identity/fingerprint.ts";
import { sealManifest, type SealedManifest } from "../identity/manifest.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { schemaDescription } from "../identity/schema.ts";
import type { DeclaredArtifact } from "../graph/artifact.ts";

/** One input of a step: the partitions it gets, in order, each with its content. */
export interface StepInput {
  readonly name: string;
  readonly keys: readonly KeyText[];
  readonly contents: readonly Fingerprint[];
}

/** By producer, then by what may differ between its calls, which are many and mostly alike. */
const described = new WeakMap<ProducerDefinition, Map<string, SealedManifest>>();

/**
 * What counts of a producer, whatever partition it makes: its name and version, and the schemas and formats of its outputs and
 * inputs. An input's schema and format count because they decide what `build` receives for the same bytes.
 */
export function producerManifest(call: GraphCall): SealedManifest {
  const { producer } = call;
  let known = described.get(producer);
  if (known === undefined) described.set(producer, (known = new Map<string, SealedManifest>()));
  const forms = formsOf(call);
  let manifest = known.get(forms);
  if (manifest === undefined) {
    manifest = sealManifest({
      kind: "producer",
      format: 1,
      parts: {
        name: producer.firstName,
        version: { kind: producer.version.kind, counts: producer.version.counts },
        inputs: Object.fromEntries(
          call.inputs.map(({ name, spec, from }) => [
            name,
            { ...formOf(from.artifact), edge: edgeForm(spec.edge), optional: spec.optional },
          ]),
        ),
        outputs: Object.fromEntries(everyOutput(call).map(({ slot, node }) => [slot, formOf(node.artifact)])),
        single: producer.single,
        ...(producer.params === undefined ? {} : { params: paramValues(producer) }),
      },
    });
    known.set(forms, manifest);
  }
  return manifest;
}

/** All that may differ between two calls of one producer, as one text. */
function formsOf(call: GraphCall): string {
  let forms = "";
  for (const { name, from } of call.inputs) forms += `${name} ${formText(from.artifact)}\n`;
  for (const { slot, node } of everyOutput(call)) forms += `${slot} ${formText(node.artifact)}\n`;
  return forms;
}

function formText(artifact: DeclaredArtifact): string {
  const { schema, format } = artifactForm(artifact);
  return `${schema} ${format}`;
}

/** The schemas that producers' manifests refer to by fingerprint, so that a change of one can be told field by field: each once. */
export function schemaManifests(calls: readonly GraphCall[]): SealedManifest[] {
  const schemas = new Set<DeclaredArtifact["schema"]>();
  for (const call of calls) {
    for (const { from } of call.inputs) schemas.add(from.artifact.schema);
    for (const { node } of everyOutput(call)) schemas.add(node.artifact.schema);
  }
  const manifests = new Map<Fingerprint, SealedManifest>();
  for (const schema of schemas) {
    const { fingerprint, text } = schemaDescription(schema);
    manifests.set(fingerprint, { fingerprint, text });
  }
  return [...manifests.values()];
}

function formOf(artifact: DeclaredArtifact): { schema: string; format: { kind: string; options: object } } {
  const { kind, options } = artifact.format;
  return { schema: schemaDescription(artifact.schema).fingerprint, format: { kind, options } };
}

/** The function of `mapKeys` is code: the producer's version stands for it, and the partitions it chose count themselves. */
function edgeForm(edge: GraphCall["inputs"][number]["spec"]["edge"]): object {
  switch (edge.kind) {
    case "same":
    case "map":
      return { kind: edge.kind };
    case "all":
    case "latest":
      return { kind: edge.kind, over: edge.over ?? null };
    case "window":
      return { kind: edge.kind, over: edge.over ?? null, size: edge.size };
  }
}

/**
 * The canonical text of a step's manifest `{ kind: "step", format: 1, parts: { inputs, key, producer } }`.
 * Written out directly because it is made once per partition and everything in it is plain ASCII without escapes
 * (hex, and key texts, which are percent-encoded); a test compares it with the general encoder.
 */
export function stepManifest(producer: Fingerprint, key: KeyText, inputs: readonly StepInput[]): SealedManifest {
  let lists = "";
  for (const { name, keys, contents } of inputs) {
    if (lists !== "") lists += ",";
    lists += `${JSON.stringify(name)}:[`;
    for (let i = 0; i < keys.length; i++) {
      lists += i === 0 ? `["${keys[i]!}","${contents[i]!}"]` : `,["${keys[i]!}","${contents[i]!}"]`;
    }
    lists += "]";
  }
  const text = `{"format":1,"kind":"step","parts":{"inputs":{${lists}},"key":"${key}","producer":"${producer}"}}`;
  return { fingerprint: fingerprintText(text), text };
}

/** A step's manifest read back. */
export interface StepManifest {
  readonly producer: Fingerprint;
  readonly inputs: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export function parseStepManifest(text: string): StepManifest {
  const { parts } = JSON.parse(text) as {
    parts: { producer: Fingerprint; inputs: Record<string, [string, string][]> };
  };
  return {
    producer: parts.producer,
    inputs: new Map(Object.entries(parts.inputs).map(([name, list]) => [name, new Map(list)])),
  };
}

/** Input names in the order the canonical text wants them. */
export function inNameOrder<T extends { readonly name: string }>(inputs: readonly T[]): T[] {
  return [...inputs].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** A list of partitions with their content as one fingerprint: what a snapshot says of each source. */
export function contentListFingerprint(keys: readonly KeyText[], contents: readonly Fingerprint[]): Fingerprint {
  let list = "";
  for (let i = 0; i < keys.length; i++) list += `${i === 0 ? "" : ","}["${keys[i]!}","${contents[i]!}"]`;
  return fingerprintText(`{"format":1,"kind":"partitions","parts":{"list":[${list}]}}`);
}
