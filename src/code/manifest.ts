// What counts of a producer's code, as a manifest: no place in it but the names, so that a file may move.

import { sealManifest, type SealedManifest } from "../identity/manifest.ts";

/** Why a producer's code counts by whole files. */
export const wholeReasons = {
  "no-parser": "the optional package oxc-parser is not installed",
  unreadable: "the file that declares the producer cannot be taken apart",
  unfollowed: "the producer is not declared by one call with its name and all it needs in sight",
  "hidden-code": "the code runs text as code",
  "hidden-module": "the code loads a module whose name it computes, or one that is not found",
} as const;

export type WholeReason = keyof typeof wholeReasons;

/** An item: its name for people, its digest, and what it refers to, which are places in the list or names outside of the project. */
export type CodeItem = readonly [name: string, digest: string, refers: readonly (readonly [string, number | string])[]];

export interface CodeParts {
  /** Whether the functions that are reached count, or all files that are loaded. */
  readonly counted: "functions" | "files";
  readonly because: WholeReason | null;
  readonly items: readonly CodeItem[];
  readonly packages: readonly (readonly [name: string, version: string])[];
}

export function sealCode({ counted, because, items, packages }: CodeParts): SealedManifest {
  return sealManifest({ kind: "code", format: 1, parts: { counted, because, items, packages } });
}
