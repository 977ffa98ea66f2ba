// Cases about submissions.

import assert from "node:assert/strict";
import type { ContractCase } from "../backend-contract.ts";
import { start } from "../child.ts";
import { manualClock } from "../manual-clock.ts";
import { refusal } from "../samples.ts";

export const submissionCases: readonly ContractCase[] = [
  {
    name: "submission-once",
    title: "a submission is taken once, by whom it is written with, and again after it was forgotten",
    async run({ store, connect }) {
      const clock = manualClock();
      await store({ clock });
      const connection = await connect();

      assert.deepEqual(await connection.takeSubmissions(["b", "a", "b", "ä"]), [true, true, false, true]);
      assert.deepEqual(await connection.takeSubmissions(["c", "a"]), [true, false]);
      await refusal(
        connection.transaction(async (tx) => {
          assert.deepEqual(await tx.takeSubmissions(["d"]), [true]);
          await tx.takeSubmissions(["\0"]);
        }),
        "TEXT_INVALID",
      );
      assert.deepEqual(await connection.takeSubmissions(["d"]), [true]);

      clock.advance(1000);
      await connection.takeSubmissions(["late"]);
      assert.equal(await connection.removeSubmissions(clock.now()), 5);
      assert.deepEqual(await connection.takeSubmissions(["late", "a"]), [false, true]);
    },
  },
  {
    name: "submission-once-8-processes",
    title: "8 processes that take the same 200 submissions take each once",
    needs: ["multiProcess"],
    time: 60_000,
    async run({ store }) {
      const opened = await store();

      const children = Array.from({ length: 8 }, (_, i) => start(opened, "submit", String(i), "200"));
      await Promise.all(children.map(({ done }) => done));

      const taken = children.flatMap(({ lines }) => lines);
      assert.equal(taken.length, 200);
      assert.equal(new Set(taken).size, 200);
    },
  },
];
