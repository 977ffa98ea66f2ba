// Searching versions: what one may ask, and how that becomes a filter of the backend.

import semver from "semver";
import { z } from "zod";
import type { Connection } from "../backend/backend.ts";
import {
  comparisons,
  type Comparison,
  type ModelName,
  type Stage,
  type ValueCondition,
  type VersionFilter,
} from "../backend/model-records.ts";
import type { Cursor, Page, PageRequest, RunId } from "../backend/records.ts";
import { parseWith } from "../changes/parse.ts";
import { StratigraphError } from "../errors.ts";
import { parseFingerprint } from "../identity/fingerprint.ts";
import { showValue } from "../util/show.ts";
import { modelVersionOf, type ModelVersion } from "./model-version.ts";
import { parseStage } from "./stage.ts";

type Condition<V> = V | { readonly [Is in Comparison]?: V };

/** All that are given hold together. */
export interface SearchOptions {
  readonly namespace?: string | undefined;
  /** `*` and `?` stand for any text and any character; "team/churn*" names a namespace too. */
  readonly name?: string | undefined;
  /** In any spelling. */
  readonly stage?: string | readonly string[] | undefined;
  /** A range of semantic versions: ">=1.2 <2", "^1.3.0". */
  readonly version?: string | undefined;
  readonly framework?: string | undefined;
  readonly runId?: string | undefined;
  /** Content fingerprint of the partition it was made from. */
  readonly content?: string | undefined;
  /** A plain value means equal. */
  readonly metrics?: Readonly<Record<string, Condition<number>>> | undefined;
  readonly hyperparameters?: Readonly<Record<string, Condition<number | string | boolean>>> | undefined;
  readonly labels?: Readonly<Record<string, Condition<string>>> | undefined;
  readonly metadata?: Readonly<Record<string, Condition<number | string | boolean>>> | undefined;
  /** "-auc": by this metric, highest first; "auc": lowest first. Newest first unless told. */
  readonly orderBy?: string | undefined;
  /** 1 to 10,000; 100 unless told. */
  readonly limit?: number | undefined;
  /** The page before answered it as `next`. */
  readonly cursor?: string | undefined;
}

const scalar = z.union([z.number(), z.string(), z.boolean()]);

function conditions<V extends z.ZodType>(value: V) {
  return z.record(z.string(), z.union([value, z.partialRecord(z.enum(comparisons), value)])).optional();
}

const schema = z.strictObject({
  namespace: z.string().optional(),
  name: z.string().optional(),
  stage: z.union([z.string(), z.array(z.string())]).optional(),
  version: z.string().optional(),
  framework: z.string().optional(),
  runId: z.string().optional(),
  content: z.string().optional(),
  metrics: conditions(z.number()),
  hyperparameters: conditions(scalar),
  labels: conditions(z.string()),
  metadata: conditions(scalar),
  orderBy: z.string().optional(),
  limit: z.int().min(1).max(10_000).default(100),
  cursor: z.string().optional(),
});
type Parsed = z.output<typeof schema>;

/** Of what is stored. Error: VALIDATION_FAILED. */
export async function searchVersions(connection: Connection, options: SearchOptions): Promise<Page<ModelVersion>> {
  const given = options as { readonly environment?: unknown; readonly env?: unknown };
  if (given.environment !== undefined || given.env !== undefined) parseStage(options, "search");
  const parsed = await parseWith(schema as z.ZodType<Parsed>, options, "search");
  const filter = await filterOf(connection, parsed);
  if (filter === undefined) return { items: [], next: undefined };
  const page = await connection.listVersions(filter, {
    limit: parsed.limit,
    ...(parsed.cursor === undefined ? {} : { after: parsed.cursor as Cursor }),
  });
  return { items: page.items.map(modelVersionOf), next: page.next };
}

/** `undefined` where nothing can fit. */
async function filterOf(connection: Connection, parsed: Parsed): Promise<VersionFilter | undefined> {
  const { stage, version, framework, runId, content, orderBy } = parsed;
  const { namespace, name } = splitName(parsed);
  const versions = version === undefined ? undefined : await versionsWithin(connection, { namespace, name }, version);
  if (versions?.length === 0) return undefined;
  const where = [
    ...conditionsOf("metrics", parsed.metrics),
    ...conditionsOf("params", parsed.hyperparameters),
    ...conditionsOf("labels", parsed.labels),
    ...conditionsOf("metadata", parsed.metadata),
  ];
  const stages: readonly Stage[] | undefined =
    stage === undefined ? undefined : [stage].flat().map((one) => parseStage(one, "search"));
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(stages === undefined ? {} : { stages }),
    ...(framework === undefined ? {} : { framework }),
    ...(runId === undefined ? {} : { run: runId as RunId }),
    ...(content === undefined ? {} : { content: parseFingerprint(content) }),
    ...(versions === undefined ? {} : { versions }),
    ...(where.length === 0 ? {} : { where }),
    ...(orderBy === undefined
      ? {}
      : { orderBy: { metric: orderBy.replace(/^[-+]/, ""), descending: orderBy.startsWith("-") } }),
  };
}

function splitName({ namespace, name }: Parsed): { namespace: string | undefined; name: string | undefined } {
  const slash = name?.indexOf("/") ?? -1;
  if (name === undefined || slash === -1) return { namespace, name };
  return { namespace: name.slice(0, slash), name: name.slice(slash + 1) };
}

/** Databases compare semantic versions as texts, so the numbers are looked through here: they are short. */
async function versionsWithin(
  connection: Connection,
  filter: { readonly namespace: string | undefined; readonly name: string | undefined },
  range: string,
): Promise<string[]> {
  if (semver.validRange(range) === null) {
    throw new StratigraphError("VALIDATION_FAILED", "that is no range of semantic versions", {
      where: "search",
      expected: 'something like "^1.3.0" or ">=1.2 <2"',
      received: showValue(range),
    });
  }
  const found = new Set<string>();
  let after: PageRequest | undefined = { limit: 10_000 };
  while (after !== undefined) {
    const { items, next }: Page<ModelName> = await connection.listModels(filter, after);
    for (const model of items) {
      const { versions } = await connection.readVersionNumbers(model);
      for (const version of versions) if (semver.satisfies(version, range)) found.add(version);
    }
    after = next === undefined ? undefined : { limit: 10_000, after: next };
  }
  return [...found];
}

function conditionsOf(
  place: ValueCondition["in"],
  record: Readonly<Record<string, unknown>> | undefined,
): ValueCondition[] {
  return Object.entries(record ?? {}).flatMap(([key, condition]) =>
    typeof condition === "object"
      ? Object.entries(condition as Record<string, ValueCondition["value"]>).map(([is, value]) => ({
          in: place,
          key,
          is: is as Comparison,
          value,
        }))
      : [{ in: place, key, is: "eq" as const, value: condition as ValueCondition["value"] }],
  );
}
