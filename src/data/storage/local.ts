// Files in folders: sources as people keep them, and produced data where it is wanted or in the project's own folder.

import * as fs from "node:fs";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { StratigraphError } from "../../errors.ts";
import type { Dimensions } from "../../identity/dimension.ts";
import { counters } from "../../util/counters.ts";
import {
  createFileDurably,
  storageError,
  syncFolders,
  writeFileDurably,
  type DurableFile,
  type WriteFileOptions,
} from "../../util/durable-file.ts";
import { parseTemplate, templateSegments, type Template } from "../../util/template.ts";
import { readWholeFile } from "../file-content.ts";
import { openFileBytes, type OpenBytes } from "../open-bytes.ts";
import { checkLayout } from "./layout.ts";
import { createLocator, fillConstants, type Locator } from "./locate.ts";
import { createMatcher, type Matcher } from "./matcher.ts";
import { discoverFiles } from "./source-files.ts";
import type { Discovery, ProducedPlace, Storage, StorageContext, TemplateNames } from "./storage.ts";

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
  return fromTemplate(parseTemplate(template)) as Storage as Storage<Text>;
}

/** Where produced data goes unless told: named by artifact, partition and input, in the folder that the backend calls home. */
export function managed(): Storage {
  return managedFiles;
}

function fromTemplate(template: Template): LocalFiles {
  return Object.freeze(new LocalFiles(template)) as LocalFiles;
}

const localAccess = fileAccess((context) => context.root, "sources may be links");

/** A class, because a graph may have a hundred thousand of them, each of which needs little more than its template. */
class LocalFiles implements Storage {
  readonly kind = "local";
  readonly template: string;
  readonly #template: Template;
  #locate: Locator | undefined;
  #matcher: { readonly dimensions: Dimensions; readonly matcher: Matcher } | undefined;

  constructor(template: Template) {
    this.template = template.text;
    this.#template = template;
  }

  check(dimensions: Dimensions, role: "source" | "produced"): void {
    checkLayout(this.#template, dimensions, role);
  }

  resolve(names: TemplateNames): Storage {
    const resolved = fillConstants(this.#template, names);
    return resolved.text === this.template ? this : fromTemplate(resolved);
  }

  discover(dimensions: Dimensions, context: StorageContext): Promise<Discovery> {
    // Nearly always asked for the dimensions of one artifact.
    if (this.#matcher?.dimensions !== dimensions) {
      this.#matcher = { dimensions, matcher: createMatcher(this.#template, dimensions) };
    }
    return discoverFiles(this.#matcher.matcher, dimensions, context);
  }

  locate(place: ProducedPlace): string {
    return (this.#locate ??= createLocator(this.#template))(place);
  }

  path(location: string, context: StorageContext): string {
    return localAccess.path(location, context);
  }

  read(location: string, context: StorageContext): Promise<Uint8Array> {
    return localAccess.read(location, context);
  }

  write(location: string, bytes: Uint8Array, context: StorageContext): Promise<void> {
    return localAccess.write(location, bytes, context);
  }

  open(location: string, context: StorageContext): Promise<OpenBytes> {
    return localAccess.open(location, context);
  }

  create(location: string, context: StorageContext): Promise<DurableFile> {
    return localAccess.create(location, context);
  }

  settle(locations: readonly string[], context: StorageContext): Promise<void> {
    return localAccess.settle(locations, context);
  }

  look(location: string, size: number, context: StorageContext): "present" | "missing" | "damaged" {
    return localAccess.look(location, size, context);
  }

  async remove(location: string, context: StorageContext): Promise<void> {
    await localAccess.remove(location, context, literalDepth(this.#template));
  }
}

/** Whether it is what `local` makes, of which its template says all there is to know. */
export function isLocalFiles(storage: Storage): boolean {
  return storage instanceof LocalFiles;
}

const PARTITIONED = "data/{names}/{partition}.{input_fingerprint}{extension}";
const UNPARTITIONED = "data/{names}/{input_fingerprint}{extension}";

/** Whether a file's name is one that `managed` gives: nobody else's happens to hold a fingerprint and an id. */
export function isManagedName(name: string): boolean {
  return /(?:^|\.)[0-9a-f]{32}-[0-9a-hjkmnp-tv-z]{26}/.test(name);
}

const locatePartitioned = createLocator(parseTemplate(PARTITIONED));
const locateUnpartitioned = createLocator(parseTemplate(UNPARTITIONED));

const managedAccess = fileAccess(homeOf, "no links");

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
  ...managedAccess,
  remove: (location, context) => managedAccess.remove(location, context, 1),
} satisfies Storage);

function homeOf({ home }: StorageContext): string {
  if (home !== undefined) return home;
  throw new StratigraphError("STORAGE_FAILED", "this backend has no folder for produced files", {
    hint: "Use storage: literal(), so that it keeps the bytes itself.",
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading and writing at a location

interface FileAccess extends Required<
  Pick<Storage, "read" | "write" | "open" | "create" | "settle" | "look" | "path">
> {
  /** `depth`: how many of a location's folders are the author's, and so are left when they become empty. */
  remove(location: string, context: StorageContext, depth: number): Promise<void>;
}

function fileAccess(
  baseOf: (context: StorageContext) => string,
  links: "no links" | "sources may be links",
): FileAccess {
  const pathOf = (location: string, context: StorageContext): string => pathIn(baseOf(context), location);
  // Project folders are shared as the user's umask says; the folder of our own is nobody else's.
  const folderMode = links === "no links" ? 0o700 : 0o777;
  const optionsIn = (base: string): WriteFileOptions => ({ mode: 0o444, folderMode, within: base });
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
    async open(location, context) {
      const path = pathOf(location, context);
      if (links === "no links") checkNoLink(baseOf(context), path);
      const bytes = openFileBytes(path);
      if (bytes === undefined) throw missing(path);
      if (typeof bytes === "string") throw new StratigraphError("DATA_DAMAGED", `it ${bytes}`, { where: path });
      return Promise.resolve(bytes);
    },
    write(location, bytes, context) {
      const base = baseOf(context);
      return writeFileDurably(checkedPath(base, location), bytes, optionsIn(base));
    },
    async create(location, context) {
      const base = baseOf(context);
      return createFileDurably(checkedPath(base, location), optionsIn(base));
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
    remove(location, context, depth) {
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
