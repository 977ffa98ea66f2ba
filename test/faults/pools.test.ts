// Pools: their limits hold over processes, and the place of one that was killed comes free.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { artifact, graph, integers, memory, memoryStorage, producer, type PoolLimits } from "stratigraph";
import { expect, it } from "vitest";
import { z } from "zod";
import { Folder } from "../support/folder.ts";

const program = fileURLToPath(new URL("programs/pools.mjs", import.meta.url));
const start = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });

/** The most that were in at once. */
function mostAtOnce(log: string): number {
  let [now, most] = [0, 0];
  for (const line of log.trim().split("\n")) {
    now += line === "in" ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

it("two processes together never have more steps in a pool than its limit", async () => {
  using folder = new Folder();
  const children = [start(folder.path, "0"), start(folder.path, "100")];
  const codes = await Promise.all(children.map(async (child) => (await once(child, "close"))[0] as number));
  expect(codes).toEqual([0, 0]);
  const log = folder.read("log");
  expect([log.match(/in/g)?.length, mostAtOnce(log)]).toEqual([8, 1]);
});

it("the place of a killed process comes free", async () => {
  using folder = new Folder();
  const first = start(folder.path, "0", "hang");
  await once(first.stdout!, "data");
  first.kill("SIGKILL");
  await once(first, "close");
  const second = start(folder.path, "0");
  expect((await once(second, "close"))[0]).toBe(0);
  expect(folder.read("log").match(/out/g)).toHaveLength(4);
});

const N = artifact({ schema: z.number(), partitionBy: { n: integers() } });

async function most(pool: string, pools?: PoolLimits): Promise<number> {
  let [now, high] = [0, 0];
  const use = producer({
    name: "use",
    version: "1.0.0",
    inputs: { n: N },
    output: N,
    pool,
    build: async ({ n }) => {
      high = Math.max(high, ++now);
      await new Promise((resolve) => setTimeout(resolve, 10));
      now--;
      return n;
    },
  });
  const files = new Map([1, 2, 3, 4, 5, 6].map((n) => [`${n}.json`, String(n)]));
  const g = graph("pools", () => {
    const n = N.from(memoryStorage("{n}.json", files));
    return { n, used: use({ n }) };
  });
  await g.build({ backend: memory(), concurrency: 6, pools });
  return high;
}

it("within one build too, and a pool without a limit is refused in one sentence", async () => {
  expect([await most("gpu", { gpu: 1 }), await most("gpu", { gpu: 3 })]).toEqual([1, 3]);
  await expect(most("gpu")).rejects.toThrow("graph 'pools', producer 'use': pool 'gpu' has no limit");
  await expect(most("gpu", { gpus: 1 })).rejects.toThrow("Did you mean 'gpus'?");
  await expect(most("gpu", { gpu: 0 })).rejects.toThrow("the limit of a pool is a number of steps");
  await expect(most("a b")).rejects.toThrow("pool");
});
