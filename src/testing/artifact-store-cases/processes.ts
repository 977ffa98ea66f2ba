// Cases about several processes on one store, some of them killed.

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type { StoredArtifact } from "../../backend/model-records.ts";
import type { ArtifactStore, References, VersionClaim } from "../../registry/artifact-store.ts";
import type { ArtifactStoreCase, ArtifactStoreTrial } from "../artifact-store-contract.ts";
import { sharedModel, type ArtifactStoreTaskName } from "../artifact-store-tasks.ts";
import { followChild, type FollowedChild } from "../followed-child.ts";
import { refusal } from "../samples.ts";

function start(trial: ArtifactStoreTrial, task: ArtifactStoreTaskName, ...args: readonly string[]): FollowedChild {
  return followChild(trial.spawn!(task, args), task);
}

function pinned(store: ArtifactStore, version: string, isTaken = false): Promise<VersionClaim> {
  return store.claim(sharedModel, { version }, { highestSequence: 0, versions: [] }, async () => isTaken);
}

export const processCases: readonly ArtifactStoreCase[] = [
  {
    name: "20-processes-20-versions",
    title: "20 processes that claim at once are given 20 versions and the sequences 1 to 20",
    processes: true,
    time: 120_000,
    async run(trial) {
      const children = Array.from({ length: 20 }, () => start(trial, "next", "1"));
      await Promise.all(children.map(({ done }) => done));

      const claims = children.flatMap(({ lines }) => lines).map((line) => line.split(" "));
      assert.deepEqual(
        claims.map(([version]) => Number(version!.split(".")[2])).sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, i) => i),
      );
      assert.deepEqual(
        claims.map(([, sequence]) => Number(sequence)).sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
    },
  },
  {
    name: "pinned-one-winner",
    title: "of 8 processes that claim one version one is given it",
    processes: true,
    time: 120_000,
    async run(trial) {
      const children = Array.from({ length: 8 }, () => start(trial, "pinned", "2.0.0"));
      await Promise.all(children.map((child) => child.said(1)));
      await Promise.all(children.map((child) => child.kill()));

      const said = children.flatMap(({ lines }) => lines);
      assert.deepEqual(said.toSorted(), ["2.0.0 1", ...new Array<string>(7).fill("VERSION_EXISTS")]);
    },
  },
  {
    name: "dead-claimant",
    title: "a version whose claimant was killed can be claimed again if nothing came of it, and only then",
    processes: true,
    time: 60_000,
    async run(trial) {
      const child = start(trial, "hold", "2.0.0");
      await child.said(1);
      await refusal(pinned(trial.store, "2.0.0"), "VERSION_EXISTS");
      await child.kill();

      await refusal(pinned(trial.store, "2.0.0", true), "VERSION_EXISTS");
      assert.deepEqual(await pinned(trial.store, "2.0.0"), { version: "2.0.0", sequence: 2 });
      await refusal(pinned(trial.store, "2.0.0"), "VERSION_EXISTS");
    },
  },
  {
    name: "dead-claimant-one-heir",
    title: "of 8 processes that take over a dead one's claim one is given it",
    processes: true,
    time: 120_000,
    async run(trial) {
      const first = start(trial, "hold", "2.0.0");
      await first.said(1);
      await first.kill();

      const children = Array.from({ length: 8 }, () => start(trial, "pinned", "2.0.0"));
      await Promise.all(children.map((child) => child.said(1)));
      await Promise.all(children.map((child) => child.kill()));

      const said = children.flatMap(({ lines }) => lines);
      assert.deepEqual(said.toSorted(), ["2.0.0 2", ...new Array<string>(7).fill("VERSION_EXISTS")]);
    },
  },
  {
    name: "claims-survive-kill9",
    title: "no number is given twice, whenever the processes that claim are killed",
    processes: true,
    time: 180_000,
    async run(trial) {
      const claimed: string[] = [];
      for (let round = 0; round < 8; round++) {
        const children = [0, 1, 2, 3].map(() => start(trial, "next"));
        await Promise.all(
          children.map(async (child, i) => {
            if (i > 0) await child.said(i);
            await wait(Math.random() * (i === 0 ? 400 : 20 * i));
            await child.kill();
          }),
        );
        for (const { lines } of children) for (const line of lines) claimed.push(line);
      }
      const last = start(trial, "next", "1");
      await last.done;

      claimed.push(last.lines[0]!);
      const versions = claimed.map((line) => line.split(" ")[0]!);
      const sequences = claimed.map((line) => Number(line.split(" ")[1]));
      assert.ok(claimed.length > 40, `${claimed.length} claims`);
      assert.equal(new Set(versions).size, claimed.length);
      assert.equal(new Set(sequences).size, claimed.length);
      assert.ok(sequences.every((sequence) => sequence <= sequences.at(-1)!));
    },
  },
  {
    name: "sweep-beside-a-claim",
    title: "what was put since another process claimed a version stays until that process is gone",
    processes: true,
    time: 60_000,
    async run(trial) {
      const { store, clock } = trial;
      const child = start(trial, "hold", "1.0.0");
      await child.said(1);
      await store.put({ bytes: Buffer.from("on its way") });
      clock.advance(7_200_000);
      const references = async (): Promise<References> => ({ versions: [], digests: new Set() });

      const beside = await store.sweep({ references, olderThan: 3_600_000 });
      await child.kill();
      const after = await store.sweep({ references, olderThan: 3_600_000 });

      assert.deepEqual([beside.artifacts.length, after.artifacts.length], [0, 1]);
    },
  },
  {
    name: "bytes-survive-kill9",
    title: "whatever a killed process said was stored is there, and a sweep takes its leftovers and nothing else",
    processes: true,
    time: 180_000,
    async run(trial) {
      const { store, clock } = trial;
      const stored: StoredArtifact[] = [];
      for (let round = 0; round < 5; round++) {
        const children = [0, 1, 2].map((i) => start(trial, "put", `${round} ${i}`));
        await Promise.all(
          children.map(async (child, i) => {
            await child.said(i + 1);
            await wait(Math.random() * 30);
            await child.kill();
          }),
        );
        for (const { lines } of children) for (const line of lines) stored.push(JSON.parse(line) as StoredArtifact);
      }

      for (const artifact of stored) await store.verify(artifact);
      const half = stored.filter((_, i) => i % 2 === 0);
      clock.advance(3_600_000);
      const digests = new Set(half.map(({ digest }) => digest));
      await store.sweep({ references: async () => ({ versions: [], digests }), olderThan: 1000 });

      for (const artifact of half) await store.verify(artifact);
      const { objects } = await store.stats();
      assert.equal(objects, 1 + half.length, "the shared object, and each one's own");
    },
  },
];
