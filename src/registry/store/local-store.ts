// The store in a folder of this machine, which any number of processes may use at once.

import { resolve } from "node:path";
import { systemClock, type Clock } from "../../util/clock.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import { localObjects } from "./local-objects.ts";
import { localSlots } from "./local-slots.ts";
import { storeOver } from "./store-over.ts";

export interface LocalStoreOptions {
  /** The system's unless told. */
  readonly clock?: Clock | undefined;
}

/**
 * Keeps bytes and claims below `folder`, which is made when something is put. The file system must have hard links, and be one that all
 * processes that register versions see. See "On disk" in docs/models-store.md.
 */
export function localStore(folder: string, { clock = systemClock }: LocalStoreOptions = {}): ArtifactStore {
  const root = resolve(folder);
  return storeOver({ kind: "local", objects: localObjects({ root, clock }), slots: localSlots(root), clock });
}
