// Claims of version numbers: what follows the newest known version is tried first, and nothing is believed that was not taken.

import { describe, expect, it } from "vitest";
import { claimVersion, type Slot, type SlotStorage } from "../../../src/registry/store/slots.ts";

const model = { namespace: "default", name: "churn" };
const versions = (count: number): string[] => Array.from({ length: count }, (_, n) => `1.0.${n}`);

function openSlots(): SlotStorage & { readonly taken: Map<string, Slot>; lists: number } {
  const taken = new Map<string, Slot>();
  return {
    taken,
    lists: 0,
    models: async () => ["default/churn"],
    async list() {
      this.lists++;
      return [...taken.keys()];
    },
    read: async (_, name) => taken.get(name),
    async take(_, name, slot) {
      if (taken.has(name)) return false;
      taken.set(name, slot);
      return true;
    },
  };
}

function claim(slots: SlotStorage, known: number): Promise<{ version: string; sequence: number }> {
  const options = { slots, holder: "ana@here 1 -/1", at: "2026-01-01T00:00:00.000Z" };
  const numbers = { highestSequence: known, versions: versions(known) };
  return claimVersion(options, model, { bump: "patch" }, numbers, async () => false);
}

describe("the next version", () => {
  it("is claimed without listing what was claimed before, where every claim became a version", async () => {
    const slots = openSlots();
    for (let known = 1; known < 20; known++) {
      expect(await claim(slots, known)).toEqual({ version: `1.0.${known}`, sequence: known + 1 });
    }

    expect(slots.lists).toBe(0);
  });

  it("follows the highest claim, where one is under way that the database does not know", async () => {
    const slots = openSlots();
    const at = "2026-01-01T00:00:00.000Z";
    slots.taken.set("v2.0.0~1", { name: "v2.0.0", holder: "bo@there 2 -/1", at });
    slots.taken.set("#4~1", { name: "#4", holder: "bo@there 2 -/1", at, version: "2.0.0" });

    expect(await claim(slots, 3)).toEqual({ version: "2.0.1", sequence: 5 });
  });

  it("steps over a version that was claimed by one who died before taking a sequence number", async () => {
    const slots = openSlots();
    slots.taken.set("v1.0.3~1", { name: "v1.0.3", holder: "bo@there 2 -/1", at: "2026-01-01T00:00:00.000Z" });

    expect(await claim(slots, 3)).toEqual({ version: "1.0.4", sequence: 4 });
  });

  it("is another one for each of many who know the same", async () => {
    const slots = openSlots();
    const claims = await Promise.all(Array.from({ length: 20 }, () => claim(slots, 7)));

    expect(new Set(claims.map(({ version }) => version)).size).toBe(20);
    expect(claims.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 8),
    );
  });
});
