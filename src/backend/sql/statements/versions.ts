// Versions of models: found by any of their names, written by compare-and-set.

import type { Stores } from "../../backend.ts";
import type { ModelName, VersionRecord, VersionRef } from "../../model-records.ts";
import { productionTaken, versionExists, versionRefusal } from "../../model-refusals.ts";
import { decodeVersion, encodeVersion } from "../../record-text.ts";
import { toOptionalBytes } from "../column.ts";
import type { SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { eachChunk, rows, sql, type Statement } from "../statement.ts";
import { findModel, numbersOf } from "./models.ts";
import { toVersion, valueRows, versionColumns, type VersionRow } from "./version-row.ts";

/** How a version is found from a question `q` (namespace, name, what was asked for) and its model `m`. */
const joins: Readonly<Record<VersionRef["kind"], Statement>> = {
  version: sql`CROSS JOIN model_version v ON v.model = m.id AND v.version = json_extract(q.value, '$[2]')`,
  sequence: sql`CROSS JOIN model_version v ON v.model = m.id AND v.sequence = json_extract(q.value, '$[2]')`,
  alias: sql`CROSS JOIN alias a ON a.model = m.id AND a.alias = json_extract(q.value, '$[2]')
    CROSS JOIN model_version v ON v.number = a.version AND v.deleted = 0`,
  latest: sql`CROSS JOIN model_version v ON v.number = (
      SELECT s.number FROM model_version s WHERE s.model = m.id AND s.deleted = 0 ORDER BY s.sequence DESC LIMIT 1)`,
  stage: sql`CROSS JOIN model_version v ON v.number = (
      SELECT s.number FROM model_version s WHERE s.model = m.id AND s.stage = json_extract(q.value, '$[2]') AND s.deleted = 0
      ORDER BY s.staged_at DESC, s.sequence DESC LIMIT 1)`,
};

/** One statement for each kind of reference in the list. */
export function* findVersions(
  _: SqlContext,
  queries: readonly (ModelName & { readonly ref: VersionRef })[],
): Operation<readonly (VersionRecord | undefined)[]> {
  const found = new Array<VersionRecord | undefined>(queries.length).fill(undefined);
  for (const kind of new Set(queries.map(({ ref }) => ref.kind))) {
    const positions = [...queries.keys()].filter((position) => queries[position]!.ref.kind === kind);
    const list = positions.map((position) => {
      const { namespace, name, ref } = queries[position]!;
      return [namespace, name, askedFor(ref)];
    });
    const answers = yield* all<readonly [ordinal: number, ...VersionRow]>(sql`
      SELECT q.key, ${versionColumns} FROM json_each(${JSON.stringify(list)}) q
      CROSS JOIN model m ON m.namespace = json_extract(q.value, '$[0]') AND m.name = json_extract(q.value, '$[1]')
      ${joins[kind]}`);
    for (const [ordinal, ...row] of answers) found[positions[ordinal]!] = toVersion(row);
  }
  return found;
}

function askedFor(ref: VersionRef): string | number | null {
  switch (ref.kind) {
    case "version":
      return ref.version;
    case "sequence":
      return ref.sequence;
    case "stage":
      return ref.stage;
    case "alias":
      return ref.alias;
    case "latest":
      return null;
  }
}

export function* readVersionNumbers(
  context: SqlContext,
  name: ModelName,
): Operation<{ readonly highestSequence: number; readonly versions: readonly string[] }> {
  const model = (yield* findModel(context, name)) ?? null;
  // Two statements, each answered by an index alone: the rows have large bodies between these two columns.
  const highest = yield* first<[sequence: number | null]>(sql`
    SELECT max(sequence) FROM model_version WHERE model = ${model}`);
  const found = yield* all<[version: string]>(sql`
    SELECT version FROM model_version WHERE model = ${model} ORDER BY version`);
  return { highestSequence: highest?.[0] ?? 0, versions: found.map(([version]) => version) };
}

export function* writeVersions(
  context: SqlContext,
  writes: Parameters<Stores["writeVersions"]>[0],
): Operation<readonly VersionRecord[]> {
  const written: VersionRecord[] = [];
  for (const { version, expected } of writes) {
    const [model] = yield* numbersOf(context, [version]);
    written.push(yield* writeVersion(model!, version, expected));
  }
  return written;
}

type StoredRow = readonly [number: number, ...VersionRow];

function* writeVersion(
  model: number,
  given: Omit<VersionRecord, "revision">,
  expected: number | undefined,
): Operation<VersionRecord> {
  const row = yield* first<StoredRow>(sql`
    SELECT v.number, ${versionColumns} FROM model_version v CROSS JOIN model m ON m.id = v.model
    WHERE v.model = ${model} AND v.version = ${given.version}`);
  const current = row && { number: row[0], record: toVersion(row.slice(1) as unknown as VersionRow) };
  if (expected === undefined) {
    const existing = current?.record ?? (yield* findTaken(model, given));
    if (existing !== undefined) throw versionExists(given, existing);
  } else {
    const refusal = versionRefusal(given, expected, current?.record);
    if (refusal !== undefined) throw refusal;
  }
  if (given.stage === "production" && given.deleted === undefined) {
    const live = yield* first<[version: string, revision: number]>(sql`
      SELECT version, revision FROM model_version
      WHERE model = ${model} AND stage = 'production' AND deleted = 0 AND id <> ${given.id}`);
    if (live !== undefined) throw productionTaken(given, { version: live[0], revision: live[1] }, expected);
  }
  const { namespace, name, id, version, sequence, stage, stagedAt } = given;
  const body = encodeVersion(given);
  const revision = (current?.record.revision ?? 0) + 1;
  const stored = decodeVersion({ namespace, name, id, version, sequence, stage, stagedAt, revision }, body);
  if (current === undefined) yield* insertVersion(model, stored, body);
  else yield* updateVersion(current.number, stored, body, current.record);
  return stored;
}

/** Another version that has the sequence, or in any model the id. */
function* findTaken(
  model: number,
  { sequence, id }: Pick<VersionRecord, "sequence" | "id">,
): Operation<VersionRecord | undefined> {
  const row = yield* first<VersionRow>(sql`
    SELECT ${versionColumns} FROM model_version v CROSS JOIN model m ON m.id = v.model
    WHERE v.number = coalesce(
      (SELECT s.number FROM model_version s WHERE s.model = ${model} AND s.sequence = ${sequence}),
      (SELECT s.number FROM model_version s WHERE s.id = ${id}))`);
  return row && toVersion(row);
}

export function* insertVersion(model: number, version: VersionRecord, body: string): Operation<void> {
  const { id, sequence, stage, stagedAt, deleted, framework, run, source, revision } = version;
  const inserted = yield* first<[number: number]>(sql`
    INSERT INTO model_version (id, model, version, sequence, stage, staged_at, deleted, framework, run, content, partition,
      revision, body)
    VALUES (${id}, ${model}, ${version.version}, ${sequence}, ${stage}, ${stagedAt}, ${deleted === undefined ? 0 : 1},
      ${framework}, ${run}, ${toOptionalBytes(source?.content)}, ${source?.partition}, ${revision}, ${body})
    RETURNING number`);
  yield* writeValues(inserted![0], version);
}

export function* updateVersion(
  number: number,
  version: VersionRecord,
  body: string,
  before: VersionRecord,
): Operation<void> {
  const { stage, stagedAt, deleted, framework, run, source, revision } = version;
  yield* change(sql`
    UPDATE model_version SET stage = ${stage}, staged_at = ${stagedAt}, deleted = ${deleted === undefined ? 0 : 1},
      framework = ${framework}, run = ${run}, content = ${toOptionalBytes(source?.content)},
      partition = ${source?.partition}, revision = ${revision}, body = ${body}
    WHERE number = ${number}`);
  if (JSON.stringify(valueRows(version)) === JSON.stringify(valueRows(before))) return;
  yield* change(sql`DELETE FROM version_value WHERE version = ${number}`);
  yield* writeValues(number, version);
}

function* writeValues(number: number, version: VersionRecord): Operation<void> {
  for (const chunk of eachChunk(valueRows(version))) {
    yield* change(sql`
      INSERT INTO version_value (version, place, key, kind, value) VALUES ${rows(chunk.map((row) => [number, ...row]))}`);
  }
}
