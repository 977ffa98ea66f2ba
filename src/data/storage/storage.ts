// Where bytes live: the port that every storage implements.

import type { Content } from "../content.ts";
import type { Dimensions, Key } from "../../identity/dimension.ts";
import type { KeyText } from "../../identity/partition-key.ts";
import type { DurableFile } from "../../util/durable-file.ts";
import type { FileStamp } from "../file-stamp.ts";
import type { OpenBytes } from "../open-bytes.ts";
import type { StatCache } from "../stat-cache.ts";

/** What a storage needs to know about the project it works in. */
export interface StorageContext {
  /** Absolute; what relative templates start from. */
  readonly root: string;
  /** Absolute; where managed data and caches go. `undefined` where the backend keeps the bytes itself. */
  readonly home: string | undefined;
  readonly stats: StatCache;
  /** Take a SHA-256 digest in the same pass as every fingerprint. */
  readonly sha256: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A place for one artifact's partitions. Frozen, plain; I/O happens in its functions only. */
export interface Storage<Template extends string = string> {
  readonly kind: string;
  readonly template: Template;
  /** Throws TEMPLATE_INVALID when the template cannot hold these dimensions injectively (checked at definition). */
  check(dimensions: Dimensions, role: "source" | "produced"): void;
  /**
   * This storage with the places filled in that are known by now: `{graph}`, `{names}`, `{name}`, `{extension}`. A source is resolved once it
   * has its key in a graph, before it is discovered or fingerprinted; for produced data `locate` knows them all.
   */
  resolve(names: TemplateNames): Storage;
  /**
   * Finds a source's partitions. What lies there but does not match is a stray: reported, never adopted, never fatal.
   * Errors: PARTITION_AMBIGUOUS, SOURCE_UNSTABLE, STORAGE_FAILED.
   */
  discover(
    dimensions: Dimensions,
    context: StorageContext,
    /** Turns a value that stands in the program into bytes, in the artifact's format. */
    encode?: (value: unknown) => Uint8Array | Promise<Uint8Array>,
  ): Promise<Discovery>;
  /** Where a produced partition goes. Throws LOCATION_TOO_LONG. Two different places never get one location. */
  locate(place: ProducedPlace): string;
  /** Bytes at a location, as they are. Throws DATA_MISSING. Verifying is the caller's part. */
  read(location: string, context: StorageContext): Promise<Uint8Array>;
  /** Writes bytes whole or not at all, to a location nobody used before; durable once `settle` has been awaited. */
  write(location: string, bytes: Uint8Array, context: StorageContext): Promise<void>;
  /** What `read` gives, piece by piece and from one open file; absent where a storage holds its bytes in memory. Throws DATA_MISSING. */
  open?(location: string, context: StorageContext): Promise<OpenBytes>;
  /** What `write` does, piece by piece; absent likewise. */
  create?(location: string, context: StorageContext): Promise<DurableFile>;
  /** Makes durable what was written before: syncs the folders of these locations, each once. */
  settle(locations: readonly string[], context: StorageContext): Promise<void>;
  /**
   * The absolute path of the file behind a location; absent where a storage has no files, or none that a stat tells the change of.
   * Together with `Discovery.folders` it lets a build see by stats alone that nothing has changed.
   */
  path?(location: string, context: StorageContext): string;
  /** A cheap look (one stat each): is something of this size there? Synchronous because it is asked of thousands. */
  look(location: string, size: number, context: StorageContext): "present" | "missing" | "damaged";
  remove(location: string, context: StorageContext): Promise<void>;
}

/** What a graph knows of an artifact that its template may name. */
export interface TemplateNames {
  readonly graph?: string | undefined;
  /** Dotted: "vendor.days". */
  readonly artifactKey?: string | undefined;
  /** With its dot. */
  readonly extension?: string | undefined;
}

export interface ProducedPlace {
  readonly graph: string;
  /** Dotted: "vendor.days". */
  readonly artifactKey: string;
  readonly dimensions: Dimensions;
  readonly key: Key;
  readonly keyText: KeyText;
  readonly input: string;
  /** Unique per attempt, so that a late attempt never writes over its successor's bytes. */
  readonly attempt: string;
  readonly extension: string;
}

export interface DiscoveredPartition {
  readonly key: Key;
  readonly keyText: KeyText;
  readonly location: string;
  readonly content: Content;
  /** The bytes, for storages whose values are in the program. */
  readonly value?: Uint8Array | undefined;
}

export interface Stray {
  readonly location: string;
  /** Why it is not a partition, as half a sentence: "'2026-13-01' is not a day". */
  readonly problem: string;
}

export interface Discovery {
  /** In UTF-8 order of key text. */
  readonly partitions: readonly DiscoveredPartition[];
  /** The first 100. */
  readonly strays: readonly Stray[];
  readonly strayCount: number;
  /**
   * The folders that were listed, as they were before: while they and the files found stay as they are, looking again finds the same.
   * `undefined` where that cannot be said.
   */
  readonly folders?: readonly FolderStamp[] | undefined;
}

/** A folder's stamps move when a name comes to it, goes, or changes. */
export interface FolderStamp extends FileStamp {
  /** Absolute. */
  readonly path: string;
}
