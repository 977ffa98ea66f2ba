// Records as a tree of files, one per run, and back.

import { describe, expect, it } from "vitest";
import { importLineage, projectLineage } from "../../../src/lineage/files.ts";
import { createLineage } from "../../../src/lineage/lineage.ts";
import { Folder } from "../../support/folder.ts";
import { openHost } from "./support.ts";

/** As the system whose layout it is writes one, with two keys that we do not know. */
const theirs = {
  run_id: "5f0c0b52-8a40-4a53-9f59-0a3c3d1f0001",
  task_path: "fraud_detection/ingestion/claim_etl",
  usecase: "fraud_detection",
  package: "ingestion",
  task_name: "claim_etl",
  profile: "dev",
  model: "etl",
  version: "0.1.0",
  config_hash: "sha256:abc",
  started_at: "2025-03-01T10:00:00Z",
  ended_at: "2025-03-01T10:01:30Z",
  duration_sec: 90,
  status: "error",
  error: "table is gone",
  inputs: [
    {
      name: "source",
      direction: "input",
      format: "hive",
      location: "db.claims",
      row_count: 12,
      data_hash: "sha256:d1",
    },
  ],
  outputs: [{ name: "sink", direction: "output", format: "s3", location: "s3://lake/out", row_count: null }],
};

describe("lineage files", () => {
  it("are one per run, under use case, package and task; two tasks of one pipeline have two runs", async () => {
    using folder = new Folder();
    const { host, connection } = await openHost();
    const lineage = createLineage({ host });
    const pipeline = { usecase: "fraud", pipeline: "ingestion", status: "success" };
    await lineage.record({ ...pipeline, runId: "run-a", task: "etl" });
    await lineage.record({ ...pipeline, runId: "run-b", task: "train" });

    const first = await projectLineage(connection, folder.at("lineage"));
    const again = await projectLineage(connection, folder.at("lineage"));

    expect(folder.files("lineage")).toEqual([
      "lineage/fraud/ingestion/etl/run-a.json",
      "lineage/fraud/ingestion/train/run-b.json",
    ]);
    expect(first.written).toHaveLength(2);
    expect(again).toEqual({ written: [], same: 2 });
    expect(JSON.parse(folder.read("lineage/fraud/ingestion/etl/run-a.json"))).toMatchObject({
      run_id: "run-a",
      task_path: "fraud/ingestion/etl",
      status: "success",
      engine_version: "0.1.0",
    });
  });

  it("stay in their folder whatever a task is called", async () => {
    using folder = new Folder();
    const { host, connection } = await openHost();
    const lineage = createLineage({ host });
    await lineage.record({ runId: "../../evil", task: "..", usecase: "a/b", pipeline: "x".repeat(400) });

    await projectLineage(connection, folder.at("lineage"));

    const files = folder.files(".");
    expect(files).toHaveLength(1);
    expect(files[0]).toMatch(/^lineage\/a%2Fb\/x+~[0-9a-f]{32}\/%2E%2E\/..%2F..%2Fevil\.json$/);
  });

  it("of another system are taken over, with what we do not know of them, and written back with all they said", async () => {
    using folder = new Folder();
    const { host, connection } = await openHost();
    const lineage = createLineage({ host });
    const path = "old/fraud_detection/ingestion/claim_etl/run.json";
    folder.write(path, JSON.stringify(theirs));

    const imported = await importLineage(lineage, folder.at("old"));
    await projectLineage(connection, folder.at("new"));

    expect(imported).toEqual({ records: 1, refused: [] });
    expect(await lineage.getRun(theirs.run_id)).toMatchObject({
      status: "error",
      error: "table is gone",
      durationSec: 90,
      target: "dev",
      config: "sha256:abc",
      engineVersion: "unknown",
      extensions: { model: "etl", version: "0.1.0" },
      io: [
        { direction: "input", name: "source", format: "hive", location: "db.claims", rows: 12, content: "sha256:d1" },
        { direction: "output", name: "sink", format: "s3", location: "s3://lake/out" },
      ],
    });
    const [file] = folder.files("new");
    expect(JSON.parse(folder.read(file!))).toMatchObject({
      ...theirs,
      started_at: "2025-03-01T10:00:00.000Z",
      ended_at: "2025-03-01T10:01:30.000Z",
      outputs: [{ name: "sink", direction: "output", format: "s3", location: "s3://lake/out", row_count: null }],
    });
  });

  it("rewritten by somebody else are read anew, and a start never overwrites an end", async () => {
    using folder = new Folder();
    const { host } = await openHost();
    const lineage = createLineage({ host });
    const path = "old/fraud_detection/ingestion/claim_etl/run.json";
    folder.write(
      path,
      JSON.stringify({ ...theirs, status: "running", ended_at: null, duration_sec: null, error: null }),
    );
    await importLineage(lineage, folder.at("old"));
    expect((await lineage.getRun(theirs.run_id)).status).toBe("running");

    folder.write(path, JSON.stringify(theirs));
    await importLineage(lineage, folder.at("old"));
    expect((await lineage.getRun(theirs.run_id)).status).toBe("error");

    folder.write(path, JSON.stringify({ ...theirs, status: "running", ended_at: null }));
    await importLineage(lineage, folder.at("old"));
    expect((await lineage.getRun(theirs.run_id)).status).toBe("error");
  });

  it("that hold no record are told, each with what is wrong, and stop nothing", async () => {
    using folder = new Folder();
    const { host } = await openHost();
    const lineage = createLineage({ host });
    folder.write("old/a/b/c/1.json", "{ torn");
    folder.write("old/a/b/c/2.json", JSON.stringify({ ...theirs, status: "sideways" }));
    folder.write("old/a/b/c/3.json", JSON.stringify({ ...theirs, run_id: "three" }));

    const { records, refused } = await importLineage(lineage, folder.at("old"));

    expect(records).toBe(1);
    expect(refused.map(({ file, error }) => `${file} ${error.code}`)).toEqual([
      "a/b/c/1.json DATA_UNPARSEABLE",
      "a/b/c/2.json VALIDATION_FAILED",
    ]);
  });
});
