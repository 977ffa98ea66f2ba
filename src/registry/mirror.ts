// Stages as tags of snapshots: `model:team/churn@production` names the snapshot that version was made from, so gc keeps it.

import type { ModelName, Stage, VersionRecord } from "../backend/model-records.ts";
import type { ModelTx } from "./model-tx.ts";
import { formatModelName } from "./name.ts";

/** Nobody looks for the version that was archived last. */
export const mirroredStages: readonly Stage[] = ["development", "staging", "production"];

export function stageTag(name: ModelName, stage: Stage): string {
  return `model:${formatModelName(name)}@${stage}`;
}

/** Who is in each of these stages now, to be handed to `mirrorStages` after the change. */
export async function stageHolders(
  tx: ModelTx,
  { namespace, name }: ModelName,
  stages: readonly Stage[],
): Promise<readonly (VersionRecord | undefined)[]> {
  return tx.findVersions(stages.map((stage) => ({ namespace, name, ref: { kind: "stage", stage } })));
}

/** Moves the tags of these stages to who holds them now; a version that comes from no snapshot, or from an unfinished one, has none. */
export async function mirrorStages(
  tx: ModelTx,
  name: ModelName,
  stages: readonly Stage[],
  before: readonly (VersionRecord | undefined)[],
  by: string,
  why: string | undefined,
): Promise<void> {
  const after = await stageHolders(tx, name, stages);
  for (const [index, stage] of stages.entries()) {
    const tag = stageTag(name, stage);
    const source = after[index]?.source;
    const left = before[index]?.source;
    const stored = source === undefined ? undefined : await tx.readSnapshot(source.snapshot);
    const target = stored?.state === "complete" || stored?.state === "partial" ? stored : undefined;
    if (left !== undefined && (target === undefined || left.graph !== target.graph)) {
      const stale = await tx.readSnapshotTag(left.graph, tag);
      if (stale !== undefined) await tx.removeSnapshotTag({ graph: left.graph, tag, by, why });
    }
    if (target !== undefined)
      await tx.writeSnapshotTag({ graph: target.graph, tag, snapshot: target.id, by, why, expected: "any" });
  }
}
