// The calls of a memory backend about facts beyond builds; loaded by the first of them.

import type { FactCallName, SyncStores } from "../calls/call.ts";
import * as audit from "./audit.ts";
import { bind } from "./bind.ts";
import * as copies from "./kept/kept.ts";
import * as events from "./events.ts";
import * as lineage from "./lineage.ts";
import * as models from "./models.ts";
import type { MemoryState } from "./state.ts";
import * as submissions from "./submissions.ts";
import * as tasks from "./tasks.ts";
import * as versions from "./versions.ts";

export function factStoresOf(state: MemoryState): Pick<SyncStores, FactCallName> {
  return {
    ...bind(state, tasks),
    ...bind(state, lineage),
    ...bind(state, models),
    ...bind(state, versions),
    ...bind(state, events),
    ...bind(state, audit),
    ...bind(state, submissions),
    ...bind(state, copies),
  } satisfies { readonly [Name in FactCallName]: unknown };
}
