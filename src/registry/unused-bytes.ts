// Bytes in the store that no version has: left by registrations that came to nothing, and by versions that were deleted.

import { everyItem } from "../backend/pages.ts";
import type { Host } from "../changes/host.ts";
import type { ArtifactStore, SweepResult, SweptArtifact } from "./artifact-store.ts";
import { deleteApplier } from "./actions/delete.ts";
import { findReferences } from "./references.ts";

export interface UnusedArtifact extends SweptArtifact {
  /** The version that had it last; `undefined` where none ever did. */
  readonly lastReferrer: LastReferrer | undefined;
}

export interface LastReferrer {
  /** "model:team/churn@1.3.0" */
  readonly resource: string;
  /** ISO time. */
  readonly deletedAt: string;
  readonly by: string;
}

export interface UnusedBytes extends Omit<SweepResult, "artifacts"> {
  readonly artifacts: readonly UnusedArtifact[];
}

export interface UnusedBytesOptions {
  /** Milliseconds: what is younger stays. */
  readonly grace: number;
  /** False: only look. */
  readonly remove: boolean;
}

/** Errors: STORAGE_FAILED, ARTIFACT_CORRUPTED for a list of files that cannot be read. */
export async function sweepUnused(
  { host, store }: { readonly host: Host; readonly store: ArtifactStore },
  { grace, remove }: UnusedBytesOptions,
): Promise<UnusedBytes> {
  const { artifacts, ...rest } = await store.sweep({
    references: () => findReferences(host),
    olderThan: grace,
    dryRun: !remove,
  });
  const last = await findLastReferrers(host, new Set(artifacts.map(({ digest }) => digest)));
  return { ...rest, artifacts: artifacts.map((one) => ({ ...one, lastReferrer: last.get(one.digest) })) };
}

/** From the audit log, which keeps the digest of every version that was deleted. */
async function findLastReferrers(
  { connection }: Pick<Host, "connection">,
  digests: ReadonlySet<string>,
): Promise<ReadonlyMap<string, LastReferrer>> {
  const last = new Map<string, LastReferrer>();
  if (digests.size === 0) return last;
  for await (const row of everyItem((page) => connection.listAudit({ action: deleteApplier.action }, page))) {
    const { digest } = row.data as { readonly digest?: unknown };
    if (typeof digest !== "string" || !digests.has(digest) || last.has(digest)) continue;
    last.set(digest, { resource: row.resource, deletedAt: row.at, by: row.actor });
    if (last.size === digests.size) break;
  }
  return last;
}
