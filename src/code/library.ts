// The modules that were looked at, kept by what the file system says of their files, so that an unchanged file is not read again.

import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isRacy, isSameFile, type FileStamp } from "../data/file-stamp.ts";
import { systemClock } from "../util/clock.ts";
import { counters } from "../util/counters.ts";
import { writeCacheFile } from "../util/durable-file.ts";
import { analyse } from "./analysis.ts";
import type { ModuleFacts } from "./module.ts";
import { loadParser, type Parse } from "./parser.ts";
import { dataModule, isCode, plainModule } from "./plain-module.ts";

export interface KnownModule {
  readonly path: string;
  readonly facts: ModuleFacts;
  readonly stamp: FileStamp;
}

/** Raised when the same file may give other facts. */
const FORMAT = 3;
/** More modules than this are not kept from one process to the next. */
const MOST = 20_000;

type Entry = readonly [size: number, mtimeMs: number, ctimeMs: number, ino: number, facts: ModuleFacts];

/** A cache and no more: where it is absent, damaged or stale, files are read again. Nothing is loaded before it is needed. */
export class Library {
  readonly #file: string | undefined;
  readonly #loadParser: (from: string) => Parse | undefined;
  #parse: Parse | undefined | null = null;
  #entries: Map<string, Entry> | undefined;
  #changed = false;

  /** `home`: the project's state folder; in memory alone where there is none. `parser`: for tests of what happens without one. */
  constructor(home: string | undefined, parser: (from: string) => Parse | undefined = loadParser) {
    this.#file = home === undefined ? undefined : join(home, "cache", "code.json");
    this.#loadParser = parser;
  }

  /** `undefined` where there is no such file. */
  read(path: string): KnownModule | undefined {
    const moment = systemClock.now();
    let descriptor: number;
    try {
      descriptor = openSync(path, "r");
    } catch {
      return undefined;
    }
    try {
      counters.stats += 1;
      const stamp = fstatSync(descriptor);
      if (!stamp.isFile()) return undefined;
      const known = this.#load().get(path);
      if (known !== undefined && isSameFile(stampOf(known), stamp) && this.#stillHolds(known[4], path)) {
        return { path, facts: known[4], stamp };
      }
      counters.filesRead += 1;
      const facts = this.#look(path, readFileSync(descriptor));
      if (isRacy(stamp, moment)) this.#changed = this.#load().delete(path) || this.#changed;
      else {
        this.#load().set(path, [stamp.size, stamp.mtimeMs, stamp.ctimeMs, stamp.ino, facts]);
        this.#changed = true;
      }
      return { path, facts, stamp };
    } finally {
      closeSync(descriptor);
    }
  }

  /** Writes the cache where something changed; where that fails, the next process reads some files again. */
  save(): void {
    if (!this.#changed || this.#file === undefined) return;
    this.#changed = false;
    const entries = [...this.#load()].slice(-MOST);
    writeCacheFile(this.#file, Buffer.from(JSON.stringify({ format: cacheFormat(), entries })));
  }

  /** What was read without a parser is read again once there is one. */
  #stillHolds({ whole }: ModuleFacts, path: string): boolean {
    return whole !== "unparsed" || this.#parserFor(path) === undefined;
  }

  #look(path: string, bytes: Buffer): ModuleFacts {
    if (!isCode(path)) return dataModule(path, bytes);
    const text = bytes.toString("utf8");
    const parse = this.#parserFor(path);
    if (parse === undefined) return plainModule(text, "unparsed");
    const program = parse(path, text);
    return program === undefined ? plainModule(text, "unreadable") : analyse(program, text);
  }

  #parserFor(path: string): Parse | undefined {
    if (this.#parse === null) this.#parse = this.#loadParser(path);
    return this.#parse;
  }

  #load(): Map<string, Entry> {
    return (this.#entries ??= readEntries(this.#file));
  }
}

function stampOf([size, mtimeMs, ctimeMs, ino]: Entry): FileStamp {
  return { size, mtimeMs, ctimeMs, ino };
}

function readEntries(file: string | undefined): Map<string, Entry> {
  if (file === undefined) return new Map<string, Entry>();
  try {
    const { format, entries } = JSON.parse(readFileSync(file, "utf8")) as {
      format: string;
      entries: [string, Entry][];
    };
    return format === cacheFormat() ? new Map(entries) : new Map<string, Entry>();
  } catch {
    return new Map<string, Entry>();
  }
}

/** Another release may see other things in the same file. */
function cacheFormat(): string {
  const description = readFileSync(fileURLToPath(new URL("../../package.json", import.meta.url)), "utf8");
  return `${FORMAT} ${(JSON.parse(description) as { readonly version: string }).version}`;
}
