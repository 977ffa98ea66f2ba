// Promotion and rollback over several graphs: all or none, whatever others do meanwhile.

import { describe, expect, it } from "vitest";
import { applyChange, listEnvironments, planPromotion, planRollback } from "../../../src/operations/environments.ts";
import { collectGarbageIn } from "../../../src/operations/gc.ts";
import { openHistory, type History } from "./history.ts";

const clock = { now: () => Date.UTC(2030, 0, 2), monotonic: () => 0 };
const by = "ana";

async function openTwoGraphs(): Promise<History> {
  const history = await openHistory();
  for (const graph of ["a", "b"]) {
    for (const name of ["old", "new", "newer"]) {
      await history.snapshot(`${graph} ${name}`, { total: { "": name } }, graph);
    }
    await history.tag("prod", await history.snapshot(`${graph} old`, {}, graph));
    await history.tag("dev", await history.snapshot(`${graph} new`, {}, graph));
  }
  return history;
}

async function has({ workspace: { connection } }: History, environment: string): Promise<readonly string[]> {
  return ((await listEnvironments(connection)).get(environment) ?? []).map(({ snapshot }) => snapshot);
}

describe("promotion", () => {
  it("moves nothing where somebody moved one of the names in between", async () => {
    await using history = await openTwoGraphs();
    const { connection } = history.workspace;
    const planned = await planPromotion(connection, "dev", "prod");
    const newer = await history.snapshot("b newer", {}, "b");
    await connection.writeSnapshotTag({ graph: "b", tag: "prod", snapshot: newer.id, by: "bo", expected: "any" });
    const before = await has(history, "prod");

    const refused = applyChange(connection, planned, { by, clock });

    await expect(refused).rejects.toMatchObject({ code: "TAG_CONFLICT" });
    expect(await has(history, "prod")).toEqual(before);
  });

  it("does what was looked at and nothing else, also where the environment it comes from has moved", async () => {
    await using history = await openTwoGraphs();
    const { connection } = history.workspace;
    const seen = await planPromotion(connection, "dev", "prod");
    const newer = await history.snapshot("a newer", {}, "a");
    await connection.writeSnapshotTag({ graph: "a", tag: "dev", snapshot: newer.id, by: "bo", expected: "any" });
    const now = await planPromotion(connection, "dev", "prod");

    const refused = applyChange(connection, now, { expected: seen.token, by, clock });

    await expect(refused).rejects.toMatchObject({ code: "TAG_CONFLICT", received: now.token });
    expect(now.token).not.toBe(seen.token);
  });

  it("can be taken back, and so can that", async () => {
    await using history = await openTwoGraphs();
    const { connection } = history.workspace;
    const old = await has(history, "prod");
    await applyChange(connection, await planPromotion(connection, "dev", "prod"), { by, why: "checked", clock });

    const back = await planRollback(connection, "prod");
    await applyChange(connection, back, { by, clock: { ...clock, now: () => clock.now() + 1 } });
    const afterRollback = await has(history, "prod");
    const again = await planRollback(connection, "prod");
    await applyChange(connection, again, { by, clock: { ...clock, now: () => clock.now() + 2 } });

    expect(back.moves).toHaveLength(2);
    expect(afterRollback).toEqual(old);
    expect(await has(history, "prod")).toEqual(await has(history, "dev"));
  });

  it("takes an environment away again that a promotion has made", async () => {
    await using history = await openTwoGraphs();
    const { connection } = history.workspace;
    await applyChange(connection, await planPromotion(connection, "dev", "stage"), { by, clock });

    await applyChange(connection, await planRollback(connection, "stage"), { by, clock });

    expect(await has(history, "stage")).toEqual([]);
  });

  it("is for the graphs that are named", async () => {
    await using history = await openTwoGraphs();
    const { connection } = history.workspace;

    const one = await planPromotion(connection, "dev", "prod", { graphs: ["b"] });

    expect(one.moves.map(({ graph }) => graph)).toEqual(["b"]);
    await expect(planPromotion(connection, "dev", "prod", { graphs: ["c"] })).rejects.toMatchObject({
      code: "ENVIRONMENT_UNKNOWN",
    });
  });

  it("leads back after a gc as well, and says so where the way is gone", async () => {
    await using history = await openTwoGraphs();
    const { connection } = history.workspace;
    const old = await has(history, "prod");
    await applyChange(connection, await planPromotion(connection, "dev", "prod"), { by, clock });

    await collectGarbageIn(history.workspace, { keep: 1, grace: 0, remove: true });
    await applyChange(connection, await planRollback(connection, "prod"), { by, clock });

    expect(await has(history, "prod")).toEqual(old);
    for (const name of ["newer", "newest"]) {
      for (const graph of ["a", "b"]) {
        const { id } = await history.snapshot(`${graph} ${name}`, {}, graph);
        const moved = { graph, snapshot: id, by, at: "2031-01-01T00:00:00.000Z", expected: "any" } as const;
        for (const tag of ["dev", "prod"]) await connection.writeSnapshotTag({ ...moved, tag });
      }
    }
    await collectGarbageIn(history.workspace, { keep: 1, grace: 0, remove: true });
    await expect(planRollback(connection, "prod", { to: "2030-06-01T00:00:00Z" })).rejects.toMatchObject({
      code: "SNAPSHOT_UNKNOWN",
      where: expect.stringMatching(/^graph 'a', environment 'prod', snapshot /) as string,
    });
  });
});
