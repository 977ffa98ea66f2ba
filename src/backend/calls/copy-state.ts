// The call that tells where a backend stands: apart from those of copying, as whoever leaves a mark in a folder asks for its id.

import type { CopyStore } from "../copy-store.ts";
import type { CallsOf } from "./call.ts";

export const copyStateCalls: CallsOf<Pick<CopyStore, "readCopyState">> = {
  readCopyState: { writes: false, check: () => undefined },
};
