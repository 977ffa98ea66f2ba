// What a projection is made of: everything the database has about one model, as plain rows.

import type { AliasRecord, ModelRecord, TransitionRecord, VersionRecord } from "../../backend/model-records.ts";

export interface ModelRows {
  readonly model: ModelRecord;
  /** All, tombstones included, in any order. */
  readonly versions: readonly VersionRecord[];
  readonly aliases?: readonly AliasRecord[] | undefined;
  /** Of any version; tell who promoted it. */
  readonly transitions?: readonly TransitionRecord[] | undefined;
}

/** Where all models are read from, one at a time. */
export interface ModelReader {
  readModels(): AsyncIterable<ModelRows>;
}

/** By sequence, without tombstones. */
export function livingVersions({ versions }: ModelRows): readonly VersionRecord[] {
  return versions.filter(({ deleted }) => deleted === undefined).sort((a, b) => a.sequence - b.sequence);
}

export function tombstones({ versions }: ModelRows): readonly VersionRecord[] {
  return versions.filter(({ deleted }) => deleted !== undefined).sort((a, b) => a.sequence - b.sequence);
}

/** Rises with every change of the model or one of its versions, so that of two projections the newer is known. */
export function revisionOf({ model, versions }: ModelRows): number {
  return versions.reduce((sum, { revision }) => sum + revision, model.revision);
}

/** Who promoted it last; who registered it where nobody did. */
export function promoterOf({ transitions = [] }: ModelRows, { version, createdBy }: VersionRecord): string {
  let last: TransitionRecord | undefined;
  for (const one of transitions) {
    if (one.version !== version || (one.kind !== "promote" && one.kind !== "rollback")) continue;
    if (last === undefined || one.number > last.number) last = one;
  }
  return last?.by ?? createdBy;
}

export function aliasesOf({ aliases = [] }: ModelRows, version: string): readonly string[] {
  return aliases
    .filter((one) => one.version === version)
    .map(({ alias }) => alias)
    .sort();
}
