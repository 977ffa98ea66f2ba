// Metadata and the end of processes: by themselves, by a signal, by a crash, by SIGKILL in the middle of an append or a sync.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sqlite } from "../../src/backend/sqlite/index.ts";
import type { Fence } from "../../src/backend/records.ts";
import { withLease } from "../../src/changes/lease.ts";
import { replayable, syncJournal } from "../../src/changes/sync.ts";
import { readJournal } from "../../src/journal/files.ts";
import { spawnProgram } from "../support/backend-subjects.ts";
import { noteApplier, readNote } from "../support/facts.ts";
import { failureOf, Folder } from "../support/folder.ts";

const program = fileURLToPath(new URL("programs/metadata.ts", import.meta.url));

interface Running {
  readonly child: ChildProcess;
  /** Lines it said so far. */
  readonly said: string[];
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly output: string }>;
}

function start(
  folder: Folder,
  what: string,
  { count = 5, env = {} }: { count?: number; env?: Record<string, string> } = {},
): Running {
  const child = spawnProgram(program, [what, folder.at("home"), folder.at("strata.db"), String(count)], {
    env: { STRATA_METADATA_FLUSH_TIMEOUT: "1", ...env },
  });
  const said: string[] = [];
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    said.splice(0, said.length, ...output.split("\n").slice(0, -1));
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    output,
  }));
  return { child, said, ended };
}

/** Fails where the processes that should bring it about have ended. */
async function until(condition: () => boolean, ...running: readonly Running[]): Promise<void> {
  while (!condition()) {
    const ended = running.find(({ child }) => child.exitCode !== null);
    if (ended !== undefined) throw new Error(`it ended before: ${(await ended.ended).output}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function waiting(folder: Folder): Promise<readonly string[]> {
  const files = await readJournal(folder.at("home"));
  return files.flatMap(({ lines }) =>
    lines.map((line) => (line.problem === undefined ? line.intent.key : line.problem)),
  );
}

async function sync(folder: Folder) {
  await using connection = await sqlite(folder.at("strata.db")).connect();
  return await syncJournal({ home: folder.at("home"), connection, actions: [replayable(noteApplier)] });
}

async function storedNames(folder: Folder, names: readonly string[]): Promise<readonly string[]> {
  await using connection = await sqlite(folder.at("strata.db")).connect();
  const found = await Promise.all(names.map((name) => readNote(connection, name)));
  expect(found.every((note) => note === undefined || (note as { times: number }).times === 1)).toBe(true);
  return names.filter((_, index) => found[index] !== undefined);
}

const five = ["k0", "k1", "k2", "k3", "k4"];
const names = ["n0", "n1", "n2", "n3", "n4"];

describe("a process that ends", () => {
  it("by itself writes what is pending before", { timeout: 60_000 }, async () => {
    using folder = new Folder();

    const { code } = await start(folder, "healthy").ended;

    expect(code).toBe(0);
    expect(await waiting(folder)).toEqual([]);
    expect(await storedNames(folder, names)).toEqual(names);
  });

  it("with a backend that failed ends well, and a sync brings the records later", { timeout: 60_000 }, async () => {
    using folder = new Folder();

    const { code } = await start(folder, "throws").ended;

    expect(code).toBe(0);
    expect(await waiting(folder)).toEqual(five);
    expect((await sync(folder)).counts.delivered).toBe(5);
    expect(await storedNames(folder, names)).toEqual(names);
  });

  it(
    "with a backend that hangs waits no longer than told, fails, and has every record in the journal",
    { timeout: 60_000 },
    async () => {
      using folder = new Folder();
      const running = start(folder, "hangs");
      await until(() => running.said.includes("changed"), running);
      const changed = performance.now();

      const { code } = await running.ended;

      expect(performance.now() - changed).toBeLessThan(2_000);
      expect(code).toBe(1);
      expect(await waiting(folder)).toEqual(five);
    },
  );

  it("by process.exit has every record in the backend or in the journal", { timeout: 60_000 }, async () => {
    using folder = new Folder();

    const { code } = await start(folder, "exits").ended;

    expect(code).toBe(0);
    await sync(folder);
    expect(await storedNames(folder, names)).toEqual(names);
  });

  it(
    "by an error that nobody caught has every record in the journal, and its own exit code",
    { timeout: 60_000 },
    async () => {
      using folder = new Folder();

      const { code, output } = await start(folder, "crashes").ended;

      expect(code).toBe(1);
      expect(output).toContain("Error: crash");
      expect(await waiting(folder)).toEqual(five);
    },
  );

  it(
    "by a signal has every record in the journal, and is seen to have ended by that signal",
    { timeout: 60_000 },
    async () => {
      for (const name of ["SIGTERM", "SIGINT"] as const) {
        using folder = new Folder();
        const running = start(folder, "waits", { env: { STRATA_METADATA_FLUSH_TIMEOUT: "0.2" } });
        await until(() => running.said.includes("changed"), running);

        running.child.kill(name);
        running.child.kill(name);
        const { signal } = await running.ended;

        expect(signal).toBe(name);
        expect(await waiting(folder)).toEqual(five);
      }
    },
  );

  it(
    "by a signal it listens to itself ends as it likes, with every record in the journal",
    { timeout: 60_000 },
    async () => {
      using folder = new Folder();
      const running = start(folder, "listens");
      await until(() => running.said.includes("changed"), running);

      running.child.kill("SIGTERM");
      const { code } = await running.ended;

      expect(code).toBe(7);
      expect(await waiting(folder)).toEqual(five);
    },
  );

  it("is told at once that a setting makes no sense", { timeout: 60_000 }, async () => {
    using folder = new Folder();

    const { code, output } = await start(folder, "healthy", { env: { STRATA_METADATA_QUEUE_SIZE: "lots" } }).ended;

    expect(code).not.toBe(0);
    expect(output).toContain("STRATA_METADATA_QUEUE_SIZE");
    expect(output).toContain("lots");
  });
});

describe("a lease", () => {
  it(
    "of a process that lives keeps others out, and of one that was killed is taken over, its fence refused from then on",
    { timeout: 60_000 },
    async () => {
      using folder = new Folder();
      await using connection = await sqlite(folder.at("strata.db")).connect();
      const running = start(folder, "holds");
      await until(() => running.said.some((line) => line.startsWith("holding")), running);
      const fence = JSON.parse(running.said[0]!.slice("holding ".length)) as Fence;
      let ran = false;

      const refused = await failureOf(() =>
        withLease(connection, "promote churn", { timeout: 50 }, async () => void (ran = true)),
      );
      expect([refused.code, ran]).toEqual(["LOCK_TIMEOUT", false]);
      running.child.kill("SIGKILL");
      await running.ended;
      const token = await withLease(connection, "promote churn", { timeout: 5_000 }, async (mine) => mine.token);

      expect(token > fence.token).toBe(true);
      expect(await connection.checkLeases([fence])).toEqual([false]);
    },
  );
});

describe("SIGKILL", () => {
  it(
    "in the middle of appends of three processes, with syncs going on, loses no line that was durable",
    { timeout: 120_000 },
    async () => {
      using folder = new Folder();
      await (await sqlite(folder.at("strata.db")).connect()).close();
      const appending = [1, 2, 3].map(() => start(folder, "appends", { count: 100_000 }));
      const syncing = [start(folder, "syncs", { count: 100_000 }), start(folder, "syncs", { count: 100_000 })];
      await until(
        () => appending.every(({ said }) => said.length > 20) && syncing.some(({ said }) => said.length > 2),
        ...appending,
        ...syncing,
      );

      for (const { child } of [...appending, ...syncing]) child.kill("SIGKILL");
      await Promise.all([...appending, ...syncing].map(({ ended }) => ended));
      const last = await sync(folder);

      const acknowledged = appending.flatMap(({ said }) => said);
      expect(acknowledged.length).toBeGreaterThan(60);
      expect(last.remaining).toBe(0);
      expect(await storedNames(folder, acknowledged)).toEqual(acknowledged);
      expect(await waiting(folder)).toEqual([]);
    },
  );

  it("in the middle of a sync leaves what the next one finishes, each record once", { timeout: 120_000 }, async () => {
    using folder = new Folder();
    const writing = start(folder, "appends", { count: 300 });
    await writing.ended;
    expect(writing.said).toHaveLength(300);

    for (let i = 0; i < 4; i++) {
      const running = start(folder, "syncs", { count: 1 });
      await until(() => running.said.includes("syncing"), running);
      await new Promise((resolve) => setTimeout(resolve, 10 * i));
      running.child.kill("SIGKILL");
      await running.ended;
    }
    const last = await sync(folder);

    expect(last.remaining).toBe(0);
    expect(await storedNames(folder, writing.said)).toEqual(writing.said);
    expect((await sync(folder)).lines).toEqual([]);
  });
});

it("what waits in the journal is seen by whoever reads while a sync rewrites it", { timeout: 60_000 }, async () => {
  using folder = new Folder();
  const running = start(folder, "rewrites", { count: 1_000_000 });
  await until(() => running.said.length > 0, running);

  let missed = 0;
  for (let n = 0; n < 10_000; n++) if (!(await waiting(folder)).includes("stays")) missed++;
  running.child.kill("SIGKILL");
  await running.ended;

  expect(missed).toBe(0);
});
