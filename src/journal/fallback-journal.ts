// The fallback journal: files to which records are appended that could not be written to the backend.

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../util/clock.ts";
import { errnoOf, storageError, syncFolders } from "../util/durable-file.ts";
import { escapeName, isDeviceName, shortenName } from "../util/file-name.ts";
import { makeFolder } from "../util/make-folder.ts";
import type { Intent, JournalKind } from "./intent.ts";
import { encodeLine } from "./line.ts";

export interface FallbackRecord {
  readonly intent: Intent;
  readonly error: unknown;
  /** How often it was tried; 1 unless told. */
  readonly attempt?: number | undefined;
}

/**
 * `{home}/fallback/{run}/{kind}.jsonl`, readable by this user alone. Any number of processes append to the same file: each append is one
 * write at the end of the file, followed by a sync. It begins with a line break, so that what a process that died left half-written does
 * not swallow the next line. A sync takes a file away by renaming it: who finds that out after an append appends once more.
 */
export class FallbackJournal {
  readonly #folder: string;
  readonly #home: string;
  readonly #clock: Clock;

  constructor({ home, clock }: { readonly home: string; readonly clock: Clock }) {
    this.#home = home;
    this.#folder = join(home, "fallback");
    this.#clock = clock;
  }

  /** Resolves once they are durable. Errors: STORAGE_FULL, STORAGE_READ_ONLY, STORAGE_FAILED. */
  async append(records: readonly FallbackRecord[]): Promise<void> {
    for (const [path, text] of this.#texts(records)) {
      await appendDurably(path, text, this.#home);
    }
  }

  /** The same without giving way: for a process that ends. */
  appendNow(records: readonly FallbackRecord[]): void {
    for (const [path, text] of this.#texts(records)) appendDurablyNow(path, text);
  }

  /** Where records of a run and kind go. */
  path(run: string, kind: JournalKind): string {
    return join(this.#folder, runFolder(run), `${kind}.jsonl`);
  }

  #texts(records: readonly FallbackRecord[]): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    const at = new Date(this.#clock.now()).toISOString();
    for (const { intent, error, attempt = 1 } of records) {
      const path = this.path(intent.run, intent.journal);
      const reason = { at, attempt, error: error instanceof Error ? error.message : String(error) };
      texts.set(path, `${texts.get(path) ?? "\n"}${encodeLine(intent, reason)}\n`);
    }
    return texts;
  }
}

/** A run's name as the name of a folder: nothing in it leaves the journal, and none is the folder of what was delivered. */
export function runFolder(run: string): string {
  const escaped = escapeName(run);
  if (escaped === "") return "%";
  const ended = escaped.replace(/\.$/, "%2E");
  const name = ended.startsWith(".") || ended === "synced" || isDeviceName(ended) ? escapeFirst(ended) : ended;
  return shortenName(name, 200) ?? name;
}

/** Appends as one write, waits until it is durable, and does it again where the file was taken away meanwhile. */
export async function appendDurably(path: string, text: string, base: string): Promise<void> {
  const bytes = Buffer.from(text);
  try {
    for (let attempt = 0; ; attempt++) {
      const fd = openToAppend(path);
      try {
        writeAtOnce(fd, bytes);
        await new Promise<void>((done, failed) => {
          fs.fsync(fd, (error) => (error === null ? done() : failed(error)));
        });
        if (attempt === MOST_ATTEMPTS || isStill(path, fd)) break;
      } finally {
        fs.closeSync(fd);
      }
    }
    await syncFolders([path], base);
  } catch (cause) {
    throw storageError(cause, path, bytes.byteLength);
  }
}

function appendDurablyNow(path: string, text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let attempt = 0; ; attempt++) {
      const fd = openToAppend(path);
      try {
        writeAtOnce(fd, bytes);
        fs.fsyncSync(fd);
        if (attempt === MOST_ATTEMPTS || isStill(path, fd)) break;
      } finally {
        fs.closeSync(fd);
      }
    }
    // The file, its folder, and the folder of that may all be new.
    for (const folder of [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))]) {
      syncFolderNow(folder);
    }
  } catch (cause) {
    throw storageError(cause, path, bytes.byteLength);
  }
}

const MOST_ATTEMPTS = 10;

function openToAppend(path: string): number {
  for (let attempt = 0; ; attempt++) {
    try {
      return fs.openSync(path, "a", 0o600);
    } catch (error) {
      // A sync removes folders that have become empty.
      if (errnoOf(error) !== "ENOENT" || attempt === MOST_ATTEMPTS) throw error;
      makeFolder(dirname(path), 0o700);
    }
  }
}

/** In one call, as two processes' pieces must not mix; what a full disk cuts short is told as that. */
function writeAtOnce(fd: number, bytes: Uint8Array): void {
  const written = fs.writeSync(fd, bytes);
  if (written !== bytes.byteLength) {
    throw Object.assign(new Error("the file system took only a part"), { code: "ENOSPC" });
  }
}

/** Whether the path still names the file that was written to. */
function isStill(path: string, fd: number): boolean {
  const there = fs.statSync(path, { throwIfNoEntry: false });
  const { ino, dev } = fs.fstatSync(fd);
  return there?.ino === ino && there.dev === dev;
}

function syncFolderNow(folder: string): void {
  if (process.platform === "win32") return;
  let fd: number | undefined;
  try {
    fd = fs.openSync(folder, "r");
    fs.fsyncSync(fd);
  } catch {
    // The lines themselves are durable; some file systems sync no folders.
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function escapeFirst(text: string): string {
  return `%${text.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}${text.slice(1)}`;
}
