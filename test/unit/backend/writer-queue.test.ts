// Writers come one after the other, in order, each within its time.

import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { WriterQueue, type WritableStore } from "../../../src/backend/writer-queue.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { refusal } from "../../../src/testing/samples.ts";

/** A store that says it is busy as often as told, and keeps a log. */
function makeStore(busy: { begin?: number; commit?: number } = {}): WritableStore & { log: string[] } {
  const left = { begin: busy.begin ?? 0, commit: busy.commit ?? 0 };
  const log: string[] = [];
  return {
    log,
    begin: () => left.begin-- <= 0 && log.push("begin") > 0,
    commit: () => left.commit-- <= 0 && log.push("commit") > 0,
    rollback: () => void log.push("rollback"),
    holder: () => "process 7 (node x)",
  };
}

function makeQueue(store: WritableStore, budget = 5000): WriterQueue {
  return new WriterQueue(store, { name: "x.db", budget, clock: systemClock });
}

describe("a writer", () => {
  it("that need not wait begins and commits before it gives way to anybody", async () => {
    const store = makeStore();

    const running = makeQueue(store).run(() => store.log.push("work"));

    expect(store.log).toEqual(["begin", "work", "commit"]);
    expect(await running).toBe(2);
  });

  it("is rolled back when it throws, and the next one goes on", async () => {
    const store = makeStore();
    const queue = makeQueue(store);
    const failure = new Error("no");

    const results = await Promise.allSettled([
      queue.run(async () => {
        await wait(1);
        throw failure;
      }),
      queue.run(() => "fine"),
    ]);

    expect(results).toEqual([
      { status: "rejected", reason: failure },
      { status: "fulfilled", value: "fine" },
    ]);
    expect(store.log).toEqual(["begin", "rollback", "begin", "commit"]);
  });

  it("never meets another one, and they keep the order in which they came", async () => {
    const store = makeStore();
    const queue = makeQueue(store);
    const order: string[] = [];

    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        queue.run(async () => {
          order.push(`in ${i}`);
          await wait(i % 3);
          order.push(`out ${i}`);
        }),
      ),
    );

    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => [`in ${i}`, `out ${i}`]).flat());
  });

  it("tries again while the store is busy, at the beginning and at the end", async () => {
    const store = makeStore({ begin: 4, commit: 3 });

    expect(await makeQueue(store).run(() => "done")).toBe("done");
    expect(store.log).toEqual(["begin", "commit"]);
  });

  it("leaves the event loop free while it waits", async () => {
    const queue = makeQueue(makeStore({ begin: Infinity }), 150);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);

    await refusal(
      queue.run(() => undefined),
      "BACKEND_BUSY",
    );

    clearInterval(timer);
    expect(ticks).toBeGreaterThan(20);
  });

  it("whose time is over is told for how long and who has the lock", async () => {
    const error = await refusal(
      makeQueue(makeStore({ begin: Infinity }), 20).run(() => undefined),
      "BACKEND_BUSY",
    );

    expect(error.message).toContain("process 7 (node x) has its write lock");
    expect(error.data).toEqual({ budget: 20, holder: "process 7 (node x)" });
  });

  it("that waits for another one of its connection too long is told what to look for, and the queue goes on", async () => {
    const queue = makeQueue(makeStore(), 30);
    let release = (): void => undefined;
    const slow = queue.run(() => new Promise<void>((resolve) => (release = resolve)));

    const error = await refusal(
      queue.run(() => undefined),
      "BACKEND_BUSY",
    );
    release();
    await slow;

    expect(error.message).toContain("Use only `tx` inside a transaction");
    expect(await queue.run(() => "next")).toBe("next");
    await queue.idle();
  });
});
