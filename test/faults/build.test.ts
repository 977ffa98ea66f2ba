// Builds that are killed, and builds that meet each other: real processes, real files, real SIGKILL.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkspace } from "../../src/build/workspace.ts";
import { sqlite } from "stratigraph/sqlite";

const program = fileURLToPath(new URL("programs/build.mjs", import.meta.url));
const PARTITIONS = 30;
const STEPS = 2 * PARTITIONS + 1;

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "strata-faults-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

function newProject(name: string, seed: number): string {
  const folder = join(base, name);
  mkdirSync(join(folder, "data"), { recursive: true });
  for (let n = 0; n < PARTITIONS; n++) {
    writeFileSync(join(folder, "data", `${n}.json`), JSON.stringify([seed, n, n * n]));
  }
  return folder;
}

interface Ended {
  readonly lines: readonly string[];
  readonly errors: string;
  readonly code: number | null;
}

interface Kill {
  /** From when the milliseconds count: the start of the process, or the moment it has made its plan. */
  readonly since: "start" | "plan";
  readonly after: number;
}

/** Runs one build; with `kill`, SIGKILL comes in the middle of it. */
function build(
  folder: string,
  { concurrency = 3, time = 2, kill }: { concurrency?: number; time?: number; kill?: Kill | undefined } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, folder, String(concurrency), String(time)], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: "", NODE_OPTIONS: "" },
    });
    let output = "";
    let errors = "";
    let timer: NodeJS.Timeout | undefined;
    const killSoon = (): void => {
      timer ??= setTimeout(() => child.kill("SIGKILL"), kill!.after);
    };
    if (kill?.since === "start") killSoon();
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (kill !== undefined) killSoon();
    });
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      // A line cut off by the kill was not said.
      resolve({ lines: output.split("\n").slice(0, -1), errors, code });
    });
  });
}

/** What is remembered and stored: every linked partition of the latest snapshot with its content, and that its bytes are whole. */
async function contents(folder: string): Promise<Record<string, string>> {
  await using workspace = await openWorkspace({ backend: sqlite(join(folder, ".strata/strata.db")), root: folder });
  const { connection, storage } = workspace;
  const snapshot = (await connection.readLatestSnapshot("numbers"))!;
  expect(snapshot.state).toBe("complete");
  const found: Record<string, string> = {};
  for (const key of (await connection.countSnapshotPartitions(snapshot.id)).keys()) {
    for (const partition of (await connection.readSnapshotPartitions(snapshot.id, key)).items) {
      found[`${key}[${partition.key}]`] = partition.content;
      if (partition.input !== undefined) {
        const file = join(storage.home!, partition.location);
        expect(readFileSync(file).length, file).toBe(partition.size);
      }
    }
  }
  return found;
}

/** Every call of a producer so far, in order; none where the build was killed before the first. */
function callsOf(folder: string): string[] {
  const file = join(folder, "calls.txt");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.trim());
}

describe("a build that is killed", () => {
  it(
    "loses no acknowledged step, computes none twice, and ends as an undisturbed build does, over 200 kills",
    { timeout: 400_000 },
    async () => {
      const undisturbed = newProject("undisturbed", 0);
      const reference = await build(undisturbed);
      expect(reference.errors).toBe("");
      const expected = await contents(undisturbed);

      let kills = 0;
      let acknowledged = 0;
      let seed = 12345;
      const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
      for (let round = 0; kills < 200; round++) {
        const folder = newProject(`killed-${round}`, 0);
        const acks = new Set<string>();
        for (let attempt = 0; ; attempt++) {
          const since = random() < 0.1 ? "start" : "plan";
          const kill: Kill | undefined =
            attempt < 40 ? { since, after: random() * (since === "start" ? 200 : 60) } : undefined;
          const before = callsOf(folder).length;
          const { lines, errors, code } = await build(folder, { kill });
          const again = callsOf(folder)
            .slice(before)
            .filter((call) => acks.has(call));
          expect(again, "an acknowledged step was computed again").toEqual([]);
          for (const line of lines) {
            if (!line.startsWith("built ")) continue;
            acks.add(line.slice("built ".length).trim());
            acknowledged++;
          }
          if (code === null) {
            kills++;
            continue;
          }
          expect(errors).toBe("");
          expect(lines.at(-1)).toMatch(/^done /);
          break;
        }
        expect(await contents(folder)).toEqual(expected);
        const temps = readdirSync(join(folder, ".strata/data"), { recursive: true, withFileTypes: true });
        expect(temps.length).toBeGreaterThan(0);
        rmSync(folder, { recursive: true, force: true });
      }
      console.log(`${kills} kills, ${acknowledged} acknowledged steps, none lost`);
    },
  );
});

describe("builds at the same time", () => {
  it("do each partition once, whoever of eight processes does it", { timeout: 120_000 }, async () => {
    const folder = newProject("together", 7);

    const ended = await Promise.all(Array.from({ length: 8 }, () => build(folder, { concurrency: 2, time: 20 })));

    expect(ended.map(({ errors }) => errors).join("")).toBe("");
    expect(ended.every(({ code }) => code === 0)).toBe(true);
    const calls = callsOf(folder);
    expect(new Set(calls).size).toBe(STEPS);
    expect(calls).toHaveLength(STEPS);
    const ids = new Set(ended.map(({ lines }) => lines.at(-1)!.split(" ")[1]));
    expect(ids.size).toBe(1);
    const builtBy = ended.map(({ lines }) => Number(lines.at(-1)!.split(" ")[2]));
    // `sum` has two outputs, so a build counts them both.
    expect(builtBy.reduce((a, b) => a + b, 0)).toBe(STEPS + PARTITIONS);
    await contents(folder);
  });
});
