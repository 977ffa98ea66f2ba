// What is kept beside builds in memory, as it is copied: models and all that was decided about them, events, audit, submissions.

import { compareText } from "../../../util/text-order.ts";
import { copyJson } from "../../json-text.ts";
import { keptKey, type KeptRecords } from "../../kept-records.ts";
import type { VersionRecord } from "../../model-records.ts";
import { decodeModel, decodeVersion, encodeModel, encodeVersion } from "../../record-text.ts";
import { auditGrows } from "../../refusals.ts";
import { frozen } from "../frozen.ts";
import { aliasPlace, rowsOf } from "../model-rows.ts";
import { OrderedMap } from "../ordered-map.ts";
import { ascending, modelPlace, type MemoryState } from "../state.ts";
import { ofMany, ofMap, valuesOf, type Kept } from "./listing.ts";

type FactKind =
  | "models"
  | "versions"
  | "transitions"
  | "aliases"
  | "aliasChanges"
  | "annotations"
  | "events"
  | "audit"
  | "submissions";

export const keptFacts: { readonly [Kind in FactKind]: Kept<KeptRecords[Kind]> } = {
  models: {
    list: (state, after, limit) =>
      ofMany(
        state.models.values(),
        (model) => keptKey("models", model),
        after,
        limit,
        (model) => model,
      ),
    put(state, records) {
      for (const model of records) {
        const { namespace, name, revision } = model;
        const kept = frozen({ namespace, name, ...decodeModel(encodeModel(model)), revision });
        state.set(state.models, modelPlace(model), kept);
      }
    },
  },
  versions: {
    list: (state, after, limit) => ofMap(state.versionsById, after, limit, (version) => version),
    put(state, records) {
      for (const record of records) putVersion(state, record);
    },
  },
  transitions: {
    list: (state, after, limit) =>
      ofMany(
        valuesOf(state.transitions),
        (row) => [row.number],
        after,
        limit,
        (row) => row,
      ),
    put(state, records) {
      for (const record of records) {
        const gates = copyJson(record.gates, "results of gates");
        state.set(rowsOf(state, state.transitions, modelPlace(record)), record.number, frozen({ ...record, gates }));
      }
    },
  },
  aliases: {
    list: (state, after, limit) =>
      ofMany(
        valuesOf(state.aliases),
        (alias) => keptKey("aliases", alias),
        after,
        limit,
        (alias) => alias,
      ),
    put(state, records) {
      for (const record of records) {
        const make = (): OrderedMap<string, typeof record> => new OrderedMap<string, typeof record>(compareText);
        state.set(state.within(state.aliases, modelPlace(record), make), record.alias, frozen({ ...record }));
      }
    },
    drop(state, record) {
      const aliases = state.aliases.get(modelPlace(record));
      if (aliases !== undefined) state.delete(aliases, record.alias);
    },
  },
  aliasChanges: numbered<KeptRecords["aliasChanges"]>((state) => state.aliasChanges, aliasPlace),
  annotations: numbered<KeptRecords["annotations"]>((state) => state.annotations, modelPlace),
  events: {
    list: (state, after, limit) => ofMap(state.events, after, limit, (event) => event),
    put(state, records) {
      for (const record of records) {
        state.set(state.events, record.number, frozen({ ...record, data: copyJson(record.data, "event data") }));
        state.journal.set(state.eventNumbers, record.id, record.number);
      }
    },
    drop(state, { number, id }) {
      state.delete(state.events, number);
      state.delete(state.eventNumbers, id);
    },
  },
  audit: {
    list: (state, after, limit) => ofMap(state.audit, after, limit, (row) => row),
    put(state, records) {
      for (const record of records) {
        const next = state.audit.size + 1;
        if (record.number !== next) throw auditGrows(next, record.number);
        state.set(state.audit, record.number, frozen({ ...record, data: copyJson(record.data, "audit data") }));
      }
    },
  },
  submissions: {
    list: (state, after, limit) => ofMap(state.submissions, after, limit, (takenAt, key) => ({ key, takenAt })),
    put(state, records) {
      for (const { key, takenAt } of records) state.set(state.submissions, key, takenAt);
    },
    drop: (state, { key }) => state.delete(state.submissions, key),
  },
};

function putVersion(state: MemoryState, record: VersionRecord): void {
  const place = modelPlace(record);
  const { namespace, name, id, version, sequence, stage, stagedAt, revision } = record;
  const columns = { namespace, name, id, version, sequence, stage, stagedAt, revision };
  const stored = frozen(decodeVersion(columns, encodeVersion(record)));
  const versions = state.within(state.versions, place, () => new OrderedMap<number, VersionRecord>(ascending));
  state.set(versions, sequence, stored);
  state.journal.set(state.versionsById, id, stored);
  const numbers = state.within(state.versionNumbers, place, () => new Map<string, number>());
  state.journal.set(numbers, version, sequence);
}

/** Rows that lie by place, each with a number of its own among all of them. */
function numbered<Row extends { readonly number: number }>(
  mapOf: (state: MemoryState) => Map<string, OrderedMap<number, Row>>,
  placeOf: (row: Row) => string,
): Kept<Row> {
  return {
    list: (state, after, limit) =>
      ofMany(
        valuesOf(mapOf(state)),
        (row) => [row.number],
        after,
        limit,
        (row) => row,
      ),
    put(state, records) {
      for (const record of records)
        state.set(rowsOf(state, mapOf(state), placeOf(record)), record.number, frozen({ ...record }));
    },
  };
}
