// Models, and what was decided and written about them.

import type { Stores } from "../../backend.ts";
import { decodeJson, encodeOptionalJson } from "../../json-text.ts";
import type {
  AnnotationRecord,
  ModelName,
  ModelRecord,
  Stage,
  TransitionKind,
  TransitionRecord,
} from "../../model-records.ts";
import { modelNotFound, modelRefusal } from "../../model-refusals.ts";
import { closePage, openPage, type Listing } from "../../page.ts";
import type { Page, PageRequest } from "../../records.ts";
import { decodeModel, encodeModel } from "../../record-text.ts";
import { fromNull } from "../column.ts";
import { takeSequence, type SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { eachChunk, rows, sql, type Statement } from "../statement.ts";
import { inOrder } from "./partitions.ts";

export type ModelRow = readonly [namespace: string, name: string, revision: number, body: string];

export function toModel([namespace, name, revision, body]: ModelRow): ModelRecord {
  return { namespace, name, ...decodeModel(body), revision };
}

export function* readModels(
  _: SqlContext,
  names: readonly ModelName[],
): Operation<readonly (ModelRecord | undefined)[]> {
  const list = JSON.stringify(names.map(({ namespace, name }) => [namespace, name]));
  const found = yield* all<readonly [ordinal: number, ...ModelRow]>(sql`
    SELECT q.key, m.namespace, m.name, m.revision, m.body FROM json_each(${list}) q
    CROSS JOIN model m ON m.namespace = json_extract(q.value, '$[0]') AND m.name = json_extract(q.value, '$[1]')`);
  return inOrder(names.length, found, ([, ...row]) => toModel(row));
}

export function* listModels(
  _: SqlContext,
  { namespace, name }: Parameters<Stores["listModels"]>[0] = {},
  request?: PageRequest,
): Operation<Page<ModelRecord>> {
  const listing: Listing = ["listModels", namespace, name];
  const page = openPage(listing, request);
  const [afterNamespace, afterName] = page.after ?? [];
  const found = yield* all<ModelRow>(sql`
    SELECT m.namespace, m.name, m.revision, m.body FROM model m WHERE true
      ${namespace === undefined ? sql`` : sql`AND m.namespace = ${namespace}`}
      ${name === undefined ? sql`` : matchesName(name)}
      ${page.after === undefined ? sql`` : sql`AND (m.namespace, m.name) > (${afterNamespace}, ${afterName})`}
    ORDER BY m.namespace, m.name LIMIT ${page.limit + 1}`);
  return closePage(listing, page, found, (row) => [row[0], row[1]], toModel);
}

/** Of `model m`. GLOB knows classes of characters as well, which we do not: a bracket stands for itself. */
export function matchesName(pattern: string): Statement {
  return sql`AND m.name GLOB ${pattern.replaceAll("[", "[[]")}`;
}

export function* writeModel(
  _: SqlContext,
  model: Omit<ModelRecord, "revision">,
  expected: number | undefined,
): Operation<ModelRecord> {
  const { namespace, name } = model;
  const current = yield* first<[revision: number]>(sql`
    SELECT revision FROM model WHERE namespace = ${namespace} AND name = ${name}`);
  const refusal = modelRefusal(model, expected, current?.[0]);
  if (refusal !== undefined) throw refusal;
  const revision = (current?.[0] ?? 0) + 1;
  const body = encodeModel(model);
  yield* change(sql`
    INSERT INTO model (namespace, name, revision, body) VALUES (${namespace}, ${name}, ${revision}, ${body})
    ON CONFLICT (namespace, name) DO UPDATE SET revision = excluded.revision, body = excluded.body`);
  return toModel([namespace, name, revision, body]);
}

/** The number that stands for a model. */
export function* findModel(_: SqlContext, { namespace, name }: ModelName): Operation<number | undefined> {
  const row = yield* first<[id: number]>(sql`
    SELECT id FROM model WHERE namespace = ${namespace} AND name = ${name}`);
  return row?.[0];
}

/** The numbers of the models of these rows. Error: MODEL_NOT_FOUND. */
export function* numbersOf(context: SqlContext, names: readonly ModelName[]): Operation<readonly number[]> {
  const known = new Map<string, number>();
  const numbers: number[] = [];
  for (const { namespace, name } of names) {
    const place = JSON.stringify([namespace, name]);
    const number = known.get(place) ?? (yield* findModel(context, { namespace, name }));
    if (number === undefined) throw modelNotFound({ namespace, name });
    known.set(place, number);
    numbers.push(number);
  }
  return numbers;
}

export type TransitionRow = readonly [
  number: number,
  version: string,
  sequence: number,
  kind: TransitionKind,
  from: Stage | null,
  to: Stage | null,
  at: string,
  by: string,
  why: string | null,
  forced: 0 | 1,
  gates: string | null,
  correlation: string,
];

export function toTransition({ namespace, name }: ModelName, row: TransitionRow): TransitionRecord {
  const [number, version, sequence, kind, from, to, at, by, why, forced, gates, correlation] = row;
  return {
    number,
    namespace,
    name,
    version,
    sequence,
    kind,
    from: fromNull(from),
    to: fromNull(to),
    at,
    by,
    why: fromNull(why),
    forced: forced === 1,
    gates: gates === null ? undefined : decodeJson(gates, "results of gates"),
    correlation,
  };
}

export function* writeTransitions(
  context: SqlContext,
  transitions: readonly Omit<TransitionRecord, "number">[],
): Operation<readonly TransitionRecord[]> {
  const models = yield* numbersOf(context, transitions);
  const base = yield* takeSequence(transitions.length);
  const list = transitions.map((given, index) => {
    const { version, sequence, kind, from = null, to = null, at, by, why = null, forced, correlation } = given;
    const gates = encodeOptionalJson(given.gates, "results of gates") ?? null;
    const values = [version, sequence, kind, from, to, at, by, why, forced ? 1 : 0, gates, correlation] as const;
    return { model: models[index]!, row: [base + index, ...values] as const };
  });
  for (const chunk of eachChunk(list)) {
    yield* change(sql`
      INSERT INTO transition (model, number, version, sequence, kind, from_stage, to_stage, changed_at, changed_by, why,
        forced, gates, correlation)
      VALUES ${rows(chunk.map(({ model, row }) => [model, ...row]))}`);
  }
  return list.map(({ row }, index) => toTransition(transitions[index]!, row));
}

export function* listTransitions(
  context: SqlContext,
  filter: Parameters<Stores["listTransitions"]>[0],
  request?: PageRequest,
): Operation<Page<TransitionRecord>> {
  const { namespace, name, version, kind } = filter;
  const listing: Listing = ["listTransitions", namespace, name, version, kind];
  const page = openPage(listing, request);
  const model = (yield* findModel(context, filter)) ?? null;
  const found = yield* all<TransitionRow>(sql`
    SELECT t.number, t.version, t.sequence, t.kind, t.from_stage, t.to_stage, t.changed_at, t.changed_by, t.why, t.forced,
      t.gates, t.correlation
    FROM transition t WHERE t.model = ${model}
      ${version === undefined ? sql`` : sql`AND t.version = ${version}`}
      ${kind === undefined ? sql`` : sql`AND t.kind = ${kind}`}
      ${page.after === undefined ? sql`` : sql`AND t.number < ${page.after[0]}`}
    ORDER BY t.number DESC LIMIT ${page.limit + 1}`);
  return closePage(
    listing,
    page,
    found,
    ([number]) => [number],
    (row) => toTransition(filter, row),
  );
}

type AnnotationRow = readonly [number: number, version: string | null, author: string, text: string, at: string];

function toAnnotation(
  { namespace, name }: ModelName,
  [number, version, author, text, at]: AnnotationRow,
): AnnotationRecord {
  return { number, namespace, name, version: fromNull(version), author, text, at };
}

export function* writeAnnotations(
  context: SqlContext,
  annotations: readonly Omit<AnnotationRecord, "number">[],
): Operation<readonly AnnotationRecord[]> {
  const models = yield* numbersOf(context, annotations);
  const base = yield* takeSequence(annotations.length);
  const list = annotations.map(({ version = null, author, text, at }, index) => {
    return { model: models[index]!, row: [base + index, version, author, text, at] as const };
  });
  for (const chunk of eachChunk(list)) {
    yield* change(sql`
      INSERT INTO annotation (model, number, version, author, text, written_at)
      VALUES ${rows(chunk.map(({ model, row }) => [model, ...row]))}`);
  }
  return list.map(({ row }, index) => toAnnotation(annotations[index]!, row));
}

export function* listAnnotations(
  context: SqlContext,
  filter: ModelName & { readonly version?: string | undefined },
  request?: PageRequest,
): Operation<Page<AnnotationRecord>> {
  const { namespace, name, version } = filter;
  const listing: Listing = ["listAnnotations", namespace, name, version];
  const page = openPage(listing, request);
  const model = (yield* findModel(context, filter)) ?? null;
  const found = yield* all<AnnotationRow>(sql`
    SELECT a.number, a.version, a.author, a.text, a.written_at FROM annotation a WHERE a.model = ${model}
      ${version === undefined ? sql`` : sql`AND a.version = ${version}`}
      ${page.after === undefined ? sql`` : sql`AND a.number < ${page.after[0]}`}
    ORDER BY a.number DESC LIMIT ${page.limit + 1}`);
  return closePage(
    listing,
    page,
    found,
    ([number]) => [number],
    (row) => toAnnotation(filter, row),
  );
}
