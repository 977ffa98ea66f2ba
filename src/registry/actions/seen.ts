// A version as it was when something was decided about it, found again when that is written.

import type { ModelName, VersionRecord } from "../../backend/model-records.ts";
import { StratigraphError } from "../../errors.ts";
import type { ModelTx } from "../model-tx.ts";
import { formatModelName } from "../name.ts";

export interface SeenVersion {
  readonly version: string;
  readonly sequence: number;
  readonly revision: number;
}

/** The version, unchanged since. Error: CONFLICT. */
export async function findSeen(tx: ModelTx, { namespace, name }: ModelName, seen: SeenVersion): Promise<VersionRecord> {
  const [found] = await tx.findVersions([{ namespace, name, ref: { kind: "sequence", sequence: seen.sequence } }]);
  return requireSeen({ namespace, name }, seen, found);
}

export function requireSeen(name: ModelName, seen: SeenVersion, found: VersionRecord | undefined): VersionRecord {
  if (found?.revision === seen.revision && found.deleted === undefined) return found;
  throw conflict(name, seen.version, {
    expected: `revision ${seen.revision} of ${seen.version}`,
    received: found === undefined ? "no such version" : `revision ${found.revision}`,
    revisions: { expected: seen.revision, received: found?.revision },
  });
}

export function conflict(
  name: ModelName,
  version: string,
  {
    expected,
    received,
    revisions = {},
  }: { readonly expected: string; readonly received: string; readonly revisions?: Readonly<Record<string, unknown>> },
): StratigraphError {
  return new StratigraphError("CONFLICT", "the model changed after this was decided, so nothing was written", {
    where: `model ${formatModelName(name)}@${version}`,
    expected,
    received,
    hint: "Look at the model again and decide anew.",
    data: { ...revisions, model: formatModelName(name), version },
  });
}
