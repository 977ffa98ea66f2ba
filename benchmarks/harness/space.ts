// One temporary folder for everything a benchmark writes, on one file system for all arms.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Space extends Disposable {
  readonly path: string;
  /** A new folder in it. */
  folder(name: string): string;
  remove(path: string): void;
}

/** STRATA_BENCH_DIR says where, the system's folder for temporary files unless told. */
export function openSpace(): Space {
  const path = mkdtempSync(join(process.env["STRATA_BENCH_DIR"] ?? tmpdir(), "stratigraph-bench-"));
  let folders = 0;
  const remove = (target: string): void => rmSync(target, { recursive: true, force: true });
  return {
    path,
    folder(name) {
      const folder = join(path, `${++folders}-${name}`);
      mkdirSync(folder);
      return folder;
    },
    remove,
    [Symbol.dispose]: () => remove(path),
  };
}
