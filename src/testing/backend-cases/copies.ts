// Cases about what is copied from one backend into another: everything, with the numbers it had.

import assert from "node:assert/strict";
import { findAuditBreak } from "../../backend/audit-chain.ts";
import type { Connection } from "../../backend/backend.ts";
import { keptKinds, removableKinds, type KeptKind, type RemovableKind } from "../../backend/kept-records.ts";
import { memory } from "../../backend/memory/memory-backend.ts";
import type { PartitionId } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { auditEntry, churn, event, version } from "../fact-samples.ts";
import { allPages, key, partition, print, refusal, run, runId, snapshot } from "../samples.ts";
import { everyAnswer, fillStore, wholeStore, type WholeStore } from "../store-samples.ts";

export const copyCases: readonly ContractCase[] = [
  {
    name: "copies-list-every-kind",
    title: "what is kept is listed whole and in the order of its keys, in pages of any size",
    async run({ connect }) {
      const connection = await connect();
      await fillStore(connection);

      const whole = await wholeStore(connection);
      for (const kind of keptKinds) assert.ok(whole[kind].length > 0, `there is something of ${kind}`);
      for (const limit of [1, 2, 3]) assert.deepEqual(await wholeStore(connection, limit), whole);
      const ids = whole.partitions.map(({ id }) => id);
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => a - b),
      );
      await refusal(connection.listKept("leases" as KeptKind), "RECORD_INVALID");
      const { next } = await connection.listKept("runs", { limit: 1 });
      await refusal(connection.listKept("events", { after: next }), "CURSOR_INVALID");
    },
  },
  {
    name: "copies-answer-as-the-original",
    title: "a store that was given all records of another answers every question as that one does",
    async run({ connect }) {
      const original = await memory().connect();
      await fillStore(original);
      const copy = await connect();

      const whole = await wholeStore(original);
      await copy.transaction((tx) => putAll(tx, whole));
      assert.deepEqual(await wholeStore(copy), whole);
      assert.deepEqual(await everyAnswer(copy), await everyAnswer(original));
      assert.equal(findAuditBreak(undefined, await copy.readAudit(1, 100)), undefined);

      await copy.transaction((tx) => putAll(tx, { ...whole, audit: [] })); // again: nothing becomes another thing
      assert.deepEqual(await wholeStore(copy), whole);
      await original.close();
    },
  },
  {
    name: "copies-go-on",
    title: "a copied store gives no number a second time, and goes on with its audit log and its versions",
    async run({ connect }) {
      const original = await memory().connect();
      await fillStore(original);
      const { given } = await original.readCopyState();
      const copy = await connect();
      await copy.transaction(async (tx) => {
        await putAll(tx, await wholeStore(original));
        await tx.writeCopyState({ given, copied: { from: given, here: given } });
      });

      const state = await copy.readCopyState();
      assert.equal(state.given, given);
      assert.deepEqual(state.copied, { from: given, here: given });
      const [id] = await copy.writeArtifactPartitions([partition({ content: print("new") })]);
      assert.ok(id! > given, "a partition made afterwards has an id of its own");
      const [told] = await copy.writeEvents([event(9)]);
      assert.ok(told!.number > given);
      await copy.writeAudit([auditEntry(7)]);
      assert.equal(findAuditBreak(undefined, await copy.readAudit(1, 100)), undefined);
      await refusal(copy.writeVersions([{ version: version(0), expected: undefined }]), "VERSION_EXISTS");
      await copy.writeCopyState({ given: 1, copied: { from: 1, here: 1 } });
      assert.ok((await copy.readCopyState()).given > given, "it never goes back");
      await original.close();
    },
  },
  {
    name: "copies-follow",
    title: "records that are put again take the place of what was there, in any stage, and dropped ones are gone",
    async run({ connect }) {
      const connection = await connect();
      await fillStore(connection);
      const before = await wholeStore(connection);

      // Production went from one version to an older one: in the order of keys there are two for a moment.
      const [first, second] = before.versions;
      await connection.putKept("versions", [
        { ...first!, stage: "archived" },
        { ...second!, stage: "production" },
      ]);
      await connection.putKept("versions", [
        { ...first!, stage: "production", stagedAt: 99 },
        { ...second!, stage: "staging" },
      ]);
      const staged = await connection.findVersions([{ ...churn, ref: { kind: "stage", stage: "production" } }]);
      assert.equal(staged[0]?.id, first!.id);

      await connection.putKept("partitions", [
        { ...before.partitions[0]!, damaged: true, location: "moved", sequence: 1000, writtenAt: 5 },
      ]);
      const [moved] = await connection.readPartitions([before.partitions[0]!.id]);
      assert.deepEqual([moved?.damaged, moved?.location], [true, "moved"]);

      await connection.transaction(async (tx) => {
        for (const kind of [...removableKinds].reverse()) await dropAll(tx, kind, before);
      });
      const after = await wholeStore(connection);
      for (const kind of removableKinds) assert.deepEqual(after[kind], [], `nothing is left of ${kind}`);
      assert.deepEqual(after.audit, before.audit);
      await refusal(connection.dropKept("audit" as RemovableKind, [] as never), "RECORD_INVALID");
    },
  },
  {
    name: "copies-drop-with-what-refers",
    title: "a snapshot that is dropped takes its tags and links along, a run what it read and wrote",
    async run({ connect }) {
      const connection = await connect();
      await fillStore(connection);
      const whole = await wholeStore(connection);

      await connection.dropKept("snapshots", whole.snapshots);
      assert.deepEqual(await allPages((page) => connection.listSnapshotTags(undefined, page)), []);
      assert.deepEqual((await wholeStore(connection)).links, []);
      await connection.dropKept("runs", whole.runs);
      assert.deepEqual((await wholeStore(connection)).runPartitions, []);
      const same = { ...whole.partitions[0]!, id: 5000 as PartitionId, sequence: 5000 };
      await connection.putKept("partitions", [same]);
      assert.deepEqual((await connection.readPartitions([whole.partitions[0]!.id, same.id])).map(Boolean), [
        false,
        true,
      ]);
    },
  },
  {
    name: "copies-refuse",
    title:
      "what refers to nothing, breaks the audit log or cannot be stored is refused, and nothing of the call is written",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeAudit([auditEntry(0)]);
      const [row] = await connection.readAudit(1, 1);

      await refusal(connection.putKept("audit", [row!]), "RECORD_INVALID");
      await refusal(connection.putKept("audit", [{ ...row!, number: 3 }]), "RECORD_INVALID");
      const edge = { sequence: 77, direction: "input", name: "a", partition: 1 as PartitionId } as const;
      await refusal(connection.putKept("runPartitions", [edge]), "RECORD_INVALID");
      const tag = { graph: "g", tag: "t", snapshot: print("none"), sequence: 1, at: "now", by: "ana", why: undefined };
      await refusal(connection.putKept("tags", [tag]), "SNAPSHOT_UNKNOWN");
      const link = { snapshot: print("none"), artifactKey: "a", key: key("k"), partition: 1 as PartitionId };
      await refusal(connection.putKept("links", [link]), "SNAPSHOT_UNKNOWN");
      await refusal(connection.putKept("submissions", [{ key: "fine", takenAt: 1 }, { key: "\0", takenAt: 1 }]), "TEXT_INVALID"); // prettier-ignore
      assert.deepEqual((await wholeStore(connection)).submissions, []);
      assert.equal((await connection.readAudit(1, 10)).length, 1);
    },
  },
  {
    name: "one-store-one-name",
    title: "all connections to a store say the same of which one it is",
    async run({ store, connect }) {
      const [one, two] = [await connect(), await connect()];
      const { backend, reopen } = await store();
      const again = await (reopen?.() ?? backend).connect();
      const other = await memory().connect();

      const states = await Promise.all([one, two, again, other].map((each) => each.readCopyState()));
      for (const names of [states.map((state) => state.store), states.map(({ id }) => id)]) {
        assert.equal(new Set(names).size, 2);
        assert.equal(names[0], names[2]);
      }
      await again.close();
      await other.close();
    },
  },
  {
    name: "one-moment",
    title: "what is read at one moment is of that moment, whatever is written meanwhile, and afterwards it is over",
    async run({ connect }) {
      const [reading, writing] = [await connect(), await connect()];
      await reading.writeSnapshot(snapshot());

      let kept: Connection | undefined;
      let written: Promise<unknown> | undefined;
      const seen = await reading.atOneMoment(async (view) => {
        kept = view;
        const first = await allPages((page) => view.listSnapshots(undefined, page));
        written = writing.transaction(async (tx) => {
          await tx.writeSnapshot(snapshot({ id: print("second") }));
          await tx.startRuns([run({ id: runId("late") })]);
        });
        await new Promise((resolve) => setTimeout(resolve, 20));
        await refusal(view.writeSnapshot(snapshot({ id: print("third") })), "BACKEND_READ_ONLY");
        await refusal(
          view.transaction(async () => undefined),
          "BACKEND_READ_ONLY",
        );
        await refusal(
          view.atOneMoment(async () => undefined),
          "TRANSACTION_INVALID",
        );
        return [first, await allPages((page) => view.listSnapshots(undefined, page)), await view.listRuns()];
      });
      await written;

      assert.deepEqual(seen[1], seen[0]);
      assert.deepEqual(seen[2], { items: [], next: undefined });
      assert.equal((await reading.listSnapshots(undefined)).items.length, 2);
      await refusal(kept!.listRuns(), "TRANSACTION_INVALID");
      await refusal(
        reading.transaction((tx) => tx.atOneMoment(async () => undefined)),
        "TRANSACTION_INVALID",
      );
    },
  },
  {
    name: "one-moment-read-only",
    title: "a connection that only reads has moments as well",
    needs: ["readOnly"],
    async run({ connect }) {
      const writing = await connect();
      await fillStore(writing);
      const reading = await connect({ readOnly: true });

      const whole = await reading.atOneMoment((view) => wholeStore(view));
      assert.deepEqual(whole, await wholeStore(writing));
    },
  },
];

async function putAll(connection: Connection, whole: WholeStore): Promise<void> {
  for (const kind of keptKinds) await put(connection, kind, whole);
}

function put<Kind extends KeptKind>(connection: Connection, kind: Kind, whole: WholeStore): Promise<void> {
  return connection.putKept(kind, whole[kind]);
}

function dropAll<Kind extends RemovableKind>(connection: Connection, kind: Kind, whole: WholeStore): Promise<void> {
  return connection.dropKept(kind, whole[kind]);
}
