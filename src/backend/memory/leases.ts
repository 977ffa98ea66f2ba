// Leases with fencing tokens, in memory.

import type { Fence, LeaseAnswer } from "../records.ts";
import type { MemoryState } from "./state.ts";

export function acquireLeases(
  state: MemoryState,
  names: readonly string[],
  options: {
    readonly holder: string;
    readonly ttl: number;
    readonly isDead?: ((holder: string) => boolean) | undefined;
  },
): readonly LeaseAnswer[] {
  const { holder, ttl, isDead } = options;
  const now = state.clock.now();
  const taken = new Map<string, Fence>();
  return names.map((name): LeaseAnswer => {
    const lease = state.leases.get(name);
    let fence = taken.get(name);
    if (fence === undefined && lease !== undefined && lease.holder !== holder && lease.expiresAt > now) {
      if (isDead?.(lease.holder) !== true) {
        return { granted: false, name, holder: lease.holder, expiresAt: lease.expiresAt };
      }
    }
    if (fence === undefined) {
      fence = { name, token: state.nextSequence() };
      taken.set(name, fence);
      state.set(state.leases, name, { token: fence.token, holder, expiresAt: Math.ceil(now + ttl) });
    }
    return { granted: true, fence };
  });
}

export function checkLeases(state: MemoryState, fences: readonly Fence[]): readonly boolean[] {
  return fences.map(({ name, token }) => state.leases.get(name)?.token === token);
}

export function renewLeases(state: MemoryState, fences: readonly Fence[], ttl: number): readonly boolean[] {
  const expiresAt = Math.ceil(state.clock.now() + ttl);
  return fences.map(({ name, token }) => {
    const lease = state.leases.get(name);
    if (lease?.token !== token) return false;
    state.set(state.leases, name, { ...lease, expiresAt });
    return true;
  });
}

export function releaseLeases(state: MemoryState, fences: readonly Fence[]): void {
  for (const { name, token } of fences) {
    if (state.leases.get(name)?.token === token) state.delete(state.leases, name);
  }
}
