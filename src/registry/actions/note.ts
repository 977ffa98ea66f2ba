// What people write on a model or version: labels, which change, and notes, which only grow.

import { z } from "zod";
import type { AnnotationRecord, Labels } from "../../backend/model-records.ts";
import { StratigraphError } from "../../errors.ts";
import { annotationSchema, labelsSchema, MOST_LABELS, nameSchema } from "../limits.ts";
import type { ModelTx } from "../model-tx.ts";
import { resourceOf } from "../name.ts";
import { modelNotFound, versionNotFound } from "../refusals.ts";
import type { RegistryApplier } from "./applier.ts";

/** Of a version, or of the model as a whole. */
export interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly sequence?: number | undefined;
  /** For words; the sequence decides. */
  readonly version?: string | undefined;
}

export interface LabelData extends Target {
  readonly set: Labels;
  readonly remove: readonly string[];
}

export interface LabelResult {
  readonly labels: Labels;
}

export interface AnnotateData extends Target {
  readonly author: string;
  readonly text: string;
}

export const targetShape: {
  readonly namespace: z.ZodString;
  readonly name: z.ZodString;
  readonly sequence: z.ZodOptional<z.ZodInt>;
  readonly version: z.ZodOptional<z.ZodString>;
} = {
  namespace: nameSchema,
  name: nameSchema,
  sequence: z.int().positive().optional(),
  version: z.string().optional(),
};

export const labelApplier: RegistryApplier<LabelData, LabelResult> = {
  action: "model.label",
  schema: z.object({ ...targetShape, set: labelsSchema, remove: z.array(z.string()) }),
  async apply(tx, data) {
    const { set, remove } = data;
    const row = await readTarget(tx, data);
    const labels: Labels = Object.fromEntries(
      Object.entries({ ...row.record.labels, ...set }).filter(([name]) => !remove.includes(name)),
    );
    if (Object.keys(labels).length > MOST_LABELS) {
      throw new StratigraphError("VALIDATION_FAILED", "that would be too many labels", {
        where: resourceOf(data, data.version),
        expected: `at most ${MOST_LABELS} labels`,
        received: String(Object.keys(labels).length),
      });
    }
    const resource = resourceOf(data, row.version);
    // Laid over itself, it changes nothing and so has no new revision.
    const changed = !sameLabels(row.record.labels, labels);
    if (changed) await row.write(labels);
    const told = { namespace: data.namespace, name: data.name, version: row.version ?? null };
    return {
      result: { labels },
      events: changed
        ? [{ type: "model.annotated", subject: resource, data: { ...told, labels: set, removed: [...remove] } }]
        : [],
      audit: [{ resource, data: { labels: set, removed: [...remove], changed } }],
    };
  },
};

export const annotateApplier: RegistryApplier<AnnotateData, AnnotationRecord | undefined> = {
  action: "model.annotate",
  schema: z.object({ ...targetShape, author: z.string(), text: annotationSchema }),
  async apply(tx, data, intent) {
    const { namespace, name, author, text } = data;
    const row = await readTarget(tx, data);
    const [written] = await tx.writeAnnotations([
      { namespace, name, version: row.version, author, text, at: intent.recordedAt },
    ]);
    const resource = resourceOf(data, row.version);
    return {
      result: written,
      events: [
        {
          type: "model.annotated",
          subject: resource,
          data: { namespace, name, version: row.version ?? null, author, text },
        },
      ],
      audit: [{ resource, data: { author, text } }],
    };
  },
};

interface Row {
  readonly version: string | undefined;
  readonly record: { readonly labels: Labels };
  write(labels: Labels): Promise<void>;
}

async function readTarget(tx: ModelTx, { namespace, name, sequence }: Target): Promise<Row> {
  if (sequence === undefined) {
    const [model] = await tx.readModels([{ namespace, name }]);
    if (model === undefined) throw modelNotFound({ namespace, name }, undefined);
    const { revision, ...rest } = model;
    return {
      version: undefined,
      record: model,
      write: async (labels) => void (await tx.writeModel({ ...rest, labels }, revision)),
    };
  }
  const [version] = await tx.findVersions([{ namespace, name, ref: { kind: "sequence", sequence } }]);
  if (version === undefined || version.deleted !== undefined)
    throw versionNotFound({ namespace, name }, `#${sequence}`, []);
  return {
    version: version.version,
    record: version,
    write: async (labels) =>
      void (await tx.writeVersions([{ version: { ...version, labels }, expected: version.revision }])),
  };
}

function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
