// A row of the partition table as a record.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import type { KeyText } from "../../../identity/partition-key.ts";
import type { PartitionId, RunId, StoredPartition } from "../../records.ts";
import { fromBytes, fromHex, fromNull } from "../column.ts";
import { fingerprintsOf, type SqlContext } from "../context.ts";
import type { Operation } from "../operation.ts";
import { sql, type Statement } from "../statement.ts";

/** Of `partition p`; the artifact's fingerprint is looked up afterwards, as a list has few different ones. */
export const partitionColumns: Statement = sql`p.id, p.artifact, p.key, lower(hex(p.input)), lower(hex(p.content)), p.size,
    lower(hex(p.digest)), p.storage, p.location, p.run, p.damaged, p.value`;

export type PartitionRow = readonly [
  id: PartitionId,
  artifact: number,
  key: KeyText,
  input: string,
  content: Fingerprint,
  size: number,
  digest: string,
  storage: string,
  location: string,
  run: RunId | null,
  damaged: 0 | 1,
  value: Uint8Array | null,
];

/** Makes records of rows whose partition columns begin at `start`. */
export function* partitionReader<Row extends readonly unknown[]>(
  context: SqlContext,
  rows: readonly Row[],
  start: number,
): Operation<(row: Row) => StoredPartition> {
  const artifacts = new Set<number>();
  for (const row of rows) artifacts.add(row[start + 1] as number);
  const fingerprints = yield* fingerprintsOf(context, artifacts);
  // Every row brings texts of its own; of the few kinds of storage there may be one each.
  const storages = new Map<string, string>();
  return (row) => {
    const [id, artifact, key, input, content, size, digest, storage, location, run, damaged, value] = (start === 0
      ? row
      : row.slice(start)) as unknown as PartitionRow;
    if (!storages.has(storage)) storages.set(storage, storage);
    return {
      id,
      artifact: fingerprints.get(artifact)!,
      key,
      input: fromHex(input),
      content,
      size,
      digest: fromHex<string>(digest),
      storage: storages.get(storage)!,
      location,
      value: fromBytes(value),
      run: fromNull(run),
      damaged: damaged === 1,
    };
  };
}
