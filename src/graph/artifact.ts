// Artifact: a declared piece of data, with its schema, its partitions and, where they matter, format, storage, checks, annotations.

import type { z } from "zod";
import { json } from "../data/format/json.ts";
import type { Format } from "../data/format/format.ts";
import type { RowValidation } from "../data/row-sample.ts";
import type { Storage } from "../data/storage/storage.ts";
import { checkDimensions, type Dimensions, type Key } from "../identity/partition.ts";
import { checkedAnnotations, type Annotations } from "./annotation.ts";
import type { DimensionsIn, FitsOutput, Input, InputTypes, ValueIn } from "./input.ts";
import { checkNames } from "./name.ts";
import { checkedDescription, checkOptions, invalid, isRecord } from "./option.ts";
import { is, type Is, type MissingPlaceholder } from "./sentence.ts";
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

export interface ArtifactOptions<S extends z.core.$ZodType, D extends Dimensions> {
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
  /** What people know about it: `{ owner: "ana" }`. Never rebuilds anything. */
  readonly annotations?: Annotations | undefined;
  readonly description?: string | undefined;
  /** Each is called with every value that is built, and says `true` or what is wrong; a value that fails is not linked. */
  readonly checks?: { readonly [name: string]: Check<z.core.output<S>> } | undefined;
}

/** True, or a sentence about what is wrong. Never a bare boolean: "false" explains nothing. */
export type Check<Value> = (value: Value) => true | string | Promise<true | string>;

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

const optionNames = ["schema", "partitionBy", "format", "storage", "validate", "annotations", "description", "checks"];

/**
 * Declares an artifact. Errors: GRAPH_INVALID naming the option that is wrong.
 *
 * @example
 * const DailySpend = artifact({ schema: z.number(), partitionBy: { date: daily() } });
 */
export function artifact<S extends z.core.$ZodType, D extends Dimensions = {}>(
  options: ArtifactOptions<S, D>,
): Artifact<z.core.output<S>, D, z.core.input<S>> {
  const where = "artifact";
  checkOptions(options, optionNames, where);
  const { schema, partitionBy, format = json(), storage, annotations, description, checks } = options;
  if (!isSchema(schema)) invalid(where, "an artifact needs a schema", "a zod schema such as z.number()", schema);
  if (!isFormat(format)) invalid(where, "this is not a format", "one such as json() or csv()", format);
  if (storage !== undefined && !isStorage(storage)) {
    invalid(where, "this is not a storage", 'one such as local("out/{input_fingerprint}.json")', storage);
  }
  const declared: DeclaredArtifact = {
    is: is.declared,
    schema,
    dimensions: checkedDimensions(partitionBy, where),
    format: format.forSchema?.(schema) ?? format,
    storage,
    validate: checkedRowValidation(options.validate, schema, where),
    annotations: checkedAnnotations(annotations, where),
    description: checkedDescription(description, where),
    checks: checkedChecks(checks, where),
  };
  // Not among the data above, so that an artifact prints as what it is.
  Object.defineProperty(declared, "from", { value: (place: Storage) => fromStorage(declared, place) });
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
  for (const name of Object.keys(checks)) {
    if (typeof checks[name] !== "function") {
      invalid(`${where}, check '${name}'`, "a check is a function", "(value) => true, or a sentence", checks[name]);
    }
  }
  return Object.freeze({ ...checks }) as DeclaredArtifact["checks"];
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
