// What a build works with: an open connection, the folders, and who we are.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend, Connection } from "../backend/backend.ts";
import type { StoredPartition } from "../backend/records.ts";
import { verifyContent } from "../data/io.ts";
import { openStatCache } from "../data/stat-cache.ts";
import { literal } from "../data/storage/literal.ts";
import { local, managed } from "../data/storage/local.ts";
import type { Storage, StorageContext } from "../data/storage/storage.ts";
import { isStratigraphError, StratigraphError, type ErrorCode } from "../errors.ts";
import type { GraphNode } from "../graph/graph.ts";
import { called } from "../graph/option.ts";
import { systemClock, type Clock } from "../util/clock.ts";
import { makeFolder } from "../util/make-folder.ts";
import { newHolder } from "./holder.ts";
import { leaveMark } from "./home-marks.ts";
import { placeText } from "./place.ts";

export interface WorkspaceOptions {
  /** Where results are remembered; a memory backend that lives as long as the process unless told. */
  readonly backend?: Backend | undefined;
  /** The folder relative templates start from; the current folder unless told. */
  readonly root?: string | URL | undefined;
  /** Take a SHA-256 digest of everything stored, and check it on every read. */
  readonly integrity?: "sha256" | undefined;
  readonly clock?: Clock | undefined;
}

export interface Workspace extends AsyncDisposable {
  readonly backend: Backend;
  /** The backend's stamp before it was opened. */
  readonly stamp: string | undefined;
  readonly connection: Connection;
  readonly storage: StorageContext;
  readonly clock: Clock;
  readonly holder: string;
  close(): Promise<void>;
}

let shared: Promise<Backend> | undefined;

/** Loaded only where nobody names a backend: most programs have one. */
function sharedMemory(): Promise<Backend> {
  return (shared ??= import("../backend/memory/memory-backend.ts").then(({ memory }) => memory()));
}

/** Opens the backend; `close` (or `await using`) lets it go and saves the cache of file states. */
export async function openWorkspace(
  options: WorkspaceOptions & { readonly readOnly?: boolean | undefined; readonly signal?: AbortSignal | undefined },
): Promise<Workspace> {
  const backend = options.backend ?? (await sharedMemory());
  if (typeof (backend as Partial<Backend>).connect !== "function") {
    throw new StratigraphError("VALIDATION_FAILED", "this is no backend", {
      expected: 'what sqlite(".strata/strata.db") or memory() returns',
      received: called(backend),
    });
  }
  const root = resolve(options.root instanceof URL ? fileURLToPath(options.root) : (options.root ?? "."));
  const home = backend.home === undefined ? undefined : resolve(backend.home);
  const readOnly = options.readOnly ?? false;
  const stamp = backend.stamp?.();
  const connection = await backend.connect({ readOnly });
  if (home !== undefined && !readOnly) {
    makeFolder(home, 0o700);
    await leaveMark(home, backend, connection).catch(async (error: unknown) => {
      await connection.close();
      throw error;
    });
  }
  const stats = openStatCache(home);
  const close = async (): Promise<void> => {
    if (!readOnly) stats.save();
    await connection.close();
  };
  return {
    backend,
    stamp,
    connection,
    storage: { root, home, stats, sha256: options.integrity === "sha256", signal: options.signal },
    clock: options.clock ?? systemClock,
    holder: newHolder(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * For planning, which writes nothing but the cache of file states: where even that is denied, it does without, and where no database
 * can be made, nothing is remembered.
 */
export async function openForPlanning(options: WorkspaceOptions): Promise<Workspace> {
  return await openWorkspace(options)
    .catch((error: unknown) => {
      if (!hasCode(error, "BACKEND_READ_ONLY")) throw error;
      return openWorkspace({ ...options, readOnly: true });
    })
    .catch(async (error: unknown) => {
      if (!hasCode(error, "BACKEND_MISSING")) throw error;
      const { memory } = await import("../backend/memory/memory-backend.ts");
      return openWorkspace({ ...options, backend: memory() });
    });
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return isStratigraphError(error) && error.code === code;
}

/** The storage that knows what to do with a stored partition's location. */
export function storageOf(node: GraphNode | undefined, kind: string): Storage {
  const own = node?.kind === "source" ? node.storage : node?.artifact.storage;
  if (own?.kind === kind) return own;
  switch (kind) {
    case "managed":
      return managed();
    case "local":
      return local("{name}");
    case "literal":
      return literal();
  }
  throw new StratigraphError("DATA_MISSING", `nothing here can read storage '${kind}'`, {
    where: node === undefined ? undefined : `artifact '${node.key}'`,
    hint: "Give the artifact the storage it was built with.",
  });
}

/** Where a produced artifact's new partitions go. */
export function targetStorage(node: GraphNode, workspace: Workspace): Storage {
  return node.artifact.storage ?? (workspace.storage.home === undefined ? literal() : managed());
}

/**
 * A stored partition's bytes, verified: exactly those that were recorded.
 * Errors: DATA_MISSING, DATA_DAMAGED; for a source SOURCE_CHANGED.
 */
export async function readPartitionBytes(
  workspace: Workspace,
  node: GraphNode | undefined,
  partition: StoredPartition,
): Promise<Uint8Array> {
  const where = `${placeText(node?.key ?? "partition", partition.key)} at ${partition.location}`;
  if (partition.value !== undefined) return verified(partition.value);
  const bytes = await storageOf(node, partition.storage)
    .read(partition.location, workspace.storage)
    .catch((error: unknown) => {
      throw partition.input === undefined && error instanceof StratigraphError && error.code === "DATA_MISSING"
        ? sourceGone(where, error)
        : error;
    });
  return verified(bytes);

  function verified(bytes: Uint8Array): Uint8Array {
    const { content: fingerprint, size, digest } = partition;
    verifyContent(
      bytes,
      { fingerprint, size, digest },
      where,
      partition.input === undefined ? "SOURCE_CHANGED" : "DATA_DAMAGED",
    );
    return bytes;
  }
}

export function sourceGone(where: string, cause: unknown): StratigraphError {
  return new StratigraphError("SOURCE_CHANGED", "the source is gone since its snapshot was taken", {
    where,
    hint: "Build again: a new snapshot will see what is there now.",
    cause,
  });
}
