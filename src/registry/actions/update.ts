// What a model, or one version, says of itself later: its description and its gates.

import { z } from "zod";
import type { ModelRecord, VersionRecord } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import { descriptionSchema, jsonSchema } from "../limits.ts";
import { resourceOf } from "../name.ts";
import { modelNotFound, versionNotFound } from "../refusals.ts";
import type { RegistryApplier } from "./applier.ts";
import { targetShape, type Target } from "./note.ts";

/** What is absent stays; `null` takes it away. */
export interface UpdateData extends Target {
  readonly description?: string | null | undefined;
  readonly gates?: Json | undefined;
}

export interface UpdateResult {
  readonly model?: ModelRecord | undefined;
  readonly version?: VersionRecord | undefined;
}

export const updateApplier: RegistryApplier<UpdateData, UpdateResult> = {
  action: "model.update",
  schema: z.object({
    ...targetShape,
    description: descriptionSchema.nullable().optional(),
    gates: jsonSchema.optional(),
  }),
  async apply(tx, data) {
    const { namespace, name, sequence } = data;
    const model = { namespace, name };
    let result: UpdateResult;
    let version: string | undefined;
    let changed: boolean;
    if (sequence === undefined) {
      const [current] = await tx.readModels([model]);
      if (current === undefined) throw modelNotFound(model, undefined);
      const { revision, ...rest } = current;
      const next = { ...rest, ...given(data) };
      changed = !same(current, next);
      result = { model: changed ? await tx.writeModel(next, revision) : current };
    } else {
      const [current] = await tx.findVersions([{ ...model, ref: { kind: "sequence", sequence } }]);
      if (current === undefined || current.deleted !== undefined) throw versionNotFound(model, `#${sequence}`, []);
      const next = { ...current, ...given(data) };
      changed = !same(current, next);
      const [written] = changed ? await tx.writeVersions([{ version: next, expected: current.revision }]) : [current];
      result = { version: written };
      version = current.version;
    }
    const resource = resourceOf(model, version);
    const said: Readonly<Record<string, Json>> = {
      ...(data.description === undefined ? {} : { description: data.description }),
      ...(data.gates === undefined ? {} : { gates: data.gates }),
    };
    return {
      result,
      events: changed
        ? [{ type: "model.updated", subject: resource, data: { ...model, version: version ?? null, ...said } }]
        : [],
      audit: [{ resource, data: { ...said, changed } }],
    };
  },
};

type Said = Pick<ModelRecord, "description" | "gates">;

function given({ description, gates }: UpdateData): Partial<Said> {
  return {
    ...(description === undefined ? {} : { description: description ?? undefined }),
    ...(gates === undefined ? {} : { gates: gates ?? undefined }),
  };
}

function same(a: Said, b: Said): boolean {
  return a.description === b.description && JSON.stringify(a.gates) === JSON.stringify(b.gates);
}
