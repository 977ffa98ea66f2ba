// Events, the audit log and submissions in a database, as they are copied.

import { encodeJson } from "../../json-text.ts";
import { auditGrows } from "../../refusals.ts";
import { momentOf } from "../../run-filter.ts";
import { toJsonList } from "../column.ts";
import { all, change, first } from "../operation.ts";
import { eachChunk, rows, sql } from "../statement.ts";
import { insertAudit, readAudit } from "../statements/audit.ts";
import { eventColumns, toEvent, type EventRow } from "../statements/events.ts";
import type { KeptOf } from "./kept.ts";

export const keptFacts: KeptOf<"events" | "audit" | "submissions"> = {
  events: {
    *list(_, after, limit) {
      const found = yield* all<EventRow>(sql`
        SELECT ${eventColumns} FROM event e WHERE e.number > ${after?.[0] ?? -1} ORDER BY e.number LIMIT ${limit}`);
      return found.map(toEvent);
    },
    *put(_, records) {
      for (const chunk of eachChunk(records)) {
        const list = chunk.map(({ number, id, type, at, actor, subject, run, correlation, data }) => {
          return [number, id, type, at, momentOf(at), actor, subject, run, correlation, encodeJson(data, "event data")];
        });
        yield* change(sql`
          INSERT OR REPLACE INTO event (number, id, type, at, at_ms, actor, subject, run, correlation, data) VALUES ${rows(list)}`);
      }
    },
    *drop(_, records) {
      const list = toJsonList(records.map(({ number }) => number));
      yield* change(sql`DELETE FROM event WHERE number IN (SELECT q.value FROM json_each(${list}) q)`);
    },
  },
  audit: {
    list: (context, after, limit) => readAudit(context, Number(after?.[0] ?? 0) + 1, limit),
    *put(_, records) {
      const last = yield* first<[number: number | null]>(sql`SELECT max(number) FROM audit`);
      let next = (last?.[0] ?? 0) + 1;
      for (const { number } of records) if (number !== next++) throw auditGrows(next - 1, number);
      const texts = records.map(({ data }) => encodeJson(data, "audit data"));
      yield* insertAudit(records, texts);
    },
  },
  submissions: {
    *list(_, after, limit) {
      const found = yield* all<[key: string, takenAt: number]>(sql`
        SELECT s.key, s.taken_at FROM submission s WHERE true ${after === undefined ? sql`` : sql`AND s.key > ${after[0]}`} ORDER BY s.key LIMIT ${limit}`);
      return found.map(([key, takenAt]) => ({ key, takenAt }));
    },
    *put(_, records) {
      for (const chunk of eachChunk(records)) {
        yield* change(sql`
          INSERT OR REPLACE INTO submission (key, taken_at) VALUES ${rows(chunk.map(({ key, takenAt }) => [key, takenAt]))}`);
      }
    },
    *drop(_, records) {
      const list = toJsonList(records.map(({ key }) => key));
      yield* change(sql`DELETE FROM submission WHERE key IN (SELECT q.value FROM json_each(${list}) q)`);
    },
  },
};
