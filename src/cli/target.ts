// What people name on the command line: an artifact or a partition, looked up in what a snapshot's graph declared.

import type { Connection } from "../backend/backend.ts";
import type { StoredPartition, StoredSnapshot } from "../backend/records.ts";
import { placeText } from "../build/place.ts";
import { StratigraphError } from "../errors.ts";
import type { ArtifactDescription, GraphDescription } from "../graph/describe.ts";
import { describedDimensions } from "../graph/described.ts";
import { encodeKey, parseKeyArgument, type KeyText } from "../identity/partition-key.ts";
import { suggestKey } from "../util/suggest.ts";

/** "days[2026-01-02]" as typed. */
export interface Target {
  readonly key: string;
  /** What stood in the brackets; `undefined` without brackets. */
  readonly partition: string | undefined;
}

export function parseTarget(text: string): Target {
  const [, key = text, , partition] = /^([^[\]]*)(\[(.*)\])?$/s.exec(text) ?? [];
  return { key, partition };
}

/** "days[2026-01-02]@prod" into what stands before and after the "@"; values of partitions may hold one too. */
export function splitReference(text: string): { readonly name: string; readonly reference: string | undefined } {
  const at = text.lastIndexOf("@");
  if (at < text.lastIndexOf("]")) return { name: text, reference: undefined };
  return at < 0 ? { name: text, reference: undefined } : { name: text.slice(0, at), reference: text.slice(at + 1) };
}

/** Error: SELECTOR_UNKNOWN, with the nearest key. */
export function findArtifact({ name, artifacts }: GraphDescription, key: string): ArtifactDescription {
  const found = artifacts.find((artifact) => artifact.key === key);
  if (found !== undefined) return found;
  const guess = suggestKey(
    key,
    artifacts.map((artifact) => artifact.key),
  );
  throw new StratigraphError("SELECTOR_UNKNOWN", `graph '${name}' has no artifact '${key}'`, {
    hint: nameHint(artifacts, key, guess) ?? "List them: strata ls",
  });
}

/** What to say of a key that is not there: what it is called now, or what may have been meant. */
export function nameHint(
  artifacts: readonly ArtifactDescription[],
  key: string,
  guess: string | undefined,
): string | undefined {
  const now = nameNow({ artifacts }, key);
  if (now !== undefined) return `It is called '${now}' now.`;
  return guess === undefined ? undefined : `Did you mean '${guess}'?`;
}

/** What an artifact that had this key before is called now; `undefined` where none had it. */
export function nameNow({ artifacts }: Pick<GraphDescription, "artifacts">, key: string): string | undefined {
  return artifacts.find(({ was }) => was?.includes(key) === true)?.key;
}

/** A key as typed, in its one form. Error: PARTITION_KEY_INVALID. */
export function keyTextOf(artifact: ArtifactDescription, typed: string): KeyText {
  const dimensions = describedDimensions(artifact.dimensions);
  return encodeKey(dimensions, parseKeyArgument(dimensions, typed));
}

/** The partition that is meant: the one named, or the only one. Error: PARTITION_NOT_BUILT. */
export async function findPartition(
  connection: Connection,
  snapshot: StoredSnapshot,
  artifact: ArtifactDescription,
  typed: string | undefined,
): Promise<StoredPartition> {
  const { key } = artifact;
  const unpartitioned = Object.keys(Object(artifact.dimensions) as object).length === 0;
  const text = typed === undefined ? (unpartitioned ? ("" as KeyText) : undefined) : keyTextOf(artifact, typed);
  const { items } = await connection.readSnapshotPartitions(
    snapshot.id,
    key,
    text === undefined ? { page: { limit: 3 } } : { keys: [text] },
  );
  const [only, second] = items;
  if (only !== undefined && second === undefined) return only;
  const where = `snapshot ${snapshot.id.slice(0, 8)} of graph '${snapshot.graph}'`;
  if (only === undefined) {
    throw new StratigraphError("PARTITION_NOT_BUILT", `there is no ${placeText(key, text ?? "")}`, {
      where,
      hint: `See what there is: strata ls ${key}`,
    });
  }
  throw new StratigraphError("USAGE", `'${key}' has more than one partition: name the one`, {
    where,
    expected: `something like '${placeText(key, only.key)}'`,
    hint: `See them: strata ls ${key}`,
  });
}
