// A version as it was found in a store that is not ours, or was exported: everything the registry needs to register it as its own.

import type { Labels, ModelName, Stage, VersionFacts } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";

/** What is known of the model itself; the same with each of its versions. */
export interface ImportedModel {
  readonly description: string | undefined;
  readonly labels: Labels;
  /** As they were written: to be parsed by whoever stores them. */
  readonly gates: Json | undefined;
  readonly createdAt: string | undefined;
  readonly createdBy: string | undefined;
  /** Keys that the layout does not know. */
  readonly extensions: Readonly<Record<string, Json>>;
}

/**
 * Versions of one model come one after the other, oldest first; where `sequence` is missing they are to be numbered in that order. At most
 * one of them is in production.
 */
export interface ImportedVersion extends ModelName, VersionFacts {
  /** Semantic; where the other system numbered otherwise, `notes` and `extensions.originalVersion` say how. */
  readonly version: string;
  readonly sequence: number | undefined;
  readonly stage: Stage;
  /** ISO time in UTC, as all times here. */
  readonly createdAt: string;
  readonly createdBy: string | undefined;
  /** An absolute path of a file or folder; `undefined` for a deleted version, and where the bytes are gone, which `notes` says. */
  readonly artifactPath: string | undefined;
  /** What the bytes must have, where the exporter knew. */
  readonly digest: string | undefined;
  /** The id of a run in the system it comes from. */
  readonly runId: string | undefined;
  /** Both numbers stay taken. */
  readonly deleted: { readonly at: string; readonly by: string; readonly why: string | undefined } | undefined;
  readonly aliases: readonly string[];
  readonly model: ImportedModel;
  /** The file it was read from. */
  readonly from: string;
  /** What was decided or could not be kept, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The other systems let two versions be in production at once, and we do not: the one promoted last stays, of equals the one with the
 * higher place in the list, and the others are archived at that moment, which their notes say.
 */
export function withOneProduction(versions: readonly ImportedVersion[]): readonly ImportedVersion[] {
  const live = versions.filter(({ stage, deleted }) => stage === "production" && deleted === undefined);
  if (live.length < 2) return versions;
  const promotedAt = ({ promotedToProductionAt, createdAt }: ImportedVersion): number =>
    Date.parse(promotedToProductionAt ?? createdAt);
  const winner = live.reduce((last, one) => (promotedAt(one) >= promotedAt(last) ? one : last));
  return versions.map((one) => {
    if (one === winner || !live.includes(one)) return one;
    const note =
      `${one.version} was in production beside ${winner.version}, which was promoted later: ` +
      `${winner.version} stays, ${one.version} is archived`;
    const archivedAt = one.archivedAt ?? winner.promotedToProductionAt ?? winner.createdAt;
    return { ...one, stage: "archived", archivedAt, notes: [...one.notes, note] };
  });
}
