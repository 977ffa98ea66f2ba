// A partition's record together with what the backend says of it.

import type { PartitionId, PartitionRecord, StoredPartition } from "./records.ts";

/**
 * Field by field: what else the record carries is not kept, and all of them have one shape. Copies made by a spread have a
 * shape each, which takes more memory than the record.
 */
export function storedPartition(record: PartitionRecord, id: PartitionId, damaged: boolean): StoredPartition {
  const { artifact, key, input, content, size, digest, storage, location, value, run } = record;
  return { id, artifact, key, input, content, size, digest, storage, location, value, run, damaged };
}
