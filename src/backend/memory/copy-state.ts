// Where a store in memory stands: its id, the highest number given, and what the last copy into it left.

import type { CopyState } from "../kept-records.ts";
import type { MemoryState } from "./state.ts";

export function readCopyState(state: MemoryState): CopyState {
  return { store: `memory ${state.store}`, id: state.store, given: state.given, copied: state.copied.get("copied") };
}
