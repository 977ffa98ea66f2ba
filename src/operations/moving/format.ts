// What an exported snapshot looks like as a folder: the names of its files, and what each may say.

import { z } from "zod";
import { endStates, runKinds, snapshotStates, type RunRecord, type SnapshotState } from "../../backend/records.ts";
import { StratigraphError } from "../../errors.ts";

/** The one file that names all others, with size and SHA-256 of each. */
export const INDEX = "snapshot.json";
export const KIND = "stratigraph-snapshot";
export const FORMAT = 1;

/** Everything but the bytes. No name comes from a folder: these are all there are. */
export const tableNames = ["graph.json", "partitions.ndjson", "manifests.ndjson", "runs.ndjson", "edges.ndjson", "tags.ndjson"] as const; // prettier-ignore
export type TableName = (typeof tableNames)[number];

/** Where the bytes of this SHA-256 are; equal bytes are there once. */
export function dataPath(sha256: string): string {
  return `data/${sha256.slice(0, 2)}/${sha256}`;
}

const fingerprint = z.string().regex(/^[0-9a-f]{32}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().min(0);
const name = z.string().min(1).max(4096);
const time = z.iso.datetime({ offset: true });

const sealed = z.strictObject({ size, sha256 });

export interface Sealed {
  readonly size: number;
  readonly sha256: string;
}

export interface Index {
  readonly kind: typeof KIND;
  readonly format: typeof FORMAT;
  /** The version of this package that wrote it. */
  readonly writtenBy: string;
  readonly snapshot: {
    readonly id: string;
    readonly graph: string;
    readonly graphFingerprint: string;
    readonly state: Exclude<SnapshotState, "open">;
    readonly createdAt: string;
  };
  /** Every partition of the snapshot is here, not only those that selectors chose. */
  readonly whole: boolean;
  readonly files: Readonly<Record<TableName, Sealed>>;
}

export const indexSchema: z.ZodType<Index> = z.strictObject({
  kind: z.literal(KIND),
  format: z.literal(FORMAT),
  writtenBy: z.string().max(100),
  snapshot: z.strictObject({
    id: fingerprint,
    graph: name,
    graphFingerprint: fingerprint,
    state: z.enum(snapshotStates).exclude(["open"]),
    createdAt: time,
  }),
  whole: z.boolean(),
  files: z.strictObject({
    "graph.json": sealed,
    "partitions.ndjson": sealed,
    "manifests.ndjson": sealed,
    "runs.ndjson": sealed,
    "edges.ndjson": sealed,
    "tags.ndjson": sealed,
  }),
});

/** Of a description only what an import relies on; the rest is kept as it is. */
export interface GraphRow {
  readonly format: 1;
  readonly name: string;
  readonly fingerprint: string;
  readonly artifacts: readonly {
    readonly key: string;
    readonly kind: "source" | "produced";
    readonly identity: string;
    readonly dimensions: Readonly<Record<string, { readonly kind: string; readonly zone?: string | undefined }>>;
    readonly format: { readonly extension: string };
    readonly producer: number | null;
  }[];
  readonly producers: readonly { readonly outputs: readonly { readonly key: string }[] }[];
}

export const graphSchema: z.ZodType<GraphRow> = z.looseObject({
  format: z.literal(1),
  name,
  fingerprint,
  artifacts: z.array(
    z.looseObject({
      key: name,
      kind: z.enum(["source", "produced"]),
      identity: fingerprint,
      dimensions: z.record(z.string(), z.looseObject({ kind: z.string(), zone: z.string().optional() })),
      format: z.looseObject({ extension: z.string().max(100) }),
      producer: z.int().nonnegative().nullable(),
    }),
  ),
  producers: z.array(z.looseObject({ outputs: z.array(z.looseObject({ key: name })) })),
});

/** One line each; edges name partitions by the number of their line, from 0. */
export interface PartitionRow {
  readonly artifactKey: string;
  readonly artifact: string;
  readonly key: string;
  readonly input?: string | undefined;
  readonly content: string;
  readonly size: number;
  readonly sha256: string;
  readonly run?: string | undefined;
  /** Whether the snapshot holds it; false for one that only lineage names. */
  readonly linked: boolean;
}

export const partitionSchema: z.ZodType<PartitionRow> = z.strictObject({
  artifactKey: name,
  artifact: fingerprint,
  key: z.string().max(65_536),
  input: fingerprint.optional(),
  content: fingerprint,
  size,
  sha256,
  run: name.optional(),
  linked: z.boolean(),
});

export interface ManifestRow {
  readonly fingerprint: string;
  readonly text: string;
}

export const manifestSchema: z.ZodType<ManifestRow> = z.strictObject({ fingerprint, text: z.string() });

type RunRow = z.output<typeof runRow>;

const runRow = z.strictObject({
  id: name,
  parent: name.optional(),
  kind: z.enum(runKinds).exclude(["task"]),
  graph: name,
  snapshot: fingerprint.optional(),
  producer: z.string().optional(),
  version: z.string().optional(),
  key: z.string().optional(),
  input: fingerprint.optional(),
  state: z.enum(endStates),
  reason: z.json().optional(),
  startedAt: time,
  finishedAt: time.optional(),
  attempts: z.int().min(0),
  duration: z.number().min(0).optional(),
  error: z.json().optional(),
  holder: z.string(),
});

/** Runs that have ended, of builds and steps. */
export const runSchema: z.ZodType<RunRecord> = runRow.transform(runOfRow);

export interface EdgeRow {
  readonly run: string;
  readonly direction: "input" | "output";
  readonly name: string;
  readonly partition: number;
}

export const edgeSchema: z.ZodType<EdgeRow> = z.strictObject({
  run: name,
  direction: z.enum(["input", "output"]),
  name,
  partition: z.int().min(0),
});

export interface TagRow {
  readonly tag: string;
  readonly at: string;
  readonly by: string;
  readonly why?: string | undefined;
}

export const tagSchema: z.ZodType<TagRow> = z.strictObject({
  tag: name,
  at: time,
  by: z.string(),
  why: z.string().optional(),
});

/** A run as its line says it. */
function runOfRow(row: RunRow): RunRecord {
  const { parent, snapshot, producer, version, key, input, reason, finishedAt, duration, error } = row;
  return {
    ...row,
    ...{ parent, snapshot, producer, version, key, input, reason, finishedAt, duration, error },
  } as RunRecord;
}

export function exportInvalid(
  what: string,
  details: ConstructorParameters<typeof StratigraphError>[2],
): StratigraphError {
  return new StratigraphError("EXPORT_INVALID", what, {
    hint: "Export the snapshot again, and copy the whole folder.",
    ...details,
  });
}
