// Cases about several processes on one store, some of them killed.

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { findAuditBreak } from "../../backend/audit-chain.ts";
import type { Connection } from "../../backend/backend.ts";
import type { ContractCase } from "../backend-contract.ts";
import { start } from "../child.ts";
import { sharedSnapshot } from "../child-tasks.ts";
import { churn, model, version } from "../fact-samples.ts";
import { allPages, partition, print, refusal, snapshot } from "../samples.ts";

async function targets(connection: Connection): Promise<void> {
  for (let i = 0; i < 16; i++) await connection.writeSnapshot(snapshot({ id: print(`target ${i}`) }));
}

export const processCases: readonly ContractCase[] = [
  {
    name: "n-processes-distinct-partitions-no-loss",
    title: "8 processes that write 500 partitions each lose none, and none is told that the store is busy",
    needs: ["multiProcess"],
    time: 180_000,
    async run({ store, connect }) {
      const opened = await store();
      const connection = await connect();
      await connection.writeSnapshot(snapshot({ id: sharedSnapshot }));

      const children = Array.from({ length: 8 }, (_, i) => start(opened, "write", `w${i}`, "500"));
      await Promise.all(children.map(({ done }) => done));

      const acknowledged = children.flatMap(({ lines }) => lines);
      assert.equal(acknowledged.length, 4000);
      const linked = await allPages((page) => connection.readSnapshotPartitions(sharedSnapshot, "test", { page }));
      assert.deepEqual(
        linked.map((one) => one.key as string),
        acknowledged.toSorted(),
      );
    },
  },
  {
    name: "read-modify-write-counter-8x500-exact",
    title: "8 processes that add one 500 times each make 4,000",
    needs: ["multiProcess"],
    time: 180_000,
    async run({ store, connect }) {
      const opened = await store();
      const connection = await connect();

      await Promise.all(Array.from({ length: 8 }, () => start(opened, "count", "500").done));

      assert.equal((await connection.readGraph("counter", print("counter")))?.description, 4000);
    },
  },
  {
    name: "n-processes-same-partition-one-winner",
    title: "8 processes that write one partition leave one, and all are told its id",
    needs: ["multiProcess"],
    time: 60_000,
    async run({ store, connect }) {
      const opened = await store();
      const connection = await connect();

      const children = Array.from({ length: 8 }, (_, i) => start(opened, "same", `w${i}`));
      await Promise.all(children.map(({ done }) => done));

      const { items } = await connection.readArtifactPartitions(partition().artifact);
      assert.equal(items.length, 1);
      assert.deepEqual(new Set(children.flatMap(({ lines }) => lines)), new Set([String(items[0]!.id)]));
    },
  },
  {
    name: "tag-processes-single-creator",
    title: "of 16 processes that create one tag one succeeds",
    needs: ["multiProcess"],
    time: 120_000,
    async run({ store, connect }) {
      const opened = await store();
      const connection = await connect();
      await targets(connection);

      const children = Array.from({ length: 16 }, (_, i) => start(opened, "create", String(i)));
      await Promise.all(children.map(({ done }) => done));

      const said = children.flatMap(({ lines }) => lines);
      assert.deepEqual(said.toSorted(), [...new Array<string>(15).fill("lost"), "won"]);
      const tag = await connection.readSnapshotTag("spend", "created");
      assert.equal(children[Number(tag!.by)]!.lines[0], "won");
    },
  },
  {
    name: "tag-history-linear-16-processes",
    title:
      "a tag that 16 processes move 100 times each by compare-and-set has one line of history, and no move is lost",
    needs: ["multiProcess"],
    time: 180_000,
    async run({ store, connect }) {
      const opened = await store();
      const connection = await connect();
      await targets(connection);
      await connection.writeSnapshotTag({ graph: "spend", tag: "shared", snapshot: print("target 15"), by: "start" });

      const children = Array.from({ length: 16 }, (_, i) => start(opened, "move", String(i), "100"));
      await Promise.all(children.map(({ done }) => done));

      const history = (await allPages((page) => connection.readSnapshotTagHistory("spend", "shared", page))).reverse();
      const moves = history.slice(1).map(({ sequence, previous, snapshot: to }) => `${sequence} ${previous} ${to}`);
      const said = children.flatMap(({ lines }) => lines);
      assert.deepEqual(moves.toSorted(), said.toSorted());
      for (let at = 1; at < history.length; at++) assert.equal(history[at]!.previous, history[at - 1]!.snapshot);
      assert.equal((await connection.readSnapshotTag("spend", "shared"))?.snapshot, history.at(-1)!.snapshot);
    },
  },
  {
    name: "claim-200-jobs-8-processes-no-duplicate",
    title: "8 processes that claim 200 jobs claim each once",
    needs: ["multiProcess"],
    time: 60_000,
    async run({ store }) {
      const opened = await store();

      const children = Array.from({ length: 8 }, (_, i) => start(opened, "claim", `worker ${i}`, "200"));
      await Promise.all(children.map(({ done }) => done));

      const claimed = children.flatMap(({ lines }) => lines);
      assert.equal(claimed.length, 200);
      assert.equal(new Set(claimed).size, 200);
    },
  },
  {
    name: "first-opening-by-8-processes",
    title: "8 processes that open a new store at once find one store",
    needs: ["multiProcess"],
    time: 60_000,
    async run({ store, connect }) {
      const opened = await store();

      const children = Array.from({ length: 8 }, () => start(opened, "open"));
      await Promise.all(children.map(({ done }) => done));

      const connection = await connect();
      assert.equal((await connection.listSnapshots(undefined)).items.length, 1);
    },
  },
  {
    name: "busy-names-holder",
    title: "a process that stays in a transaction makes others time out, which lasts no longer than its life",
    needs: ["multiProcess"],
    time: 60_000,
    async run({ store, connect }) {
      const opened = await store({ busyTimeout: 200 });
      const connection = await connect();
      await connection.writeSnapshot(snapshot());
      const child = start(opened, "hold");
      await child.said(1);

      await refusal(connection.writeManifests([{ fingerprint: print("m"), text: "{}" }]), "BACKEND_BUSY");
      assert.notEqual(await connection.readSnapshot(snapshot().id), undefined, "readers do not wait");
      await child.kill();

      await connection.writeManifests([{ fingerprint: print("m"), text: "{}" }]);
      assert.deepEqual(await connection.readManifests([print("held")]), [undefined]);
    },
  },
  {
    name: "ack-survives-kill9-random-200",
    title: "200 kills at random moments lose nothing that was acknowledged, and leave nothing half done",
    needs: ["multiProcess", "persistent"],
    time: 300_000,
    async run({ store, connect }) {
      const opened = await store();
      await (await connect()).writeSnapshot(snapshot({ id: sharedSnapshot }));
      const acknowledged: string[] = [];
      const ROUNDS = 50;
      for (let round = 0; round < ROUNDS; round++) {
        const children = [0, 1, 2, 3].map((i) => start(opened, "write", `r${round}c${i}`));
        await Promise.all(
          children.map(async (child, i) => {
            // One dies while it starts, one at its first writes, the others later.
            if (i > 0) await child.said(i);
            await wait(Math.random() * (i === 0 ? 200 : 15 * i));
            await child.kill();
          }),
        );
        for (const { lines } of children) for (const line of lines) acknowledged.push(line);
        await using fresh = await opened.reopen!().connect();
        const counts = await fresh.countSnapshotPartitions(sharedSnapshot);
        assert.equal(counts.get("train"), counts.get("test"));
        assert.ok((counts.get("test") ?? 0) >= acknowledged.length);
      }

      await using fresh = await opened.reopen!().connect();
      const train = await allPages((page) => fresh.readSnapshotPartitions(sharedSnapshot, "train", { page }));
      const test = await allPages((page) => fresh.readSnapshotPartitions(sharedSnapshot, "test", { page }));
      assert.deepEqual(train, test);
      const stored = new Set<string>(test.map((one) => one.key));
      assert.deepEqual(
        acknowledged.filter((one) => !stored.has(one)),
        [],
      );
      assert.ok(acknowledged.length >= ROUNDS * 3);
      // At most one write of each killed process was under way: it may be there, but nothing else may be.
      assert.ok(stored.size <= acknowledged.length + ROUNDS * 4);
    },
  },
  {
    name: "one-in-production-20-processes",
    title:
      "20 processes that bring their versions into production 25 times each never have two there, as every reader sees",
    needs: ["multiProcess"],
    time: 240_000,
    async run({ store, connect }) {
      const opened = await store();
      const connection = await connect();
      await connection.writeModel(model(), undefined);
      const versions = Array.from({ length: 20 }, (_, i) =>
        version(i, { stage: i === 0 ? "production" : "development" }),
      );
      await connection.writeVersions(versions.map((one) => ({ version: one, expected: undefined })));

      const children = versions.map((_, i) => start(opened, "promote", String(i), "25"));
      let samples = 0;
      let ended = false;
      const done = Promise.all(children.map((child) => child.done)).finally(() => (ended = true));
      done.catch(() => undefined);
      while (!ended) {
        const { items } = await connection.listVersions({ ...churn, stages: ["production"] });
        assert.equal(items.length, 1);
        if (++samples % 50 === 0) await wait(1);
      }
      await done;

      const said = children.flatMap(({ lines }) => lines);
      assert.equal(said.length, 500);
      assert.ok(samples > 100);
      // Each that entered is two writes, none of which was lost: revisions count them.
      const { items } = await connection.listVersions(churn);
      const writes = items.reduce((sum, { revision }) => sum + revision - 1, 0);
      assert.equal(writes, 2 * said.filter((line) => line === "entered").length);
    },
  },
  {
    name: "facts-survive-kill9",
    title: "kills between a version, its transition, its event and its audit entry leave all four or none",
    needs: ["multiProcess", "persistent"],
    time: 180_000,
    async run({ store, connect }) {
      const opened = await store();
      await connect();
      const ROUNDS = 12;
      for (let round = 0; round < ROUNDS; round++) {
        const children = [0, 1, 2].map((i) => start(opened, "facts", `r${round}c${i}`));
        await Promise.all(
          children.map(async (child, i) => {
            await child.said(1);
            await wait(Math.random() * 20 * (i + 1));
            await child.kill();
          }),
        );
        await using fresh = await opened.reopen!().connect();
        for (const [i, { lines }] of children.entries()) {
          const own = { namespace: "facts", name: `r${round}c${i}` };
          const counts = [
            (await fresh.listVersions(own)).items.length,
            (await fresh.listTransitions(own)).items.length,
            (await fresh.listEvents({ subject: own.name })).items.length,
            (await fresh.listAudit({ resource: own.name })).items.length,
          ];
          const [first] = counts;
          assert.deepEqual(counts, [first, first, first, first]);
          assert.ok(first === lines.length || first === lines.length + 1, `${first} of ${lines.length}`);
        }
        assert.equal(findAuditBreak(undefined, await fresh.readAudit(1, 1_000_000)), undefined);
      }
    },
  },
];
