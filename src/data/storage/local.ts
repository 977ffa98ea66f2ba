// Files in folders: sources as people keep them, and produced data where it is wanted or in the project's own folder.

import * as fs from "node:fs";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { StratigraphError } from "../../errors.ts";
import type { Dimensions } from "../../identity/partition.ts";
import { counters } from "../../util/counters.ts";
import { storageError, syncFolders, writeFileDurably } from "../../util/durable-file.ts";
import { parseTemplate, templateSegments, type Template } from "../../util/template.ts";
import { readWholeFile } from "../file-content.ts";
import { checkLayout } from "./layout.ts";
import { createLocator, fillConstants } from "./locate.ts";
import { createMatcher, type Matcher } from "./matcher.ts";
import { discoverFiles } from "./source-files.ts";
import type { Storage, StorageContext } from "./storage.ts";

/**
 * Files at a template relative to the project's root: `data/{date}.json`, `out/{region}/{input_fingerprint}.csv`.
 *
 * As a source: found by walking the folders, never by a pattern; the template's own words may be absolute or begin with `../`, values stay
 * within their name. Names are natural: `São Paulo.json`, `007.csv` and `a%2Fb.json` are understood, hidden files that do not match are
 * passed over. A symbolic link to a regular file is followed, wherever it leads; a link to a folder is a stray, unless the template names it.
 *
 * For produced data: always with `{input_fingerprint}`, always inside the root; no link on the way is followed; read-only once written.
 * Throws TEMPLATE_INVALID.
 */
export function local<const Text extends string>(template: Text): Storage<Text> {
  return fromTemplate(parseTemplate(template)) as Storage<Text>;
}

/** Where produced data goes unless told: named by artifact, partition and input, in the folder that the backend calls home. */
export function managed(): Storage {
  return managedFiles;
}

function fromTemplate(template: Template): Storage {
  const locate = createLocator(template);
  const matchers = new WeakMap<Dimensions, Matcher>();
  const storage: Storage = {
    kind: "local",
    template: template.text,
    check: (dimensions, role) => checkLayout(template, dimensions, role),
    resolve: (names) => {
      const resolved = fillConstants(template, names);
      return resolved.text === template.text ? storage : fromTemplate(resolved);
    },
    discover(dimensions, context) {
      let matcher = matchers.get(dimensions);
      if (matcher === undefined) matchers.set(dimensions, (matcher = createMatcher(template, dimensions)));
      return discoverFiles(matcher, dimensions, context);
    },
    locate,
    ...fileAccess((context) => context.root, "sources may be links", literalDepth(template)),
  };
  return Object.freeze(storage);
}

const PARTITIONED = "data/{names}/{partition}.{input_fingerprint}{extension}";
const UNPARTITIONED = "data/{names}/{input_fingerprint}{extension}";

const locatePartitioned = createLocator(parseTemplate(PARTITIONED));
const locateUnpartitioned = createLocator(parseTemplate(UNPARTITIONED));

const managedFiles: Storage = Object.freeze({
  kind: "managed",
  template: PARTITIONED,
  check(_dimensions, role) {
    if (role === "produced") return;
    throw new StratigraphError(
      "GRAPH_INVALID",
      "managed() is for produced data, and a source needs a place of its own",
      {
        hint: 'Write .from(local("data/{date}.json")), say.',
      },
    );
  },
  resolve: () => managedFiles,
  discover: () => Promise.resolve({ partitions: [], strays: [], strayCount: 0 }),
  locate: (place) => (place.keyText === "" ? locateUnpartitioned : locatePartitioned)(place),
  ...fileAccess(homeOf, "no links", 1),
} satisfies Storage);

function homeOf({ home }: StorageContext): string {
  if (home !== undefined) return home;
  throw new StratigraphError("STORAGE_FAILED", "this backend has no folder for produced files", {
    hint: "Use storage: literal(), so that it keeps the bytes itself.",
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading and writing at a location

type FileAccess = Required<Pick<Storage, "read" | "write" | "settle" | "look" | "remove" | "path">>;

/** `depth`: how many of a location's folders are the author's, and so are left when they become empty. */
function fileAccess(
  baseOf: (context: StorageContext) => string,
  links: "no links" | "sources may be links",
  depth: number,
): FileAccess {
  const pathOf = (location: string, context: StorageContext): string => pathIn(baseOf(context), location);
  return {
    path: pathOf,
    async read(location, context) {
      const path = pathOf(location, context);
      if (links === "no links") checkNoLink(baseOf(context), path);
      const bytes = await readWholeFile(path, context.signal);
      if (bytes === undefined) throw missing(path);
      if (typeof bytes === "string") throw new StratigraphError("DATA_DAMAGED", `it ${bytes}`, { where: path });
      return bytes;
    },
    write(location, bytes, context) {
      const base = baseOf(context);
      // Project folders are shared as the user's umask says; the folder of our own is nobody else's.
      const folderMode = links === "no links" ? 0o700 : 0o777;
      return writeFileDurably(checkedPath(base, location), bytes, { mode: 0o444, folderMode, within: base });
    },
    settle(locations, context) {
      const base = baseOf(context);
      return syncFolders(
        locations.map((location) => resolve(base, location)),
        base,
      );
    },
    look(location, size, context) {
      counters.stats += 1;
      const path = pathOf(location, context);
      const stat = links === "no links" ? fs.lstatSync(path, quiet) : fs.statSync(path, quiet);
      if (stat === undefined) return "missing";
      return stat.isFile() && stat.size === size ? "present" : "damaged";
    },
    remove(location, context) {
      const base = baseOf(context);
      const path = checkedPath(base, location);
      try {
        if (fs.lstatSync(path, quiet) !== undefined) checkNoLink(base, dirname(path));
        fs.rmSync(path, { force: true });
      } catch (cause) {
        return Promise.reject(storageError(cause, path, 0));
      }
      removeEmptyFolders(base, location, depth);
      return Promise.resolve();
    },
  };
}

/** `resolve`, at once for the locations that nearly all are: relative, and without a "." or ".." in them. */
function pathIn(base: string, location: string): string {
  const isPlain = sep === "/" && !location.includes("./") && !location.includes("//") && !location.startsWith("/");
  return isPlain && !location.endsWith(".") && !base.endsWith("/") ? `${base}/${location}` : resolve(base, location);
}

const quiet = { throwIfNoEntry: false } as const;

/** Locations come from `locate`, but have been in a database since. */
function checkedPath(base: string, location: string): string {
  if (!isAbsolute(location) && !location.split(/[/\\]/).includes("..")) return join(base, location);
  throw new StratigraphError("STORAGE_FAILED", "a location leads out of the folder that may be written", {
    where: location,
    expected: `a place in ${base}`,
  });
}

/** A link in a tree that only we write was put there by somebody else. */
function checkNoLink(base: string, path: string): void {
  let real: string;
  try {
    real = fs.realpathSync.native(path);
    if (real === path || real === join(fs.realpathSync.native(base), path.slice(base.length))) return;
  } catch {
    return; // nothing there: reading says so
  }
  throw new StratigraphError("DATA_DAMAGED", "a symbolic link is where a file or folder of ours should be", {
    where: path,
    received: `a link to ${real}`,
  });
}

function removeEmptyFolders(base: string, location: string, depth: number): void {
  const folders = location.split("/").slice(0, -1);
  for (let length = folders.length; length > depth; length--) {
    try {
      fs.rmdirSync(join(base, ...folders.slice(0, length)));
    } catch {
      return; // not empty, or gone
    }
  }
}

function literalDepth(template: Template): number {
  const folders = templateSegments(template).slice(0, -1);
  const first = folders.findIndex((parts) => parts.some((part) => typeof part !== "string"));
  return first < 0 ? folders.length : first;
}

function missing(path: string): StratigraphError {
  return new StratigraphError("DATA_MISSING", "the file is gone", {
    where: path,
    hint: "Build again: what is missing is made anew.",
  });
}
