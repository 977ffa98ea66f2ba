// A temporary folder for one test, with real files in it.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openStatCache } from "../../src/data/stat-cache.ts";
import type { StorageContext } from "../../src/data/storage/storage.ts";

export class Folder implements Disposable {
  readonly path: string = realpathSync(mkdtempSync(join(tmpdir(), "stratigraph-")));

  at(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string | Uint8Array = ""): string {
    const path = this.at(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  read(name: string): string {
    return readFileSync(this.at(name), "utf8");
  }

  /** Every file below the folder, relative to it, in order. */
  files(under = "."): readonly string[] {
    return readdirSync(this.at(under), { recursive: true, withFileTypes: true, encoding: "utf8" })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path.length + 1))
      .sort();
  }

  /** What storages are given: this folder as the root, `.strata` in it as the home, a stat cache that begins empty. */
  context(options: Partial<StorageContext> = {}): StorageContext {
    return { root: this.path, home: this.at(".strata"), stats: openStatCache(undefined), sha256: false, ...options };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A promise for what an action throws, sooner or later; fails where it does not. */
export async function failureOf(action: () => unknown): Promise<Error & { readonly code?: string }> {
  try {
    await action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
}
