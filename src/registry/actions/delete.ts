// Deleting a version, as rows: a tombstone that keeps both numbers taken, and no alias that names it.

import { z } from "zod";
import type { StoredArtifact, VersionRecord } from "../../backend/model-records.ts";
import type { Page } from "../../backend/records.ts";
import type { AliasRecord } from "../../backend/model-records.ts";
import { nameSchema } from "../limits.ts";
import { mirroredStages, mirrorStages, stageHolders } from "../mirror.ts";
import { resourceOf } from "../name.ts";
import type { RegistryApplier } from "./applier.ts";
import { findSeen } from "./seen.ts";

export interface DeleteData {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly revision: number;
  readonly why?: string | undefined;
  /** It was in production. */
  readonly forced: boolean;
}

export interface DeleteResult {
  readonly version: VersionRecord;
  /** The bytes it had, which may be another version's too. */
  readonly artifact: StoredArtifact | undefined;
}

export const deleteApplier: RegistryApplier<DeleteData, DeleteResult> = {
  action: "model.delete",
  schema: z.object({
    namespace: nameSchema,
    name: nameSchema,
    version: z.string(),
    sequence: z.int().positive(),
    revision: z.int().positive(),
    why: z.string().optional(),
    forced: z.boolean(),
  }),
  async apply(tx, data, intent) {
    const { namespace, name, why, forced } = data;
    const model = { namespace, name };
    const current = await findSeen(tx, model, data);
    const stages = mirroredStages.filter((stage) => stage === current.stage);
    const before = await stageHolders(tx, model, stages);
    const common = { ...model, at: intent.recordedAt, by: intent.actor, why };
    for (const alias of await aliasesOf(tx, model)) {
      if (alias.sequence === data.sequence) await tx.writeAlias({ ...common, alias: alias.alias, version: undefined });
    }
    const [transition] = await tx.writeTransitions([
      {
        ...common,
        version: data.version,
        sequence: data.sequence,
        kind: "delete",
        from: current.stage,
        to: undefined,
        forced,
        gates: undefined,
        correlation: intent.correlation,
      },
    ]);
    const [written] = await tx.writeVersions([
      {
        version: {
          ...current,
          // A tombstone holds no stage that somebody else may need.
          stage: "archived",
          stagedAt: transition!.number,
          artifact: undefined,
          deleted: { at: intent.recordedAt, by: intent.actor, why },
        },
        expected: current.revision,
      },
    ]);
    await mirrorStages(tx, model, stages, before, intent.actor, why);
    const resource = resourceOf(model, data.version);
    const told = { ...model, version: data.version, sequence: data.sequence, from: current.stage };
    return {
      result: { version: written!, artifact: current.artifact },
      events: [{ type: "model.deleted", subject: resource, data: told }],
      audit: [
        {
          resource,
          status: forced ? "forced" : "done",
          why,
          data: { ...told, digest: current.artifact?.digest ?? null },
        },
      ],
    };
  },
};

async function aliasesOf(
  tx: Parameters<typeof deleteApplier.apply>[0],
  model: { readonly namespace: string; readonly name: string },
): Promise<AliasRecord[]> {
  const found: AliasRecord[] = [];
  let page: Page<AliasRecord> | undefined;
  do {
    page = await tx.listAliases(model, page?.next === undefined ? {} : { after: page.next });
    for (const alias of page.items) found.push(alias);
  } while (page.next !== undefined);
  return found;
}
