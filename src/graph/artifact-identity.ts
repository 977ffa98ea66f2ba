// An artifact's own fingerprint: what makes two partitions candidates for being the same data, in whatever graph and under whatever key.

import type { Format } from "../data/format/format.ts";
import type { Storage } from "../data/storage/storage.ts";
import { fingerprintText } from "../identity/fingerprint.ts";
import type { SealedManifest } from "../identity/manifest.ts";
import type { Dimensions } from "../identity/dimension.ts";
import { describeDimensions } from "../identity/partition-key.ts";
import { schemaDescription } from "../identity/schema.ts";
import { canonicalText } from "../util/canonical.ts";
import type { DeclaredArtifact } from "./artifact.ts";

/** What counts of an artifact wherever it comes from, as canonical texts. Storage, annotations, description and checks do not count. */
export interface ArtifactForm {
  readonly dimensions: string;
  readonly format: string;
  readonly schema: string;
}

// Most artifacts share few formats and dimensions, so those are memoised on their own.
const formats = new WeakMap<Format, string>();
const dimensionTexts = new WeakMap<Dimensions, string>();
const forms = new WeakMap<DeclaredArtifact, ArtifactForm>();

/** Error: SCHEMA_UNSUPPORTED. */
export function artifactForm(artifact: DeclaredArtifact): ArtifactForm {
  return remembered(forms, artifact, ({ dimensions, format, schema }) => ({
    dimensions: remembered(dimensionTexts, dimensions, (all) => canonicalText(describeDimensions(all))),
    format: remembered(formats, format, ({ kind, options }) => canonicalText({ kind, options })),
    schema: `"${schemaDescription(schema).fingerprint}"`,
  }));
}

/** Whether readers of the one may read the other as well. */
export function sameForm(a: DeclaredArtifact, b: DeclaredArtifact): boolean {
  if (a === b) return true;
  const [one, other] = [artifactForm(a), artifactForm(b)];
  return one.dimensions === other.dimensions && one.format === other.format && one.schema === other.schema;
}

const sources = new WeakMap<DeclaredArtifact, WeakMap<Storage, SealedManifest>>();

/** A source is its form and its place: two places are two artifacts, though one content is one content. */
export function sourceIdentity(artifact: DeclaredArtifact, storage: Storage): SealedManifest {
  const byStorage = remembered(sources, artifact, () => new WeakMap<Storage, SealedManifest>());
  return remembered(byStorage, storage, ({ kind, template }) => {
    const { dimensions, format, schema } = artifactForm(artifact);
    const parts = `{"dimensions":${dimensions},"format":${format},"schema":${schema},"storage":${canonicalText({ kind, template })}}`;
    return seal("source", parts);
  });
}

const produced = new WeakMap<DeclaredArtifact, Map<string, SealedManifest>>();

/**
 * A produced artifact is its form and the slot of the producer that makes it. The version is left out on purpose: it belongs to the
 * input fingerprint, so that the results of all versions are found under one artifact.
 */
export function producedIdentity(artifact: DeclaredArtifact, producer: string, slot: string): SealedManifest {
  const bySlot = remembered(produced, artifact, () => new Map<string, SealedManifest>());
  // Names hold no "/".
  return remembered(bySlot, `${producer}/${slot}`, () => {
    const { dimensions, format, schema } = artifactForm(artifact);
    const names = `"producer":${JSON.stringify(producer)},"schema":${schema},"slot":${JSON.stringify(slot)}`;
    return seal("produced", `{"dimensions":${dimensions},"format":${format},${names}}`);
  });
}

/** As `sealManifest`, for parts in canonical text; a test compares the two. */
export function seal(kind: string, parts: string): SealedManifest {
  const text = `{"format":1,"kind":"${kind}","parts":${parts}}`;
  return { fingerprint: fingerprintText(text), text };
}

interface Memory<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

function remembered<K, V>(memory: Memory<K, V>, key: K, make: (key: K) => V): V {
  let value = memory.get(key);
  if (value === undefined) {
    value = make(key);
    memory.set(key, value);
  }
  return value;
}
