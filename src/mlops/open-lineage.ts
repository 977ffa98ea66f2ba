// OpenLineage events of builds into the file that the settings name.

import { resolve } from "node:path";
import type { Backend } from "../backend/backend.ts";
import type { Settings } from "../config/settings.ts";
import { toFile } from "../lineage/openlineage/emit.ts";
import { openLineage, type OpenLineageListener } from "../lineage/openlineage/listener.ts";

export interface OpenLineagePlace {
  /** That of the configuration, absolute. */
  readonly folder: string;
  /** What templates start from, absolute. */
  readonly root: string;
  /** The build's own. */
  readonly backend: Backend;
  readonly warn: (sentence: string) => void;
}

/** `undefined` where nobody asks for them. An event that cannot be written is a warning, once, and no reason for a build to fail. */
export function openLineageOf(
  { enabled, lineage }: Settings,
  { folder, root, backend, warn }: OpenLineagePlace,
): OpenLineageListener | undefined {
  if (!enabled || !lineage.enabled || lineage.openLineage === undefined) return undefined;
  const path = resolve(folder, lineage.openLineage);
  let warned = false;
  return openLineage({
    backend,
    root,
    emit: toFile(path),
    onError(error) {
      if (warned) return;
      warned = true;
      warn(
        `OpenLineage events cannot be written to ${path}: ${error instanceof Error ? error.message : String(error)}`,
      );
    },
  });
}
