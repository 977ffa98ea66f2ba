// Versions of models that `gc` may delete: looked for only where there are models at all.

import type { Expired } from "../registry/retention.ts";
import { systemClock } from "../util/clock.ts";
import type { Call } from "./command.ts";
import type { Project } from "./project.ts";

/** One version that goes, or could. */
export interface ExpiredVersion {
  /** "models:/team/churn/1.3.0" */
  readonly uri: string;
  readonly why: string;
  /** Bytes. */
  readonly size: number;
}

/** As `retention` of the configuration says; deletes them when told. */
export async function expiredVersions(
  call: Call,
  project: Project,
  remove: boolean,
): Promise<readonly ExpiredVersion[]> {
  if (!(await hasModels(project))) return [];
  const { withFacts } = await import("./facts.ts");
  const { findExpired, removeExpired } = await import("../registry/retention.ts");
  const { settings } = await project.settings();
  return withFacts(
    call,
    async ({ registry }) => {
      const { expired } = await findExpired(registry, settings.retention, systemClock.now());
      if (remove) await removeExpired(registry, expired);
      return expired.map(toJson);
    },
    { readOnly: !remove },
  );
}

async function hasModels(project: Project): Promise<boolean> {
  await using workspace = await project.open({ readOnly: true });
  const { items } = await workspace.connection.listModels({}, { limit: 1 });
  return items.length > 0;
}

function toJson({ version, why }: Expired): ExpiredVersion {
  return { uri: version.uri, why, size: version.size ?? 0 };
}
