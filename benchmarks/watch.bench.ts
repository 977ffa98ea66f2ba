// How soon after a file was written does `strata build --watch` say that what depends on it was built again?

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import { milliseconds } from "./harness/in-turn.ts";
import { benchmarks, cleanEnvironment, strata } from "./harness/process.ts";

const root = dirname(benchmarks);
/** What is promised. */
const SOON = 100;

export const bench: Bench = {
  question: "How soon after a write does `strata build --watch` say that what depends on it was built again?",

  async *run({ space, quick, result }) {
    const folder = space.folder("spend");
    const code = laySpend(folder);
    const day = join(folder, "data", "2026-01-01.json");
    const rounds = quick ? 7 : 31;
    const watching = openWatch(folder);
    try {
      await watching.next();
      const [source, edited]: [number[], number[]] = [[], []];
      // The first of each is not counted: what is compiled and loaded then stays.
      for (let edition = 0; edition <= rounds; edition++) {
        const transactions = [{ id: 1, date: "2026-01-01", amount: edition + 1 }];
        source.push(await watching.after(day, JSON.stringify(transactions)));
        edited.push(
          await watching.after(join(folder, "spend.ts"), code.replace("t.amount, 0)", `t.amount, ${edition + 1})`)),
        );
      }
      const facts = { unit: "ms", against: `${SOON} ms`, target: 1, gate: 2 } as const;
      for (const { what, n, times } of [
        { what: "a source", n: 2, times: source.slice(1) },
        { what: "the code of a producer", n: 4, times: edited.slice(1) },
      ]) {
        const pair = { ours: times, theirs: times.map(() => SOON) };
        yield result({ ...facts, case: `from a write of ${what} to what it builds`, n, pair });
      }
    } finally {
      await watching.close();
    }
  },
};

/** The example `spend`, its first producer without a version, so that it follows its code. The text of its module. */
function laySpend(folder: string): string {
  cpSync(join(root, "examples", "spend", "data"), join(folder, "data"), { recursive: true });
  const text = readFileSync(join(root, "examples", "spend", "spend.ts"), "utf8");
  const code = text.replace('  name: "sum-day",\n  version: "1.0.0",\n', '  name: "sum-day",\n');
  if (code === text) throw new Error("examples/spend/spend.ts has no producer 'sum-day' with a version any more");
  writeFileSync(join(folder, "spend.ts"), code);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "stratigraph"), "junction");
  symlinkSync(join(root, "node_modules", "zod"), join(folder, "node_modules", "zod"), "junction");
  return code;
}

interface Watching {
  /** The next build that has something to say. */
  next(): Promise<void>;
  /** Writes a file, and the milliseconds until the build that follows has been told. */
  after(file: string, text: string): Promise<number>;
  close(): Promise<void>;
}

function openWatch(folder: string): Watching {
  const child = spawn(process.execPath, [strata, "build", "spend.ts", "--watch", "--json"], {
    cwd: folder,
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<void> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("strata build --watch has ended");
    const { built, error } = JSON.parse(value) as { built?: number; error?: unknown };
    if (error !== undefined || built === 0) throw new Error(`not a build: ${value}`);
  };
  return {
    next,
    async after(file, text) {
      // It has been told, and may still be at work: a change that comes then is another question.
      await pause(150);
      const start = process.hrtime.bigint();
      writeFileSync(file, text);
      await next();
      return milliseconds(start);
    },
    async close() {
      child.kill("SIGINT");
      await once(child, "close");
    },
  };
}
