// What does it take to stream a file that is larger than memory should be, row by row?

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.ts";
import { milliseconds } from "./harness/in-turn.ts";
import { node, runProgram } from "./harness/process.ts";
import { median } from "./harness/result.ts";
import { streamFormats, writeSales } from "./work/stream-rows.ts";

const MIB = 1024 * 1024;

export const bench: Bench = {
  question: "What does it take to stream every row of a large file through a producer into another?",

  async *run({ space, quick, result }) {
    const size = (quick ? 64 : 2048) * MIB;
    for (const format of streamFormats) {
      const folder = space.folder(format);
      const n = writeSales(join(folder, `sales.${format}`), format, size);
      const ours = openArm("stream-build", folder, format);
      const plain = openArm("stream-plain", folder, format);
      // No unmeasured round: each is a process of its own. One of minutes is worth many of seconds.
      for (let round = 0; round < (quick ? 3 : 1); round++) {
        for (const arm of round % 2 === 0 ? [ours, plain] : [plain, ours]) arm.run();
      }
      space.remove(folder);
      const facts = { case: `${size / MIB} MiB of ${format}`, n } as const;
      yield result({
        ...facts,
        unit: "ms",
        against: "readline, parsed and written, nothing checked or hashed",
        target: 3,
        gate: 5,
        pair: { ours: ours.times, theirs: plain.times },
      });
      yield result({
        ...facts,
        case: `${facts.case}, peak memory`,
        unit: "MiB",
        against: "1 MiB",
        target: 200,
        gate: 200,
        count: { ours: Math.max(...ours.peaks), theirs: 1 },
        note: `${Math.round(median(plain.peaks))} MiB without us`,
      });
    }
  },
};

interface ChildArm {
  readonly times: number[];
  /** MiB. */
  readonly peaks: number[];
  run(): void;
}

/** What it wrote is removed again, so that no arm finds its work done. */
function openArm(name: string, folder: string, format: string): ChildArm {
  const program = node([fileURLToPath(new URL(`./work/${name}.mjs`, import.meta.url)), folder, format], folder);
  const times: number[] = [];
  const peaks: number[] = [];
  return {
    times,
    peaks,
    run() {
      const start = process.hrtime.bigint();
      peaks.push(Number(runProgram(program)));
      times.push(milliseconds(start));
      for (const file of readdirSync(folder))
        if (file !== `sales.${format}`) rmSync(join(folder, file), { recursive: true });
    },
  };
}
