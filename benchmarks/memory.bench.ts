// How much memory does a partition take that is planned, found, or built?

import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { benchmarks, node, peakMemory, strata, type Program } from "./harness/process.ts";

/** The exit code of `strata plan` where a build would change something. */
const PLAN_HAS_CHANGES = 3;

const KIB_PER_MIB = 1024;

export const bench: Bench = {
  question: "How much memory does a partition take that is planned, found up to date, or built?",

  async *run({ space, quick, result }) {
    // Two artifacts, so that half of the partitions wait for the other half.
    const hours = quick ? 40_000 : 100_000;
    const n = 2 * hours;
    const few = command(space.folder("few"), hours / 10);
    const many = command(space.folder("many"), hours);
    const growth = (args: readonly string[], code = 0): number =>
      peakMemory(many(...args), code) - peakMemory(few(...args), code);
    const facts = { n, unit: "MiB", against: "1 KiB for each more", target: 1, gate: 4 } as const;
    const theirs = (n - n / 10) / KIB_PER_MIB;
    yield result({
      ...facts,
      case: "a plan of what was never built",
      count: { ours: growth(["plan", "graph.ts"], PLAN_HAS_CHANGES), theirs },
    });
    yield result({
      ...facts,
      case: "built for the first time",
      count: { ours: growth(["build", "graph.ts"]), theirs },
    });
    // With a selector, as an answer that was kept would look at nothing.
    yield result({
      ...facts,
      case: "found up to date",
      count: { ours: growth(["build", "graph.ts", "doubled"]), theirs },
    });
  },
};

function command(folder: string, hours: number): (...args: readonly string[]) => Program {
  copyFileSync(join(benchmarks, "work", "hours.ts"), join(folder, "graph.ts"));
  writeFileSync(join(folder, "hours.txt"), String(hours));
  return (...args) => node([strata, ...args], folder);
}
