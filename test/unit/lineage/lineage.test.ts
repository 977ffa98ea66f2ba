// Lineage records: told twice, kept once, found again.

import { describe, expect, it } from "vitest";
import { memory, type Backend } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { createHost } from "../../../src/changes/host.ts";
import { createLineage, type LineageBackend } from "../../../src/lineage/lineage.ts";
import type { NewLineageRecord } from "../../../src/lineage/record.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { failureOf, Folder } from "../../support/folder.ts";
import { openHost, openSpending } from "./support.ts";

const etl: NewLineageRecord = { runId: "run-000001", usecase: "fraud", pipeline: "ingestion", task: "etl" };

describe.each(["memory", "sqlite"])("lineage records in %s", (kind) => {
  const open = async (clock = manualClock(Date.parse("2026-03-01T10:00:00Z"))) => {
    const folder = new Folder();
    const backend: Backend = kind === "memory" ? memory() : sqlite(folder.at("strata.db"));
    const opened = await openHost({ backend, clock });
    return {
      ...opened,
      backend,
      lineage: createLineage(opened),
      async [Symbol.asyncDispose]() {
        await opened.connection.close();
        folder[Symbol.dispose]();
      },
    };
  };

  it("are one record of a run that was told twice, with the time from start to end", async () => {
    await using space = await open();

    await space.lineage.record({ ...etl, metadata: { git: "abc" } });
    space.clock.advance(90_000);
    await space.lineage.record({ ...etl, status: "success", metadata: { git: "abc", rows: "7" } });

    const record = await space.lineage.getRun("run-000001");
    expect(record).toMatchObject({
      status: "success",
      state: "succeeded",
      startedAt: "2026-03-01T10:00:00.000Z",
      finishedAt: "2026-03-01T10:01:30.000Z",
      recordedAt: "2026-03-01T10:01:30.000Z",
      durationSec: 90,
      usecase: "fraud",
      pipeline: "ingestion",
      task: "etl",
      metadata: { git: "abc", rows: "7" },
      engineVersion: "0.1.0",
    });
    expect((await space.lineage.search()).items).toHaveLength(1);
  });

  it("keep their end when a start comes late", async () => {
    await using space = await open();

    await space.lineage.record({ ...etl, status: "success", recordedAt: "2026-03-01T10:00:00Z" });
    await space.lineage.record({ ...etl, status: "running", recordedAt: "2026-03-01T10:05:00Z" });

    expect((await space.lineage.getRun("run-000001")).status).toBe("success");
  });

  it("told within one millisecond are told both", async () => {
    await using space = await open();

    await space.lineage.record(etl);
    await space.lineage.record({ ...etl, status: "error", error: "no rows" });

    expect(await space.lineage.getRun("run-000001")).toMatchObject({
      status: "error",
      error: "no rows",
      durationSec: 0,
    });
  });

  it("are found by their id and by its first six characters, and not where several begin so", async () => {
    await using space = await open();
    await space.lineage.record({ ...etl, runId: "abcdef-1" });
    await space.lineage.record({ ...etl, runId: "abcdef-2" });
    await space.lineage.record({ ...etl, runId: "xyzxyz-1" });

    expect((await space.lineage.getRun("xyzxyz")).runId).toBe("xyzxyz-1");
    expect((await space.lineage.getRun("abcdef-2")).runId).toBe("abcdef-2");
    expect((await failureOf(() => space.lineage.getRun("abcdef"))).code).toBe("RUN_AMBIGUOUS");
    expect((await failureOf(() => space.lineage.getRun("xyzxy"))).code).toBe("RUN_UNKNOWN");
    expect((await failureOf(() => space.lineage.getRun("nothing"))).code).toBe("RUN_UNKNOWN");
  });

  it("are searched by everything that is given at once, newest first", async () => {
    await using space = await open();
    const tell = async (record: Partial<NewLineageRecord> & { runId: string }): Promise<void> => {
      space.clock.advance(60_000);
      await space.lineage.record({ ...etl, ...record });
    };
    await tell({ runId: "run-1", task: "etl", status: "success" });
    await tell({ runId: "run-2", task: "etl", usecase: "churn", status: "error", metadata: { team: "blue" } });
    await tell({ runId: "run-3", task: "train", pipeline: "models", status: "cancelled", metadata: { team: "blue" } });
    await tell({ runId: "run-4", task: "etl", status: "warning", metadata: { team: "red" } });
    await tell({ runId: "run-5", task: "train", status: "running" });
    const idsOf = async (query: Parameters<LineageBackend["search"]>[0]): Promise<string[]> =>
      (await space.lineage.search(query)).items.map(({ runId }) => runId);

    expect(await idsOf({})).toEqual(["run-5", "run-4", "run-3", "run-2", "run-1"]);
    expect(await idsOf({ task: "etl" })).toEqual(["run-4", "run-2", "run-1"]);
    expect(await idsOf({ task: "etl", usecase: "churn" })).toEqual(["run-2"]);
    expect(await idsOf({ pipeline: "models" })).toEqual(["run-3"]);
    // A cancelled run is an error, one with a warning a success.
    expect(await idsOf({ status: "error" })).toEqual(["run-3", "run-2"]);
    expect(await idsOf({ status: "SUCCESS" })).toEqual(["run-4", "run-1"]);
    expect(await idsOf({ status: "cancelled" })).toEqual(["run-3"]);
    expect(await idsOf({ labels: { team: "blue" } })).toEqual(["run-3", "run-2"]);
    expect(await idsOf({ labels: { team: "blue" }, task: "train" })).toEqual(["run-3"]);
    expect(await idsOf({ run: "run-4" })).toEqual(["run-4"]);
    expect(await idsOf({ limit: 2 })).toEqual(["run-5", "run-4"]);
    expect(await idsOf({ task: "etl' OR '1'='1" })).toEqual([]);
  });

  it("are searched from a moment on, which is the same moment in every zone, and itself included", async () => {
    await using space = await open();
    await space.lineage.record({ ...etl, runId: "before", startedAt: "2026-03-01T09:59:59.999Z" });
    await space.lineage.record({ ...etl, runId: "exactly", startedAt: "2026-03-01T10:00:00Z" });
    const idsOf = async (since: Date | string): Promise<string[]> =>
      (await space.lineage.search({ since })).items.map(({ runId }) => runId);

    expect(await idsOf("2026-03-01T10:00:00Z")).toEqual(["exactly"]);
    expect(await idsOf("2026-03-01T12:00:00+02:00")).toEqual(["exactly"]);
    expect(await idsOf(new Date("2026-03-01T10:00:00Z"))).toEqual(["exactly"]);
    expect(await idsOf("2026-03-01")).toEqual(["exactly", "before"]);
    expect((await failureOf(() => space.lineage.search({ since: "2026-03-01T10:00:00" }))).code).toBe(
      "VALIDATION_FAILED",
    );
  });

  it("are searched by the content and the name of what they read and wrote", async () => {
    await using space = await open();
    const content = "0123456789abcdef0123456789abcdef";
    await space.lineage.record({
      ...etl,
      runId: "reader-1",
      io: [{ direction: "input", name: "claims", location: "s3://lake/claims", content, rows: 12, format: "parquet" }],
    });
    await space.lineage.record({
      ...etl,
      runId: "writer-1",
      io: [{ direction: "output", name: "features", location: "db.features" }],
    });
    const idsOf = async (query: object): Promise<string[]> =>
      (await space.lineage.search(query)).items.map(({ runId }) => runId);

    expect(await idsOf({ content })).toEqual(["reader-1"]);
    expect(await idsOf({ artifact: "db.features" })).toEqual(["writer-1"]);
    expect(await idsOf({ artifact: "claims" })).toEqual(["reader-1"]);
    expect((await space.lineage.getRun("reader-1")).io).toEqual([
      { direction: "input", name: "claims", location: "s3://lake/claims", format: "parquet", rows: 12, content },
    ]);
  });

  it("go on, page by page, until all were seen once", async () => {
    await using space = await open();
    for (let index = 0; index < 25; index++) await space.lineage.record({ ...etl, runId: `run-${String(index)}` });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await space.lineage.search({ limit: 10, cursor });
      for (const { runId } of page.items) seen.push(runId);
      cursor = page.next;
    } while (cursor !== undefined);

    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `run-${String(24 - index)}`));
  });

  it("keep the version of their writer, by which they are searched in ranges", async () => {
    await using space = await open();
    const newer = createLineage({
      host: createHost({ connection: space.connection, engineVersion: "0.2.0", clock: space.clock, writer: false }),
    });
    await space.lineage.record({ ...etl, runId: "by-0.1.0" });
    await newer.record({ ...etl, runId: "by-0.2.0" });
    const idsOf = async (engineVersion: string): Promise<string[]> =>
      (await newer.search({ engineVersion })).items.map(({ runId }) => runId);

    expect((await newer.getRun("by-0.1.0")).engineVersion).toBe("0.1.0");
    expect(await idsOf("<0.2")).toEqual(["by-0.1.0"]);
    expect(await idsOf(">=0.1 <0.2")).toEqual(["by-0.1.0"]);
    expect(await idsOf(">=0.2")).toEqual(["by-0.2.0"]);
    expect(await idsOf(">=9")).toEqual([]);
  });

  it("written by a newer version and written again by ours lose nothing of what we do not know", async () => {
    await using space = await open();
    const future = createLineage({
      host: createHost({ connection: space.connection, engineVersion: "9.9.0", clock: space.clock, writer: false }),
    });
    await future.record({
      ...etl,
      metadata: { gpu: "h200", carbon: "12g" },
      extensions: { provenance: { chain: ["a", "b"] } },
    });

    const { kind: _, state: __, durationSec: ___, ...read } = await space.lineage.getRun(etl.runId);
    space.clock.advance(1_000);
    await space.lineage.record({ ...read, status: "success", recordedAt: new Date(space.clock.now()) });

    expect(await space.lineage.getRun(etl.runId)).toMatchObject({
      status: "success",
      engineVersion: "9.9.0",
      metadata: { gpu: "h200", carbon: "12g" },
      extensions: { provenance: { chain: ["a", "b"] } },
    });
  });

  it("tell of themselves once, however often they are delivered, and leave no audit row", async () => {
    await using space = await open();
    const once = { ...etl, status: "success", recordedAt: "2026-03-01T10:00:00Z" };

    await space.lineage.record(once);
    await space.lineage.record(once);

    const events = await space.connection.listEvents({ types: ["lineage.*"] });
    expect(events.items.map(({ type, subject, data }) => ({ type, subject, data }))).toEqual([
      {
        type: "lineage.recorded",
        subject: "run:run-000001",
        data: { usecase: "fraud", pipeline: "ingestion", task: "etl", status: "success", state: "succeeded" },
      },
    ]);
    expect((await space.connection.listAudit()).items).toEqual([]);
  });

  it("refuse what is no record, naming the field", async () => {
    await using space = await open();
    const codeOf = async (given: object): Promise<string | undefined> =>
      (await failureOf(() => space.lineage.record({ ...etl, ...given }))).code;

    expect(await codeOf({ runId: "" })).toBe("VALIDATION_FAILED");
    expect(await codeOf({ status: "prod" })).toBe("VALIDATION_FAILED");
    expect(await codeOf({ startedAt: "2026-02-30T00:00:00Z" })).toBe("VALIDATION_FAILED");
    expect(await codeOf({ durationSec: -1 })).toBe("VALIDATION_FAILED");
    expect(await codeOf({ metadata: { rows: 7 } })).toBe("VALIDATION_FAILED");
  });

  it("are removed by age when compacted, with an audit row, and the rest stays", async () => {
    await using space = await open();
    await space.lineage.record({ ...etl, runId: "old-run", status: "success" });
    space.clock.advance(86_400_000);
    await space.lineage.record({ ...etl, runId: "new-run", status: "success" });
    await space.lineage.record({ ...etl, runId: "running-run" });

    const { removed } = await space.lineage.compact({ olderThan: "2026-03-02" });

    expect(removed).toBe(1);
    expect((await space.lineage.search()).items.map(({ runId }) => runId)).toEqual(["running-run", "new-run"]);
    expect((await space.connection.listAudit()).items.map(({ action }) => action)).toEqual(["lineage.compact"]);
  });
});

describe("lineage", () => {
  it("shows a build as a record as well", async () => {
    await using space = await openSpending();
    await space.build();
    const host = createHost({ connection: space.connection, writer: false });
    const lineage: LineageBackend = createLineage({ host });

    const { items } = await lineage.search({ pipeline: "spend" });

    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ kind: "build", task: "spend", pipeline: "spend", status: "success" });
    expect(await lineage.getRun(items[0]!.runId)).toEqual(items[0]);
  });

  it("refuses a record under the id of one of the engine's own runs", async () => {
    await using space = await openSpending();
    await space.build();
    const [build] = (await space.connection.listRuns({ kind: "build" })).items;
    const lineage = createLineage({ host: createHost({ connection: space.connection, writer: false }) });

    const failure = await failureOf(() => lineage.record({ ...etl, runId: build!.id }, { mode: "durable" }));

    expect(failure.code).toBe("VALIDATION_FAILED");
    expect(await space.connection.readRun(build!.id)).toEqual(build);
  });

  it("compacted in memory answers zeros", async () => {
    const { host } = await openHost();

    expect(await createLineage({ host }).compact()).toEqual({ before: 0, after: 0, removed: 0 });
  });

  it("compacted in SQLite makes the file smaller after ten thousand records were removed", async () => {
    using folder = new Folder();
    const { host, connection } = await openHost({ backend: sqlite(folder.at("strata.db")) });
    const lineage = createLineage({ host });
    const first = { ...etl, status: "success", metadata: { note: "n".repeat(200) } };
    await lineage.record(first);
    const template = (await connection.readRun("run-000001" as never))! as never as { id: string };
    await connection.writeTasks(
      Array.from({ length: 10_000 }, (_, index) => ({ ...template, id: `many-${String(index)}` })) as never,
    );

    const { before, after, removed } = await lineage.compact({ olderThan: "2027-01-01" });

    expect(removed).toBe(10_001);
    expect(before).toBeGreaterThan(4_000_000);
    expect(after).toBeLessThan(before / 4);
    await connection.close();
    const { statSync } = await import("node:fs");
    expect(statSync(folder.at("strata.db")).size).toBe(after);
  });
});
