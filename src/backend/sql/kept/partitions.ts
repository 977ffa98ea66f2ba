// Partitions in a database, and what is known and was said of them, as they are copied.

import type { PartitionId } from "../../records.ts";
import { decodeJson, encodeJson, encodeOptionalJson } from "../../json-text.ts";
import { toBytes, toJsonList, toKeyBytes, toOptionalBytes } from "../column.ts";
import { numberArtifacts, numberGraph } from "../context.ts";
import { all, change } from "../operation.ts";
import { eachChunk, rows, sql, type Value } from "../statement.ts";
import { markColumns, toMark, type MarkRow } from "../statements/marks.ts";
import { partitionColumns, partitionReader, type PartitionRow } from "../statements/partition-row.ts";
import { quarantineColumns, toQuarantine, type QuarantineRow } from "../statements/quality.ts";
import type { KeptOf } from "./kept.ts";

export const keptPartitions: KeptOf<"partitions" | "quality" | "marks" | "quarantine"> = {
  partitions: {
    *list(context, after, limit) {
      const found = yield* all<readonly [...PartitionRow, sequence: number, writtenAt: number]>(sql`
        SELECT ${partitionColumns}, p.sequence, p.written_at FROM partition p WHERE p.id > ${after?.[0] ?? -1}
        ORDER BY p.id LIMIT ${limit}`);
      const toPartition = yield* partitionReader(context, found, 0);
      return found.map((row) => ({ ...toPartition(row), sequence: row[12], writtenAt: row[13] }));
    },
    *put(context, records) {
      const artifacts = yield* numberArtifacts(context, new Set(records.map(({ artifact }) => artifact)));
      for (const chunk of eachChunk(records)) {
        const list = chunk.map((record) => {
          const { id, artifact, key, input, content, sequence, damaged, writtenAt } = record;
          const { size, digest, storage, location, run, value } = record;
          const identity = [artifacts.get(artifact), key, toKeyBytes(input), toBytes(content)];
          const place = [size, toOptionalBytes(digest), storage, location, run, value];
          return [id, ...identity, sequence, damaged ? 1 : 0, writtenAt, ...place];
        });
        // One of the same identity and another id was removed where it comes from, and made again.
        yield* change(sql`
          INSERT OR REPLACE INTO partition (id, artifact, key, input, content, sequence, damaged, written_at, size, digest, storage,
            location, run, value)
          VALUES ${rows(list)}`);
      }
    },
    *drop(_, records) {
      const list = toJsonList(records.map(({ id }) => id));
      yield* change(sql`DELETE FROM partition WHERE id IN (SELECT q.value FROM json_each(${list}) q)`);
    },
  },
  quality: {
    *list(_, after, limit) {
      const found = yield* all<[partition: PartitionId, statistics: string | null, findings: string]>(sql`
        SELECT d.partition, d.statistics, d.findings FROM partition_quality d WHERE d.partition > ${after?.[0] ?? -1}
        ORDER BY d.partition LIMIT ${limit}`);
      return found.map(([partition, statistics, findings]) => ({
        partition,
        statistics: statistics === null ? undefined : decodeJson(statistics, "statistics"),
        findings: decodeJson(findings, "findings"),
      }));
    },
    *put(_, records) {
      for (const chunk of eachChunk(records)) {
        const list = chunk.map(({ partition, statistics, findings }) => [
          partition,
          encodeOptionalJson(statistics, "statistics"),
          encodeJson(findings, "findings"),
        ]);
        yield* change(sql`
          INSERT OR REPLACE INTO partition_quality (partition, statistics, findings) VALUES ${rows(list)}`);
      }
    },
    *drop(_, records) {
      const list = toJsonList(records.map(({ partition }) => partition));
      yield* change(sql`DELETE FROM partition_quality WHERE partition IN (SELECT q.value FROM json_each(${list}) q)`);
    },
  },
  marks: {
    *list(_, after, limit) {
      const found = yield* all<MarkRow>(sql`
        SELECT ${markColumns} FROM mark m CROSS JOIN graph g ON g.id = m.graph WHERE m.sequence > ${after?.[0] ?? -1}
        ORDER BY m.sequence LIMIT ${limit}`);
      return found.map(toMark);
    },
    *put(context, records) {
      for (const record of records) {
        const { sequence, kind, artifactKey, key, partition, run, at, by, why, ended } = record;
        const graph = yield* numberGraph(context, record.graph);
        yield* change(sql`
          INSERT INTO mark (sequence, kind, graph, artifact_key, key, partition, run, marked_at, marked_by, why, ended_at, ended_by,
            ended_why)
          VALUES (${sequence}, ${kind}, ${graph}, ${artifactKey}, ${key}, ${partition}, ${run}, ${at}, ${by}, ${why}, ${ended?.at},
            ${ended?.by}, ${ended?.why})
          ON CONFLICT (sequence) DO UPDATE SET ended_at = excluded.ended_at, ended_by = excluded.ended_by,
            ended_why = excluded.ended_why`);
      }
    },
  },
  quarantine: {
    *list(_, after, limit) {
      const found = yield* all<QuarantineRow>(sql`
        SELECT ${quarantineColumns} FROM quarantine d CROSS JOIN graph g ON g.id = d.graph
        WHERE d.sequence > ${after?.[0] ?? -1} ORDER BY d.sequence LIMIT ${limit}`);
      return found.map(toQuarantine);
    },
    *put(context, records) {
      for (const chunk of eachChunk(records)) {
        const list: (Value | undefined)[][] = [];
        for (const { sequence, graph, artifactKey, key, partition, run, at, findings, ended } of chunk) {
          const number = yield* numberGraph(context, graph);
          const text = encodeJson(findings, "findings");
          list.push([sequence, number, artifactKey, key, partition, run, at, text, ended]);
        }
        yield* change(sql`
          INSERT OR REPLACE INTO quarantine (sequence, graph, artifact_key, key, partition, run, made_at, findings, ended_at)
          VALUES ${rows(list)}`);
      }
    },
  },
};
