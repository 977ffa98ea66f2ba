// What speaks against copying one backend into another: it is the same, or it knows something else.

import type { Connection } from "../../backend/backend.ts";
import { keptKey, keptKinds, removableKinds, type CopyState, type KeptKind, type KeptRecords } from "../../backend/kept-records.ts"; // prettier-ignore
import { StratigraphError } from "../../errors.ts";
import { keptText, pairs, type Pair } from "./kept-difference.ts";

/**
 * What stays the same of a record whatever happens to it: where it differs, the two are of different histories. Kinds that are not here
 * may be anything at any time: what they were is in a history that is.
 */
const lasting: { readonly [Kind in KeptKind]?: (record: KeptRecords[Kind]) => unknown } = {
  manifests: keptText,
  tagChanges: keptText,
  partitions: ({ artifact, key, input, content }) => JSON.stringify([artifact, key, input, content]),
  marks: ({ ended: _, ...mark }) => JSON.stringify(mark),
  quarantine: ({ ended: _, ...entry }) => keptText<"quarantine">({ ...entry, ended: undefined }),
  runs: ({ id, kind }) => `${id} ${kind}`,
  models: ({ createdAt, createdBy }) => JSON.stringify([createdAt, createdBy]),
  versions: ({ namespace, name, version, sequence }) => JSON.stringify([namespace, name, version, sequence]),
  transitions: keptText,
  aliasChanges: keptText,
  annotations: keptText,
  events: ({ id }) => id,
  audit: ({ hash }) => hash,
};

export function sameStore(): StratigraphError {
  return new StratigraphError("COPY_REFUSED", "a backend cannot be copied onto itself", {
    hint: "Name another one to copy to.",
  });
}

/**
 * Throws COPY_REFUSED where `to` holds what does not come from `from`. What `from` removed since the last copy may still be in it, but only
 * where nothing was written to it since: else nobody could tell the one from the other.
 */
export async function refuseOther(
  from: Connection,
  to: Connection,
  source: CopyState,
  target: CopyState,
): Promise<void> {
  const { copied, given } = target;
  const untouched = copied !== undefined && copied.here === given && copied.from <= source.given;
  for (const kind of keptKinds) {
    const mayBeGone = untouched && (removableKinds as readonly KeptKind[]).includes(kind);
    for await (const pair of pairs(kind, from, to)) {
      const problem = problemOf(kind, pair, mayBeGone);
      if (problem !== undefined) throw otherHistory(kind, keptKey(kind, pair.to!), problem, copied !== undefined);
    }
  }
}

function problemOf<Kind extends KeptKind>(
  kind: Kind,
  { from, to }: Pair<Kind>,
  mayBeGone: boolean,
): string | undefined {
  if (to === undefined) return undefined;
  // Only tasks are ever removed.
  const isStep = kind === "runs" && (to as KeptRecords["runs"]).kind !== "task";
  if (from === undefined) return mayBeGone && !isStep ? undefined : "is not in the source";
  const stays = lasting[kind];
  return stays === undefined || stays(from) === stays(to) ? undefined : "is another one in the source";
}

function otherHistory(
  kind: KeptKind,
  key: readonly (string | number)[],
  problem: string,
  copied: boolean,
): StratigraphError {
  const what = copied
    ? "the target was written to since it was copied, or is a copy of something else"
    : "the target has a history of its own";
  return new StratigraphError("COPY_REFUSED", what, {
    received: `of its ${kind} ${key.join(" ")}, which ${problem}`,
    hint: "Nothing was written. Copy into an empty one.",
    data: { kind, key },
  });
}
