// How fast are source files checked again, and hashed for the first time, compared with the bare system calls?

import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { integers, local } from "stratigraph";
import xxhash from "xxhash-wasm";
import { openStatCache } from "../src/data/stat-cache.ts";
import type { StorageContext } from "../src/data/storage/storage.ts";
import type { Bench } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, timed } from "./harness/in-turn.ts";
import { findProgram, optional } from "./harness/process.ts";
import { writeProject } from "./work/project.ts";

const dimensions = { node: integers() };

export const bench: Bench = {
  question:
    "How fast are source files checked again, and hashed for the first time, compared with the bare system calls?",

  async *run({ space, quick, result }) {
    const n = quick ? 1_000 : 10_000;
    const rounds = quick ? 9 : 21;
    const { folder } = writeProject(space.folder("files"), "parts", n, 1024);
    const source = local("src/{node}.txt");
    const context = (): StorageContext => ({
      root: folder,
      home: undefined,
      stats: openStatCache(undefined),
      sha256: false,
    });

    // Files written a moment ago count as changing: once they have been still, one scan remembers them all.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const warm = context();
    await source.discover(dimensions, warm);
    const again = await counted(() => source.discover(dimensions, warm));
    yield result({
      case: "stats a file, checked again",
      n,
      unit: "count",
      against: "1 a file, and 1 for the folder",
      target: 1,
      gate: 1,
      count: { ours: again.stats, theirs: n + 1 },
      counters: again,
    });
    yield result({
      case: "files read, checked again",
      n,
      unit: "count",
      against: "0",
      target: 0,
      gate: 0,
      count: { ours: again.filesRead + again.bytesHashed, theirs: 1 },
    });

    const names = readdirSync(join(folder, "src")).map((name) => join(folder, "src", name));
    const hashRaw = await rawHash();
    const xxhsum = findProgram("xxhsum");
    const checked = await inTurn(
      {
        ours: timed(() => source.discover(dimensions, warm)),
        theirs: timed(() => {
          let sizes = 0;
          for (const name of readdirSync(join(folder, "src"))) sizes += statSync(join(folder, "src", name)).size;
          return sizes;
        }),
      },
      rounds,
    );
    yield result({
      case: "checked again, in process",
      n,
      unit: "ms",
      against: "readdirSync and statSync of each",
      target: 1.3,
      gate: 1.8,
      pair: checked,
    });

    const hashed = await inTurn(
      {
        ours: timed(() => source.discover(dimensions, context())),
        theirs: timed(() => names.map((name) => hashRaw(name))),
        xxhsum: optional(xxhsum && { file: xxhsum, args: ["-q", "-H1", ...names], cwd: folder }),
      },
      rounds,
    );
    const facts = { case: "hashed for the first time", n, unit: "ms" } as const;
    yield result({ ...facts, against: "open, read, two lanes of XXH64, close", target: 1.3, gate: 1.8, pair: hashed });
    yield result({
      ...facts,
      against: "xxhsum -H1, one lane",
      target: 1.7,
      gate: 2.6,
      pair: { ours: hashed.ours, theirs: hashed.xxhsum },
      note: xxhsum === undefined ? "xxhsum is not installed" : undefined,
    });
  },
};

/** What has to be done to know a small file's content: the same bytes and the same hash, and nothing else. */
async function rawHash(): Promise<(path: string) => string> {
  const { h64Raw } = await xxhash();
  const buffer = Buffer.allocUnsafeSlow(64 * 1024);
  const seed = 0x9e3779b97f4a7c15n;
  return (path) => {
    const file = openSync(path, "r");
    const bytes = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
    closeSync(file);
    return h64Raw(bytes, 0n).toString(16).padStart(16, "0") + h64Raw(bytes, seed).toString(16).padStart(16, "0");
  };
}
