// Searching versions of models by any mixture of facts, in any order there is.

import type { Comparison, ValueCondition, VersionFilter, VersionRecord } from "../../model-records.ts";
import { closePage, openPage, type OpenPage } from "../../page.ts";
import type { Page, PageRequest } from "../../records.ts";
import { hasWildcard, versionListing, versionOrder } from "../../version-filter.ts";
import { toBytes, toJsonList } from "../column.ts";
import type { SqlContext } from "../context.ts";
import { all, type Operation } from "../operation.ts";
import { sql, type Statement } from "../statement.ts";
import { matchesName } from "./models.ts";
import { comparable, places, toVersion, versionColumns, type VersionRow } from "./version-row.ts";

export function* listVersions(
  _: SqlContext,
  filter: VersionFilter = {},
  request?: PageRequest,
): Operation<Page<VersionRecord>> {
  const listing = versionListing(filter);
  const page = openPage(listing, request);
  const order = versionOrder(filter);
  if (order === "sequence") {
    const after = page.after === undefined ? sql`` : sql`AND v.sequence < ${page.after[0]}`;
    const found = yield* search(filter, sql`${after} ORDER BY v.sequence DESC LIMIT ${page.limit + 1}`);
    return closePage(listing, page, found, (row) => [row[4]], toVersion);
  }
  if (order === "age") {
    const after = page.after === undefined ? sql`` : sql`AND v.id < ${page.after[0]}`;
    const found = yield* search(filter, sql`${after} ORDER BY v.id DESC LIMIT ${page.limit + 1}`);
    return closePage(listing, page, found, (row) => [row[2]], toVersion);
  }
  const found = yield* searchByMetric(filter, order, page);
  return closePage(
    listing,
    page,
    found,
    ([value, ...row]) => (value === null ? [1, 0, row[2]] : [0, value, row[2]]),
    ([, ...row]) => toVersion(row),
  );
}

function* search(filter: VersionFilter, rest: Statement): Operation<readonly VersionRow[]> {
  return yield* all<VersionRow>(sql`
    SELECT ${versionColumns} FROM model_version v CROSS JOIN model m ON m.id = v.model
    WHERE true ${conditions(filter)} ${rest}`);
}

type MeasuredRow = readonly [value: number | null, ...VersionRow];

/** First those that have the metric, by walking its index; then, where a page has room, those that have not, newest first. */
function* searchByMetric(
  filter: VersionFilter,
  { metric, descending }: { readonly metric: string; readonly descending: boolean },
  { limit, after }: OpenPage,
): Operation<readonly MeasuredRow[]> {
  const [part, value, id] = after ?? [];
  let found: readonly MeasuredRow[] = [];
  if (part !== 1) {
    const place =
      after === undefined
        ? sql``
        : descending
          ? sql`AND s.value <= ${value} AND (s.value < ${value} OR v.id < ${id})`
          : sql`AND s.value >= ${value} AND (s.value > ${value} OR v.id < ${id})`;
    const order = descending ? sql`s.value DESC, v.id DESC` : sql`s.value, v.id DESC`;
    found = yield* all<MeasuredRow>(sql`
      SELECT s.value, ${versionColumns} FROM version_value s CROSS JOIN model_version v ON v.number = s.version
      CROSS JOIN model m ON m.id = v.model
      WHERE s.place = ${places.metrics} AND s.key = ${metric} AND s.kind = 1 ${place} ${conditions(filter)}
      ORDER BY ${order} LIMIT ${limit + 1}`);
  }
  if (found.length > limit) return found;
  const older = part === 1 ? sql`AND v.id < ${id}` : sql``;
  const rest = yield* search(
    filter,
    sql`AND NOT EXISTS (SELECT 1 FROM version_value s
        WHERE s.version = v.number AND s.place = ${places.metrics} AND s.key = ${metric})
      ${older} ORDER BY v.id DESC LIMIT ${limit + 1 - found.length}`,
  );
  return [...found, ...rest.map((row): MeasuredRow => [null, ...row])];
}

/** Whether something is deleted as text, not a value: partial indexes are chosen by what the statement says. */
function conditions(filter: VersionFilter): Statement {
  const { stages, framework, run, content, versions, where = [], deleted = false } = filter;
  return sql`
    ${deleted ? sql`` : sql`AND v.deleted = 0`}
    ${ofModels(filter)}
    ${stages === undefined ? sql`` : stages.length === 1 ? sql`AND v.stage = ${stages[0]}` : inList(sql`v.stage`, stages)}
    ${framework === undefined ? sql`` : sql`AND v.framework = ${framework}`}
    ${run === undefined ? sql`` : sql`AND v.run = ${run}`}
    ${content === undefined ? sql`` : sql`AND v.content = ${toBytes(content)}`}
    ${versions === undefined ? sql`` : inList(sql`v.version`, versions)}
    ${where.reduce((before, condition) => sql`${before} ${hasValue(condition)}`, sql``)}`;
}

/** One model is found first, so that its versions are walked in order. */
function ofModels({ namespace, name }: VersionFilter): Statement {
  if (namespace !== undefined && name !== undefined && !hasWildcard(name)) {
    return sql`AND v.model = (SELECT id FROM model WHERE namespace = ${namespace} AND name = ${name})`;
  }
  return sql`
    ${namespace === undefined ? sql`` : sql`AND m.namespace = ${namespace}`}
    ${name === undefined ? sql`` : matchesName(name)}`;
}

function inList(column: Statement, list: readonly string[]): Statement {
  return sql`AND ${column} IN (SELECT q.value FROM json_each(${toJsonList(list)}) q)`;
}

const comparing: Readonly<Record<Exclude<Comparison, "ne">, Statement>> = {
  eq: sql`=`,
  gt: sql`>`,
  gte: sql`>=`,
  lt: sql`<`,
  lte: sql`<=`,
};

function hasValue({ in: place, key, is, value }: ValueCondition): Statement {
  const [kind, given] = comparable(value);
  const test =
    is === "ne"
      ? sql`(c.kind <> ${kind} OR c.value <> ${given})`
      : sql`c.kind = ${kind} AND c.value ${comparing[is]} ${given}`;
  return sql`AND EXISTS (SELECT 1 FROM version_value c
      WHERE c.version = v.number AND c.place = ${places[place]} AND c.key = ${key} AND ${test})`;
}
