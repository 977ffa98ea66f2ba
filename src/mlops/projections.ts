// Other systems' file layouts, kept up to date after every change of a model.

import { join } from "node:path";
import type { ModelName } from "../backend/model-records.ts";
import type { Host } from "../changes/host.ts";
import type { ArtifactStore } from "../registry/artifact-store.ts";
import { projections } from "../registry/layout/layouts.ts";
import { modelReader } from "../registry/layout/read-models.ts";

/** The folder of a layout, in the state folder. */
export function projectionFolder(home: string, layout: "ubunye" | "tauro"): string {
  return join(home, "projections", layout);
}

/**
 * Projects each changed model after its change was committed. A failure harms nobody but the files, which the next change, or
 * `strata reindex`, writes again; the bus warns about it. `close` waits for what is under way.
 */
export function keepProjections(
  layouts: readonly ("ubunye" | "tauro")[],
  { host, store, folder }: { readonly host: Host; readonly store: ArtifactStore; readonly folder: string },
): { close(): Promise<void> } {
  if (layouts.length === 0) return { close: async () => {} };
  let last: Promise<void> = Promise.resolve();
  const project = async (name: ModelName): Promise<void> => {
    for (const layout of layouts) {
      await projections[layout](
        modelReader(host.connection, [name]).readModels(),
        store,
        projectionFolder(folder, layout),
        { clock: host.clock },
      );
    }
  };
  const end = host.bus.subscribe(
    "model.*",
    ({ subject }) => {
      const name = nameIn(subject);
      if (name === undefined) return undefined;
      return (last = project(name));
    },
    { mode: "async" },
  );
  return {
    async close() {
      await last.catch(() => undefined);
      end();
    },
  };
}

/** Of "model:team/churn@1.2.0". */
function nameIn(subject: string): ModelName | undefined {
  const [, namespace, name] = /^model:([^/]+)\/([^@]+)/.exec(subject) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
