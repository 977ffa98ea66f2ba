// Artifact: a declared piece of data, with its schema, its partitions and, where they matter, format, storage, checks, annotations.

import type { z } from "zod";
import { json } from "../data/format/json.ts";
import type { Format } from "../data/format/format.ts";
import type { RowValidation } from "../data/row-sample.ts";
import type { Storage } from "../data/storage/storage.ts";
import { checkDimensions } from "../identity/declare-dimension.ts";
import type { Dimensions, Key } from "../identity/dimension.ts";
import { checkedAnnotations, type Annotations } from "./annotation.ts";
import type { DimensionsIn, FitsOutput, Input, InputTypes, ValueIn } from "./input.ts";
import { checkNames } from "./name.ts";
import { checkedDescription, checkOptions, invalid, isPlainRecord, isRecord } from "./option.ts";
import {
  checkedQuality,
  severities,
  type Check,
  type DeclaredCheck,
  type QualitySpec,
  type Severity,
  type Threshold,
} from "./quality.ts";
import { is, type Is, type MissingPlaceholder } from "./sentence.ts";
import { checkedUpcasts, type DeclaredUpcast, type Upcast, type UpcastFrom } from "./upcast.ts";
import { checkedRowValidation } from "./validation.ts";
import { wiredArtifact, type WiredArtifact } from "./wired.ts";

/**
 * A declared artifact: a template, used for any number of sources and outputs.
 * `Value` is what readers get (the schema's output), `Written` what `build` returns (the schema's input); they differ where the schema transforms.
 */
export interface Artifact<out Value, in out D = {}, in Written = Value>
  extends Input<Value, D, Value, Written, never>, FitsOutput<D> {
  readonly is: Is<"declared">;
  // Restated because it must come before `from`, or messages speak of what `from` returns.
  readonly "~types": InputTypes<Value, D, Value, Written, never>;
  /**
   * A source artifact: its partitions are what lies in this storage.
   * Errors: TEMPLATE_INVALID when the storage's template cannot hold the artifact's dimensions.
   */
  from<const T extends string>(storage: Storage<T> & PlaceholdersFor<T, D>): WiredArtifact<Value, D>;
}

export interface ArtifactOptions<S extends z.core.$ZodType, D extends Dimensions, Own extends string = never> {
  /** A zod schema. Stored data is in its input form, readers get its output form. */
  readonly schema: S;
  /** `{ date: daily() }`; an artifact without dimensions has one partition. */
  readonly partitionBy?: D | undefined;
  /** How values are written as bytes; `json()` unless told. */
  readonly format?: Format | undefined;
  /** Where it goes when a producer makes it; managed by the backend unless told. */
  readonly storage?: Storage | undefined;
  /**
   * Which rows of an array are parsed by the schema when it is written and read: all of them unless told. Of `{ sample: 0.01 }` it is one in
   * a hundred, always the same ones, and the first. The others are what the format gives. Never rebuilds anything.
   */
  readonly validate?: RowValidation | undefined;
  /**
   * How partitions that were written under older schemas are read now, each straight to the present one:
   * `(from) => [from(OldSchema, (old) => …)]`. For readers of snapshots; builds never use them, and they never rebuild anything.
   */
  readonly upcasts?: ((from: UpcastFrom<z.core.input<S>>) => readonly Upcast[]) | undefined;
  /** What people know about it: `{ owner: "ana" }`. Never rebuilds anything. */
  readonly annotations?: Annotations | undefined;
  readonly description?: string | undefined;
  /**
   * Each is called with every value that is built, and says `true` or what is wrong; a value that fails is put in quarantine, or, with
   * `{ check, severity: "warn" }`, used with a warning.
   */
  readonly checks?: { readonly [name: string]: DeclaredCheck<z.core.output<S>> } | undefined;
  /** `true`, or numbers of your own beside the usual ones. Taken where there are thresholds, and where told. */
  readonly statistics?: boolean | { readonly [Name in Own]: (value: z.core.output<S>) => number } | undefined;
  /** Limits of statistics: `{ enough: { of: "rows", min: 0.8, last: 7 } }`. They never rebuild anything; what is stored is judged anew. */
  readonly thresholds?: { readonly [name: string]: Threshold<z.core.output<S>, D, NoInfer<Own>> } | undefined;
}

/** The run-time side of an artifact: frozen, plain. */
export interface DeclaredArtifact {
  readonly is: Is<"declared">;
  readonly schema: z.core.$ZodType;
  readonly dimensions: Dimensions;
  readonly format: Format;
  /** `undefined`: wherever the backend keeps what is built. */
  readonly storage: Storage | undefined;
  /** `undefined`: all rows. */
  readonly validate: RowValidation | undefined;
  readonly annotations: Annotations;
  readonly description: string | undefined;
  readonly checks: { readonly [name: string]: Check<unknown> };
  readonly quality: QualitySpec;
  readonly upcasts: readonly DeclaredUpcast[];
}

/** The key of one partition: `KeyOf<typeof DailySpend>` is `{ readonly date: string }`. */
export type KeyOf<A> = Key<DimensionsIn<A>>;

/** What readers get: `ValueOf<typeof DailySpend>` is `number`. */
export type ValueOf<A> = ValueIn<A>;

/** Nothing more, or the placeholder that a template misses. Templates known only at run time are checked there. */
export type PlaceholdersFor<T extends string, D> = string extends T
  ? unknown
  : T extends "" | `${string}{partition}${string}`
    ? unknown
    : [LackedBy<T, keyof D & string>] extends [never]
      ? unknown
      : MissingPlaceholder<LackedBy<T, keyof D & string>>;

type LackedBy<T extends string, Name extends string> = Name extends unknown
  ? T extends `${string}{${Name}}${string}` | `${string}{${Name}.${string}}${string}`
    ? never
    : Name
  : never;

const optionNames = [
  ...["schema", "partitionBy", "format", "storage", "validate", "annotations", "description"],
  ...["checks", "statistics", "thresholds", "upcasts"],
];

/**
 * Declares an artifact. Errors: GRAPH_INVALID naming the option that is wrong.
 *
 * @example
 * const DailySpend = artifact({ schema: z.number(), partitionBy: { date: daily() } });
 */
export function artifact<S extends z.core.$ZodType, D extends Dimensions = {}, const Own extends string = never>(
  options: ArtifactOptions<S, D, Own>,
): Artifact<z.core.output<S>, D, z.core.input<S>> {
  const where = "artifact";
  checkOptions(options, optionNames, where);
  const {
    schema,
    partitionBy,
    format = json(),
    storage,
    annotations,
    description,
    checks,
    statistics,
    thresholds,
  } = options;
  if (!isSchema(schema)) invalid(where, "an artifact needs a schema", "a zod schema such as z.number()", schema);
  if (!isFormat(format)) invalid(where, "this is not a format", "one such as json() or csv()", format);
  if (storage !== undefined && !isStorage(storage)) {
    invalid(where, "this is not a storage", 'one such as local("out/{input_fingerprint}.json")', storage);
  }
  const dimensions = checkedDimensions(partitionBy, where);
  const quality = checkedQuality({ statistics, thresholds, checks }, dimensions, fieldsOf(schema), where);
  const declared = {
    is: is.declared,
    schema,
    dimensions,
    format: format.forSchema?.(schema) ?? format,
    storage,
    validate: checkedRowValidation(options.validate, schema, where),
    annotations: checkedAnnotations(annotations, where),
    description: checkedDescription(description, where),
    checks: checkedChecks(checks, where),
  };
  // Not among the data above, so that an artifact prints as what it is.
  Object.defineProperty(declared, "quality", { value: quality });
  Object.defineProperty(declared, "upcasts", { value: checkedUpcasts(options.upcasts, schema, where) });
  Object.defineProperty(declared, "from", {
    value: (place: Storage) => fromStorage(declared as unknown as DeclaredArtifact, place),
  });
  return Object.freeze(declared) as unknown as Artifact<z.core.output<S>, D, z.core.input<S>>;
}

/** The run-time side of a declared artifact; `undefined` for anything else. */
export function declaredArtifact(thing: unknown): DeclaredArtifact | undefined {
  return isRecord(thing) && thing["is"] === is.declared && "schema" in thing
    ? (thing as unknown as DeclaredArtifact)
    : undefined;
}

function fromStorage(declared: DeclaredArtifact, storage: Storage): WiredArtifact<unknown, Dimensions> {
  const where = ".from()";
  if (!isStorage(storage)) {
    invalid(where, "a source needs a storage", 'one such as local("data/{date}.json")', storage);
  }
  storage.check(declared.dimensions, "source");
  if (Object.keys(declared.quality.thresholds).length > 0) {
    const hint = "Copy it with a producer whose output has the thresholds.";
    invalid(where, "thresholds hold for what is built, not for what is found", "an artifact without", declared, hint);
  }
  return wiredArtifact(Object.freeze({ kind: "source", artifact: declared, storage }));
}

const noDimensions: Dimensions = Object.freeze({});

function checkedDimensions(partitionBy: unknown, where: string): Dimensions {
  if (partitionBy === undefined) return noDimensions;
  const dimensions = checkDimensions(partitionBy);
  checkNames(Object.keys(dimensions), where, "dimension");
  return Object.freeze({ ...dimensions });
}

const noChecks: DeclaredArtifact["checks"] = Object.freeze({});

function checkedChecks(checks: unknown, where: string): DeclaredArtifact["checks"] {
  if (checks === undefined) return noChecks;
  if (!isRecord(checks)) invalid(where, "checks are named functions", "a record of functions", checks);
  checkNames(Object.keys(checks), where, "check");
  const functions: Record<string, Check<unknown>> = {};
  for (const name of Object.keys(checks)) {
    const place = `${where}, check '${name}'`;
    const given = checks[name];
    if (isPlainRecord(given)) checkOptions(given, ["check", "severity"], place);
    const { check, severity = "block" } = isPlainRecord(given) ? given : { check: given };
    if (typeof check !== "function") {
      invalid(place, "a check is a function", "(value) => true, or a sentence", check);
    }
    if (!severities.includes(severity as Severity)) {
      invalid(place, "there is no such severity", "'warn' or 'block'", severity);
    }
    functions[name] = check as Check<unknown>;
  }
  return Object.freeze(functions);
}

/** The fields that rows have by their schema, with the schema of each; `undefined` where it does not say, or allows any. */
function fieldsOf(schema: z.core.$ZodType): ReadonlyMap<string, z.core.$ZodType> | undefined {
  const { def } = schema._zod as unknown as {
    readonly def: { readonly type: string } & Readonly<Record<string, unknown>>;
  };
  if (def.type === "array") return fieldsOf(def["element"] as z.core.$ZodType);
  if (def.type === "object") {
    if (def["catchall"] !== undefined) return undefined;
    return new Map(Object.entries(def["shape"] as Record<string, z.core.$ZodType>));
  }
  const isPlain = ["number", "int", "string", "boolean", "bigint", "date"].includes(def.type);
  return isPlain ? new Map([["value", schema]]) : undefined;
}

function isSchema(thing: unknown): boolean {
  return typeof thing === "object" && thing !== null && "_zod" in thing;
}

function isFormat(thing: unknown): boolean {
  return isRecord(thing) && typeof thing["encode"] === "function" && typeof thing["decode"] === "function";
}

function isStorage(thing: unknown): boolean {
  return isRecord(thing) && typeof thing["check"] === "function" && typeof thing["template"] === "string";
}
