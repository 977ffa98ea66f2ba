// Submissions in memory.

import type { MemoryState } from "./state.ts";

export function takeSubmissions(state: MemoryState, keys: readonly string[]): readonly boolean[] {
  return keys.map((key) => {
    if (state.submissions.has(key)) return false;
    state.set(state.submissions, key, Math.floor(state.clock.now()));
    return true;
  });
}

export function removeSubmissions(state: MemoryState, before: number): number {
  const old = [...state.submissions].filter(([, takenAt]) => takenAt < before);
  for (const [key] of old) state.delete(state.submissions, key);
  return old.length;
}
