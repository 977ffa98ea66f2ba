// The store in this process's memory: the same behaviour, and nothing left when it ends.

import { systemClock, type Clock } from "../../util/clock.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import { memoryObjects, type MemoryObjects } from "./memory-objects.ts";
import type { Slot, SlotStorage } from "./slots.ts";
import { storeOver } from "./store-over.ts";

export interface MemoryStoreOptions {
  /** The system's unless told. */
  readonly clock?: Clock | undefined;
  /** Where objects are kept; a new map unless told. */
  readonly objects?: MemoryObjects | undefined;
}

/** Views are files all the same, in the system's folder for temporary ones. */
export function memoryStore({ clock = systemClock, objects = new Map() }: MemoryStoreOptions = {}): ArtifactStore {
  return storeOver({ kind: "memory", objects: memoryObjects(objects, clock), slots: memorySlots(), clock });
}

function memorySlots(): SlotStorage {
  const models = new Map<string, Map<string, Slot>>();
  return {
    models: async () => [...models.keys()],
    list: async (model) => [...(models.get(model)?.keys() ?? [])],
    read: async (model, name) => models.get(model)?.get(name),
    async take(model, name, slot) {
      const slots = models.get(model) ?? new Map<string, Slot>();
      models.set(model, slots);
      if (slots.has(name)) return false;
      slots.set(name, slot);
      return true;
    },
  };
}
