// Registering, as rows: the model where it is new, the version, and the first entry of its history.

import { z } from "zod";
import type { VersionRecord } from "../../backend/model-records.ts";
import type { EventDraft } from "../../changes/applier.ts";
import { mirroredStages, mirrorStages, stageHolders } from "../mirror.ts";
import { resourceOf } from "../name.ts";
import { versionDraftSchema, type VersionDraft } from "../version-data.ts";
import type { RegistryApplier } from "./applier.ts";

export interface RegisterData {
  readonly version: VersionDraft;
  readonly why?: string | undefined;
}

export const registerApplier: RegistryApplier<RegisterData, VersionRecord> = {
  action: "model.register",
  schema: z.object({ version: versionDraftSchema, why: z.string().optional() }),
  async apply(tx, { version, why }, intent) {
    const { namespace, name, stage, sequence } = version;
    const model = { namespace, name };
    const events: EventDraft[] = [];
    const [known] = await tx.readModels([model]);
    if (known === undefined) {
      await tx.writeModel(
        {
          ...model,
          description: undefined,
          labels: {},
          gates: undefined,
          createdAt: intent.recordedAt,
          createdBy: intent.actor,
        },
        undefined,
      );
      events.push({ type: "model.created", subject: resourceOf(model), data: model });
    }
    const stages = mirroredStages.filter((one) => one === stage);
    const before = await stageHolders(tx, model, stages);
    const [transition] = await tx.writeTransitions([
      {
        ...model,
        version: version.version,
        sequence,
        kind: "register",
        from: undefined,
        to: stage,
        at: intent.recordedAt,
        by: intent.actor,
        why,
        forced: false,
        gates: undefined,
        correlation: intent.correlation,
      },
    ]);
    const [written] = await tx.writeVersions([
      { version: { ...version, stagedAt: transition!.number }, expected: undefined },
    ]);
    await mirrorStages(tx, model, stages, before, intent.actor, why);
    const data = { ...model, version: version.version, sequence, stage };
    const resource = resourceOf(model, version.version);
    return {
      result: written!,
      events: [...events, { type: "model.registered", subject: resource, data }],
      audit: [
        {
          resource,
          why,
          data: { ...data, digest: version.artifact?.digest ?? null, run: version.run ?? null },
        },
      ],
    };
  },
};
