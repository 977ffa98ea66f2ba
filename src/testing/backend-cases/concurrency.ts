// Cases about many at once in one process.

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type { Connection } from "../../backend/backend.ts";
import { isStratigraphError } from "../../errors.ts";
import type { ContractCase } from "../backend-contract.ts";
import { allPages, build, key, partition, print, refusal, snapshot } from "../samples.ts";

export const concurrencyCases: readonly ContractCase[] = [
  {
    name: "read-modify-write-exact",
    title: "read, change and write in transactions of many connections at once loses no change",
    time: 60_000,
    async run({ connect }) {
      const connections = await Promise.all(Array.from({ length: 8 }, () => connect()));
      const add = (connection: Connection): Promise<void> =>
        connection.transaction(async (tx) => {
          const read = await tx.readGraph("counter", print("counter"));
          const count = (read?.description as number | undefined) ?? 0;
          if (count % 7 === 0) await wait(1);
          await tx.writeGraph({ name: "counter", fingerprint: print("counter"), description: count + 1 });
        });

      await Promise.all(
        connections.map(async (connection) => {
          for (let i = 0; i < 25; i++) await add(connection);
        }),
      );

      assert.equal((await connections[0]!.readGraph("counter", print("counter")))?.description, 200);
    },
  },
  {
    name: "one-connection-no-self-deadlock",
    title: "one connection can be asked for many transactions, writes and reads at once",
    time: 60_000,
    async run({ connect }) {
      const connection = await connect();
      await connection.writeSnapshot(snapshot());

      const work = Array.from({ length: 200 }, async (_, i): Promise<void> => {
        const record = partition({ key: key(`k${i}`) });
        if (i % 3 === 0)
          await connection.writeArtifactAndGraphPartitions(snapshot().id, [{ artifactKey: "days", partition: record }]);
        else if (i % 3 === 1) await connection.readSnapshotPartitions(snapshot().id, "days");
        else {
          await connection.transaction(async (tx) => {
            await wait(i % 2);
            await tx.writeArtifactAndGraphPartitions(snapshot().id, [{ artifactKey: "days", partition: record }]);
          });
        }
      });
      await Promise.all(work);

      assert.equal((await connection.countSnapshotPartitions(snapshot().id)).get("days"), 133);
    },
  },
  {
    name: "writer-stalled-others-time-out-typed",
    title: "a writer that waits too long is told so, on the same connection and on others; readers do not wait",
    async run({ store, connect }) {
      await store({ busyTimeout: 100 });
      const [stalled, other] = [await connect(), await connect()];
      const manifest = (name: string): { fingerprint: ReturnType<typeof print>; text: string }[] => [
        { fingerprint: print(name), text: name },
      ];
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const working = stalled.transaction(async (tx) => {
        await tx.writeManifests(manifest("slow"));
        await held;
      });
      await wait(5);

      const waited = await Promise.all(
        [stalled, other].map(async (connection) => {
          const error = await refusal(connection.writeManifests(manifest("quick")), "BACKEND_BUSY");
          return error.data?.["budget"];
        }),
      );
      assert.deepEqual(waited, [100, 100]);
      assert.deepEqual(await other.readManifests([print("slow")]), [undefined]);
      release();
      await working;

      await other.writeManifests(manifest("quick"));
      await stalled.writeManifests(manifest("third"));
      assert.equal((await stalled.readManifests([print("slow"), print("quick")])).filter(Boolean).length, 2);
    },
  },
  {
    name: "tag-create-race-single-winner",
    title: "of many that create one tag at once one succeeds",
    async run({ connect }) {
      const connections = await Promise.all(Array.from({ length: 16 }, () => connect()));
      const ids = connections.map((_, i) => print(`s${i}`));
      for (const id of ids) await connections[0]!.writeSnapshot(snapshot({ id }));

      const results = await Promise.all(
        connections.map((connection, i) =>
          connection
            .writeSnapshotTag({ graph: "spend", tag: "prod", snapshot: ids[i]!, by: `b${i}`, expected: null })
            .then(
              () => "won",
              (error: unknown) => (isStratigraphError(error) ? error.code : error),
            ),
        ),
      );

      assert.deepEqual(results.toSorted(), [...new Array<string>(15).fill("TAG_CONFLICT"), "won"]);
      const tag = await connections[0]!.readSnapshotTag("spend", "prod");
      assert.equal(tag?.snapshot, ids[results.indexOf("won")]);
    },
  },
  {
    name: "tag-history-linear",
    title: "a tag that many move at once by compare-and-set has one line of history",
    time: 60_000,
    async run({ connect }) {
      const connections = await Promise.all(Array.from({ length: 8 }, () => connect()));
      const ids = Array.from({ length: 9 }, (_, i) => print(`s${i}`));
      for (const id of ids) await connections[0]!.writeSnapshot(snapshot({ id }));
      await connections[0]!.writeSnapshotTag({ graph: "spend", tag: "prod", snapshot: ids[8]!, by: "start" });

      let moves = 0;
      await Promise.all(
        connections.map(async (connection, i) => {
          for (let turn = 0; turn < 20; turn++) {
            const current = await connection.readSnapshotTag("spend", "prod");
            const target = ids[(i + turn) % 9]!;
            if (current!.snapshot === target) continue;
            try {
              await connection.writeSnapshotTag({
                graph: "spend",
                tag: "prod",
                snapshot: target,
                by: `b${i}`,
                expected: current!.snapshot,
              });
              moves++;
            } catch (error) {
              if (!isStratigraphError(error) || error.code !== "TAG_CONFLICT") throw error;
            }
          }
        }),
      );

      const history = await allPages((page) => connections[0]!.readSnapshotTagHistory("spend", "prod", page), 7);
      assert.equal(history.length, moves + 1);
      for (let at = 0; at + 1 < history.length; at++) {
        assert.equal(history[at]!.previous, history[at + 1]!.snapshot);
        assert.ok(history[at]!.sequence > history[at + 1]!.sequence);
      }
    },
  },
  {
    name: "deadlock-order-random-no-hang",
    title: "transactions that touch the same things in any order all end",
    time: 60_000,
    async run({ connect }) {
      const connections = await Promise.all(Array.from({ length: 4 }, () => connect()));
      for (let i = 0; i < 5; i++) await build(connections[0]!, print(`s${i}`), []);

      await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          connections[i % 4]!.transaction(async (tx) => {
            for (let step = 0; step < 5; step++) {
              const id = print(`s${(i * 3 + step * (1 + (i % 4))) % 5}`);
              await tx.writeArtifactAndGraphPartitions(id, [
                { artifactKey: "days", partition: partition({ key: key(`k${i}`) }) },
              ]);
              if (step === i % 5) await wait(0);
            }
          }),
        ),
      );

      const counts = await Promise.all(
        Array.from({ length: 5 }, (_, i) => connections[0]!.countSnapshotPartitions(print(`s${i}`))),
      );
      assert.ok(counts.every((count) => count.get("days")! > 0));
    },
  },
  {
    name: "half-a-snapshot-never-seen",
    title: "a reader that looks all the time never sees half a transaction",
    time: 60_000,
    async run({ connect }) {
      const [writer, reader] = [await connect(), await connect()];
      await build(writer, snapshot().id, []);
      let done = false;
      const writing = (async () => {
        for (let i = 0; i < 60; i++) {
          await writer.transaction(async (tx) => {
            const record = partition({ key: key(`k${String(i).padStart(3, "0")}`) });
            await tx.writeArtifactAndGraphPartitions(snapshot().id, [{ artifactKey: "one", partition: record }]);
            if (i % 5 === 0) await wait(1);
            await tx.writeArtifactAndGraphPartitions(snapshot().id, [{ artifactKey: "two", partition: record }]);
          });
        }
      })().finally(() => (done = true));

      let looks = 0;
      while (!done) {
        for (const connection of [reader, writer]) {
          const counts = await connection.countSnapshotPartitions(snapshot().id);
          assert.equal(counts.get("one"), counts.get("two"));
        }
        looks++;
        await wait(0);
      }
      await writing;

      assert.ok(looks > 5);
    },
  },
];
