// Claims whose version may still be on its way: taken, not given back, and by somebody who may live.

import { isDead } from "../../build/holder.ts";
import type { ModelName } from "../../backend/model-records.ts";
import { modelFolder, type SlotStorage } from "./slots.ts";

export interface OpenClaim {
  readonly folder: string;
  readonly version: string;
  /** Milliseconds since 1970 of when it was taken; 0 where that cannot be read. */
  readonly at: number;
}

/** In no order. */
export async function listOpenClaims(slots: SlotStorage): Promise<readonly OpenClaim[]> {
  const claims: OpenClaim[] = [];
  for (const folder of await slots.models()) {
    for (const name of lastGenerations(await slots.list(folder))) {
      const slot = await slots.read(folder, name);
      if (slot === undefined || slot.released === true || isDead(slot.holder)) continue;
      claims.push({ folder, version: slot.name.replace(/^v/, ""), at: Date.parse(slot.at) || 0 });
    }
  }
  return claims;
}

/** Those of which there is no version. */
export function withoutVersions(
  claims: readonly OpenClaim[],
  versions: readonly (ModelName & { readonly version: string })[],
): readonly OpenClaim[] {
  const keyOf = (folder: string, version: string): string => `${folder} ${version}`;
  const known = new Set(versions.map((one) => keyOf(modelFolder(one), one.version)));
  return claims.filter(({ folder, version }) => !known.has(keyOf(folder, version)));
}

/** Of the names of versions: "v1.2.0~2" where there is a "v1.2.0~1" as well. */
function lastGenerations(names: readonly string[]): Iterable<string> {
  const last = new Map<string, { readonly name: string; readonly generation: number }>();
  for (const name of names) {
    const [, version, generation] = /^(v.+)~(\d+)$/.exec(name) ?? [];
    if (version === undefined) continue;
    if ((last.get(version)?.generation ?? 0) < Number(generation))
      last.set(version, { name, generation: Number(generation) });
  }
  return [...last.values()].map(({ name }) => name);
}
