// What may be in a registry's records: one schema for each, used by every way in.

import semver from "semver";
import { z } from "zod";
import type { Json } from "../backend/records.ts";
import { knownArtifactTypes, knownFrameworks, spelledFramework } from "./framework.ts";

export const NAME: RegExp = /^[A-Za-z0-9][\w.-]{0,254}$/;
export const LONGEST_DESCRIPTION = 10_000;
export const MOST_LABELS = 100;
export const MOST_PARAMS = 1_000;
export const MOST_METRICS = 1_000;
export const MOST_METADATA = 1_000;
const LONGEST_TEXT = 10_000;

/** A namespace, model or alias. It may become part of a path, so it holds nothing that leaves its place. */
export const nameSchema: z.ZodString = z
  .string()
  .regex(NAME, "a letter or digit, then at most 254 of A-Z a-z 0-9 . _ -");

/** "1.3.0" or "v1.3.0", parsed to "1.3.0". What follows a + would not count as another version, so there is none. */
export const versionSchema: z.ZodType<string, string> = z
  .string()
  .max(256)
  .transform((text, context) => {
    const version = text.includes("+") ? null : semver.valid(text.trim());
    if (version !== null) return version;
    context.issues.push({ code: "custom", message: "a semantic version like 1.3.0", input: text });
    return z.NEVER;
  });

/** NaN and Infinity have no place in a record that is compared and sorted. */
const finite: z.ZodType<number> = z.number({ error: "a finite number" });
const scalar = z.union([z.string().max(LONGEST_TEXT), finite, z.boolean(), z.null()]);
const key = z.string().min(1).max(255);

export const metricsSchema: z.ZodType<Readonly<Record<string, number>>> = atMost(
  z.record(key, finite),
  MOST_METRICS,
  "metrics",
);
export const paramsSchema: z.ZodType<Readonly<Record<string, Json>>> = atMost(
  z.record(key, scalar),
  MOST_PARAMS,
  "hyperparameters",
);
export const labelsSchema: z.ZodType<Readonly<Record<string, string>>> = atMost(
  z.record(key, z.string().max(LONGEST_TEXT)),
  MOST_LABELS,
  "labels",
);
export const jsonSchema: z.ZodType<Json> = z.json();
export const metadataSchema: z.ZodType<Readonly<Record<string, Json>>> = atMost(
  z.record(key, jsonSchema),
  MOST_METADATA,
  "entries of metadata",
);
export const dependenciesSchema: z.ZodType<Readonly<Record<string, string>>> = atMost(
  z.record(key, z.string().max(255)),
  MOST_PARAMS,
  "dependencies",
);
export const descriptionSchema: z.ZodString = z.string().max(LONGEST_DESCRIPTION);
export const actorSchema: z.ZodString = z.string().min(1).max(255);
export const reasonSchema: z.ZodString = z.string().trim().min(1).max(LONGEST_TEXT);
export const annotationSchema: z.ZodString = z.string().trim().min(1).max(LONGEST_TEXT);

/** Any text, with the known ones in their one spelling: "scikit-learn" is "sklearn". */
export const frameworkSchema: z.ZodType<string, string> = z
  .string()
  .min(1)
  .max(100)
  .transform((text) => spelledFramework(text, knownFrameworks));
export const artifactTypeSchema: z.ZodType<string, string> = z
  .string()
  .min(1)
  .max(100)
  .transform((text) => spelledFramework(text, knownArtifactTypes));

function atMost<T extends Readonly<Record<string, unknown>>>(
  schema: z.ZodType<T>,
  most: number,
  what: string,
): z.ZodType<T> {
  return schema.refine((record) => Object.keys(record).length <= most, `at most ${most} ${what}`);
}
