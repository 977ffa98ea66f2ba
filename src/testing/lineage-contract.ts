// What everything that keeps lineage records must do.

import assert from "node:assert/strict";
import type { LineageBackend } from "../lineage/lineage.ts";
import type { LineageRecord, NewLineageRecord } from "../lineage/record.ts";
import { refused, type KitCase } from "./kit.ts";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function start(runId: string, more: Partial<NewLineageRecord> = {}): NewLineageRecord {
  return { runId, task: "train", usecase: "fraud", pipeline: "daily", status: "running", recordedAt: at(0), ...more };
}

function end(runId: string, more: Partial<NewLineageRecord> = {}): NewLineageRecord {
  return start(runId, { status: "success", startedAt: at(0), recordedAt: at(5), durationSec: 5, ...more });
}

/** All that a search finds, page after page. */
async function found(backend: LineageBackend, query: Parameters<LineageBackend["search"]>[0] = {}): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await backend.search({ ...query, cursor });
    for (const { runId } of page.items) ids.push(runId);
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

async function recorded(backend: LineageBackend, ...records: readonly NewLineageRecord[]): Promise<void> {
  for (const record of records) await backend.record(record);
}

const facts = ({ runId, task, usecase, pipeline, status }: LineageRecord): unknown => ({
  runId,
  task,
  usecase,
  pipeline,
  status,
});

export const lineageBackendCases: readonly KitCase<LineageBackend>[] = [
  {
    name: "record-and-read",
    title: "what was recorded is there, with its end laid over its start",
    async run(backend) {
      await recorded(backend, start("run-0001"));
      assert.equal((await backend.getRun("run-0001")).status, "running");

      await recorded(backend, end("run-0001"));
      const record = await backend.getRun("run-0001");
      const expected = { runId: "run-0001", task: "train", usecase: "fraud", pipeline: "daily", status: "success" };
      assert.deepEqual(facts(record), expected);
      assert.equal(record.durationSec, 5);
      assert.deepEqual(await found(backend), ["run-0001"]);
    },
  },
  {
    name: "late-start",
    title: "an end is never overwritten by a start that comes late",
    async run(backend) {
      await recorded(backend, end("run-0001"), start("run-0001", { recordedAt: at(9) }));

      assert.equal((await backend.getRun("run-0001")).status, "success");
    },
  },
  {
    name: "later-end",
    title: "of two ends the one recorded later stays, in whichever order they come",
    async run(backend) {
      const [earlier, later] = [end("x", { status: "error", error: "boom" }), end("x", { recordedAt: at(8) })];
      await recorded(backend, { ...earlier, runId: "run-0001" }, { ...later, runId: "run-0001" });
      await recorded(backend, { ...later, runId: "run-0002" }, { ...earlier, runId: "run-0002" });

      assert.equal((await backend.getRun("run-0001")).status, "success");
      assert.equal((await backend.getRun("run-0002")).status, "success");
    },
  },
  {
    name: "recorded-twice",
    title: "the same records again change nothing",
    async run(backend) {
      await recorded(backend, start("run-0001"), end("run-0001"));
      const before = await backend.getRun("run-0001");
      await recorded(backend, start("run-0001"), end("run-0001"));

      assert.deepEqual(await backend.getRun("run-0001"), before);
      assert.deepEqual(await found(backend), ["run-0001"]);
    },
  },
  {
    name: "unknown-run",
    title: "a run nobody recorded is RUN_UNKNOWN, not an empty record",
    async run(backend) {
      await refused(backend.getRun("run-0001"), "RUN_UNKNOWN");
    },
  },
  {
    name: "refuses-nonsense",
    title: "a record without a run or with a status nobody knows is VALIDATION_FAILED, and leaves nothing",
    async run(backend) {
      await refused(backend.record(start("")), "VALIDATION_FAILED");
      await refused(backend.record(start("run-0001", { status: "perhaps" })), "VALIDATION_FAILED");

      assert.deepEqual(await found(backend), []);
    },
  },
  {
    name: "search-all-conditions",
    title: "a search finds what fits everything that is given, by task alone too",
    async run(backend) {
      await recorded(
        backend,
        end("run-0001"),
        end("run-0002", { task: "score" }),
        end("run-0003", { usecase: "churn" }),
        end("run-0004", { status: "error", error: "boom" }),
        start("run-0005"),
      );

      assert.deepEqual((await found(backend, { task: "score" })).sort(), ["run-0002"]);
      assert.deepEqual((await found(backend, { usecase: "churn" })).sort(), ["run-0003"]);
      assert.deepEqual((await found(backend, { status: "error" })).sort(), ["run-0004"]);
      assert.deepEqual((await found(backend, { status: "running" })).sort(), ["run-0005"]);
      const both = { task: "train", usecase: "fraud", pipeline: "daily", status: "success" };
      assert.deepEqual((await found(backend, both)).sort(), ["run-0001"]);
      assert.deepEqual(await found(backend, { task: "nobody" }), []);
    },
  },
  {
    name: "search-since",
    title: "since means started then or later, as an instant, whatever its zone",
    async run(backend) {
      await recorded(backend, end("run-0001"), end("run-0002", { startedAt: at(3), recordedAt: at(7) }));

      assert.deepEqual(await found(backend, { since: at(3) }), ["run-0002"]);
      assert.deepEqual(await found(backend, { since: "2026-01-01T02:00:03+02:00" }), ["run-0002"]);
      assert.deepEqual(await found(backend, { since: new Date(at(4)) }), []);
      assert.equal((await found(backend, { since: at(0) })).length, 2);
      await refused(backend.search({ since: "yesterday" }), "VALIDATION_FAILED");
    },
  },
  {
    name: "search-pages",
    title: "newest first, 100 at a time unless told, and every record once over all pages",
    async run(backend) {
      const ids = Array.from({ length: 105 }, (_, n) => `run-${String(n).padStart(4, "0")}`);
      for (const [n, id] of ids.entries()) {
        await backend.record(end(id, { startedAt: at(n), recordedAt: at(n + 1) }));
      }

      const first = await backend.search();
      assert.equal(first.items.length, 100);
      assert.notEqual(first.next, undefined);
      assert.deepEqual(await found(backend), ids.toReversed());
      assert.deepEqual(await found(backend, { limit: 10 }), ids.toReversed());
    },
  },
  {
    name: "keeps-what-it-does-not-know",
    title: "metadata and the version that wrote a record come back as they were",
    async run(backend) {
      await recorded(backend, end("run-0001", { metadata: { cluster: "a", note: "ä\n" }, engineVersion: "0.0.9" }));
      const { metadata, engineVersion } = await backend.getRun("run-0001");

      assert.deepEqual(metadata, { cluster: "a", note: "ä\n" });
      assert.equal(engineVersion, "0.0.9");
    },
  },
  {
    name: "compact",
    title: "compacting says the bytes before and after, and loses no record",
    async run(backend) {
      await recorded(backend, end("run-0001"), end("run-0002"));
      const { before, after } = await backend.compact();

      assert.ok(before >= 0 && after >= 0 && after <= before, `before ${before}, after ${after}`);
      assert.deepEqual((await found(backend)).sort(), ["run-0001", "run-0002"]);
    },
  },
];
