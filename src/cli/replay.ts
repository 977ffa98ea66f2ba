// Whoever can write what may wait in the fallback journal.

import { replayable, type Replayable } from "../changes/sync.ts";
import { compactLineage, recordLineage } from "../lineage/lineage.ts";
import { mirrorOpenLineage } from "../lineage/openlineage/emit.ts";
import { registryActions } from "../registry/appliers.ts";

export const replayables: readonly Replayable[] = [
  ...registryActions,
  replayable(recordLineage),
  replayable(compactLineage),
  replayable(mirrorOpenLineage),
];
