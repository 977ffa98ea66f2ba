// Cases about transactions, closing and reading only.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import type { ContractCase } from "../backend-contract.ts";
import { allPages, build, key, partition, print, refusal, run, runId, snapshot } from "../samples.ts";

/** Everything that can be listed or asked for, as plain data. */
export async function everything(connection: Connection): Promise<unknown> {
  const snapshots = await allPages((page) => connection.listSnapshots(undefined, page));
  const linked = [];
  for (const { id } of snapshots) {
    for (const artifactKey of (await connection.countSnapshotPartitions(id)).keys()) {
      linked.push([
        id,
        artifactKey,
        await allPages((page) => connection.readSnapshotPartitions(id, artifactKey, { page })),
      ]);
    }
  }
  return {
    graphs: await allPages((page) => connection.listGraphs(page)),
    snapshots,
    linked,
    tags: await allPages((page) => connection.listSnapshotTags(undefined, page)),
    history: await allPages((page) => connection.readSnapshotTagHistory("spend", "prod", page)),
    partitions: await allPages((page) => connection.readArtifactPartitions(partition().artifact, { page })),
    runs: await allPages((page) => connection.listRuns({}, page)),
    edges: await connection.readRunPartitions(run().id),
    manifests: await connection.readManifests([print("m")]),
  };
}

/** One of each write, in an order in which all succeed. */
const steps: readonly ((tx: Connection) => Promise<unknown>)[] = [
  (tx) => tx.writeGraph({ name: "spend", fingerprint: print("graph"), description: { n: 1 } }),
  (tx) => tx.writeManifests([{ fingerprint: print("m"), text: "{}" }]),
  (tx) => tx.writeSnapshot(snapshot()),
  (tx) => tx.writeArtifactPartitions([partition({ key: key("loose") })]),
  (tx) => tx.writeArtifactAndGraphPartitions(snapshot().id, [{ artifactKey: "days", partition: partition() }]),
  (tx) => tx.startRuns([run()]),
  async (tx) => {
    const [id] = (await tx.readArtifactPartitions(partition().artifact)).items.map((one) => one.id);
    await tx.writeRunPartitions({ inputs: [], outputs: [{ run: run().id, name: "days", partition: id! }] });
  },
  (tx) =>
    tx.finishRuns([
      { id: run().id, state: "succeeded", finishedAt: "2026", attempts: 1, duration: 1, error: undefined },
    ]),
  (tx) => tx.setSnapshotState(snapshot().id, "complete"),
  (tx) => tx.writeSnapshotTag({ graph: "spend", tag: "prod", snapshot: snapshot().id, by: "ana" }),
  (tx) => tx.acquireLeases(["lease"], { holder: "ana", ttl: 60_000 }),
];

export const transactionCases: readonly ContractCase[] = [
  {
    name: "all-or-nothing-on-midway-error",
    title: "a transaction that fails after any number of its writes leaves nothing",
    async run({ connect }) {
      const connection = await connect();
      const empty = await everything(connection);
      for (let count = 0; count <= steps.length; count++) {
        const failure = new Error("no");
        const attempt = connection.transaction(async (tx) => {
          for (const step of steps.slice(0, count)) await step(tx);
          throw failure;
        });

        await assert.rejects(attempt, failure);

        assert.deepEqual(await everything(connection), empty);
        const [lease] = await connection.acquireLeases(["lease"], { holder: "bo", ttl: 1 });
        assert.equal(lease?.granted, true);
        if (lease?.granted === true) await connection.releaseLeases([lease.fence]);
      }
      const result = await connection.transaction(async (tx) => {
        for (const step of steps) await step(tx);
        return everything(tx);
      });
      assert.notDeepEqual(result, empty);
      assert.deepEqual(await everything(connection), result);
    },
  },
  {
    name: "transaction-dooms-on-refusal",
    title: "a write that is refused inside a transaction undoes all of it, also when the error is caught",
    async run({ connect }) {
      const connection = await connect();
      const empty = await everything(connection);

      const attempt = connection.transaction(async (tx) => {
        await steps[0]!(tx);
        await tx.setSnapshotState(print("unknown"), "complete").catch(() => undefined);
        await refusal(steps[1]!(tx), "SNAPSHOT_UNKNOWN");
        await refusal(tx.listGraphs(), "SNAPSHOT_UNKNOWN");
        return "done";
      });

      await refusal(attempt, "SNAPSHOT_UNKNOWN");
      assert.deepEqual(await everything(connection), empty);
    },
  },
  {
    name: "multi-output-partition-all-or-nothing",
    title: "of several outputs all are stored or none",
    async run({ connect }) {
      const connection = await connect();
      await build(connection, snapshot().id, []);
      const outputs = ["train", "test"].map((text) => ({
        artifactKey: text,
        partition: partition({ key: key(text) }),
      }));

      await refusal(
        connection.transaction(async (tx) => {
          await tx.writeArtifactAndGraphPartitions(snapshot().id, outputs);
          await tx.writeArtifactAndGraphPartitions(print("unknown"), outputs);
        }),
        "SNAPSHOT_UNKNOWN",
      );

      assert.deepEqual((await connection.readArtifactPartitions(partition().artifact)).items, []);
      assert.deepEqual([...(await connection.countSnapshotPartitions(snapshot().id))], []);
    },
  },
  {
    name: "snapshot-invisible-until-commit",
    title: "readers see all of a transaction or nothing, on the same connection and on others, while it is open",
    async run({ connect }) {
      const [writer, reader] = [await connect(), await connect()];
      const seen = async (): Promise<unknown[]> =>
        Promise.all(
          [writer, reader].map(async (connection) => [
            (await connection.readSnapshotPartitions(snapshot().id, "days")).items.length,
            (await connection.readManifests([print("m")]))[0],
          ]),
        );

      await writer.transaction(async (tx) => {
        for (let i = 0; i < 5; i++) {
          await build(tx, snapshot().id, [partition({ key: key(`k${i}`) })]);
          await tx.writeManifests([{ fingerprint: print("m"), text: "{}" }]);
          assert.deepEqual(await seen(), [
            [0, undefined],
            [0, undefined],
          ]);
          assert.equal((await tx.readSnapshotPartitions(snapshot().id, "days")).items.length, i + 1);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      });

      const after = [5, { fingerprint: print("m"), text: "{}" }];
      assert.deepEqual(await seen(), [after, after]);
    },
  },
  {
    name: "transaction-misuse",
    title: "a transaction inside a transaction, and one that is used after its end, are refused",
    async run({ connect }) {
      const connection = await connect();
      let kept: Connection | undefined;

      await connection.transaction(async (tx) => {
        kept = tx;
        await refusal(
          tx.transaction(async () => undefined),
          "TRANSACTION_INVALID",
        );
        await refusal(tx.close(), "TRANSACTION_INVALID");
        await tx.writeManifests([{ fingerprint: print("m"), text: "{}" }]);
      });

      await refusal(kept!.writeManifests([{ fingerprint: print("n"), text: "{}" }]), "TRANSACTION_INVALID");
      await refusal(kept!.listGraphs(), "TRANSACTION_INVALID");
      assert.notEqual((await connection.readManifests([print("m")]))[0], undefined);
    },
  },
  {
    name: "connection-closed",
    title: "a closed connection refuses every call; closing waits for writes and may be done twice",
    async run({ connect }) {
      const [connection, other] = [await connect(), await connect()];
      const writing = connection.writeManifests([{ fingerprint: print("m"), text: "{}" }]);

      await Promise.all([connection.close(), connection.close()]);

      await writing;
      await refusal(connection.listGraphs(), "CONNECTION_CLOSED");
      await refusal(connection.writeManifests([{ fingerprint: print("n"), text: "{}" }]), "CONNECTION_CLOSED");
      await refusal(
        connection.transaction(async () => undefined),
        "CONNECTION_CLOSED",
      );
      await connection[Symbol.asyncDispose]();
      assert.notEqual((await other.readManifests([print("m")]))[0], undefined);
    },
  },
  {
    name: "read-only",
    title: "a connection for reading reads, and refuses to write",
    needs: ["readOnly"],
    async run({ connect }) {
      const writer = await connect();
      for (const step of steps) await step(writer);
      const reader = await connect({ readOnly: true });

      assert.deepEqual(await everything(reader), await everything(writer));
      for (const step of steps.filter((_, index) => index !== 6)) await refusal(step(reader), "BACKEND_READ_ONLY");
      await refusal(
        reader.transaction(async () => undefined),
        "BACKEND_READ_ONLY",
      );
      await writer.startRuns([run({ id: runId("later") })]);
      assert.notEqual(await reader.readRun(runId("later")), undefined);
      await writer.close();
      assert.notEqual(await reader.readRun(runId("later")), undefined);
    },
  },
  {
    name: "commit-outcome-unknown-resolved-by-idempotency",
    title: "repeating a transaction whose outcome is unknown changes nothing",
    async run({ connect }) {
      const connection = await connect();
      const work = async (tx: Connection): Promise<void> => {
        for (const step of steps.slice(0, -1)) await step(tx);
      };

      await connection.transaction(work);
      const once = await everything(connection);
      await connection.transaction(work);

      assert.deepEqual(await everything(connection), once);
    },
  },
  {
    name: "reopen-after-close-identical-state",
    title: "everything is there after everything was closed",
    needs: ["persistent"],
    async run({ store, connect }) {
      const connection = await connect();
      for (const step of steps) await step(connection);
      const before = await everything(connection);
      await connection.close();

      await using reopened = await (await store()).reopen!().connect();

      assert.deepEqual(await everything(reopened), before);
      assert.equal((await reopened.acquireLeases(["lease"], { holder: "bo", ttl: 1 }))[0]?.granted, false);
    },
  },
];
