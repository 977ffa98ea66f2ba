// Graphs, what fingerprints stand for, snapshots and tags in a database, as they are copied.

import type { Fingerprint } from "../../../identity/fingerprint.ts";
import { decodeJson, encodeJson } from "../../json-text.ts";
import type { TagChange } from "../../records.ts";
import { snapshotUnknown } from "../../refusals.ts";
import { fromHex, fromNull, toBytes, toJsonList } from "../column.ts";
import { numberGraph } from "../context.ts";
import { all, change, first } from "../operation.ts";
import { eachChunk, rows, sql } from "../statement.ts";
import { snapshotColumns, toSnapshot, type SnapshotRow } from "../statements/snapshots.ts";
import { addChange, tagColumns, toTag, type TagRow } from "../statements/tags.ts";
import type { KeptOf } from "./kept.ts";

type ChangeRow = readonly [
  sequence: number,
  graph: string,
  tag: string,
  snapshot: string,
  previous: string,
  at: string,
  by: string,
  why: string | null,
];

function toChange([sequence, graph, tag, snapshot, previous, at, by, why]: ChangeRow): TagChange {
  const named = { snapshot: fromHex(snapshot), previous: fromHex(previous) };
  return { graph, tag, ...named, sequence, at, by, why: fromNull(why) };
}

export const keptGraphs: KeptOf<"graphs" | "manifests" | "snapshots" | "tags" | "tagChanges"> = {
  graphs: {
    *list(_, after, limit) {
      const [name, fingerprint] = (after ?? ["", ""]) as readonly [string, Fingerprint];
      const found = yield* all<[name: string, fingerprint: Fingerprint, description: string]>(sql`
        SELECT g.name, lower(hex(d.fingerprint)), d.description FROM graph g CROSS JOIN graph_description d ON d.graph = g.id
        WHERE g.name >= ${name} AND (g.name > ${name} OR d.fingerprint > ${toBytes(fingerprint)})
        ORDER BY g.name, d.fingerprint LIMIT ${limit}`);
      return found.map(([graph, print, text]) => {
        return { name: graph, fingerprint: print, description: decodeJson(text, "graph description") };
      });
    },
    *put(context, records) {
      for (const { name, fingerprint, description } of records) {
        const graph = yield* numberGraph(context, name);
        yield* change(sql`
          INSERT INTO graph_description (graph, fingerprint, description)
          VALUES (${graph}, ${toBytes(fingerprint)}, ${encodeJson(description, "graph description")})
          ON CONFLICT (graph, fingerprint) DO UPDATE SET description = excluded.description`);
      }
    },
  },
  manifests: {
    *list(_, after, limit) {
      const from = toBytes((after?.[0] ?? "") as Fingerprint);
      const found = yield* all<[fingerprint: Fingerprint, text: string]>(sql`
        SELECT lower(hex(m.fingerprint)), m.text FROM manifest m WHERE m.fingerprint > ${from}
        ORDER BY m.fingerprint LIMIT ${limit}`);
      return found.map(([fingerprint, text]) => ({ fingerprint, text }));
    },
    *put(_, records) {
      for (const chunk of eachChunk(records)) {
        yield* change(sql`
          INSERT INTO manifest (fingerprint, text)
          VALUES ${rows(chunk.map(({ fingerprint, text }) => [toBytes(fingerprint), text]))}
          ON CONFLICT (fingerprint) DO UPDATE SET text = excluded.text`);
      }
    },
  },
  snapshots: {
    *list(_, after, limit) {
      const from = toBytes((after?.[0] ?? "") as Fingerprint);
      const found = yield* all<SnapshotRow>(sql`
        SELECT ${snapshotColumns} FROM snapshot s CROSS JOIN graph g ON g.id = s.graph WHERE s.fingerprint > ${from}
        ORDER BY s.fingerprint LIMIT ${limit}`);
      return found.map(toSnapshot);
    },
    *put(context, records) {
      for (const { id, graph, graphFingerprint, state, createdAt, sequence } of records) {
        const number = yield* numberGraph(context, graph);
        yield* change(sql`
          INSERT INTO snapshot (fingerprint, graph, graph_fingerprint, state, created_at, sequence)
          VALUES (${toBytes(id)}, ${number}, ${toBytes(graphFingerprint)}, ${state}, ${createdAt}, ${sequence})
          ON CONFLICT (fingerprint) DO UPDATE SET graph = excluded.graph, graph_fingerprint = excluded.graph_fingerprint,
            state = excluded.state, created_at = excluded.created_at, sequence = excluded.sequence`);
      }
    },
    *drop(_, records) {
      const list = toJsonList(records.map(({ id }) => id));
      yield* change(sql`
        DELETE FROM tag WHERE snapshot IN (
          SELECT s.id FROM json_each(${list}) q CROSS JOIN snapshot s ON s.fingerprint = unhex(q.value))`);
      yield* change(sql`DELETE FROM snapshot WHERE fingerprint IN (SELECT unhex(q.value) FROM json_each(${list}) q)`);
    },
  },
  tags: {
    *list(_, after, limit) {
      const [graph, tag] = after ?? ["", ""];
      const found = yield* all<TagRow>(sql`
        SELECT ${tagColumns} FROM graph g CROSS JOIN tag t ON t.graph = g.id CROSS JOIN snapshot s ON s.id = t.snapshot
        WHERE g.name >= ${graph} AND (g.name > ${graph} OR t.tag > ${tag}) ORDER BY g.name, t.tag LIMIT ${limit}`);
      return found.map(toTag);
    },
    *put(context, records) {
      for (const { graph, tag, snapshot, sequence, at, by, why } of records) {
        const number = yield* numberGraph(context, graph);
        const named = yield* first<[id: number]>(sql`SELECT id FROM snapshot WHERE fingerprint = ${toBytes(snapshot)}`);
        if (named === undefined) throw snapshotUnknown(snapshot);
        yield* change(sql`
          INSERT INTO tag (graph, tag, snapshot, sequence, changed_at, changed_by, why)
          VALUES (${number}, ${tag}, ${named[0]}, ${sequence}, ${at}, ${by}, ${why})
          ON CONFLICT (graph, tag) DO UPDATE SET snapshot = excluded.snapshot, sequence = excluded.sequence,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by, why = excluded.why`);
      }
    },
    *drop(context, records) {
      for (const { graph, tag } of records) {
        yield* change(sql`DELETE FROM tag WHERE graph = ${yield* numberGraph(context, graph)} AND tag = ${tag}`);
      }
    },
  },
  tagChanges: {
    *list(_, after, limit) {
      const found = yield* all<ChangeRow>(sql`
        SELECT c.sequence, g.name, c.tag, lower(hex(c.snapshot)), lower(hex(c.previous)), c.changed_at, c.changed_by, c.why
        FROM tag_change c CROSS JOIN graph g ON g.id = c.graph WHERE c.sequence > ${after?.[0] ?? -1}
        ORDER BY c.sequence LIMIT ${limit}`);
      return found.map(toChange);
    },
    *put(context, records) {
      for (const record of records) {
        yield* change(sql`DELETE FROM tag_change WHERE sequence = ${record.sequence}`);
        yield* addChange(yield* numberGraph(context, record.graph), record);
      }
    },
  },
};
