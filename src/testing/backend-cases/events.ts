// Cases about events.

import assert from "node:assert/strict";
import type { EventFilter, EventRecord } from "../../backend/fact-records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { event, model, transition, version } from "../fact-samples.ts";
import { allPages, refusal, runId } from "../samples.ts";

export const eventCases: readonly ContractCase[] = [
  {
    name: "event-write-read",
    title: "an event comes back as it was written, with a number; one that is there already is passed over",
    async run({ connect }) {
      const connection = await connect();
      const full = event(2, { run: runId("run"), data: { deep: [{ 'ä"': null }] } });

      const first = await connection.writeEvents([event(1), full]);
      const again = await connection.writeEvents([{ ...full, type: "else" }, event(3), event(3)]);

      assert.deepEqual(first, [
        { ...event(1), number: first[0]!.number },
        { ...full, number: first[1]!.number },
      ]);
      assert.deepEqual(
        again.map(({ id }) => id),
        [event(3).id],
      );
      assert.ok(first[0]!.number < first[1]!.number && first[1]!.number < again[0]!.number);
      assert.deepEqual((await connection.listEvents()).items, [...again, ...first.toReversed()]);
      await refusal(connection.writeEvents([event(4, { at: "yesterday" })]), "RECORD_INVALID");
      await refusal(connection.writeEvents([event(4, { data: { at: undefined } as never })]), "RECORD_INVALID");
    },
  },
  {
    name: "event-list-filters",
    title: "events are listed newest first by any mixture of facts, and from a number on oldest first",
    async run({ connect }) {
      const connection = await connect();
      const types = ["model.registered", "model.promoted", "models", "lineage.recorded", "model"];
      const events = Array.from({ length: 40 }, (_, i) =>
        event(i, {
          type: types[i % 5]!,
          subject: `model:${i % 3}`,
          run: i % 4 === 0 ? runId("r") : undefined,
        }),
      );
      const written: readonly EventRecord[] = await connection.writeEvents(events);
      const since = Date.parse(events[10]!.at);
      const asks: readonly (readonly [EventFilter, (one: EventRecord) => boolean])[] = [
        [{}, () => true],
        [{ types: ["model.*"] }, ({ type }) => type.startsWith("model.")],
        [{ types: ["model"] }, ({ type }) => type === "model"],
        [{ types: ["models", "lineage.*"] }, ({ type }) => type === "models" || type === "lineage.recorded"],
        [{ types: ["*"] }, () => true],
        [{ types: [] }, () => false],
        [{ subject: "model:1", run: runId("r") }, (one) => one.subject === "model:1" && one.run === "r"],
        [{ since, types: ["model.*"] }, (one) => Date.parse(one.at) >= since && one.type.startsWith("model.")],
      ];
      for (const [filter, matches] of asks) {
        for (const limit of [3, 1000]) {
          const expected = written.filter(matches);
          const newest = await allPages((page) => connection.listEvents(filter, page), limit);
          assert.deepEqual(newest, expected.toReversed(), JSON.stringify(filter));
          const after = written[20]!.number;
          const following = await allPages((page) => connection.listEvents({ ...filter, after }, page), limit);
          assert.deepEqual(
            following,
            expected.filter(({ number }) => number > after),
          );
        }
      }
    },
  },
  {
    name: "event-remove",
    title: "events from before a time are removed and counted; their ids may come again",
    async run({ connect }) {
      const connection = await connect();
      const written = await connection.writeEvents([event(1), event(2), event(3)]);

      assert.equal(await connection.countEvents(Date.parse(event(3).at)), 2);
      assert.equal(await connection.removeEvents(Date.parse(event(3).at)), 2);
      assert.equal(await connection.countEvents(Date.parse(event(3).at)), 0);
      assert.equal(await connection.removeEvents(Date.parse(event(3).at)), 0);

      assert.deepEqual((await connection.listEvents()).items, [written[2]]);
      const again = await connection.writeEvents([event(1)]);
      assert.ok(again[0]!.number > written[2]!.number);
    },
  },
  {
    name: "event-after-restart",
    title: "events are there after everything was closed",
    needs: ["persistent"],
    async run({ store, connect }) {
      const opened = await store();
      const connection = await connect();
      const written = await connection.writeEvents([event(1), event(2)]);
      await connection.close();

      await using fresh = await opened.reopen!().connect();

      assert.deepEqual((await fresh.listEvents()).items, written.toReversed());
    },
  },
  {
    name: "event-with-its-cause",
    title: "an event is there exactly when what it tells of is",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeModel(model(), undefined);
      const write = (n: number, fails: boolean) =>
        connection.transaction(async (tx) => {
          await tx.writeEvents([event(n)]);
          await tx.writeTransitions([transition(n)]);
          await tx.writeVersions([{ version: version(n), expected: undefined }]);
          if (fails) await tx.writeVersions([{ version: version(1), expected: 99 }]);
        });

      await write(1, false);
      await refusal(write(2, true), "CONFLICT");

      assert.deepEqual(
        (await connection.listEvents()).items.map(({ id }) => id),
        [event(1).id],
      );
      assert.equal((await connection.listVersions()).items.length, 1);
      assert.equal((await connection.listTransitions({ namespace: "team", name: "churn" })).items.length, 1);
    },
  },
];
