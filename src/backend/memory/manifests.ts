// What fingerprints stand for, in memory.

import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { ManifestRecord } from "../records.ts";
import { manifestCollision } from "../refusals.ts";
import type { MemoryState } from "./state.ts";

export function writeManifests(state: MemoryState, manifests: readonly ManifestRecord[]): void {
  for (const { fingerprint, text } of manifests) {
    const stored = state.manifests.get(fingerprint);
    if (stored === undefined) state.set(state.manifests, fingerprint, text);
    else if (stored !== text) throw manifestCollision({ fingerprint, text }, stored);
  }
}

export function readManifests(
  state: MemoryState,
  fingerprints: readonly Fingerprint[],
): readonly (ManifestRecord | undefined)[] {
  return fingerprints.map((fingerprint) => {
    const text = state.manifests.get(fingerprint);
    return text === undefined ? undefined : { fingerprint, text };
  });
}
