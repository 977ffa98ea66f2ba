// A backend whose answers are remembered: for good where they cannot change, for a moment where they can.

import type { LRUCache } from "lru-cache";
import type { Backend, Connection, Stores } from "../backend/backend.ts";
import { canonicalText } from "../util/canonical.ts";
import { intercept, writes, type CallName } from "./intercept.ts";
import { passedOn } from "./resilient.ts";

export interface CacheOptions {
  /** Answers that are kept at most; 5,000 unless told. */
  readonly max?: number | undefined;
  /** Milliseconds that an answer counts which others may change; 1,000 unless told, 0: none. */
  readonly ttl?: number | undefined;
}

/** Asked again and again by whoever looks at models, graphs and tags. */
const mutable: ReadonlySet<CallName> = new Set<CallName>([
  "readGraph",
  "readSnapshot",
  "readLatestSnapshot",
  "readSnapshotTag",
  "readPartitions",
  "readModels",
  "findVersions",
  "listAliases",
]);

interface Kept {
  readonly answer: unknown;
  /** Of `Cache.generation`; `undefined` for what cannot change. */
  readonly generation: number | undefined;
}

/** Shared by all connections of one backend. */
export class Cache {
  readonly #options: CacheOptions;
  #kept: LRUCache<string, Kept> | undefined;
  #generation = 0;

  constructor(options: CacheOptions = {}) {
    this.#options = options;
  }

  /** Forgets every answer that may have changed: call it when somebody else says that something did. */
  invalidate(): void {
    this.#generation++;
  }

  connection(connection: Connection): Connection {
    const { ttl = 1_000 } = this.#options;
    const wrapped = intercept(
      connection,
      async (name, args, call) => {
        if (writes(name)) {
          try {
            return await call();
          } finally {
            // Also after a failure, which may have written all the same.
            this.invalidate();
          }
        }
        if (name === "readManifests") return this.#manifests(connection, args);
        return mutable.has(name) && ttl > 0 ? this.#answer(name, args, call, ttl) : call();
      },
      {
        // Inside a transaction nothing is remembered: it reads what only it has written.
        transaction: (work) => connection.transaction(work).finally(() => this.invalidate()),
      },
    );
    uncachedOf.set(wrapped, connection);
    return wrapped;
  }

  async #answer(name: CallName, args: readonly unknown[], call: () => Promise<unknown>, ttl: number): Promise<unknown> {
    const kept = await this.#open();
    const key = `${name} ${canonicalText(args)}`;
    const generation = this.#generation;
    const found = kept.get(key);
    if (found?.generation === generation) return found.answer;
    const answer = freeze(await call());
    // Something was written while it was read: then it may be from before.
    if (generation === this.#generation) kept.set(key, { answer, generation }, { ttl });
    return answer;
  }

  /**
   * Manifests are the one thing that is what its fingerprint says; everything else about a fingerprint may be written again. Kept one by
   * one, so that the same fingerprint in another list is known too; what is not there yet may come.
   */
  async #manifests(connection: Connection, args: readonly unknown[]): Promise<unknown> {
    const [fingerprints] = args as Parameters<Stores["readManifests"]>;
    const kept = await this.#open();
    const keyOf = (fingerprint: string): string => `readManifests ${fingerprint}`;
    const missing = fingerprints.filter((fingerprint) => !kept.has(keyOf(fingerprint)));
    const read = new Map<string, unknown>();
    if (missing.length > 0) {
      for (const [index, manifest] of (await connection.readManifests(missing)).entries()) {
        const fingerprint = missing[index]!;
        read.set(fingerprint, freeze(manifest));
        if (manifest !== undefined) kept.set(keyOf(fingerprint), { answer: freeze(manifest), generation: undefined });
      }
    }
    return fingerprints.map((fingerprint) =>
      read.has(fingerprint) ? read.get(fingerprint) : kept.get(keyOf(fingerprint))?.answer,
    );
  }

  async #open(): Promise<LRUCache<string, Kept>> {
    if (this.#kept === undefined) {
      const { LRUCache } = await import("lru-cache");
      this.#kept ??= new LRUCache<string, Kept>({ max: this.#options.max ?? 5_000 });
    }
    return this.#kept;
  }
}

/** The same backend, or one connection, with a memory. What it answers from memory is frozen. */
export function cached(backend: Backend, options?: CacheOptions): Backend;
export function cached(connection: Connection, options?: CacheOptions): Connection;
export function cached(inner: Backend | Connection, options: CacheOptions = {}): Backend | Connection {
  const cache = new Cache(options);
  if (!("connect" in inner)) return cache.connection(inner);
  return { ...passedOn(inner), connect: async (how) => cache.connection(await inner.connect(how)) };
}

const uncachedOf = new WeakMap<Connection, Connection>();

/** The connection below the cache: for decisions, which must not rest on what was so a second ago. */
export function withoutCache(connection: Connection): Connection {
  return uncachedOf.get(connection) ?? connection;
}

/** Whoever changed an answer would change everybody's. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  for (const member of value instanceof Map ? value.values() : Object.values(value)) freeze(member);
  return Object.freeze(value);
}
