// Sinks: what they do outside is done at least once, under the same key, and not again once the receipt is stored.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { artifact, graph, memory, sink } from "stratigraph";
import { expect, it } from "vitest";
import { z } from "zod";
import { openWorkspace } from "../../../src/build/workspace.ts";
import { replayPartition } from "../../../src/operations/replay.ts";
import { Folder } from "../../support/folder.ts";

const Receipt = artifact({ schema: z.object({ id: z.string() }) });
const program = fileURLToPath(new URL("../../faults/programs/sink.mjs", import.meta.url));

it("the receipt is cached like any result, and nothing sends again to look at it", async () => {
  const keys: string[] = [];
  const post = sink({
    name: "post",
    version: "1.0.0",
    inputs: {},
    output: Receipt,
    send: (_, { idempotencyKey }) => (keys.push(idempotencyKey), { id: `r${keys.length}` }),
  });
  const g = graph("sinks", () => ({ posted: post() }));
  const backend = memory();
  const first = await g.build({ backend });
  await g.build({ backend });
  expect(keys).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(await first.read(g.artifacts.posted)).toEqual({ id: "r1" });
  await g.build({ backend, force: true });
  expect(new Set(keys).size).toBe(1);
  await using workspace = await openWorkspace({ backend });
  const snapshot = (await workspace.connection.readSnapshot(first.id))!;
  const { items } = await workspace.connection.readSnapshotPartitions(first.id, "posted", {});
  await expect(
    replayPartition(workspace, g.definition, snapshot, { key: "posted", partition: items[0]! }),
  ).rejects.toThrow("this cannot be replayed: sink 'post' would do again what it did outside");
  expect(keys).toHaveLength(2);
});

it("killed between what it did and its receipt, it does it again with the same key, and then no more", () => {
  using folder = new Folder();
  const run = (how: string) =>
    spawnSync(process.execPath, [program, folder.path, how], {
      encoding: "utf8",
    });
  expect(run("kill").signal).toBe("SIGKILL");
  const second = run("live");
  expect([second.status, second.stderr]).toEqual([0, ""]);
  expect(run("live").status).toBe(0);
  const keys = folder.read("effects").trim().split("\n");
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

it("a sink without send is refused in one sentence", () => {
  expect(() => sink({ name: "x", version: "1.0.0", inputs: {}, output: Receipt } as never)).toThrow(
    "sink 'x': a sink needs a send function",
  );
  expect(() => sink(undefined as never)).toThrow("options are given as one object");
});
