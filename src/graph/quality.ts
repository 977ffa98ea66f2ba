// What an artifact demands of its data: checks with a severity, statistics of its own, and thresholds on statistics.

import type { z } from "zod";
import { StratigraphError } from "../errors.ts";
import { isOrdered, type Dimensions, type OrderedName } from "../identity/dimension.ts";
import { showValue } from "../util/show.ts";
import { checkNames } from "./name.ts";
import { checkOptions, invalid, isRecord } from "./option.ts";
import { noOrder, twoOrders, type NoOrder } from "./sentence.ts";

/** `block`: the value is put in quarantine and used by nothing; `warn`: it is used, and the build says so. */
export const severities = ["warn", "block"] as const;
export type Severity = (typeof severities)[number];

/** True, or a sentence about what is wrong. Never a bare boolean: "false" explains nothing. */
export type Check<Value> = (value: Value) => true | string | Promise<true | string>;

/** A check, or one with a severity; it blocks unless told. */
export type DeclaredCheck<Value> =
  Check<Value> | { readonly check: Check<Value>; readonly severity?: Severity | undefined };

type RowOf<Value> = Value extends readonly (infer Row)[] ? Row : Value;
type FieldOf<Row> = Row extends object ? keyof Row & string : "value";

/** "rows", "amount.mean", "amount.p95"; of what has no fields "value.max"; and the artifact's own. */
export type StatisticName<Value, Own extends string = never> =
  | "rows"
  | `${FieldOf<RowOf<Value>>}.${"nulls" | "distinct" | "min" | "max" | "mean" | "deviation" | `p${number}`}`
  | Own;

export interface Threshold<Value, D, Own extends string = never> {
  readonly of: StatisticName<Value, Own>;
  /** At least this; with `last`, this many times the mean of the earlier partitions. */
  readonly min?: number | undefined;
  /** At most this, likewise. */
  readonly max?: number | undefined;
  /** Compare with the mean of so many partitions before this one, along the ordered dimension. With none before, nothing is compared. */
  readonly last?: ([OrderedName<D>] extends [never] ? NoOrder<"last"> : number) | undefined;
  /** Which ordered dimension, where there are several. */
  readonly over?: (OrderedName<D> & string) | undefined;
  /** `block` unless told. */
  readonly severity?: Severity | undefined;
}

/** The run-time side of a threshold. */
export interface ThresholdSpec {
  readonly of: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly relative: { readonly last: number; readonly over: string } | undefined;
  readonly severity: Severity;
}

/** The run-time side of all demands. */
export interface QualitySpec {
  /** Whether statistics are taken. */
  readonly statistics: boolean;
  /** The artifact's own, by name. */
  readonly own: { readonly [name: string]: (value: unknown) => number };
  readonly thresholds: { readonly [name: string]: ThresholdSpec };
  /** The severity of each check that only warns. */
  readonly warnings: ReadonlySet<string>;
}

const kinds = ["nulls", "distinct", "min", "max", "mean", "deviation"];

/** The percent of "amount.p95"; `undefined` where the name is not that of a quantile. */
export function percentOf(statistic: string): number | undefined {
  const found = /\.p(-?\d+(?:\.\d+)?)$/.exec(statistic);
  return found === null ? undefined : Number(found[1]);
}

/** By name the schema of each. */
type Fields = ReadonlyMap<string, z.core.$ZodType>;

/** Throws GRAPH_INVALID. `fields`: those the schema has, where it says. */
export function checkedQuality(
  given: { readonly statistics: unknown; readonly thresholds: unknown; readonly checks: unknown },
  dimensions: Dimensions,
  fields: Fields | undefined,
  where: string,
): QualitySpec {
  const own = ownStatistics(given.statistics, where);
  const thresholds: Record<string, ThresholdSpec> = {};
  if (given.thresholds !== undefined) {
    if (!isRecord(given.thresholds)) {
      invalid(where, "thresholds are named", '{ enough: { of: "rows", min: 1 } }', given.thresholds);
    }
    checkNames(Object.keys(given.thresholds), where, "threshold");
    for (const [name, threshold] of Object.entries(given.thresholds)) {
      const place = `${where}, threshold '${name}'`;
      if (isRecord(given.checks) && Object.hasOwn(given.checks, name)) {
        invalid(place, "a check has the same name", "a name of its own", name);
      }
      thresholds[name] = checkedThreshold(threshold, own, dimensions, fields, place);
    }
  }
  const warnings = new Set<string>();
  for (const [name, check] of Object.entries(isRecord(given.checks) ? given.checks : {})) {
    if (isRecord(check) && check["severity"] === "warn") warnings.add(name);
  }
  const statistics =
    (given.statistics !== undefined && given.statistics !== false) || Object.keys(thresholds).length > 0;
  return Object.freeze({ statistics, own, thresholds: Object.freeze(thresholds), warnings });
}

function ownStatistics(statistics: unknown, where: string): QualitySpec["own"] {
  if (statistics === undefined || typeof statistics === "boolean") return {};
  if (!isRecord(statistics))
    invalid(where, "statistics are taken, or named functions", "true, or { revenue: (value) => 1 }", statistics);
  checkNames(Object.keys(statistics), where, "statistic");
  for (const [name, compute] of Object.entries(statistics)) {
    const place = `${where}, statistic '${name}'`;
    if (typeof compute !== "function") invalid(place, "a statistic is a function", "(value) => a number", compute);
    if (name === "rows") invalid(place, "this statistic is always there", "another name", name);
  }
  return Object.freeze({ ...statistics }) as QualitySpec["own"];
}

function checkedThreshold(
  threshold: unknown,
  own: QualitySpec["own"],
  dimensions: Dimensions,
  fields: Fields | undefined,
  where: string,
): ThresholdSpec {
  checkOptions(threshold, ["of", "min", "max", "last", "over", "severity"], where);
  const { of, min, max, last, over, severity = "block" } = threshold as Readonly<Record<string, unknown>>;
  checkStatistic(of, own, fields, where);
  if (min === undefined && max === undefined) invalid(where, "a threshold has a limit", "min, max or both", undefined);
  for (const [limit, value] of [
    ["min", min],
    ["max", max],
  ] as const) {
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) continue;
    invalid(`${where}, ${limit}`, "a limit is a number", "a finite number", value);
  }
  if (typeof min === "number" && typeof max === "number" && min > max) {
    invalid(where, "no value is within these limits", `a min of at most ${max}`, min);
  }
  if (!severities.includes(severity as Severity))
    invalid(where, "there is no such severity", "'warn' or 'block'", severity);
  const limits = { min: min as number | undefined, max: max as number | undefined };
  return Object.freeze({
    of: of as string,
    ...limits,
    relative: relativeTo(last, over, dimensions, where),
    severity: severity as Severity,
  });
}

function relativeTo(last: unknown, over: unknown, dimensions: Dimensions, where: string): ThresholdSpec["relative"] {
  if (last === undefined) {
    if (over !== undefined)
      invalid(where, "'over' says along which dimension 'last' looks back", "last: 7 beside it", over);
    return undefined;
  }
  if (!Number.isSafeInteger(last) || (last as number) < 1) {
    invalid(`${where}, last`, "so many partitions before this one", "a whole number of at least 1", last);
  }
  const ordered = Object.keys(dimensions).filter((name) => isOrdered(dimensions[name]!));
  const chosen = over === undefined ? ordered : ordered.filter((name) => name === over);
  if (chosen.length === 1) return Object.freeze({ last: last as number, over: chosen[0]! });
  throw new StratigraphError("GRAPH_INVALID", chosen.length > 1 ? twoOrders("last") : noOrder("last"), {
    where,
    received: over === undefined ? Object.keys(dimensions).join(", ") || "no dimensions" : showValue(over),
  });
}

function checkStatistic(of: unknown, own: QualitySpec["own"], fields: Fields | undefined, where: string): void {
  const names = ["'rows'", ...Object.keys(own).map((name) => `'${name}'`)].join(", ");
  const expected = `${names}, or a field and one of ${kinds.join(", ")}, p50: "amount.mean"`;
  if (typeof of !== "string") invalid(where, "a threshold is of a statistic", expected, of);
  if (of === "rows" || Object.hasOwn(own, of)) return;
  const percent = percentOf(of);
  if (percent !== undefined && !(percent >= 0 && percent <= 100)) {
    invalid(where, "a quantile is a percent", "p0 to p100", of);
  }
  const quantile = /\.p\d+(\.\d+)?$/.exec(of);
  const dot = quantile === null ? of.lastIndexOf(".") : quantile.index;
  if (quantile === null && (dot < 1 || !kinds.includes(of.slice(dot + 1)))) {
    invalid(where, "there is no such statistic", expected, of);
  }
  const field = of.slice(0, dot);
  if (fields === undefined) return;
  const schema = fields.get(field);
  if (schema === undefined) {
    invalid(where, `the schema has no field '${field}'`, [...fields.keys()].map((name) => `'${name}'`).join(", "), of);
  }
  if (countable.includes(of.slice(dot + 1)) || !isText(schema)) return;
  invalid(
    where,
    `'${field}' is a text, and limits are numbers`,
    countable.map((kind) => `'${field}.${kind}'`).join(", "),
    of,
  );
}

/** What texts have, too. */
const countable = ["nulls", "distinct"];

/** Whether whatever the schema takes is a text, where it is there at all. */
function isText(schema: z.core.$ZodType): boolean {
  const { def } = schema._zod as unknown as {
    readonly def: { readonly type: string; readonly innerType?: z.core.$ZodType; readonly entries?: object };
  };
  if (def.type === "string" || def.type === "template_literal") return true;
  if (def.type === "enum") return Object.values(def.entries!).every((value) => typeof value === "string");
  return wrappers.includes(def.type) && isText(def.innerType!);
}

const wrappers = ["optional", "nullable", "nonoptional", "readonly"];
