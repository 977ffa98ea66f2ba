// Producers in threads and the leases of their steps: real processes that compute for longer than a lease lasts, and are killed.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { Folder } from "../support/folder.ts";

const program = fileURLToPath(new URL("programs/threads.mjs", import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
}

function start(folder: Folder, spin: number, executor = "threads"): Started {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, FOLDER: folder.path, SPIN: String(spin), EXECUTOR: executor },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = Promise.all([text(child.stdout), once(child, "close")]).then(([said, [code]]) =>
    code === 0 ? (JSON.parse(said) as unknown) : code,
  );
  return { child, ended };
}

async function begun(folder: Folder): Promise<void> {
  while (!existsSync(folder.at("log")) || !folder.read("log").includes("begin")) await sleep(20);
}

/** How often the producer began. */
const begins = (folder: Folder): number => folder.read("log").match(/begin/g)?.length ?? 0;

it("a thread that computes for longer than a lease keeps it: another process waits, and reads its value", async () => {
  using folder = new Folder();
  const first = start(folder, 3_000);
  await begun(folder);
  const second = start(folder, 0);

  expect(await Promise.all([first.ended, second.ended])).toEqual([
    { state: "built", value: 42 },
    { state: "reused", value: 42 },
  ]);
  expect(begins(folder)).toBe(1);
});

it("without a thread its lease runs out: another process takes over, and the late result is not stored", async () => {
  using folder = new Folder();
  const first = start(folder, 6_000, "local");
  await begun(folder);
  const second = start(folder, 0, "local");

  expect(await second.ended).toEqual({ state: "built", value: 42 });
  expect(await first.ended).toEqual({ state: "reused", value: 42 });
  expect(begins(folder)).toBe(2);
});

it("a process that is killed while its thread computes leaves nothing at work and nothing behind", async () => {
  using folder = new Folder();
  const first = start(folder, 60_000);
  await begun(folder);
  first.child.kill("SIGKILL");
  await first.ended;
  const after = folder.read("log");
  await sleep(300);
  expect(folder.read("log")).toBe(after);

  expect(await start(folder, 0).ended).toEqual({ state: "built", value: 42 });
  expect(folder.files(".strata").filter((name) => /temp|tmp/.test(name))).toEqual([]);
});
