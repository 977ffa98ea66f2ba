// The files of the fallback journal, as a sync finds, empties and archives them while others go on appending.

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { StratigraphError } from "../errors.ts";
import { errnoOf, storageError, syncFolders } from "../util/durable-file.ts";
import { unescapeName } from "../util/file-name.ts";
import { makeFolder } from "../util/make-folder.ts";
import { compareText } from "../util/text-order.ts";
import { appendDurably, runFolder } from "./fallback-journal.ts";
import { journalKinds, type JournalKind } from "./intent.ts";
import { decodeLines, type Line } from "./line.ts";

export interface JournalFile {
  readonly path: string;
  readonly kind: JournalKind;
  /** As the folder says; a very long name is there shortened. */
  readonly run: string;
  readonly lines: readonly Line[];
}

export interface JournalFilter {
  readonly kind?: JournalKind | undefined;
  readonly run?: string | undefined;
}

/** The folder of what was delivered, beside those of the runs. */
const ARCHIVE = "synced";

/** In order of run and kind. Error: RUN_UNKNOWN where a run is named that has no journal. */
export async function readJournal(home: string, filter: JournalFilter = {}): Promise<readonly JournalFile[]> {
  const folder = join(home, "fallback");
  let files = readFiles(folder, filter);
  for (let attempt = 0; !isStillSo(files, folder, filter) && attempt < MOST_ATTEMPTS; attempt++) {
    files = readFiles(folder, filter);
  }
  if (files.length === 0 && filter.run !== undefined) throw noSuchRun(folder, filter.run, filter.kind);
  return files.map(({ path, kind, run, bytes }) => ({ path, kind, run, lines: decodeLines(bytes) }));
}

const MOST_ATTEMPTS = 100;

type Place = Pick<JournalFile, "path" | "kind" | "run">;
type ReadFile = Place & { readonly bytes: Uint8Array; readonly ino: number };

function readFiles(folder: string, filter: JournalFilter): readonly ReadFile[] {
  return placesIn(folder, filter).flatMap((place) => {
    const held = readHeld(place.path);
    return held === undefined ? [] : [{ ...place, ...held }];
  });
}

/**
 * Whether what was read is all there is now. A sync gives a file another name until it has put back what is left, and what it puts back
 * goes to a file that others may have made and that may have been read before: lines are somewhere at every moment, but not in one place.
 */
function isStillSo(files: readonly ReadFile[], folder: string, filter: JournalFilter): boolean {
  const places = placesIn(folder, filter);
  return (
    places.length === files.length &&
    files.every(({ path, bytes, ino }, index) => {
      const now = fs.statSync(path, { throwIfNoEntry: false });
      return path === places[index]?.path && ino === now?.ino && bytes.byteLength === now.size;
    })
  );
}

function placesIn(folder: string, { kind, run }: JournalFilter): readonly Place[] {
  const wanted = run === undefined ? undefined : runFolder(run);
  const runs = list(folder).filter((name) => name !== ARCHIVE && (wanted === undefined || name === wanted));
  return runs.flatMap((name) =>
    list(join(folder, name)).flatMap((file): Place[] => {
      const known = /^([a-z]+)\.jsonl(\.taken-[0-9a-f]+)?$/.exec(file)?.[1];
      if (!isKind(known) || (kind !== undefined && kind !== known)) return [];
      return [{ path: join(folder, name, file), kind: known, run: unescapeName(name) ?? name }];
    }),
  );
}

export interface Emptied {
  readonly remaining: number;
  /** Where what is done was put; `undefined` where the file stays. */
  readonly archive: string | undefined;
}

/**
 * Takes lines out of a file: those whose text is in `done`, and those that were torn, which can never be delivered. A file with nothing
 * left goes to the archive as it is; otherwise the rest is written anew. `aside`: lines that go to a file of their own in the archive.
 * A line that others append meanwhile is kept, and at no moment a line that is not done is missing: it may be there twice.
 */
export async function emptyFile(
  file: Pick<JournalFile, "path" | "kind">,
  options: {
    readonly home: string;
    readonly done: ReadonlySet<string>;
    readonly aside: ReadonlySet<string>;
    readonly at: Date;
  },
): Promise<Emptied | undefined> {
  const { home, done, aside, at } = options;
  const original = join(dirname(file.path), `${file.kind}.jsonl`);
  const taken = `${original}.taken-${randomBytes(8).toString("hex")}`;
  try {
    // From here on whoever appended to it in the last moment finds it gone, and appends once more.
    fs.renameSync(file.path, taken);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined; // another sync was faster
    throw storageError(error, file.path, 0);
  }
  const lines = decodeLines(readHeld(taken)?.bytes ?? new Uint8Array());
  const put = lines.filter(({ text }) => aside.has(text)).map(({ text }) => text);
  const rest = lines.filter(({ text, problem }) => problem !== "torn" && !done.has(text) && !aside.has(text));
  const archive = join(home, "fallback", ARCHIVE, basename(dirname(file.path)), `${file.kind}.${stamp(at)}`);
  if (put.length > 0) {
    const path = unusedName(`${archive}.aside`);
    makeFolder(dirname(path), 0o700);
    await appendDurably(path, `${put.join("\n")}\n`, home);
  }
  if (rest.length > 0) {
    await appendDurably(original, `\n${rest.map(({ text }) => text).join("\n")}\n`, home);
    fs.rmSync(taken, { force: true });
    return { remaining: rest.length, archive: undefined };
  }
  const path = unusedName(archive);
  makeFolder(dirname(path), 0o700);
  try {
    fs.renameSync(taken, path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw storageError(error, taken, 0);
  }
  await syncFolders([path, original], home);
  removeIfEmpty(dirname(original));
  return { remaining: 0, archive: path };
}

function isKind(text: string | undefined): text is JournalKind {
  return (journalKinds as readonly (string | undefined)[]).includes(text);
}

/** Names in order; none where there is no such folder. */
function list(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder).sort(compareText);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw storageError(error, folder, 0);
  }
}

/** With the inode they are of, as another file may have the name in the next moment; `undefined` where there is none. */
function readHeld(path: string): { readonly bytes: Uint8Array; readonly ino: number } | undefined {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, "r");
    const { ino } = fs.fstatSync(fd);
    return { bytes: fs.readFileSync(fd), ino };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw storageError(error, path, 0);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function stamp(at: Date): string {
  return at.toISOString().replaceAll(/[-:]/g, "");
}

/** Two syncs in one millisecond must not overwrite each other's archive. */
function unusedName(path: string): string {
  for (let n = 1; ; n++) {
    const name = `${path}${n === 1 ? "" : `-${n}`}.jsonl`;
    if (!fs.existsSync(name)) return name;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // Not empty, or gone already.
  }
}

function noSuchRun(folder: string, run: string, kind: JournalKind | undefined): StratigraphError {
  const known = list(folder).filter((name) => name !== ARCHIVE);
  return new StratigraphError(
    "RUN_UNKNOWN",
    `the fallback journal has nothing${kind === undefined ? "" : ` of ${kind}`} of that run`,
    {
      where: folder,
      received: run,
      hint: known.length === 0 ? "The journal is empty." : `It has: ${known.slice(0, 5).join(", ")}.`,
      data: { run },
    },
  );
}
