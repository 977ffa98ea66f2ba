// How fast is one big file hashed, compared with reading and hashing alone?

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import xxhash from "xxhash-wasm";
import { readFileContent } from "../src/data/file-content.ts";
import { openStatCache } from "../src/data/stat-cache.ts";
import type { Bench } from "./bench.ts";
import { inTurn, timed } from "./harness/in-turn.ts";
import { findProgram, optional } from "./harness/process.ts";
import { randomBytes } from "./work/random.ts";

const MIB = 1024 * 1024;
const SEED = 0x9e3779b97f4a7c15n;

export const bench: Bench = {
  question: "How fast is one big file hashed, compared with reading and hashing alone?",

  async *run({ space, quick, result }) {
    const size = (quick ? 256 : 2048) * MIB;
    const rounds = quick ? 5 : 15;
    const file = join(space.folder("big"), "big.bin");
    writeBigFile(file, size);
    const { create64 } = await xxhash();
    const buffer = Buffer.allocUnsafeSlow(4 * MIB);

    /** 4 MiB at a time into one buffer, hashed as soon as it is there. */
    const readAndHash = (seeds: readonly bigint[]) => (): void => {
      const lanes = seeds.map((seed) => create64(seed));
      const fd = openSync(file, "r");
      for (let count = 1; count > 0;) {
        count = readSync(fd, buffer, 0, buffer.length, null);
        // In pieces that stay in the processor's cache while every lane reads them.
        for (let start = 0; start < count; start += 256 * 1024) {
          const piece = buffer.subarray(start, Math.min(count, start + 256 * 1024));
          for (const lane of lanes) lane.update(piece);
        }
      }
      closeSync(fd);
      for (const lane of lanes) lane.digest();
    };

    const xxhsum = findProgram("xxhsum");
    const samples = await inTurn(
      {
        ours: timed(() => readFileContent(file, { stats: openStatCache(undefined), sha256: false })),
        twoLanes: timed(readAndHash([0n, SEED])),
        oneLane: timed(readAndHash([0n])),
        xxhsum: optional(xxhsum && { file: xxhsum, args: ["-q", "-H1", file], cwd: space.path }),
      },
      rounds,
    );
    const { ours } = samples;
    const facts = { case: `${size / MIB} MiB`, n: 1, unit: "ms" } as const;
    yield result({
      ...facts,
      against: "readSync and two lanes of XXH64",
      target: 1,
      gate: 1.4,
      pair: { ours, theirs: samples.twoLanes },
    });
    yield result({
      ...facts,
      against: "readSync and one lane of XXH64",
      target: 1.7,
      gate: 2.4,
      pair: { ours, theirs: samples.oneLane },
    });
    yield result({
      ...facts,
      against: "xxhsum -H1",
      target: 1.7,
      gate: 2.4,
      pair: { ours, theirs: samples.xxhsum },
      note: xxhsum === undefined ? "xxhsum is not installed" : undefined,
    });
  },
};

function writeBigFile(path: string, size: number): void {
  const piece = randomBytes(16 * MIB, 1);
  const fd = openSync(path, "wx");
  for (let written = 0; written < size; written += piece.length) {
    piece.set(Buffer.from(String(written)));
    writeSync(fd, piece);
  }
  closeSync(fd);
}
