// Cases about leases and their fencing tokens.

import assert from "node:assert/strict";
import type { Fence, LeaseAnswer } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { manualClock } from "../manual-clock.ts";
import { partition, print, refusal, run, runId } from "../samples.ts";

function fenceOf(answer: LeaseAnswer | undefined): Fence {
  assert.equal(answer?.granted, true);
  return answer.fence;
}

export const leaseCases: readonly ContractCase[] = [
  {
    name: "lease-one-holder",
    title: "a lease has one holder at a time, and every grant has a higher token",
    async run({ store, connect }) {
      const clock = manualClock();
      await store({ clock });
      const connection = await connect();
      const ana = { holder: "ana", ttl: 1000 };
      const bo = { holder: "bo", ttl: 1000 };

      const first = fenceOf((await connection.acquireLeases(["step"], ana))[0]);
      const refused = (await connection.acquireLeases(["step"], bo))[0];
      const again = fenceOf((await connection.acquireLeases(["step"], ana))[0]);
      await connection.releaseLeases([first]);
      const still = (await connection.acquireLeases(["step"], bo))[0];
      await connection.releaseLeases([again]);
      const free = fenceOf((await connection.acquireLeases(["step"], bo))[0]);

      assert.deepEqual(refused, { granted: false, name: "step", holder: "ana", expiresAt: clock.now() + 1000 });
      assert.equal(still?.granted, false, "an old token releases nothing");
      assert.ok(first.token < again.token && again.token < free.token);
      assert.deepEqual(await connection.checkLeases([first, again, free]), [false, false, true]);
    },
  },
  {
    name: "lease-many-in-one-call",
    title: "many leases are answered in the order asked, each for itself",
    async run({ connect }) {
      const connection = await connect();
      const names = Array.from({ length: 300 }, (_, i) => `step ${i}`);
      await connection.acquireLeases(
        names.filter((_, i) => i % 3 === 0),
        { holder: "ana", ttl: 60_000 },
      );

      const answers = await connection.acquireLeases([...names, names[1]!], { holder: "bo", ttl: 60_000 });

      assert.deepEqual(
        answers.map(({ granted }) => granted),
        [...names.map((_, i) => i % 3 !== 0), true],
      );
      assert.deepEqual(answers.at(-1), answers[1], "a name asked for twice is one lease");
      const fences = answers.flatMap((answer) => (answer.granted ? [answer.fence] : []));
      assert.equal(new Set(fences.map(({ token }) => token)).size, fences.length - 1);
      assert.ok((await connection.checkLeases(fences)).every(Boolean));
      await connection.releaseLeases(fences);
      assert.ok(!(await connection.checkLeases(fences)).some(Boolean));
    },
  },
  {
    name: "lease-expires-from-claim-without-heartbeat",
    title: "a lease expires from the moment it was taken, without any sign of life; expiry alone does not lose it",
    async run({ store, connect }) {
      const clock = manualClock();
      await store({ clock });
      const connection = await connect();
      const first = fenceOf((await connection.acquireLeases(["step"], { holder: "ana", ttl: 1000 }))[0]);

      clock.advance(999);
      assert.equal((await connection.acquireLeases(["step"], { holder: "bo", ttl: 1000 }))[0]?.granted, false);
      clock.advance(1);
      assert.deepEqual(await connection.checkLeases([first]), [true]);
      const second = fenceOf((await connection.acquireLeases(["step"], { holder: "bo", ttl: 1000 }))[0]);

      assert.deepEqual(await connection.checkLeases([first, second]), [false, true]);
      assert.deepEqual(await connection.renewLeases([first, second], 5000), [false, true]);
      clock.advance(4999);
      assert.equal((await connection.acquireLeases(["step"], { holder: "ana", ttl: 1 }))[0]?.granted, false);
      clock.advance(1);
      assert.equal((await connection.acquireLeases(["step"], { holder: "ana", ttl: 1 }))[0]?.granted, true);
    },
  },
  {
    name: "lease-of-the-dead",
    title: "the lease of a holder that is known to be gone is taken over at once",
    async run({ connect }) {
      const connection = await connect();
      const asked: string[] = [];
      const isDead = (holder: string): boolean => asked.push(holder) > 0 && holder === "dead";
      await connection.acquireLeases(["a"], { holder: "dead", ttl: 60_000 });
      await connection.acquireLeases(["b"], { holder: "alive", ttl: 60_000 });

      const answers = await connection.acquireLeases(["a", "b", "c"], { holder: "bo", ttl: 60_000, isDead });

      assert.deepEqual(
        answers.map(({ granted }) => granted),
        [true, false, true],
      );
      assert.deepEqual(asked.toSorted(), ["alive", "dead"]);
    },
  },
  {
    name: "lease-uses-backend-clock-under-skew",
    title: "a clock that jumps back shortens no lease",
    async run({ store, connect }) {
      const clock = manualClock();
      await store({ clock });
      const connection = await connect();
      await connection.acquireLeases(["step"], { holder: "ana", ttl: 1000 });

      clock.advance(-3_600_000);
      assert.equal((await connection.acquireLeases(["step"], { holder: "bo", ttl: 1000 }))[0]?.granted, false);
      clock.advance(3_600_000 + 1000);
      assert.equal((await connection.acquireLeases(["step"], { holder: "bo", ttl: 1000 }))[0]?.granted, true);
    },
  },
  {
    name: "fenced-commit-superseded",
    title: "who lost the lease meanwhile sees it in the transaction that would commit, and nothing of it is kept",
    async run({ store, connect }) {
      const clock = manualClock();
      await store({ clock });
      const [slow, quick] = [await connect(), await connect()];
      const commit = async (connection: typeof slow, fence: Fence, content: string): Promise<boolean> =>
        connection.transaction(async (tx) => {
          const [holds] = await tx.checkLeases([fence]);
          if (holds !== true) return false;
          await tx.writeArtifactPartitions([partition({ content: print(content) })]);
          await tx.releaseLeases([fence]);
          return true;
        });
      const stale = fenceOf((await slow.acquireLeases(["step"], { holder: "slow", ttl: 1000 }))[0]);
      clock.advance(2000);
      const fresh = fenceOf((await quick.acquireLeases(["step"], { holder: "quick", ttl: 1000 }))[0]);

      assert.deepEqual([await commit(quick, fresh, "quick"), await commit(slow, stale, "slow")], [true, false]);

      const { items } = await slow.readArtifactPartitions(partition().artifact);
      assert.deepEqual(
        items.map(({ content }) => content),
        [print("quick")],
      );
    },
  },
  {
    name: "claim-200-jobs-16-workers-no-duplicate",
    title: "sixteen workers that claim 200 jobs claim each once",
    time: 60_000,
    async run({ connect }) {
      const jobs = Array.from({ length: 200 }, (_, i) => `job ${i}`);
      const claims: string[] = [];
      const work = async (holder: string): Promise<void> => {
        const connection = await connect();
        for (let at = 0; at < jobs.length; at += 10) {
          const answers = await connection.acquireLeases(jobs.slice(at, at + 10), { holder, ttl: 60_000 });
          for (const answer of answers) if (answer.granted) claims.push(answer.fence.name);
        }
      };

      await Promise.all(Array.from({ length: 16 }, (_, i) => work(`worker ${i}`)));

      assert.equal(claims.length, 200);
      assert.deepEqual(new Set(claims), new Set(jobs));
    },
  },
  {
    name: "sweeper-vs-finish-race",
    title: "of a worker that finishes a run and a sweeper that gives it up, exactly one succeeds",
    async run({ connect }) {
      const [worker, sweeper] = [await connect(), await connect()];
      for (let i = 0; i < 50; i++) {
        const id = runId(`run ${i}`);
        await worker.startRuns([run({ id })]);
        const end = { id, finishedAt: "2026", attempts: 1, duration: 1, error: undefined };

        const results = await Promise.all([
          worker.finishRuns([{ ...end, state: "succeeded" }]),
          sweeper.finishRuns([{ ...end, state: "lost" }]),
        ]);

        assert.equal(results.flat().length, 1);
        assert.equal((await worker.readRun(id))?.state, results[0].length === 1 ? "succeeded" : "lost");
      }
    },
  },
  {
    name: "lease-input-refused",
    title: "a lease without a name or with a senseless time is refused",
    async run({ connect }) {
      const connection = await connect();

      await refusal(connection.acquireLeases([""], { holder: "ana", ttl: 1 }), "TEXT_INVALID");
      await refusal(connection.acquireLeases(["a"], { holder: "ana", ttl: Number.NaN }), "RECORD_INVALID");
      await refusal(connection.acquireLeases(["a"], { holder: "ana", ttl: -1 }), "RECORD_INVALID");
      await refusal(connection.checkLeases([{ name: "a", token: 0.5 }]), "RECORD_INVALID");
    },
  },
];
