// What was given to a change, parsed: a zod failure as one of our errors, with the path.

import type { z } from "zod";
import { describeIssues } from "../data/issues.ts";
import { json } from "../data/format/json.ts";
import { StratigraphError } from "../errors.ts";

/** Error: VALIDATION_FAILED. `where`: what the value is for. */
export async function parseWith<T>(schema: z.ZodType<T>, value: unknown, where: string): Promise<T> {
  const parsed = await schema.safeParseAsync(value);
  if (parsed.success) return parsed.data;
  const { what, where: place, expected, received, data } = describeIssues(parsed.error.issues, value, json(), where);
  throw new StratigraphError("VALIDATION_FAILED", what, {
    where: place,
    expected,
    received,
    data,
    cause: parsed.error,
  });
}
