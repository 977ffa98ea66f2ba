// What a snapshot's graph declared, by name, as short texts that can be compared.

import type { Connection } from "../backend/backend.ts";
import { readDescription } from "../backend/description.ts";
import type { StoredSnapshot } from "../backend/records.ts";
import type { ArtifactDescription, GraphDescription, ProducerDescription } from "../graph/describe.ts";
import type { JsonSchema } from "../identity/json-schema.ts";
import { compareText } from "../util/text-order.ts";

export interface Declarations {
  /** Producers by name. */
  readonly producers: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Artifacts by key. */
  readonly artifacts: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The schemas of those artifacts, likewise. */
  readonly schemas: ReadonlyMap<string, JsonSchema>;
}

export async function declarationsOf(connection: Connection, snapshot: StoredSnapshot): Promise<Declarations> {
  return describedDeclarations(await readDescription(connection, snapshot));
}

/** Of a graph that may not have been built yet. */
export function describedDeclarations(description: GraphDescription | undefined): Declarations {
  const schemas = new Map<string, JsonSchema>();
  const producers = new Map<string, Readonly<Record<string, string>>>();
  const artifacts = new Map<string, Readonly<Record<string, string>>>();
  for (const producer of description?.producers ?? []) producers.set(producer.name, { version: producer.version.text });
  for (const artifact of description?.artifacts ?? []) {
    const call = artifact.producer === null ? undefined : description?.producers[artifact.producer];
    artifacts.set(artifact.key, partsOf(artifact, call));
    const schema = description?.schemas[artifact.schema] as JsonSchema | undefined;
    if (schema !== undefined) schemas.set(artifact.key, schema);
  }
  return { producers, artifacts, schemas };
}

function partsOf(
  artifact: ArtifactDescription,
  call: ProducerDescription | undefined,
): Readonly<Record<string, string>> {
  const { schema, format, dimensions, storage } = artifact;
  const options =
    Object.keys(Object(format.options) as object).length === 0 ? "" : ` ${JSON.stringify(format.options)}`;
  return {
    schema: schema.slice(0, 8),
    format: format.kind + options,
    dimensions: describeDimensionKinds(dimensions),
    ...(storage === null ? {} : { storage: `${storage.kind} ${storage.template}`.trimEnd() }),
    ...(call === undefined ? {} : { "made by": describeCall(call) }),
  };
}

/** "date: daily, region: oneOf"; "" where unpartitioned. */
export function describeDimensionKinds(dimensions: unknown): string {
  return Object.entries(Object(dimensions) as Readonly<Record<string, { readonly kind?: string }>>)
    .map(([name, dimension]) => `${name}: ${dimension.kind ?? ""}`)
    .sort(compareText)
    .join(", ");
}

/** "sum-all(days: all of days)". */
function describeCall({ name, inputs }: ProducerDescription): string {
  const parts = inputs.map((input) => {
    const edge = Object(input.edge) as { readonly kind?: string; readonly size?: number };
    const how = edge.kind === "same" ? "" : `${edge.kind ?? ""}${edge.size === undefined ? "" : ` ${edge.size}`} of `;
    return `${input.name}: ${how}${input.from}`;
  });
  return `${name}(${parts.join(", ")})`;
}
