// The columns of a Parquet file, as a schema of rows says: which type each has, and how a field becomes a cell and a field again.

import type { $ZodType, $ZodTypes } from "zod/v4/core";
import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import { rowSchemaOf } from "../row-schema.ts";
import { parseJson, stringifyJson } from "./json.ts";

/** What a cell is. Whatever is no plain value is kept as JSON in a column that says so. */
export type ColumnKind = "text" | "number" | "integer" | "bigint" | "boolean" | "date" | "json";

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** May be `null`. */
  readonly nullable: boolean;
  /** May be left out. */
  readonly optional: boolean;
}

/** The columns of the schema's written form, in its order. Throws GRAPH_INVALID for a schema that has no rows with fields. */
export function columnsOf(schema: $ZodType): readonly Column[] {
  const rows = rowsUnder(schema);
  const row = rows === undefined ? undefined : written(rows).schema;
  if (row?._zod.def.type !== "object" || Object.keys(row._zod.def.shape).length === 0) {
    throw new StratigraphError("GRAPH_INVALID", "parquet() holds rows with named fields", {
      expected: "z.array(z.object({ … })) with at least one field",
      hint: "Use json() or ndjson() for other values.",
    });
  }
  return Object.entries(row._zod.def.shape).map(([name, field]) => {
    if (name === "__proto__") {
      throw new StratigraphError("GRAPH_INVALID", "parquet() cannot hold a field named '__proto__'", {
        expected: "another name: rows are objects, which have a member of this name already",
      });
    }
    const { schema: inner, nullable, optional } = written(field);
    const kind = kindOf(inner);
    if (kind !== "json") return { name, kind, nullable, optional };
    return { name, kind, nullable: nullable || takesNull(inner), optional };
  });
}

/** Null is no cell of JSON: the column has to say that there may be none. */
function takesNull(schema: $ZodTypes): boolean {
  const { def } = schema._zod;
  if (def.type === "literal") return def.values.includes(null);
  if (def.type === "union") {
    return def.options.map(written).some(({ schema: one, nullable }) => nullable || takesNull(one));
  }
  // Of the others only running them would tell.
  return /^(any|custom|lazy|null|transform|unknown)$/.test(def.type) || ("coerce" in def && def.coerce === true);
}

/** Checks are no matter here: an array with checks of all rows is written as any. */
function rowsUnder(schema: $ZodType): $ZodType | undefined {
  const found = rowSchemaOf(schema);
  if (typeof found === "object") return found.row;
  const { schema: inner } = written(schema);
  return inner._zod.def.type === "array" ? inner._zod.def.element : undefined;
}

/** What is under the wrappers that say whether a value may be missing; of a transform the side that is written. */
function written(schema: $ZodType): {
  readonly schema: $ZodTypes;
  readonly nullable: boolean;
  readonly optional: boolean;
} {
  let at = schema as $ZodTypes;
  let [nullable, optional] = [false, false];
  for (;;) {
    const { def } = at._zod;
    switch (def.type) {
      case "nullable":
        nullable = true;
        break;
      case "optional":
      case "default":
      case "prefault":
      case "catch":
        optional = true;
        break;
      case "nonoptional":
        optional = false;
        break;
      case "readonly":
        break;
      case "pipe":
        at = def.in as $ZodTypes;
        continue;
      default:
        return { schema: at, nullable, optional };
    }
    at = def.innerType as $ZodTypes;
  }
}

function kindOf(schema: $ZodTypes): ColumnKind {
  const { def } = schema._zod;
  if ("coerce" in def && def.coerce === true) return "json"; // anything may be written
  switch (def.type) {
    case "string":
      return "text";
    case "enum":
      return Object.values(def.entries).every((value) => typeof value === "string") ? "text" : "json";
    case "literal":
      return def.values.every((value) => typeof value === "string") ? "text" : "json";
    case "number":
      return isInteger(def) ? "integer" : "number";
    case "boolean":
    case "bigint":
    case "date":
      return def.type;
    default:
      return "json";
  }
}

function isInteger(def: object): boolean {
  const checks = [def, ...((def as { checks?: readonly $ZodType[] }).checks ?? []).map((check) => check._zod.def)];
  return checks.some((check) => "format" in check && ["safeint", "int32", "uint32"].includes(String(check.format)));
}

/** The type the library knows it by. */
export const parquetTypes: Readonly<
  Record<ColumnKind, "STRING" | "DOUBLE" | "INT64" | "BOOLEAN" | "TIMESTAMP" | "JSON">
> = {
  text: "STRING",
  number: "DOUBLE",
  integer: "INT64",
  bigint: "INT64",
  boolean: "BOOLEAN",
  date: "TIMESTAMP",
  json: "JSON",
};

/** A field as it is written. Throws DATA_INVALID: what no schema has looked at is still of its column's type. */
export function cellOf(column: Column, value: unknown, row: number): unknown {
  const { kind, nullable, optional } = column;
  if (value === undefined ? optional : value === null && nullable) return null;
  const fits =
    kind === "text"
      ? typeof value === "string" && (value as string & { isWellFormed(): boolean }).isWellFormed()
      : kind === "integer"
        ? Number.isSafeInteger(value)
        : kind === "bigint"
          ? typeof value === "bigint" && BigInt.asIntN(64, value) === value
          : kind === "date"
            ? value instanceof Date && !Number.isNaN(value.getTime())
            : kind === "json"
              ? value !== undefined
              : typeof value === kind;
  if (!fits) {
    throw new StratigraphError("DATA_INVALID", "a field cannot be written", {
      where: `row ${row + 1}, field '${column.name}'`,
      expected: expected[kind],
      received: showValue(value),
    });
  }
  if (kind === "integer") return BigInt(value as number);
  // In the order in which json() writes it, so that equal values are equal bytes.
  if (kind === "json") return parseJson(stringifyJson(value), (offset) => `character ${offset}`);
  return value;
}

const expected: Record<ColumnKind, string> = {
  text: "a text",
  number: "a number",
  integer: "a whole number up to 2^53",
  bigint: "a bigint of 64 bits",
  boolean: "true or false",
  date: "a Date",
  json: "a value that JSON can hold",
};

/** A cell as a field; files of other programs have other types, which are made the column's where nothing is lost. */
export function fieldOf({ kind, nullable }: Column, cell: unknown): unknown {
  if (cell === null || cell === undefined) return nullable ? null : undefined;
  if (typeof cell === "bigint" && kind !== "bigint") return safeNumber(cell);
  if (typeof cell === "number" && kind === "bigint" && Number.isInteger(cell)) return BigInt(cell);
  if (cell instanceof Date && kind === "text") return cell.toISOString();
  return cell;
}

/** An integer that a number cannot hold stays what it is: the schema will say that it is no number. */
function safeNumber(cell: bigint): unknown {
  const number = Number(cell);
  return Number.isSafeInteger(number) ? number : cell;
}
