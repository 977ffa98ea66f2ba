// What changed between two snapshots among that which one artifact is made from.

import type { Connection } from "../backend/backend.ts";
import { loadDescription } from "../backend/description.ts";
import type { StoredSnapshot } from "../backend/records.ts";
import type { GraphDescription } from "../graph/describe.ts";
import { diffSnapshotsIn, type DiffOptions, type SnapshotDiff } from "./diff.ts";

/**
 * The artifact's own partitions are left out, its declaration is not. `names`: what it is called now, and was called before.
 * Error: SNAPSHOT_UNKNOWN where what the later one's graph declared is not remembered.
 */
export async function changesAbove(
  connection: Connection,
  before: StoredSnapshot,
  after: StoredSnapshot,
  names: readonly [string, ...string[]],
  options: DiffOptions = {},
): Promise<Pick<SnapshotDiff, "artifacts" | "declarations">> {
  const { artifacts, declarations } = await diffSnapshotsIn(connection, before, after, options);
  const description = await loadDescription(connection, after);
  const key = names.find((name) => description.artifacts.some((artifact) => artifact.key === name)) ?? names[0];
  const above = upstreamOf(description, key);
  return {
    artifacts: artifacts.filter((artifact) => above.artifacts.has(artifact.key)),
    declarations: declarations.filter(({ kind, name }) =>
      kind === "producer" ? above.producers.has(name) : name === key || above.artifacts.has(name),
    ),
  };
}

function upstreamOf(
  { artifacts, producers }: GraphDescription,
  key: string,
): { readonly artifacts: ReadonlySet<string>; readonly producers: ReadonlySet<string> } {
  const byKey = new Map(artifacts.map((artifact) => [artifact.key, artifact]));
  const seen = new Set<string>();
  const makers = new Set<string>();
  const open = [key];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const producer = byKey.get(next)?.producer ?? null;
    if (producer === null) continue;
    makers.add(producers[producer]!.name);
    for (const { from } of producers[producer]!.inputs) {
      if (seen.has(from)) continue;
      seen.add(from);
      open.push(from);
    }
  }
  return { artifacts: seen, producers: makers };
}
