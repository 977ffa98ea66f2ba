// Aliases of model versions, and their history.

import type { Stores } from "../../backend.ts";
import type { AliasChange, AliasRecord, ModelName } from "../../model-records.ts";
import { aliasNotFound, aliasRefusal, versionNotFound } from "../../model-refusals.ts";
import { closePage, openPage, type Listing } from "../../page.ts";
import type { Page, PageRequest } from "../../records.ts";
import { fromNull } from "../column.ts";
import { takeSequence, type SqlContext } from "../context.ts";
import { all, change, first, type Operation } from "../operation.ts";
import { sql } from "../statement.ts";
import { findModel } from "./models.ts";

const columns = sql`a.alias, v.version, v.sequence, a.changed_at, a.changed_by, a.why`;

type Row = readonly [alias: string, version: string, sequence: number, at: string, by: string, why: string | null];

function toAlias({ namespace, name }: ModelName, [alias, version, sequence, at, by, why]: Row): AliasRecord {
  return { namespace, name, alias, version, sequence, at, by, why: fromNull(why) };
}

export function* listAliases(
  context: SqlContext,
  model: ModelName,
  request?: PageRequest,
): Operation<Page<AliasRecord>> {
  const listing: Listing = ["listAliases", model.namespace, model.name];
  const page = openPage(listing, request);
  const number = (yield* findModel(context, model)) ?? null;
  const found = yield* all<Row>(sql`
    SELECT ${columns} FROM alias a CROSS JOIN model_version v ON v.number = a.version
    WHERE a.model = ${number} ${page.after === undefined ? sql`` : sql`AND a.alias > ${page.after[0]}`}
    ORDER BY a.alias LIMIT ${page.limit + 1}`);
  return closePage(
    listing,
    page,
    found,
    ([alias]) => [alias],
    (row) => toAlias(model, row),
  );
}

export function* writeAlias(
  context: SqlContext,
  given: Parameters<Stores["writeAlias"]>[0],
): Operation<AliasRecord | undefined> {
  const { alias, version, at, by, why, expected } = given;
  const model = (yield* findModel(context, given)) ?? null;
  const current = yield* first<Row>(sql`
    SELECT ${columns} FROM alias a CROSS JOIN model_version v ON v.number = a.version
    WHERE a.model = ${model} AND a.alias = ${alias}`);
  const target =
    version === undefined
      ? undefined
      : yield* first<[number: number, sequence: number]>(sql`
          SELECT number, sequence FROM model_version WHERE model = ${model} AND version = ${version} AND deleted = 0`);
  if (version !== undefined && target === undefined) throw versionNotFound(given, version);
  if (version === undefined && current === undefined) throw aliasNotFound(given, alias);
  const refusal = aliasRefusal(given, expected, current?.[1]);
  if (refusal !== undefined) throw refusal;
  if (version !== undefined && current?.[1] === version) return toAlias(given, current);
  const number = yield* takeSequence(1);
  yield* change(sql`
    INSERT INTO alias_change (number, model, alias, version, previous, changed_at, changed_by, why)
    VALUES (${number}, ${model}, ${alias}, ${version}, ${current?.[1]}, ${at}, ${by}, ${why})`);
  if (version === undefined || target === undefined) {
    yield* change(sql`DELETE FROM alias WHERE model = ${model} AND alias = ${alias}`);
    return undefined;
  }
  yield* change(sql`
    INSERT INTO alias (model, alias, version, changed_at, changed_by, why)
    VALUES (${model}, ${alias}, ${target[0]}, ${at}, ${by}, ${why})
    ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version, changed_at = excluded.changed_at,
      changed_by = excluded.changed_by, why = excluded.why`);
  return toAlias(given, [alias, version, target[1], at, by, why ?? null]);
}

type ChangeRow = readonly [
  number: number,
  version: string | null,
  previous: string | null,
  at: string,
  by: string,
  why: string | null,
];

export function* readAliasHistory(
  context: SqlContext,
  { namespace, name, alias }: ModelName & { readonly alias: string },
  request?: PageRequest,
): Operation<Page<AliasChange>> {
  const listing: Listing = ["readAliasHistory", namespace, name, alias];
  const page = openPage(listing, request);
  const model = (yield* findModel(context, { namespace, name })) ?? null;
  const found = yield* all<ChangeRow>(sql`
    SELECT c.number, c.version, c.previous, c.changed_at, c.changed_by, c.why FROM alias_change c
    WHERE c.model = ${model} AND c.alias = ${alias} ${page.after === undefined ? sql`` : sql`AND c.number < ${page.after[0]}`}
    ORDER BY c.number DESC LIMIT ${page.limit + 1}`);
  const toChange = ([number, version, previous, at, by, why]: ChangeRow): AliasChange => ({
    ...{ number, namespace, name, alias, version: fromNull(version), previous: fromNull(previous) },
    ...{ at, by, why: fromNull(why) },
  });
  return closePage(listing, page, found, ([number]) => [number], toChange);
}
