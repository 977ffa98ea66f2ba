// Cases about runs and what they read and wrote.

import assert from "node:assert/strict";
import type { RunRecord } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { allPages, key, partition, print, refusal, run, runId } from "../samples.ts";

const end = { finishedAt: "2026-01-02T04:00:00.000Z", attempts: 2, duration: 12.5, error: undefined };

export const runCases: readonly ContractCase[] = [
  {
    name: "run-write-read",
    title: "a run comes back as it was written, with and without its optional facts",
    async run({ connect }) {
      const connection = await connect();
      const full = run({
        parent: runId("build"),
        finishedAt: "2026-01-02T04:00:00.000Z",
        duration: 0.25,
        error: { code: "STEP_FAILED", message: 'no\n"way"' },
        state: "failed",
      });
      const bare = run({
        id: runId("build"),
        kind: "build",
        snapshot: undefined,
        producer: undefined,
        version: undefined,
        key: undefined,
        input: undefined,
        reason: undefined,
      });

      await connection.startRuns([full, bare]);
      await connection.startRuns([{ ...full, producer: "somebody else" }]);

      assert.deepEqual(await connection.readRun(full.id), full);
      assert.deepEqual(await connection.readRun(bare.id), bare);
      assert.equal(await connection.readRun(runId("unknown")), undefined);
    },
  },
  {
    name: "terminal-states-immutable",
    title: "a run that has ended never changes again",
    async run({ connect }) {
      const connection = await connect();
      await connection.startRuns([run(), run({ id: runId("b") }), run({ id: runId("c"), state: "cancelled" })]);

      const first = await connection.finishRuns([{ id: run().id, state: "succeeded", ...end }]);
      const second = await connection.finishRuns([
        { id: run().id, state: "lost", ...end, error: "late" },
        { id: runId("b"), state: "failed", ...end, error: { why: [1] } },
        { id: runId("c"), state: "succeeded", ...end },
        { id: runId("unknown"), state: "succeeded", ...end },
      ]);

      assert.deepEqual([first, second], [[run().id], [runId("b")]]);
      assert.deepEqual(await connection.readRun(run().id), { ...run(), state: "succeeded", ...end });
      assert.deepEqual(await connection.readRun(runId("b")), {
        ...run({ id: runId("b") }),
        state: "failed",
        ...end,
        error: { why: [1] },
      });
      assert.equal((await connection.readRun(runId("c")))?.state, "cancelled");
    },
  },
  {
    name: "run-partitions",
    title: "what a run read and wrote is found by name and key; writing it again adds nothing",
    async run({ connect }) {
      const connection = await connect();
      const texts = ["b", "a", "😀", "\uffee"];
      const ids = await connection.writeArtifactPartitions(texts.map((text) => partition({ key: key(text) })));
      await connection.startRuns([run()]);
      const edge = (
        name: string,
        index: number,
      ): { run: RunRecord["id"]; name: string; partition: (typeof ids)[number] } => ({
        run: run().id,
        name,
        partition: ids[index]!,
      });
      const inputs = [edge("days", 0), edge("days", 1), edge("days", 2), edge("days", 3), edge("always", 0)];
      const outputs = [edge("total", 1)];

      await connection.writeRunPartitions({ inputs: inputs.slice(0, 2), outputs });
      await connection.writeRunPartitions({ inputs, outputs });

      const read = await connection.readRunPartitions(run().id);
      const named = (list: typeof read.inputs): unknown =>
        list.map(({ name, partition: { key: text } }) => `${name} ${text}`);
      assert.deepEqual(named(read.inputs), ["always b", "days a", "days b", "days \uffee", "days 😀"]);
      assert.deepEqual(read.outputs, [
        { name: "total", partition: { ...partition({ key: key("a") }), id: ids[1], damaged: false } },
      ]);
      assert.deepEqual(await connection.readRunPartitions(runId("unknown")), { inputs: [], outputs: [] });
    },
  },
  {
    name: "run-partitions-refused",
    title: "an edge to an unknown run or partition is refused, and no other is kept",
    async run({ connect }) {
      const connection = await connect();
      const [id] = await connection.writeArtifactPartitions([partition()]);
      await connection.startRuns([run()]);
      const right = { run: run().id, name: "days", partition: id! };

      await refusal(
        connection.writeRunPartitions({ inputs: [right], outputs: [{ ...right, run: runId("unknown") }] }),
        "RUN_UNKNOWN",
      );
      await refusal(
        connection.writeRunPartitions({ inputs: [right, { ...right, partition: 999_999 as never }], outputs: [] }),
        "PARTITION_UNKNOWN",
      );

      assert.deepEqual(await connection.readRunPartitions(run().id), { inputs: [], outputs: [] });
    },
  },
  {
    name: "run-list-filters",
    title: "runs are listed newest first, by any mixture of facts",
    async run({ connect }) {
      const connection = await connect();
      const runs: RunRecord[] = [];
      for (let i = 0; i < 48; i++) {
        runs.push(
          run({
            id: runId(`run ${(i * 7) % 48}`),
            kind: i % 2 === 0 ? "build" : "step",
            graph: i % 3 === 0 ? "a" : "b",
            state: i % 4 === 0 ? "running" : "succeeded",
            parent: i % 5 === 0 ? runId("parent") : undefined,
            snapshot: i % 6 === 0 ? print("one") : undefined,
            input: i % 4 === 1 ? print("input") : undefined,
          }),
        );
      }
      await connection.startRuns(runs.slice(0, 20));
      for (const one of runs.slice(20)) await connection.startRuns([one]);

      const filters = [
        {},
        { graph: "a" },
        { kind: "build" },
        { graph: "a", kind: "build", state: "running" },
        { state: "running" },
        { state: "lost" },
        { parent: runId("parent"), kind: "step" },
        { snapshot: print("one"), kind: "build" },
        { snapshot: print("one") },
        { input: print("input"), graph: "b" },
        { graph: "unknown" },
      ] as const;
      for (const filter of filters) {
        const expected = runs.filter((one) =>
          Object.entries(filter).every(([name, value]) => one[name as "id"] === value),
        );
        for (const limit of [5, 1000]) {
          const found = await allPages((page) => connection.listRuns(filter, page), limit);
          assert.deepEqual(
            found.map(({ id }) => id),
            expected.toReversed().map(({ id }) => id),
            JSON.stringify(filter),
          );
        }
      }
    },
  },
];
