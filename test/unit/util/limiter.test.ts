import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createLimiter } from "../../../src/util/limiter.ts";
import { fc } from "../../support/random.ts";

describe("a limiter", () => {
  it("lets at most n run, starts them in arrival order, and runs them all", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(3), { maxLength: 20 }),
        async (limit, pauses) => {
          const limiter = createLimiter(limit);
          const started: number[] = [];
          let running = 0;
          let most = 0;
          const answers = pauses.map((pause, index) =>
            limiter.run(async () => {
              started.push(index);
              most = Math.max(most, ++running);
              for (let turn = 0; turn < pause; turn++) await Promise.resolve();
              running--;
              if (pause === 3) throw new Error(`work ${index}`);
              return index;
            }),
          );
          const settled = await Promise.allSettled(answers);

          expect(started).toEqual(pauses.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(limit);
          expect(limiter.active).toBe(0);
          expect(limiter.waiting).toBe(0);
          for (const [index, answer] of settled.entries()) {
            if (pauses[index] === 3)
              expect(answer).toMatchObject({ status: "rejected", reason: { message: `work ${index}` } });
            else expect(answer).toEqual({ status: "fulfilled", value: index });
          }
        },
      ),
    );
  });

  it("does not let a late comer overtake who has waited", async () => {
    const limiter = createLimiter(1);
    const order: string[] = [];
    const first = limiter.run(async () => {
      await delay(5);
      order.push("first");
    });
    const second = limiter.run(() => void order.push("second"));
    // In the very turn in which the first leaves, a third arrives.
    const third = first.then(() => limiter.run(() => void order.push("third")));
    await Promise.all([second, third]);

    expect(order).toEqual(["first", "second", "third"]);
  });

  it("tells how many run and how many wait", async () => {
    const limiter = createLimiter(2);
    const all = [1, 2, 3, 4, 5].map(() => limiter.run(() => delay(1)));

    expect([limiter.active, limiter.waiting]).toEqual([2, 3]);
    await Promise.all(all);
    expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
  });

  it("forgets work that is cancelled while it waits, and lets the next one in", async () => {
    const limiter = createLimiter(1);
    const controller = new AbortController();
    let ran = false;
    const running = limiter.run(() => delay(5));
    const waiting = limiter.run(() => (ran = true), controller.signal);
    const next = limiter.run(() => "next");
    controller.abort(new Error("no longer wanted"));

    await expect(waiting).rejects.toThrow("no longer wanted");
    await running;
    expect(await next).toBe("next");
    expect(ran).toBe(false);
    expect(limiter.active).toBe(0);
  });

  it("refuses work that is cancelled before it comes, and leaves work alone that has begun", async () => {
    const limiter = createLimiter(1);
    const controller = new AbortController();
    const begun = limiter.run(() => delay(2, "done"), controller.signal);
    controller.abort();

    expect(await begun).toBe("done");
    await expect(limiter.run(() => 1, controller.signal)).rejects.toThrow(/abort/i);
    expect(limiter.active).toBe(0);
  });

  it("takes 100,000 in line in one go", async () => {
    const limiter = createLimiter(3);
    let sum = 0;
    await Promise.all(Array.from({ length: 100_000 }, () => limiter.run(() => sum++)));

    expect(sum).toBe(100_000);
  });

  it("wants a limit from 1", () => {
    for (const limit of [0, -1, 1.5, NaN]) expect(() => createLimiter(limit)).toThrow(RangeError);
    expect(() => createLimiter(Infinity)).not.toThrow();
  });
});
