// What a backend refuses because of what it already remembers, in the same words everywhere.

import { StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { showValue } from "../util/show.ts";
import type { ManifestRecord, PartitionId, RunId, SnapshotRecord, TagRecord, TagWrite } from "./records.ts";

export function snapshotUnknown(id: Fingerprint): StratigraphError {
  return new StratigraphError("SNAPSHOT_UNKNOWN", "no such snapshot is stored", {
    received: id,
    data: { snapshot: id },
  });
}

/** The same id for something else: somebody's fingerprints collide, or leave out what they should hold. */
export function otherSnapshot(existing: SnapshotRecord, given: SnapshotRecord): StratigraphError {
  return new StratigraphError("FINGERPRINT_COLLISION", `snapshot ${given.id} is stored for something else`, {
    expected: `graph ${showValue(existing.graph)} with fingerprint ${existing.graphFingerprint}`,
    received: `graph ${showValue(given.graph)} with fingerprint ${given.graphFingerprint}`,
  });
}

export function snapshotTagged({
  graph,
  tag,
  snapshot,
}: Pick<TagRecord, "graph" | "tag" | "snapshot">): StratigraphError {
  return new StratigraphError("TAG_CONFLICT", `snapshot ${snapshot} has a tag and so is not removed`, {
    where: `graph ${showValue(graph)}, tag ${showValue(tag)}`,
    hint: "Move or delete the tag first.",
    data: { graph, tag, current: snapshot },
  });
}

export function tagUnknown(graph: string, tag: string): StratigraphError {
  return new StratigraphError("TAG_UNKNOWN", "there is no such tag", {
    where: `graph ${showValue(graph)}`,
    received: showValue(tag),
  });
}

/**
 * Whether a tag may be written: `undefined` for yes. `current` is the snapshot it names now.
 * TAG_EXISTS: it names another one and nothing was expected of it; TAG_CONFLICT: something else was expected of it.
 */
export function tagRefusal(write: TagWrite, current: Fingerprint | undefined): StratigraphError | undefined {
  const { graph, tag, snapshot, expected } = write;
  const where = `graph ${showValue(graph)}, tag ${showValue(tag)}`;
  const data = { graph, tag, current };
  if (expected === "any") return undefined;
  if (expected === undefined) {
    if (current === undefined || current === snapshot) return undefined;
    return new StratigraphError("TAG_EXISTS", `the tag names snapshot ${current} already`, {
      where,
      received: `snapshot ${snapshot}`,
      hint: "Say that the tag is to move, or choose another name.",
      data,
    });
  }
  return (expected ?? undefined) === current ? undefined : tagMoved(where, expected, current, data);
}

/** The same for deleting: what was expected is not what is there. */
export function tagMoved(
  where: string,
  expected: Fingerprint | null,
  current: Fingerprint | undefined,
  data: Readonly<Record<string, unknown>>,
): StratigraphError {
  return new StratigraphError("TAG_CONFLICT", "the tag was changed in between", {
    where,
    expected: expected === null ? "no such tag" : `snapshot ${expected}`,
    received: current === undefined ? "no such tag" : `snapshot ${current}`,
    hint: "Look at the tag again and decide anew.",
    data,
  });
}

export function partitionsUnknown(ids: readonly PartitionId[]): StratigraphError {
  return new StratigraphError("PARTITION_UNKNOWN", "a partition to refer to is not stored", {
    received: ids.slice(0, 5).join(", ") + (ids.length > 5 ? `, and ${ids.length - 5} more` : ""),
    hint: "Another command may have removed it in between: build again.",
    data: { partitions: ids },
  });
}

export function otherKey(id: PartitionId, stored: string, given: string): StratigraphError {
  return new StratigraphError("PARTITION_KEY_INVALID", `partition ${id} has another key`, {
    expected: showValue(stored),
    received: showValue(given),
  });
}

export function runUnknown(id: RunId): StratigraphError {
  return new StratigraphError("RUN_UNKNOWN", "no such run is stored", { received: showValue(id), data: { run: id } });
}

export function manifestCollision({ fingerprint, text }: ManifestRecord, stored: string): StratigraphError {
  return new StratigraphError("FINGERPRINT_COLLISION", `fingerprint ${fingerprint} is stored with another manifest`, {
    expected: showValue(stored),
    received: showValue(text),
    hint: "One of the two was not made by this version's rules; keep both texts and report it.",
    data: { fingerprint, stored, given: text },
  });
}

/** What a record that is brought in refers to must have been brought in before. */
export function keptOrphan(kind: string, missing: string): StratigraphError {
  return new StratigraphError("RECORD_INVALID", `a record of kind '${kind}' refers to what is not stored`, {
    received: missing,
    hint: "Put the kinds in their order.",
  });
}

export function auditGrows(next: number, given: number): StratigraphError {
  return new StratigraphError("RECORD_INVALID", "the audit log grows at its end only", {
    expected: `the row with number ${next}`,
    received: `the row with number ${given}`,
  });
}
