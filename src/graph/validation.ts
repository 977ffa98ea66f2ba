// Which rows an artifact has validated: the option as it is declared, checked.

import { rowSchemaOf, keepsValues } from "../data/row-schema.ts";
import type { RowValidation } from "../data/row-sample.ts";
import { StratigraphError } from "../errors.ts";
import type { z } from "zod";
import { invalid, isRecord } from "./option.ts";

/** `undefined` for all rows. Throws GRAPH_INVALID. */
export function checkedRowValidation(
  validate: unknown,
  schema: z.core.$ZodType,
  where: string,
): RowValidation | undefined {
  if (validate === undefined) return undefined;
  const rows = isRecord(validate) ? validate["rows"] : undefined;
  const share = isRecord(rows) ? rows["sample"] : undefined;
  const isShare = typeof share === "number" && share > 0 && share < 1;
  if (!isRecord(validate) || Object.keys(validate).length !== 1 || !(rows === "all" || rows === "none" || isShare)) {
    invalid(
      where,
      "validate says which rows are parsed",
      '{ rows: "all" }, { rows: { sample: 0.01 } } with a share above 0 and below 1, or { rows: "none" }',
      isRecord(validate) && "rows" in validate && !isRecord(rows) ? rows : validate,
    );
  }
  if (rows === "all") return undefined;
  const found = rowSchemaOf(schema);
  if (typeof found === "string") {
    throw new StratigraphError("GRAPH_INVALID", "only rows of an array can be validated in part", {
      where,
      expected: "z.array(…) without a check of all rows together",
    });
  }
  if (!keepsValues(found.row)) {
    throw new StratigraphError("GRAPH_INVALID", "this schema changes the rows it parses, so every row must be parsed", {
      where,
      expected: "a schema of rows without z.coerce, transforms, defaults and trimming",
      hint: 'Leave validate out, or have the format give typed values: csv({ types: "infer" }).',
    });
  }
  return Object.freeze(isShare ? { rows: Object.freeze({ sample: share }) } : { rows: "none" });
}
