// Models in a database, their versions and names, and all that was decided about them, as they are copied.

import type { AliasChange, ModelName } from "../../model-records.ts";
import { encodeOptionalJson } from "../../json-text.ts";
import { encodeModel, encodeVersion } from "../../record-text.ts";
import { keptOrphan } from "../../refusals.ts";
import { fromNull } from "../column.ts";
import { all, change, first } from "../operation.ts";
import { eachChunk, rows, sql } from "../statement.ts";
import { findModel, numbersOf, toModel, toTransition, type ModelRow, type TransitionRow } from "../statements/models.ts"; // prettier-ignore
import { toVersion, versionColumns, type VersionRow } from "../statements/version-row.ts";
import { insertVersion, updateVersion } from "../statements/versions.ts";
import type { KeptOf } from "./kept.ts";

type ModelKind = "models" | "versions" | "transitions" | "aliases" | "aliasChanges" | "annotations";

/** A row about a model: whose, then its own columns. */
type OfModel<Row extends readonly unknown[]> = readonly [namespace: string, name: string, ...Row];

type AliasRow = readonly [alias: string, version: string, sequence: number, at: string, by: string, why: string | null];

export const keptModels: KeptOf<ModelKind> = {
  models: {
    *list(_, after, limit) {
      const [namespace, name] = after ?? ["", ""];
      const found = yield* all<ModelRow>(sql`
        SELECT m.namespace, m.name, m.revision, m.body FROM model m WHERE (m.namespace, m.name) > (${namespace}, ${name})
        ORDER BY m.namespace, m.name LIMIT ${limit}`);
      return found.map(toModel);
    },
    *put(_, records) {
      for (const model of records) {
        const { namespace, name, revision } = model;
        yield* change(sql`
          INSERT INTO model (namespace, name, revision, body) VALUES (${namespace}, ${name}, ${revision}, ${encodeModel(model)})
          ON CONFLICT (namespace, name) DO UPDATE SET revision = excluded.revision, body = excluded.body`);
      }
    },
  },
  versions: {
    *list(_, after, limit) {
      const found = yield* all<VersionRow>(sql`
        SELECT ${versionColumns} FROM model_version v CROSS JOIN model m ON m.id = v.model WHERE v.id > ${after?.[0] ?? ""}
        ORDER BY v.id LIMIT ${limit}`);
      return found.map(toVersion);
    },
    *put(context, records) {
      const models = yield* numbersOf(context, records);
      for (const [index, record] of records.entries()) {
        const model = models[index]!;
        if (record.stage === "production" && record.deleted === undefined) {
          // Whoever was there has left it where this comes from; its own record, which follows, says for where.
          yield* change(sql`
            UPDATE model_version SET stage = 'archived'
            WHERE model = ${model} AND stage = 'production' AND deleted = 0 AND id <> ${record.id}`);
        }
        const row = yield* first<readonly [number: number, ...VersionRow]>(sql`
          SELECT v.number, ${versionColumns} FROM model_version v CROSS JOIN model m ON m.id = v.model WHERE v.id = ${record.id}`);
        const body = encodeVersion(record);
        if (row === undefined) yield* insertVersion(model, record, body);
        else yield* updateVersion(row[0], record, body, toVersion(row.slice(1) as unknown as VersionRow));
      }
    },
  },
  transitions: {
    *list(_, after, limit) {
      const found = yield* all<OfModel<TransitionRow>>(sql`
        SELECT m.namespace, m.name, t.number, t.version, t.sequence, t.kind, t.from_stage, t.to_stage, t.changed_at, t.changed_by,
          t.why, t.forced, t.gates, t.correlation
        FROM transition t CROSS JOIN model m ON m.id = t.model WHERE t.number > ${after?.[0] ?? -1}
        ORDER BY t.number LIMIT ${limit}`);
      return found.map(([namespace, name, ...row]) => toTransition({ namespace, name }, row));
    },
    *put(context, records) {
      const models = yield* numbersOf(context, records);
      const list = records.map((record, index) => {
        const { number, version, sequence, kind, from, to, at, by, why, forced, correlation } = record;
        const gates = encodeOptionalJson(record.gates, "results of gates");
        return [
          number,
          models[index],
          version,
          sequence,
          kind,
          from,
          to,
          at,
          by,
          why,
          forced ? 1 : 0,
          gates,
          correlation,
        ];
      });
      for (const chunk of eachChunk(list)) {
        yield* change(sql`
          INSERT OR REPLACE INTO transition (number, model, version, sequence, kind, from_stage, to_stage, changed_at, changed_by, why,
            forced, gates, correlation)
          VALUES ${rows(chunk)}`);
      }
    },
  },
  aliases: {
    *list(_, after, limit) {
      const [namespace, name, alias] = after ?? ["", "", ""];
      const found = yield* all<OfModel<AliasRow>>(sql`
        SELECT m.namespace, m.name, a.alias, v.version, v.sequence, a.changed_at, a.changed_by, a.why
        FROM model m CROSS JOIN alias a ON a.model = m.id CROSS JOIN model_version v ON v.number = a.version
        WHERE (m.namespace, m.name, a.alias) > (${namespace}, ${name}, ${alias})
        ORDER BY m.namespace, m.name, a.alias LIMIT ${limit}`);
      return found.map(([ofNamespace, ofName, as, version, sequence, at, by, why]) => {
        return { namespace: ofNamespace, name: ofName, alias: as, version, sequence, at, by, why: fromNull(why) };
      });
    },
    *put(context, records) {
      for (const { alias, version, at, by, why, ...model } of records) {
        const [number] = yield* numbersOf(context, [model]);
        const named = yield* first<[number: number]>(sql`
          SELECT number FROM model_version WHERE model = ${number} AND version = ${version}`);
        if (named === undefined) throw keptOrphan("aliases", `version ${version}`);
        yield* change(sql`
          INSERT OR REPLACE INTO alias (model, alias, version, changed_at, changed_by, why)
          VALUES (${number}, ${alias}, ${named[0]}, ${at}, ${by}, ${why})`);
      }
    },
    *drop(context, records) {
      for (const { alias, ...model } of records) {
        const number = yield* findModel(context, model);
        yield* change(sql`DELETE FROM alias WHERE model = ${number} AND alias = ${alias}`);
      }
    },
  },
  aliasChanges: {
    *list(_, after, limit) {
      const found = yield* all<OfModel<AliasChangeRow>>(sql`
        SELECT m.namespace, m.name, c.number, c.alias, c.version, c.previous, c.changed_at, c.changed_by, c.why
        FROM alias_change c CROSS JOIN model m ON m.id = c.model WHERE c.number > ${after?.[0] ?? -1}
        ORDER BY c.number LIMIT ${limit}`);
      return found.map(([namespace, name, ...row]) => toAliasChange({ namespace, name }, row));
    },
    *put(context, records) {
      const models = yield* numbersOf(context, records);
      const list = records.map(({ number, alias, version, previous, at, by, why }, index) => {
        return [number, models[index], alias, version, previous, at, by, why];
      });
      for (const chunk of eachChunk(list)) {
        yield* change(sql`
          INSERT OR REPLACE INTO alias_change (number, model, alias, version, previous, changed_at, changed_by, why)
          VALUES ${rows(chunk)}`);
      }
    },
  },
  annotations: {
    *list(_, after, limit) {
      const found = yield* all<
        OfModel<[number: number, version: string | null, by: string, text: string, at: string]>
      >(sql`
        SELECT m.namespace, m.name, a.number, a.version, a.author, a.text, a.written_at
        FROM annotation a CROSS JOIN model m ON m.id = a.model WHERE a.number > ${after?.[0] ?? -1}
        ORDER BY a.number LIMIT ${limit}`);
      return found.map(([namespace, name, number, version, author, text, at]) => {
        return { number, namespace, name, version: fromNull(version), author, text, at };
      });
    },
    *put(context, records) {
      const models = yield* numbersOf(context, records);
      const list = records.map(({ number, version, author, text, at }, index) => {
        return [number, models[index], version, author, text, at];
      });
      for (const chunk of eachChunk(list)) {
        yield* change(sql`
          INSERT OR REPLACE INTO annotation (number, model, version, author, text, written_at) VALUES ${rows(chunk)}`);
      }
    },
  },
};

type AliasChangeRow = readonly [
  number: number,
  alias: string,
  version: string | null,
  previous: string | null,
  at: string,
  by: string,
  why: string | null,
];

function toAliasChange({ namespace, name }: ModelName, row: AliasChangeRow): AliasChange {
  const [number, alias, version, previous, at, by, why] = row;
  const named = { version: fromNull(version), previous: fromNull(previous) };
  return { number, namespace, name, alias, ...named, at, by, why: fromNull(why) };
}
