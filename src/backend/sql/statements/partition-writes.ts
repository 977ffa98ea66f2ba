// Writing partitions: new ones in bulk, known ones only where something differs.

import type { PartitionId, PartitionRecord, RunId } from "../../records.ts";
import { fromHex, fromNull, pad, toBytes, toKeyBytes, toJsonList, toOptionalBytes } from "../column.ts";
import { numberArtifacts, takeSequence, type SqlContext } from "../context.ts";
import { all, change, type Operation } from "../operation.ts";
import { eachChunk, rows, sql } from "../statement.ts";

/** Where a record stands in the list that was given. */
type Position = number;

interface Writing {
  readonly records: readonly PartitionRecord[];
  readonly artifacts: ReadonlyMap<string, number>;
  /** The id of each record, once it is known. */
  readonly ids: (PartitionId | undefined)[];
  /** What is stored now under an id that was found, to be compared with. */
  readonly stored: Map<PartitionId, Comparable>;
  readonly writtenAt: number;
  /** The sequence number of the record at position 0, once something is to be written. In the order given, whatever is written first. */
  base: number | undefined;
}

/** What may differ between two writes of one partition. Equal content of equal size is equal bytes, so only having them can differ. */
type Comparable = Pick<PartitionRecord, "size" | "digest" | "storage" | "location" | "run"> & {
  readonly hasValue: boolean;
  readonly damaged: boolean;
};

export function* writeArtifactPartitions(
  context: SqlContext,
  records: readonly PartitionRecord[],
): Operation<readonly PartitionId[]> {
  const writing: Writing = {
    records,
    artifacts: yield* numberArtifacts(context, new Set(records.map(({ artifact }) => artifact))),
    ids: new Array<PartitionId | undefined>(records.length).fill(undefined),
    stored: new Map(),
    writtenAt: Math.floor(context.clock.now()),
    base: undefined,
  };
  // A source is mostly known already and a result mostly new, so each is tried in the order that is one statement for most.
  const sources = [...records.keys()].filter((position) => records[position]!.input === undefined);
  if (sources.length > 0) yield* findKnown(writing, sources);
  yield* insertNew(
    writing,
    [...records.keys()].filter((position) => writing.ids[position] === undefined),
  );
  yield* findKnown(
    writing,
    [...records.keys()].filter((position) => writing.ids[position] === undefined),
  );
  yield* updateChanged(writing);
  return writing.ids as PartitionId[];
}

function* sequenceOf(writing: Writing, position: Position): Operation<number> {
  writing.base ??= yield* takeSequence(writing.records.length);
  return writing.base + position;
}

function* insertNew(writing: Writing, positions: readonly Position[]): Operation<void> {
  const { records, artifacts, ids, writtenAt } = writing;
  for (const chunk of eachChunk(positions)) {
    const first = yield* sequenceOf(writing, 0);
    const list = chunk.map((position) => {
      const { artifact, key, input, content, size, digest, storage, location, run, value } = records[position]!;
      const id = first + position;
      const identity = [artifacts.get(artifact), key, toKeyBytes(input), toBytes(content)];
      return [id, ...identity, id, 0, writtenAt, size, toOptionalBytes(digest), storage, location, run, value];
    });
    const inserted = yield* all<[id: PartitionId]>(sql`
      INSERT INTO partition (id, artifact, key, input, content, sequence, damaged, written_at, size, digest, storage, location, run, value)
      VALUES ${rows(list)} ON CONFLICT (artifact, key, input, content) DO NOTHING RETURNING id`);
    for (const [id] of inserted) ids[id - first] = id;
  }
}

function* findKnown({ records, artifacts, ids, stored }: Writing, positions: readonly Position[]): Operation<void> {
  if (positions.length === 0) return;
  const list = positions.map((position) => {
    const { artifact, key, input, content } = records[position]!;
    return pad(artifacts.get(artifact)!) + (input ?? NO_INPUT) + content + key;
  });
  const found = yield* all<KnownRow>(sql`
    SELECT q.key, p.id, p.size, lower(hex(p.digest)), p.storage, p.location, p.run, p.value IS NOT NULL, p.damaged
    FROM json_each(${toJsonList(list)}) q
    CROSS JOIN partition p ON p.artifact = CAST(substr(q.value, 1, 16) AS INTEGER) AND p.key = substr(q.value, 81)
      AND p.input = unhex(substr(q.value, 17, 32), ' ') AND p.content = unhex(substr(q.value, 49, 32))`);
  for (const [ordinal, id, size, digest, storage, location, run, hasValue, damaged] of found) {
    ids[positions[ordinal]!] = id;
    stored.set(id, {
      size,
      digest: fromHex<string>(digest),
      storage,
      location,
      run: fromNull(run),
      hasValue: hasValue === 1,
      damaged: damaged === 1,
    });
  }
}

/** As wide as a fingerprint, and no bytes to `unhex(…, ' ')`. */
const NO_INPUT = " ".repeat(32);

type KnownRow = readonly [
  ordinal: number,
  id: PartitionId,
  size: number,
  digest: string,
  storage: string,
  location: string,
  run: RunId | null,
  hasValue: 0 | 1,
  damaged: 0 | 1,
];

/** In the order given, each compared with the one before it: the last of several writes of one partition is what stays. */
function* updateChanged(writing: Writing): Operation<void> {
  const { records, ids, stored, writtenAt } = writing;
  for (const [position, record] of records.entries()) {
    const id = ids[position]!;
    const known = stored.get(id);
    if (known === undefined || isSame(known, record)) continue;
    const { size, digest, storage, location, run, value } = record;
    const sequence = yield* sequenceOf(writing, position);
    yield* change(sql`
      UPDATE partition SET sequence = ${sequence}, damaged = 0, written_at = ${writtenAt}, size = ${size},
        digest = ${toOptionalBytes(digest)}, storage = ${storage}, location = ${location}, run = ${run}, value = ${value}
      WHERE id = ${id}`);
    stored.set(id, { size, digest, storage, location, run, hasValue: value !== undefined, damaged: false });
  }
}

function isSame(known: Comparable, { size, digest, storage, location, run, value }: PartitionRecord): boolean {
  return (
    !known.damaged &&
    known.size === size &&
    known.digest === digest &&
    known.storage === storage &&
    known.location === location &&
    known.run === run &&
    known.hasValue === (value !== undefined)
  );
}
