// What a backend keeps about models: names, versions, stages, aliases, and everything that was ever decided about them.

import type { Fingerprint } from "../identity/fingerprint.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { Brand } from "../util/brand.ts";
import type { Json, PartitionId, RunId } from "./records.ts";

/** `development`: fresh; `staging`: passed its gates; `production`: live, at most one of a model; `archived`: kept for audit. */
export const stages = ["development", "staging", "production", "archived"] as const;
export type Stage = (typeof stages)[number];

/** Sortable by the time it was made. */
export type VersionId = Brand<string, "VersionId">;

/** A use case, team or catalog, and the model's own name in it. */
export interface ModelName {
  readonly namespace: string;
  readonly name: string;
}

export type Labels = Readonly<Record<string, string>>;

export interface ModelRecord extends ModelName {
  readonly description: string | undefined;
  readonly labels: Labels;
  /** What every version must pass to be promoted; checked by the registry, kept here as data. */
  readonly gates: Json | undefined;
  readonly createdAt: string;
  readonly createdBy: string;
  /** Rises with every change of this row. */
  readonly revision: number;
}

/** The stored partition a version was made from: the thread on which lineage hangs. */
export interface VersionSource {
  readonly graph: string;
  readonly snapshot: Fingerprint;
  readonly artifactKey: string;
  readonly key: KeyText;
  /** Kept by gc for as long as the version is not deleted. */
  readonly partition: PartitionId;
  readonly content: Fingerprint;
}

/** The bytes of a version in the registry's own store: one file, or a folder as a list of files. */
export interface StoredArtifact {
  /** SHA-256 as hex: of the bytes, or of the folder's list of (path, digest, size, mode). */
  readonly digest: string;
  /** Bytes of all files. */
  readonly size: number;
  readonly files: number;
  /** Where the store keeps it, as the store says. */
  readonly location: string;
}

/** What is said of a version, wherever it was registered. */
export interface VersionFacts {
  readonly artifactType: string | undefined;
  readonly framework: string | undefined;
  readonly description: string | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, Json>>;
  readonly metadata: Readonly<Record<string, Json>>;
  readonly labels: Labels;
  /** JSON Schemas. */
  readonly inputSchema: Json | undefined;
  readonly outputSchema: Json | undefined;
  readonly dependencies: Labels;
  readonly configFingerprint: string | undefined;
  /** Gates of this version alone, instead of the model's. */
  readonly gates: Json | undefined;
  readonly promotedToStagingAt: string | undefined;
  readonly promotedToProductionAt: string | undefined;
  readonly archivedAt: string | undefined;
  /** What a newer writer put beside these and the other fields of a version; kept through every rewrite. */
  readonly extensions: Readonly<Record<string, Json>>;
}

const nothingSaid: VersionFacts = {
  artifactType: undefined,
  framework: undefined,
  description: undefined,
  metrics: {},
  params: {},
  metadata: {},
  labels: {},
  inputSchema: undefined,
  outputSchema: undefined,
  dependencies: {},
  configFingerprint: undefined,
  gates: undefined,
  promotedToStagingAt: undefined,
  promotedToProductionAt: undefined,
  archivedAt: undefined,
  extensions: {},
};

export type SomeVersionFacts = { readonly [Name in keyof VersionFacts]?: VersionFacts[Name] | undefined };

/** These facts alone, of whatever has them; what is not there is not known. */
export function versionFacts(of: SomeVersionFacts): VersionFacts {
  const names = Object.keys(nothingSaid) as (keyof VersionFacts)[];
  return Object.fromEntries(names.map((name) => [name, of[name] ?? nothingSaid[name]])) as unknown as VersionFacts;
}

export interface VersionRecord extends ModelName, VersionFacts {
  readonly id: VersionId;
  /** Semantic version; unique within the model, never given again. */
  readonly version: string;
  /** 1, 2, 3, …; unique within the model, never given again. */
  readonly sequence: number;
  readonly stage: Stage;
  /** The number of the transition that brought it there: of two in one stage, the higher came last. */
  readonly stagedAt: number;
  readonly createdAt: string;
  readonly createdBy: string;
  /** The version of this package that wrote the record; never changed afterwards. */
  readonly engineVersion: string;
  readonly run: RunId | undefined;
  readonly source: VersionSource | undefined;
  readonly artifact: StoredArtifact | undefined;
  /** A tombstone: the bytes are gone, both numbers stay taken. */
  readonly deleted: { readonly at: string; readonly by: string; readonly why: string | undefined } | undefined;
  /** Rises with every change of this row. */
  readonly revision: number;
}

export type VersionRef =
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "sequence"; readonly sequence: number }
  /** The version that came into this stage last. */
  | { readonly kind: "stage"; readonly stage: Stage }
  /** The highest sequence that is not deleted. */
  | { readonly kind: "latest" }
  | { readonly kind: "alias"; readonly alias: string };

export const comparisons = ["eq", "ne", "gt", "gte", "lt", "lte"] as const;
export type Comparison = (typeof comparisons)[number];

/** One condition on a number or text; all conditions of a filter hold together. A value that is not there fulfils none of them. */
export interface ValueCondition {
  /** A key of `metrics`, `params`, `labels` or `metadata`. */
  readonly in: "metrics" | "params" | "labels" | "metadata";
  readonly key: string;
  readonly is: Comparison;
  readonly value: number | string | boolean;
}

export interface VersionFilter {
  readonly namespace?: string | undefined;
  /** `*` and `?` stand for any text and any character. */
  readonly name?: string | undefined;
  readonly stages?: readonly Stage[] | undefined;
  readonly framework?: string | undefined;
  readonly run?: RunId | undefined;
  /** Content fingerprint of the source partition. */
  readonly content?: Fingerprint | undefined;
  /** Only these of the numbers. */
  readonly versions?: readonly string[] | undefined;
  readonly where?: readonly ValueCondition[] | undefined;
  /** Tombstones too. False unless told. */
  readonly deleted?: boolean | undefined;
  /** Order by this metric, versions without it last; by age, newest first, unless told. */
  readonly orderBy?: { readonly metric: string; readonly descending: boolean } | undefined;
}

export const transitionKinds = ["register", "promote", "demote", "archive", "rollback", "restore", "delete"] as const;
export type TransitionKind = (typeof transitionKinds)[number];

/** One row of a version's append-only history. */
export interface TransitionRecord extends ModelName {
  /** Rises with everything that has an order in this backend. */
  readonly number: number;
  readonly version: string;
  readonly sequence: number;
  readonly kind: TransitionKind;
  readonly from: Stage | undefined;
  readonly to: Stage | undefined;
  readonly at: string;
  readonly by: string;
  readonly why: string | undefined;
  /** Gates said no, and somebody said yes. */
  readonly forced: boolean;
  /** The results of the gates that were asked, or that were skipped, as the registry says. */
  readonly gates: Json | undefined;
  /** What one call did carries one text. */
  readonly correlation: string;
}

/** A movable name for one version of one model. */
export interface AliasRecord extends ModelName {
  readonly alias: string;
  readonly version: string;
  readonly sequence: number;
  readonly at: string;
  readonly by: string;
  readonly why: string | undefined;
}

/** One entry of an alias's append-only history; `version` is `undefined` where it was removed. */
export interface AliasChange extends Omit<AliasRecord, "version" | "sequence"> {
  readonly number: number;
  readonly version: string | undefined;
  readonly previous: string | undefined;
}

/** Something a person wrote about a model or one version; append-only. */
export interface AnnotationRecord extends ModelName {
  readonly number: number;
  /** `undefined`: about the model as a whole. */
  readonly version: string | undefined;
  readonly author: string;
  readonly text: string;
  readonly at: string;
}
