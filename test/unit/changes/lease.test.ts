// Work under a lease: granted or not run.

import { setTimeout as wait } from "node:timers/promises";
import { memory, StratigraphError } from "stratigraph";
import { describe, expect, it } from "vitest";
import { withLease } from "../../../src/changes/lease.ts";
import { failureOf } from "../../support/folder.ts";

describe("work under a lease", () => {
  it("runs one at a time, each with a higher fencing token", async () => {
    await using connection = await memory().connect();
    let inside = 0;
    const tokens: number[] = [];
    const work = (): Promise<void> =>
      withLease(connection, "promote churn", {}, async (fence) => {
        expect(++inside).toBe(1);
        await wait(5);
        inside--;
        tokens.push(Number(fence.token));
      });

    await Promise.all([work(), work(), work()]);

    expect(tokens).toHaveLength(3);
    expect([...tokens].sort((a, b) => a - b)).toEqual(tokens);
    expect(new Set(tokens).size).toBe(3);
  });

  it("does not run where the lease is not given in time, and the error says who has it", async () => {
    await using connection = await memory().connect();
    let ran = false;

    const error = await withLease(connection, "x", {}, () =>
      failureOf(() => withLease(connection, "x", { timeout: 30 }, async () => void (ran = true))),
    );

    expect([error.code, ran]).toEqual(["LOCK_TIMEOUT", false]);
    expect(error.message).toContain(String(process.pid));
  });

  it("is kept for longer than its time by its heartbeat", async () => {
    await using connection = await memory().connect();

    const error = await withLease(connection, "x", { ttl: 60 }, async () => {
      await wait(150);
      return failureOf(() => withLease(connection, "x", { timeout: 0 }, async () => undefined));
    });

    expect(error.code).toBe("LOCK_TIMEOUT");
  });

  it("that lost it to somebody else is told, and its late write is refused by its fence", async () => {
    await using connection = await memory().connect();
    let seen: unknown;

    const error = await failureOf(() =>
      withLease(connection, "x", { ttl: 30 }, async (fence, signal) => {
        // Somebody who thinks this holder is gone.
        const [taken] = await connection.acquireLeases(["x"], { holder: "eve", ttl: 60_000, isDead: () => true });
        await wait(40);
        seen = { granted: taken?.granted, aborted: signal.aborted, held: await connection.checkLeases([fence]) };
      }),
    );

    expect(seen).toEqual({ granted: true, aborted: true, held: [false] });
    expect(error.code).toBe("LOCK_TIMEOUT");
  });

  it("is given back when the work fails, with the work's own error", async () => {
    await using connection = await memory().connect();

    const error = await failureOf(() =>
      withLease(connection, "x", {}, async () => {
        throw new StratigraphError("CONFLICT", "no");
      }),
    );

    expect(error.code).toBe("CONFLICT");
    expect(await withLease(connection, "x", { timeout: 0 }, async () => "mine")).toBe("mine");
  });
});
