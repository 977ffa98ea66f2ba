// Cases about tags.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { ContractCase } from "../backend-contract.ts";
import { manualClock } from "../manual-clock.ts";
import { allPages, print, refusal, snapshot } from "../samples.ts";

const [one, two] = [print("one"), print("two")];

async function twoSnapshots(connection: Connection): Promise<void> {
  for (const id of [one, two]) await connection.writeSnapshot(snapshot({ id, state: "complete" }));
}

function prod(target: Fingerprint): { graph: string; tag: string; snapshot: Fingerprint; by: string } {
  return { graph: "spend", tag: "prod", snapshot: target, by: "ana" };
}

export const tagCases: readonly ContractCase[] = [
  {
    name: "tag-write-read",
    title: "a tag says what it names, since when, by whom and why",
    async run({ store, connect }) {
      const clock = manualClock();
      await store({ clock });
      const connection = await connect();
      await twoSnapshots(connection);

      const written = await connection.writeSnapshotTag({ ...prod(one), why: "release 4\nas agreed" });

      assert.deepEqual(written, {
        ...prod(one),
        why: "release 4\nas agreed",
        at: new Date(clock.now()).toISOString(),
        sequence: written.sequence,
      });
      assert.deepEqual(await connection.readSnapshotTag("spend", "prod"), written);
      assert.equal(await connection.readSnapshotTag("spend", "Prod"), undefined);
      assert.equal(await connection.readSnapshotTag("other", "prod"), undefined);
    },
  },
  {
    name: "tag-not-moved-unless-told",
    title: "a tag that names another snapshot is not moved unless told; naming the same again changes nothing",
    async run({ connect }) {
      const connection = await connect();
      await twoSnapshots(connection);
      const first = await connection.writeSnapshotTag(prod(one));

      const error = await refusal(connection.writeSnapshotTag(prod(two)), "TAG_EXISTS");
      const again = await connection.writeSnapshotTag({ ...prod(one), by: "bo" });

      assert.equal(error.data?.["current"], one);
      assert.deepEqual(again, first);
      assert.equal((await connection.readSnapshotTagHistory("spend", "prod")).items.length, 1);
      const moved = await connection.writeSnapshotTag({ ...prod(two), expected: "any" });
      assert.ok(moved.sequence > first.sequence);
      assert.equal((await connection.readSnapshotTag("spend", "prod"))?.snapshot, two);
    },
  },
  {
    name: "tag-compare-and-set",
    title: "a tag moves only from what it was expected to name, and who loses is told what it names",
    async run({ connect }) {
      const connection = await connect();
      await twoSnapshots(connection);

      await refusal(connection.writeSnapshotTag({ ...prod(one), expected: two }), "TAG_CONFLICT");
      await connection.writeSnapshotTag({ ...prod(one), expected: null });
      const lost = await refusal(connection.writeSnapshotTag({ ...prod(two), expected: null }), "TAG_CONFLICT");
      await refusal(connection.writeSnapshotTag({ ...prod(two), expected: two }), "TAG_CONFLICT");
      await connection.writeSnapshotTag({ ...prod(two), expected: one });

      assert.equal(lost.data?.["current"], one);
      assert.equal((await connection.readSnapshotTag("spend", "prod"))?.snapshot, two);
    },
  },
  {
    name: "tag-of-its-own-graph",
    title: "a tag names a snapshot of its own graph; equal tags of two graphs are two tags",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeSnapshot(snapshot({ id: one, graph: "spend" }));
      await connection.writeSnapshot(snapshot({ id: two, graph: "other" }));

      await refusal(connection.writeSnapshotTag(prod(two)), "SNAPSHOT_UNKNOWN");
      await connection.writeSnapshotTag(prod(one));
      await connection.writeSnapshotTag({ ...prod(two), graph: "other" });

      assert.equal((await connection.readSnapshotTag("spend", "prod"))?.snapshot, one);
      assert.equal((await connection.readSnapshotTag("other", "prod"))?.snapshot, two);
    },
  },
  {
    name: "tag-delete",
    title: "a tag can be deleted, its history stays and a new tag of that name continues it",
    async run({ connect }) {
      const connection = await connect();
      await twoSnapshots(connection);
      const change = { graph: "spend", tag: "prod", by: "bo", why: "wrong" };
      await refusal(connection.removeSnapshotTag(change), "TAG_UNKNOWN");
      await connection.writeSnapshotTag(prod(one));
      await connection.writeSnapshotTag({ ...prod(two), expected: one, why: "newer" });

      const lost = await refusal(connection.removeSnapshotTag({ ...change, expected: one }), "TAG_CONFLICT");
      await connection.removeSnapshotTag({ ...change, expected: two });
      assert.equal(await connection.readSnapshotTag("spend", "prod"), undefined);
      await connection.writeSnapshotTag({ ...prod(one), expected: null });

      assert.equal(lost.data?.["current"], two);
      const history = (await connection.readSnapshotTagHistory("spend", "prod")).items;
      assert.deepEqual(
        history.map(({ snapshot: to, previous, by, why }) => [previous, to, by, why]),
        [
          [undefined, one, "ana", undefined],
          [two, undefined, "bo", "wrong"],
          [one, two, "ana", "newer"],
          [undefined, one, "ana", undefined],
        ],
      );
      const sequences = history.map(({ sequence }) => sequence);
      assert.deepEqual(
        sequences,
        sequences.toSorted((a, b) => b - a),
      );
      assert.equal(new Set(sequences).size, 4);
    },
  },
  {
    name: "tag-at",
    title: "changes that are made at a given moment say so, in the tag and in its history",
    async run({ connect }) {
      const connection = await connect();
      await twoSnapshots(connection);
      const at = "2026-01-02T03:04:05.678Z";

      const written = await connection.writeSnapshotTag({ ...prod(one), at });
      await connection.removeSnapshotTag({ graph: "spend", tag: "prod", by: "bo", at });
      await refusal(connection.writeSnapshotTag({ ...prod(one), at: "yesterday" }), "RECORD_INVALID");

      assert.equal(written.at, at);
      const history = (await connection.readSnapshotTagHistory("spend", "prod")).items;
      assert.deepEqual(
        history.map((change) => change.at),
        [at, at],
      );
    },
  },
  {
    name: "tag-history-outlives-snapshots",
    title: "a tag's history stays when its snapshots are removed",
    async run({ connect }) {
      const connection = await connect();
      await twoSnapshots(connection);
      await connection.writeSnapshotTag(prod(one));
      await connection.removeSnapshotTag({ graph: "spend", tag: "prod", by: "ana" });

      await connection.removeSnapshots([one]);

      const pages = await allPages((page) => connection.readSnapshotTagHistory("spend", "prod", page), 1);
      assert.deepEqual(
        pages.map(({ previous }) => previous),
        [one, undefined],
      );
    },
  },
  {
    name: "tag-list-pages",
    title: "tags are listed in UTF-8 order, of one graph or of all by graph",
    async run({ connect }) {
      const connection = await connect();
      const names = ["a", "B", "ä", "z", "\uffee", "😀", "a.b", "%", "_", "Z"];
      for (const graph of ["b", "a", "\uffee", "😀"]) {
        const id = print(graph);
        await connection.writeSnapshot(snapshot({ id, graph }));
        for (const tag of names) await connection.writeSnapshotTag({ graph, tag, snapshot: id, by: "ana" });
      }

      const ordered = ["%", "B", "Z", "_", "a", "a.b", "z", "ä", "\uffee", "😀"];
      for (const limit of [1, 3, 40, 1000]) {
        const some = await allPages((page) => connection.listSnapshotTags("a", page), limit);
        assert.deepEqual(
          some.map(({ tag }) => tag),
          ordered,
        );
        const all = await allPages((page) => connection.listSnapshotTags(undefined, page), limit);
        assert.deepEqual(
          all.map(({ graph, tag }) => [graph, tag]),
          ["a", "b", "\uffee", "😀"].flatMap((graph) => ordered.map((tag) => [graph, tag])),
        );
      }
    },
  },
];
