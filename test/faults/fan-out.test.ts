// A fan-out whose process is killed, or runs twice at once: all of its partitions are there or none, and each is made once.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { sqlite } from "stratigraph/sqlite";
import { followChild, type FollowedChild } from "../../src/testing/followed-child.ts";
import { spawnProgram } from "../support/backend-subjects.ts";
import { Folder } from "../support/folder.ts";

const program = fileURLToPath(new URL("programs/fan-out.mjs", import.meta.url));
const judged = fileURLToPath(new URL("programs/fan-out-days.mjs", import.meta.url));
const PARTS = 40;
const SUM = PARTS * (PARTS - 1);

function start(folder: Folder, pause: number): FollowedChild {
  return followChild(spawnProgram(program, [folder.path, String(PARTS), String(pause)]), "fan-out");
}

/** How many partitions the newest snapshot has of each of the two artifacts of the fan-out. */
async function stored(folder: Folder): Promise<{ readonly parts: number; readonly keys: number }> {
  const connection = await sqlite(join(folder.path, ".strata/strata.db")).connect();
  try {
    const latest = await connection.readLatestSnapshot("fanned");
    const counts =
      latest === undefined ? new Map<string, number>() : await connection.countSnapshotPartitions(latest.id);
    return { parts: counts.get("parts") ?? 0, keys: counts.get("parts.keys") ?? 0 };
  } finally {
    await connection.close();
  }
}

it("killed at any moment it has left all of its partitions or none", { timeout: 120_000 }, async () => {
  using folder = new Folder();
  for (const lines of [1, 2, 12, 39, 40, 41]) {
    const child = start(folder, 1);
    await child.said(lines);
    if (lines > 40) await wait(Math.random() * 20);
    await child.kill();

    const { parts, keys } = await stored(folder);

    expect([0, PARTS]).toContain(parts);
    expect(keys).toBe(parts === 0 ? 0 : 1);
  }

  const last = start(folder, 0);
  await last.done;

  expect(last.lines.at(-1)).toBe(`sum ${SUM}`);
  expect(await stored(folder)).toEqual({ parts: PARTS, keys: 1 });
});

it("twice at once it runs once, and both read the same", { timeout: 60_000 }, async () => {
  using folder = new Folder();

  const children = [start(folder, 5), start(folder, 5)];
  await Promise.all(children.map(({ done }) => done));

  expect(children.map(({ lines }) => lines.at(-1))).toEqual([`sum ${SUM}`, `sum ${SUM}`]);
  expect(children.flatMap(({ lines }) => lines).filter((line) => line === "split")).toEqual(["split"]);
});

it(
  "a partition whose bytes are gone is made again, with those that were made with it",
  { timeout: 60_000 },
  async () => {
    using folder = new Folder();
    await start(folder, 0).done;
    const lost = folder.files(".strata").find((path) => path.includes("parts") && path.includes("part=7"));
    expect(lost).toBeDefined();
    rmSync(folder.at(lost!));

    const again = start(folder, 0);
    await again.done;

    expect(again.lines).toEqual(["split", ...Array.from({ length: PARTS }, (_, part) => `part ${part}`), `sum ${SUM}`]);
  },
);

it(
  "thresholds that look back say the same in two processes at once, and after a kill",
  { timeout: 60_000 },
  async () => {
    const run = (folder: Folder): FollowedChild =>
      followChild(spawnProgram(judged, [folder.path, "6"]), "fan-out of days");
    const verdict = (child: FollowedChild): readonly string[] =>
      child.lines.filter((line) => !line.startsWith("split"));
    using alone = new Folder();
    const first = run(alone);
    await first.done;
    expect(verdict(first).slice(0, 1)).toEqual([expect.stringContaining("warning day=2,part=1 threshold 'usual'")]);
    expect(verdict(first).at(-1)).toBe("succeeded");

    using shared = new Folder();
    const both = [run(shared), run(shared)];
    await Promise.all(both.map(({ done }) => done));
    for (const child of both) expect(verdict(child)).toEqual(verdict(first));
    expect(both.flatMap(({ lines }) => lines.filter((line) => line.startsWith("split"))).sort()).toEqual(
      [1, 2, 3, 4, 5, 6].map((day) => `split ${day}`),
    );

    using killed = new Folder();
    const child = run(killed);
    await child.said(4);
    await child.kill();
    const again = run(killed);
    await again.done;
    expect(verdict(again)).toEqual(verdict(first));
  },
);
