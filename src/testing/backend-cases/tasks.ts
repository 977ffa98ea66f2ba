// Cases about tasks: runs outside of any build, told by whoever ran them.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import type { RunFilter, TaskRecord } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { task } from "../fact-samples.ts";
import { allPages, key, partition, print, refusal, run, runId } from "../samples.ts";

const started = task();
const ended = task(
  { state: "succeeded", finishedAt: "2026-01-02T04:00:00.000Z", duration: 12.5, attempts: 2 },
  { recordedAt: "2026-01-02T04:00:01+00:00" },
);
const failed = task(
  { state: "failed", finishedAt: "2026-01-02T05:00:00.000Z", error: { code: "X" } },
  {
    recordedAt: "2026-01-02T05:00:00.000Z",
  },
);

function* permutations<T>(list: readonly T[]): Generator<T[]> {
  if (list.length === 0) yield [];
  for (const [at, one] of list.entries()) for (const rest of permutations(list.toSpliced(at, 1))) yield [one, ...rest];
}

async function ids(connection: Connection, filter: RunFilter, limit = 1000): Promise<string[]> {
  return (await allPages((page) => connection.listRuns(filter, page), limit)).map(({ id }) => id);
}

export const taskCases: readonly ContractCase[] = [
  {
    name: "task-write-read",
    title: "a task comes back as it was written, with all it read and wrote and what newer writers said",
    async run({ connect }) {
      const connection = await connect();
      const full = task(
        {
          id: runId("full"),
          parent: runId("p"),
          state: "warning",
          reason: { a: [1] },
          error: "odd",
          snapshot: print("s"),
        },
        {
          io: [
            { direction: "input", name: "days", location: "s3://b/it's.csv", format: "csv", rows: 0, content: "abc" },
            {
              direction: "output",
              name: "total",
              location: "",
              format: undefined,
              rows: undefined,
              content: undefined,
            },
          ],
          labels: { 'a"b': "ä", "": "" },
          config: "c0ffee",
          extensions: { newer: [{ what: null }] },
        },
      );

      assert.deepEqual(await connection.writeTasks([started, full]), [true, true]);

      assert.deepEqual(await connection.readRun(full.id), full);
      assert.deepEqual((await connection.listRuns()).items, [full, started]);
      assert.deepEqual((await connection.listGraphs()).items, [], "a pipeline's name is no graph");
      await refusal(connection.startRuns([started]), "RECORD_INVALID");
      await refusal(connection.writeTasks([task({}, { recordedAt: "2026-01-02" })]), "RECORD_INVALID");
      await refusal(connection.writeTasks([task({}, { extensions: { io: 1 } })]), "RECORD_INVALID");
    },
  },
  {
    name: "task-end-stays",
    title: "a task that has ended is not overwritten by a late word that it runs",
    async run({ connect }) {
      const connection = await connect();
      const late = task({}, { recordedAt: "2027-01-01T00:00:00Z" });

      assert.deepEqual(await connection.writeTasks([ended]), [true]);
      assert.deepEqual(await connection.writeTasks([late]), [false]);
      assert.deepEqual(await connection.writeTasks([ended]), [false]);

      assert.deepEqual(await connection.readRun(ended.id), ended);
    },
  },
  {
    name: "task-any-order",
    title: "start, end and copies of both, in any order and in as many calls, are one task, and the later end stays",
    time: 60_000,
    async run({ connect }) {
      const connection = await connect();
      const scheduled = task({ state: "scheduled" }, { recordedAt: "2026-01-02T09:00:00Z" });
      // Recorded in the same millisecond: some order has to decide, the same one whichever is told first.
      const twin = { ...failed, error: { code: "Y" } };
      let round = 0;
      for (const told of permutations([scheduled, started, ended, failed, twin])) {
        const id = runId(`run ${round++}`);
        const records = told.map((one): TaskRecord => ({ ...one, id }));
        if (round % 2 === 0) await connection.writeTasks([...records, ...records]);
        else for (const one of [...records, ...records]) await connection.writeTasks([one]);
        assert.deepEqual(await connection.readRun(id), { ...twin, id }, told.map(({ state }) => state).join(" "));
      }

      assert.equal((await ids(connection, { kind: "task" })).length, round);
    },
  },
  {
    name: "task-of-its-own-kind",
    title: "a task never takes the place of a step, and ends like any run",
    async run({ connect }) {
      const connection = await connect();
      await connection.startRuns([run()]);

      assert.deepEqual(await connection.writeTasks([ended, task({ id: runId("t"), state: "scheduled" })]), [
        false,
        true,
      ]);
      const end = { finishedAt: "2026-01-02T04:00:00.000Z", attempts: 0, duration: undefined, error: undefined };
      assert.deepEqual(await connection.finishRuns([{ id: runId("t"), state: "skipped", ...end }]), ["t"]);

      assert.deepEqual(await connection.readRun(run().id), run());
      assert.equal((await connection.readRun(runId("t")))?.state, "skipped");
      await refusal(connection.finishRuns([{ id: runId("t"), state: "scheduled" as never, ...end }]), "RECORD_INVALID");
    },
  },
  {
    name: "task-list-filters",
    title:
      "runs are found by what tasks say of themselves, by their time and by what they read and wrote, all together",
    async run({ connect }) {
      const connection = await connect();
      const start = Date.parse("2026-01-02T00:00:00Z");
      const tasks = Array.from({ length: 48 }, (_, i) =>
        task(
          {
            id: runId(`${i % 2 === 0 ? "a" : "b"}${String(i).padStart(2, "0")}`),
            graph: `pipeline ${i % 3}`,
            state: i % 4 === 0 ? "running" : "failed",
            // Every second one by a clock two hours ahead.
            startedAt: new Date(start + i * 60_000 + (i % 2) * 7_200_000)
              .toISOString()
              .replace("Z", i % 2 === 0 ? "Z" : "+02:00"),
          },
          {
            namespace: `n${i % 2}`,
            name: `t${i % 5}`,
            engineVersion: `0.${i % 3}.0`,
            labels: i % 3 === 0 ? { team: "x", "odd\"'$.": "1" } : i % 3 === 1 ? { team: "y" } : {},
            io:
              i % 6 === 0
                ? [
                    {
                      direction: "input",
                      name: "a",
                      location: "x",
                      format: undefined,
                      rows: 1,
                      content: i % 12 === 0 ? "text" : print("c"),
                    },
                  ]
                : [],
          },
        ),
      );
      await connection.writeTasks(tasks);
      const [id] = await connection.writeArtifactPartitions([partition({ content: print("c"), key: key("p") })]);
      await connection.startRuns([run({ id: runId("a-step"), startedAt: "2026-01-02T00:30:00.000Z" })]);
      await connection.writeRunPartitions({
        inputs: [{ run: runId("a-step"), name: "x", partition: id! }],
        outputs: [],
      });
      const step = run({ id: runId("a-step"), startedAt: "2026-01-02T00:30:00.000Z" });
      const all = [...tasks, step].toReversed();
      const since = start + 30 * 60_000;

      const asks: readonly (readonly [RunFilter, (one: TaskRecord) => boolean])[] = [
        [{ name: "t2" }, (one) => one.task.name === "t2"],
        [
          { namespace: "n1", name: "t2", graph: "pipeline 1" },
          (one) => one.task.namespace === "n1" && one.task.name === "t2" && one.graph === "pipeline 1",
        ],
        [{ kind: "task", state: "running" }, (one) => one.kind === "task" && one.state === "running"],
        [{ labels: { team: "x" } }, (one) => one.task.labels["team"] === "x"],
        [
          { labels: { team: "x", "odd\"'$.": "1" }, state: "failed" },
          (one) => one.task.labels["team"] === "x" && one.state === "failed",
        ],
        [{ labels: { team: "X" } }, () => false],
        [{ labels: {} }, () => true],
        [{ engineVersions: ["0.1.0", "0.2.0"] }, (one) => one.task.engineVersion !== "0.0.0"],
        [{ engineVersions: [] }, () => false],
        [{ idPrefix: "a0" }, (one) => one.id.startsWith("a0")],
        [{ idPrefix: "a", kind: "step" }, (one) => (one.kind as string) === "step"],
        [{ content: "text" }, (one) => one.task.io[0]?.content === "text"],
        [{ content: print("c") }, (one) => one.task.io[0]?.content === print("c") || (one.kind as string) === "step"],
      ];
      const facts = { namespace: "", name: "", engineVersion: "0.0.0", labels: {}, io: [] };
      const withFacts = (one: (typeof all)[number]): TaskRecord => ({ task: facts, ...one }) as unknown as TaskRecord;
      for (const [filter, matches] of asks) {
        const expected = all.filter((one) => matches(withFacts(one)));
        for (const limit of [5, 1000]) {
          assert.deepEqual(
            await ids(connection, filter, limit),
            expected.map((one) => one.id),
            JSON.stringify(filter),
          );
          const late = expected.filter((one) => Date.parse(one.startedAt) >= since);
          assert.deepEqual(
            await ids(connection, { ...filter, since }, limit),
            late.map((one) => one.id),
          );
        }
      }
    },
  },
  {
    name: "task-remove",
    title:
      "tasks that ended before a time are removed, with what they read and wrote; builds, steps and those at work stay",
    async run({ connect }) {
      const connection = await connect();
      const untold = task({ id: runId("untold"), state: "lost" });
      await connection.startRuns([run({ id: runId("step"), state: "succeeded", finishedAt: "2020-01-01T00:00:00Z" })]);
      await connection.writeTasks([
        ended,
        untold,
        { ...started, id: runId("at work") },
        { ...failed, id: runId("late") },
      ]);
      const [id] = await connection.writeArtifactPartitions([partition()]);
      await connection.writeRunPartitions({ inputs: [], outputs: [{ run: ended.id, name: "x", partition: id! }] });
      const before = Date.parse("2026-01-02T04:30:00Z");

      assert.equal(await connection.removeTasks(before), 2);
      assert.equal(await connection.removeTasks(before), 0);

      assert.deepEqual(await ids(connection, {}), ["late", "at work", "step"]);
      assert.equal(await connection.readRun(ended.id), undefined);
      const walk = await connection.walkLineage([id!], { direction: "upstream" });
      assert.equal(walk.edges.length, 0);
      assert.deepEqual(await connection.writeTasks([ended]), [true]);
    },
  },
  {
    name: "compact",
    title: "after 10,000 tasks were removed a compacted store takes less room, where it takes any",
    time: 120_000,
    async run({ connect }) {
      const connection = await connect();
      const many = Array.from({ length: 10_000 }, (_, i) => ({ ...ended, id: runId(`run ${i}`) }));
      await connection.writeTasks([...many, { ...started, id: runId("at work") }]);
      await refusal(
        connection.transaction((tx) => tx.compact()),
        "TRANSACTION_INVALID",
      );

      assert.equal(await connection.removeTasks(Date.parse("2030-01-01T00:00:00Z")), 10_000);
      const { before, after } = await connection.compact();

      if (before === 0) assert.equal(after, 0);
      else assert.ok(after < before / 2, `${before} to ${after}`);
      assert.deepEqual(await ids(connection, {}), ["at work"]);
      assert.deepEqual(await connection.writeTasks([ended]), [true]);
    },
  },
];
