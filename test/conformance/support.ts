// What the conformance tests share: a folder of their own with a backend, refusals, and stored bytes.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { memory, type Backend, type Connection, type ErrorCode, type Snapshot } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { expect } from "vitest";

/** The backends a behaviour is shown on, unless it has nothing to do with what is remembered. */
export const backendKinds = ["memory", "SQLite"] as const;
export type BackendKind = (typeof backendKinds)[number];

/** A folder that goes away with the test, and a backend that remembers what was built in it. */
export class Place implements Disposable {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "stratigraph-conformance-")));
  readonly backend: Backend;

  constructor(kind: BackendKind = "memory") {
    this.backend = this.emptyBackend(kind);
  }

  /** What every call that builds, plans or looks up is given. */
  get here(): { readonly backend: Backend; readonly root: string } {
    return { backend: this.backend, root: this.folder };
  }

  emptyBackend(kind: BackendKind, home = ".strata"): Backend {
    return kind === "memory" ? memory() : sqlite(join(this.folder, home, "strata.db"));
  }

  write(path: string, content: string | Uint8Array): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  writeJson(path: string, value: unknown): void {
    this.write(path, JSON.stringify(value));
  }

  /** Changes a stored file behind our back; those are read-only, as nobody is meant to. */
  damage(path: string, content: string): void {
    chmodSync(join(this.folder, path), 0o644);
    this.write(path, content);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  remove(path: string): void {
    rmSync(join(this.folder, path));
  }

  /** The files below a folder, relative to it, in order; none where it does not exist. */
  files(under: string): string[] {
    try {
      return readdirSync(join(this.folder, under), { recursive: true, withFileTypes: true, encoding: "utf8" })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(this.folder, under).length + 1))
        .sort();
    } catch {
      return [];
    }
  }

  async connected<T>(work: (connection: Connection) => Promise<T>, backend: Backend = this.backend): Promise<T> {
    await using connection = await backend.connect();
    return await work(connection);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a build did, in output partitions. */
export function did(snapshot: Snapshot): { built: number; reused: number } {
  const { built, reused } = snapshot.result!;
  return { built, reused };
}

export async function keysOf<Key>(keys: AsyncIterable<Key>): Promise<Key[]> {
  const all: Key[] = [];
  for await (const key of keys) all.push(key);
  return all;
}

/** Matches one of our errors by its code and a part of its sentence. */
export function refusal(code: ErrorCode, sentence: string): Error {
  return expect.objectContaining({ code, message: expect.stringContaining(sentence) }) as Error;
}

/** Matches what `build` throws when a step fails, by the first step's own error. */
export function failedStep(code: ErrorCode, sentence: string): Error {
  return expect.objectContaining({ code: "BUILD_FAILED", cause: refusal(code, sentence) }) as Error;
}

export function utf8(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
