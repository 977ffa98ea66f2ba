// Cases about listing runs by several kinds, states and names at once, and many of them by their ids.

import assert from "node:assert/strict";
import type { TaskRecord } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { run, runId } from "../samples.ts";

function task(id: string, state: TaskRecord["state"], engineVersion: string, read: string): TaskRecord {
  const bare = { snapshot: undefined, producer: undefined, version: undefined, key: undefined, input: undefined };
  return {
    ...run({ ...bare, id: runId(id), state, reason: undefined }),
    kind: "task",
    task: {
      namespace: "team",
      name: "etl",
      target: "",
      recordedAt: "2026-01-02T03:04:05.000Z",
      engineVersion,
      io: [
        {
          direction: "input",
          name: read,
          location: `db.${read}`,
          format: undefined,
          rows: undefined,
          content: undefined,
        },
      ],
      labels: {},
      config: undefined,
      extensions: {},
    },
  };
}

export const runListCases: readonly ContractCase[] = [
  {
    name: "runs-by-ids",
    title: "many runs are read at once, in the order they were asked for, unknown ones as nothing",
    async run({ connect }) {
      const connection = await connect();
      await connection.startRuns([run({ id: runId("a") }), run({ id: runId("b") })]);

      const found = await connection.readRuns([runId("b"), runId("none"), runId("a"), runId("b")]);

      assert.deepEqual(
        found.map((one) => one?.id),
        [runId("b"), undefined, runId("a"), runId("b")],
      );
      assert.deepEqual(await connection.readRuns([]), []);
    },
  },
  {
    name: "runs-of-several-kinds-and-states",
    title: "runs of any of several kinds and in any of several states are listed in one order",
    async run({ connect }) {
      const connection = await connect();
      await connection.startRuns([run({ id: runId("step"), state: "failed" })]);
      await connection.startRuns([run({ id: runId("build"), kind: "build", state: "succeeded" })]);
      await connection.writeTasks([task("one", "warning", "0.1.0", "claims"), task("two", "lost", "0.1.0", "claims")]);
      const ids = async (filter: Parameters<typeof connection.listRuns>[0]): Promise<string[]> =>
        (await connection.listRuns(filter)).items.map(({ id }) => id);

      assert.deepEqual(await ids({ kinds: ["task", "build"] }), [runId("two"), runId("one"), runId("build")]);
      assert.deepEqual(await ids({ kinds: ["step"] }), [runId("step")]);
      assert.deepEqual(await ids({ states: ["succeeded", "warning"] }), [runId("one"), runId("build")]);
      assert.deepEqual(await ids({ kinds: ["task"], states: ["failed", "lost"] }), [runId("two")]);
      assert.deepEqual(await ids({ kinds: [] }), []);
    },
  },
  {
    name: "tasks-by-what-they-touched-and-who-wrote-them",
    title: "tasks are found by the name or place of what they read, and every version that wrote one is listed once",
    async run({ connect }) {
      const connection = await connect();
      assert.deepEqual(await connection.listEngineVersions(), []);
      await connection.startRuns([run()]);
      await connection.writeTasks([
        task("one", "succeeded", "0.10.0", "claims"),
        task("two", "succeeded", "0.2.0", "prices"),
        task("three", "succeeded", "0.10.0", "prices"),
      ]);
      const ids = async (artifact: string): Promise<string[]> =>
        (await connection.listRuns({ artifact })).items.map(({ id }) => id);

      assert.deepEqual(await ids("prices"), [runId("three"), runId("two")]);
      assert.deepEqual(await ids("db.claims"), [runId("one")]);
      assert.deepEqual(await ids("nothing"), []);
      assert.deepEqual(await connection.listEngineVersions(), ["0.10.0", "0.2.0"]);
    },
  },
  {
    name: "compact-keeps-everything",
    title: "compacting changes nothing that can be read, and is refused inside a transaction",
    async run({ connect }) {
      const connection = await connect();
      await connection.startRuns([run()]);

      const { before, after } = await connection.compact();

      assert.ok(after <= before);
      assert.deepEqual((await connection.readRun(run().id))?.id, run().id);
      await assert.rejects(
        connection.transaction((tx) => tx.compact()),
        { code: "TRANSACTION_INVALID" },
      );
    },
  },
];
