// A row of a model's version as a record, and its values as rows of their own.

import type { Stage, VersionId, VersionRecord } from "../../model-records.ts";
import type { Json } from "../../records.ts";
import { decodeVersion } from "../../record-text.ts";
import { sql, type Statement, type Value } from "../statement.ts";

/** Of `model_version v` and its `model m`. */
export const versionColumns: Statement = sql`m.namespace, m.name, v.id, v.version, v.sequence, v.stage, v.staged_at, v.revision,
    v.body`;

export type VersionRow = readonly [
  namespace: string,
  name: string,
  id: VersionId,
  version: string,
  sequence: number,
  stage: Stage,
  stagedAt: number,
  revision: number,
  body: string,
];

export function toVersion(row: VersionRow): VersionRecord {
  const [namespace, name, id, version, sequence, stage, stagedAt, revision, body] = row;
  return decodeVersion({ namespace, name, id, version, sequence, stage, stagedAt, revision }, body);
}

/** Where a value is, as the table has it. */
export const places = { metrics: 0, params: 1, labels: 2, metadata: 3 } as const;

/** Values that can be compared, by kind: only those of one kind have an order. */
export function comparable(value: Json): readonly [kind: number, value: Value] {
  if (typeof value === "number") return [1, value];
  if (typeof value === "string") return [2, value];
  if (typeof value === "boolean") return [3, value ? 1 : 0];
  return [0, null];
}

export type ValueRow = readonly [place: number, key: string, kind: number, value: Value];

export function valueRows(version: Pick<VersionRecord, keyof typeof places>): readonly ValueRow[] {
  return (["metrics", "params", "labels", "metadata"] as const).flatMap((place) =>
    Object.entries(version[place]).map(([key, value]): ValueRow => [places[place], key, ...comparable(value)]),
  );
}
