// Finds a source's files: walks the folders of its template, reads keys from paths, and takes contents from the stat cache or the files.

import * as fs from "node:fs";
import { join, resolve } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { Dimensions } from "../../identity/dimension.ts";
import { systemClock } from "../../util/clock.ts";
import { counters } from "../../util/counters.ts";
import { errnoOf, readError } from "../../util/durable-file.ts";
import { TEMP_PREFIX } from "../../util/temp-name.ts";
import { describeKind, readFileContent, type FileLook } from "../file-content.ts";
import { isRacy, isSameFile } from "../file-stamp.ts";
import type { KnownFile } from "../stat-cache.ts";
import { Findings } from "./findings.ts";
import type { Matcher, NamedPartition } from "./matcher.ts";
import type { Captures } from "./name-matcher.ts";
import type { DiscoveredPartition, Discovery, StorageContext } from "./storage.ts";

/** Milliseconds of work between two turns of the event loop, and entries between two looks at the clock. */
const TURN = 20;
const ENTRIES = 100;

interface Folder {
  readonly step: number;
  /** Absolute, without a "/" at its end. */
  readonly path: string;
  /** As the template says it, with a "/" at its end. */
  readonly location: string;
  readonly captures: Captures;
}

/** What lies where the matcher's template looks. Errors: PARTITION_AMBIGUOUS, SOURCE_UNSTABLE; STORAGE_FAILED naming all that cannot be read. */
export async function discoverFiles(
  matcher: Matcher,
  dimensions: Dimensions,
  context: StorageContext,
): Promise<Discovery> {
  const findings = new Findings();
  const open: Folder[] = [
    { step: 0, path: resolve(context.root, matcher.base), location: matcher.base, captures: matcher.start },
  ];
  let looked = 0;
  let turned = systemClock.monotonic();
  // Folders within the folder at hand; turned round at its end, so that the walk is in order of names.
  const inner: Folder[] = [];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const { path, location, captures } = folder;
    const step = matcher.steps[folder.step] as Matcher["steps"][number];
    const isLast = folder.step === matcher.steps.length - 1;
    if (typeof step === "string") {
      if (isLast) {
        try {
          const found = findFile(matcher, `${path}/${step}`, location + step, captures, findings, context);
          if (found !== undefined) await found;
        } catch (error) {
          findings.unreadable(location + step, error);
        }
      } else open.push({ step: folder.step + 1, path: join(path, step), location: `${location}${step}/`, captures });
      continue;
    }
    for (const entry of listFolder(path, location, findings, context)) {
      if (++looked % ENTRIES === 0 && systemClock.monotonic() - turned > TURN) {
        await turn();
        context.signal?.throwIfAborted();
        turned = systemClock.monotonic();
      }
      const { name } = entry;
      if (name.startsWith(TEMP_PREFIX)) continue;
      // One text for both looks into the cache: hashing a long one costs as much as a system call.
      const file = `${path}/${name}`;
      try {
        if (isLast && recall(matcher, file, findings, context)) continue;
        const matched = step.match(name, captures);
        if (typeof matched === "string") {
          if (!isHidden(name)) findings.stray(location + name, matched);
        } else if (matched !== undefined && isLast) {
          if (entry.isSymbolicLink() && statOf(file) === undefined)
            findings.stray(location + name, "is a link to nothing");
          else if (entry.isFile() || entry.isSymbolicLink()) {
            const found = findFile(matcher, file, location + name, matched, findings, context);
            if (found !== undefined) await found;
          } else findings.stray(location + name, describeKind(entry));
        } else if (matched !== undefined) {
          if (entry.isDirectory())
            inner.push({
              step: folder.step + 1,
              path: join(path, name),
              location: `${location}${name}/`,
              captures: matched,
            });
          else findings.stray(location + name, describeNoFolder(path, entry));
        }
      } catch (error) {
        findings.unreadable(location + name, error);
      }
    }
    while (inner.length > 0) open.push(inner.pop() as Folder);
  }
  return findings.finish(dimensions);
}

/** One file: its key from its path, its content from the cache or from itself. A promise only where it is big or has just been written. */
function findFile(
  matcher: Matcher,
  path: string,
  location: string,
  captures: Captures,
  findings: Findings,
  context: StorageContext,
): Promise<void> | undefined {
  const named = matcher.finish(captures);
  if (typeof named === "string") {
    findings.stray(location, named);
    return undefined;
  }
  const look = lookAt(path, context);
  if (look instanceof Promise) return look.then((found) => report(matcher, named, location, found, findings));
  report(matcher, named, location, look, findings);
  return undefined;
}

function report(
  matcher: Matcher,
  { key, keyText }: NamedPartition,
  location: string,
  look: FileLook,
  findings: Findings,
): void {
  if (look === undefined) {
    findings.folder(undefined); // where nothing is, nothing has stamps
    return; // gone since the folder was listed, or never there
  }
  if ("problem" in look) {
    findings.stray(location, look.problem);
    return;
  }
  const made: DiscoveredPartition = { key, keyText, location, content: look.content };
  findings.partition(made);
  if ("memo" in look) look.memo = { by: matcher, made };
}

/** The whole answer for a file that is as it was when this process last found it: one stat and one look into a map. */
function recall(matcher: Matcher, path: string, findings: Findings, { stats, sha256 }: StorageContext): boolean {
  const known = stats.get(path);
  if (known?.memo?.by !== matcher || !knowsEnough(known, sha256)) return false;
  counters.stats += 1;
  const stamp = statOf(path);
  if (stamp?.isFile() !== true || !isSameFile(known, stamp)) {
    known.memo = undefined;
    return false;
  }
  findings.partition(known.memo.made as DiscoveredPartition);
  return true;
}

function lookAt(path: string, { stats, sha256, signal }: StorageContext): FileLook | Promise<FileLook> {
  const known = stats.get(path);
  if (known !== undefined && knowsEnough(known, sha256)) {
    counters.stats += 1;
    const stamp = statOf(path);
    if (stamp === undefined) return undefined;
    if (!stamp.isFile()) return { problem: describeKind(stamp) };
    if (isSameFile(known, stamp)) return known;
  }
  return readFileContent(path, { stats, sha256, signal });
}

function knowsEnough({ content }: KnownFile, sha256: boolean): boolean {
  return !sha256 || content.digest !== undefined;
}

const quiet = { throwIfNoEntry: false } as const;

/** `undefined`: nothing is there, or a link that leads nowhere. */
function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.statSync(path, quiet);
  } catch (cause) {
    if (errnoOf(cause) === "ELOOP") return undefined;
    throw readError(cause, path);
  }
}

function listFolder(
  path: string,
  location: string,
  findings: Findings,
  { stats }: StorageContext,
): readonly fs.Dirent[] {
  try {
    counters.stats += 1;
    const moment = stats.now();
    const stamp = fs.statSync(path, quiet);
    const { size = 0, mtimeMs = 0, ctimeMs = 0, ino = 0 } = stamp ?? {};
    const isTelling = stamp !== undefined && !isRacy(stamp, moment);
    findings.folder(isTelling ? { path, size, mtimeMs, ctimeMs, ino } : undefined);
    return fs.readdirSync(path, { withFileTypes: true });
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === "ENOENT") return [];
    if (errno === "ENOTDIR") findings.stray(location, "is a file where a folder is expected");
    else findings.unreadable(location, readError(cause, path));
    return [];
  }
}

function describeNoFolder(folder: string, entry: fs.Dirent): string {
  if (entry.isFile()) return "is a file where a folder is expected";
  const linked = entry.isSymbolicLink() && statOf(join(folder, entry.name))?.isDirectory() === true;
  return linked ? "is a link to a folder, and those are not followed" : "is not a folder";
}

/** What systems and editors leave in every folder; reported, it would hide the strays that matter. */
function isHidden(name: string): boolean {
  return name.startsWith(".") || name === "Thumbs.db" || name === "desktop.ini";
}
