// Versions nobody keeps: archived long ago, or more of them than a model may have.

import type { ModelVersion } from "./model-version.ts";
import { formatModelName } from "./name.ts";
import type { ModelRegistry } from "./registry.ts";

export interface Retention {
  /** Archived versions may go after so many days. */
  readonly archivedDays: number;
  /** Beyond so many versions of one model, the oldest archived ones may go. */
  readonly maxVersions: number;
}

/** One version that may go, and why. */
export interface Expired {
  readonly version: ModelVersion;
  /** "archived 120 days ago", "one of 105 versions". */
  readonly why: string;
}

export interface RetentionReport {
  readonly expired: readonly Expired[];
  /** Models that keep more versions than they may, because those are in use. */
  readonly over: readonly { readonly model: string; readonly versions: number }[];
}

const DAY = 86_400_000;
const PAGE = 1_000;

/**
 * What may go: archived versions only, oldest first. What is in production, in another stage, or has an alias stays, however many there
 * are. `now`: milliseconds since 1970. Changes nothing.
 */
export async function findExpired(
  registry: ModelRegistry,
  retention: Retention,
  now: number,
): Promise<RetentionReport> {
  const expired: Expired[] = [];
  const over: { readonly model: string; readonly versions: number }[] = [];
  for await (const name of everyItem((cursor) => registry.listModels({ limit: PAGE, cursor }))) {
    const model = formatModelName(name);
    const versions: ModelVersion[] = [];
    for await (const one of everyItem((cursor) => registry.listVersions(model, { limit: PAGE, cursor }))) {
      versions.push(one);
    }
    const aliases = await registry.listAliases(model, { limit: 10_000 });
    const aliased = new Set(aliases.items.map(({ version }) => version));
    const free = versions.filter(({ stage, version }) => stage === "archived" && !aliased.has(version)).reverse();
    let left = versions.length;
    for (const version of free) {
      const days = Math.floor((now - Date.parse(version.archivedAt ?? version.createdAt)) / DAY);
      const old = days >= retention.archivedDays;
      if (!old && left <= retention.maxVersions) continue;
      expired.push({ version, why: old ? `archived ${days} days ago` : `one of ${versions.length} versions` });
      left--;
    }
    if (left > retention.maxVersions) over.push({ model, versions: left });
  }
  return { expired, over };
}

/** Deletes them, one after the other, each with its tombstone, events and audit row. Errors: those of `deleteVersion`. */
export async function removeExpired(registry: ModelRegistry, expired: readonly Expired[]): Promise<void> {
  for (const { version, why } of expired) {
    await registry.deleteVersion(version.uri, { reason: `retention: ${why}`, durable: true });
  }
}

async function* everyItem<Item>(
  read: (cursor: string | undefined) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>,
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    yield* page.items;
    cursor = page.next;
  } while (cursor !== undefined);
}
