// Manifest: the ordered list of what went into a fingerprint, kept beside it so that a change can be told later.

import { isDeepStrictEqual } from "node:util";
import { StratigraphError } from "../errors.ts";
import { canonicalText, parseCanonical } from "../util/canonical.ts";
import { showValue } from "../util/show.ts";
import { compareText } from "../util/text-order.ts";
import { fingerprintText, type Fingerprint } from "./fingerprint.ts";

/** What counts, by name. A list keeps its order; names have none. Anything `canonicalText` can write may be a part. */
export interface Manifest {
  /** What the fingerprint identifies: "input", "graph", "artifact"… */
  readonly kind: string;
  /** Raised when the parts of this kind change their meaning, so that old and new never compare equal by accident. */
  readonly format: number;
  readonly parts: { readonly [name: string]: unknown };
}

/** A manifest as text, and the fingerprint of that text. */
export interface SealedManifest {
  readonly fingerprint: Fingerprint;
  readonly text: string;
}

/** The manifest's canonical text and its fingerprint. Throws VALUE_NOT_ENCODABLE, the path beginning with `parts`. */
export function sealManifest({ kind, format, parts }: Manifest): SealedManifest {
  const text = canonicalText({ kind, format, parts });
  return { fingerprint: fingerprintText(text), text };
}

export function fingerprintManifest(manifest: Manifest): Fingerprint {
  return sealManifest(manifest).fingerprint;
}

/** The manifest of a sealed text, its values as they were: dates are dates again. Throws MANIFEST_INVALID. */
export function parseManifest(text: string): Manifest {
  const value = parseCanonical(text);
  if (isManifest(value)) return value;
  throw new StratigraphError("MANIFEST_INVALID", "the stored text is not a manifest", {
    expected: "kind, format and parts",
    received: showValue(text),
  });
}

/** One difference: where, what stood there, what stands there now. */
export interface ManifestChange {
  /** From the part's name inwards. In a list of pairs the first of the pair is the name: `["inputs", "days", "date=2026-01-02"]`. */
  readonly path: readonly string[];
  readonly change: "added" | "removed" | "changed";
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Every difference between two manifests, as deep inside as it can be said, in order of path: names by UTF-8 bytes, list members by place.
 * Lists of pairs with texts as first members, `[["date=2026-01-02", content], …]`, are compared by those texts, other lists place by place.
 * No difference is passed over: where only the order of pairs differs, the whole list is the change.
 */
export function diffManifests(before: Manifest, after: Manifest): readonly ManifestChange[] {
  const changes: ManifestChange[] = [];
  compare(["kind"], before.kind, after.kind, changes);
  compare(["format"], before.format, after.format, changes);
  compare([], before.parts, after.parts, changes);
  return changes;
}

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value)) return false;
  const { kind, format, parts, ...others } = value;
  return typeof kind === "string" && typeof format === "number" && isRecord(parts) && Object.keys(others).length === 0;
}

// Recursion is bounded: what can be sealed is at most 64 levels deep.
function compare(path: readonly string[], before: unknown, after: unknown, changes: ManifestChange[]): void {
  if (Object.is(before, after)) return;
  if (isRecord(before) && isRecord(after)) {
    compareMembers(path, new Map(Object.entries(before)), new Map(Object.entries(after)), changes);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(path, before, after, changes);
  } else if (!isDeepStrictEqual(before, after)) {
    changes.push({ path, change: "changed", before, after });
  }
}

function compareLists(
  path: readonly string[],
  before: readonly unknown[],
  after: readonly unknown[],
  changes: ManifestChange[],
): void {
  const [pairsBefore, pairsAfter] = [asPairs(before), asPairs(after)];
  if (pairsBefore === undefined || pairsAfter === undefined) {
    const length = Math.max(before.length, after.length);
    for (let index = 0; index < length; index++) {
      const inner = [...path, String(index)];
      if (index >= before.length)
        changes.push({ path: inner, change: "added", before: undefined, after: after[index] });
      else if (index >= after.length)
        changes.push({ path: inner, change: "removed", before: before[index], after: undefined });
      else compare(inner, before[index], after[index], changes);
    }
    return;
  }
  const known = changes.length;
  compareMembers(path, pairsBefore, pairsAfter, changes);
  if (changes.length === known && !isDeepStrictEqual(before, after))
    changes.push({ path, change: "changed", before, after });
}

function compareMembers(
  path: readonly string[],
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  changes: ManifestChange[],
): void {
  const names = [...before.keys(), ...[...after.keys()].filter((name) => !before.has(name))].sort(compareText);
  for (const name of names) {
    const inner = [...path, name];
    if (!before.has(name)) changes.push({ path: inner, change: "added", before: undefined, after: after.get(name) });
    else if (!after.has(name))
      changes.push({ path: inner, change: "removed", before: before.get(name), after: undefined });
    else compare(inner, before.get(name), after.get(name), changes);
  }
}

/** The list as names with values, when it is a list of pairs and no name comes twice; an empty list is one of no pairs. */
function asPairs(list: readonly unknown[]): ReadonlyMap<string, unknown> | undefined {
  const pairs = new Map<string, unknown>();
  for (const pair of list) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string" || pairs.has(pair[0]))
      return undefined;
    pairs.set(pair[0], pair[1]);
  }
  return pairs;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
