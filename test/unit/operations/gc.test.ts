// What may be collected, and what never is.

import { describe, expect, it } from "vitest";
import type { StoredSnapshot } from "../../../src/backend/records.ts";
import { newHolder } from "../../../src/build/holder.ts";
import { StratigraphError } from "../../../src/errors.ts";
import type { KeyText } from "../../../src/identity/partition-key.ts";
import { collectGarbageIn } from "../../../src/operations/gc.ts";
import { openHistory, record } from "./history.ts";
import { fc } from "../../support/random.ts";

describe("garbage", () => {
  it("is what only old snapshots hold, with the newest of them as its last referrer", async () => {
    await using history = await openHistory();
    await history.snapshot("first", { days: { a: "1", b: "1" } });
    const second = await history.snapshot("second", { days: { a: "1", b: "2" } });
    await history.snapshot("third", { days: { a: "3", b: "1" } });

    const { partitions, snapshots, bytes } = await collectGarbageIn(history.workspace, { keep: 1 });

    expect(snapshots).toHaveLength(2);
    expect(partitions.map(({ key, partition, lastReferrer }) => [key, partition.key, lastReferrer?.id])).toEqual([
      ["days", "a", second.id],
      ["days", "b", second.id],
    ]);
    expect(bytes).toBe(2);
  });

  it("is also what no snapshot ever held", async () => {
    await using history = await openHistory();
    await history.snapshot("only", { days: { a: "1" } });
    await history.workspace.connection.writeArtifactPartitions([record("days", "z" as KeyText, "lost")]);

    const { partitions } = await collectGarbageIn(history.workspace);

    expect(partitions).toMatchObject([{ key: undefined, lastReferrer: undefined, partition: { key: "z" } }]);
  });

  it("is never what is younger than the grace, in snapshots or on its own", async () => {
    await using history = await openHistory();
    await history.snapshot("old", { days: { a: "1" } });
    await history.snapshot("new", { days: { a: "2" } });
    const years = 10 * 365 * 24 * 3_600_000;

    expect(await collectGarbageIn(history.workspace, { keep: 1, grace: years })).toMatchObject({
      snapshots: [],
      partitions: [],
    });
  });

  it("is never what is being built", async () => {
    await using history = await openHistory();
    const building = await history.snapshot("building", { days: { a: "1" } });
    await history.snapshot("latest", { days: { a: "2" } });
    const { connection } = history.workspace;
    const holder = newHolder();
    await connection.startRuns([
      {
        id: "01j00000000000000000000000" as never,
        parent: undefined,
        kind: "build",
        graph: "spend",
        snapshot: building.id,
        producer: undefined,
        version: undefined,
        key: undefined,
        input: undefined,
        state: "running",
        reason: undefined,
        startedAt: "2026-01-01T00:00:00.000Z",
        finishedAt: undefined,
        attempts: 1,
        duration: undefined,
        error: undefined,
        holder,
      },
    ]);

    expect(await collectGarbageIn(history.workspace, { keep: 1 })).toMatchObject({ snapshots: [], partitions: [] });
    const refused = await collectGarbageIn(history.workspace, { keep: 1, remove: true }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(StratigraphError);
    expect(refused).toMatchObject({ code: "BACKEND_BUSY", where: expect.stringContaining(holder) as string });
  });

  it("of one graph leaves the latest of another", async () => {
    await using history = await openHistory();
    await history.snapshot("other", { days: { a: "1" } }, "other");
    await history.snapshot("mine", { days: { a: "2" } });

    expect(await collectGarbageIn(history.workspace, { keep: 1 })).toMatchObject({
      snapshots: [],
      kept: { snapshots: 2 },
    });
  });
});

describe("collecting", () => {
  const history = fc.record({
    snapshots: fc.array(
      fc.dictionary(
        fc.constantFrom("days", "total", "vendor.raw"),
        fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2", "3")),
      ),
      { minLength: 1, maxLength: 8 },
    ),
    tagged: fc.array(fc.nat(7), { maxLength: 3 }),
    keep: fc.integer({ min: 1, max: 4 }),
  });

  it("removes exactly what was named, and of what stays nothing, whatever the history", async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ snapshots, tagged, keep }) => {
        await using made = await openHistory();
        const { connection } = made.workspace;
        const written: StoredSnapshot[] = [];
        for (const [index, held] of snapshots.entries()) written.push(await made.snapshot(String(index), held));
        for (const index of tagged) if (written[index] !== undefined) await made.tag(`tag-${index}`, written[index]);
        const before = await Promise.all(written.map((snapshot) => made.held(snapshot)));

        const named = await collectGarbageIn(made.workspace, { keep, grace: 0 });
        const removed = await collectGarbageIn(made.workspace, { keep, grace: 0, remove: true });

        expect({ ...removed, removed: false }).toEqual(named);
        for (const [index, snapshot] of written.entries()) {
          const stays = index >= written.length - keep || tagged.includes(index);
          expect((await connection.readSnapshot(snapshot.id)) !== undefined, `snapshot ${index}`).toBe(stays);
          if (stays) expect(await made.held(snapshot)).toEqual(before[index]);
        }
        const again = await collectGarbageIn(made.workspace, { keep, grace: 0 });
        expect(again).toMatchObject({ snapshots: [], partitions: [], bytes: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it("asks again when it removes: what got a tag in between stays", async () => {
    await using made = await openHistory();
    const old = await made.snapshot("old", { days: { a: "1" } });
    await made.snapshot("new", { days: { a: "2" } });
    const { connection } = made.workspace;
    const late = new Proxy(connection, {
      get(target, name) {
        if (name !== "removeSnapshots") return Reflect.get(target, name) as unknown;
        return async (ids: Parameters<typeof connection.removeSnapshots>[0]) => {
          await made.tag("just-now", old);
          return connection.removeSnapshots(ids);
        };
      },
    });

    const { snapshots, partitions, failures } = await collectGarbageIn(
      { ...made.workspace, connection: late },
      { keep: 1, remove: true },
    );

    expect(snapshots).toEqual([]);
    expect(partitions).toEqual([]);
    expect(failures).toMatchObject([{ code: "TAG_CONFLICT" }]);
    expect(await made.held(old)).toEqual({ days: ["a 1"] });
  });

  it("stops when it is told to", async () => {
    await using made = await openHistory();
    await made.snapshot("old", { days: { a: "1" } });
    await made.snapshot("new", { days: { a: "2" } });

    await expect(
      collectGarbageIn(made.workspace, { keep: 1, remove: true, signal: AbortSignal.abort() }),
    ).rejects.toThrow();
  });
});
