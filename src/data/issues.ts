// What zod finds wrong with a value, as our error: which row and field, what was expected, what was there.

import type { $ZodIssue } from "zod/v4/core";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import type { Format } from "./format/format.ts";

/** More are only counted: 10,000 of them would be megabytes of text. */
const SHOWN = 20;

/** One wrong place, in words. `data.issues` of the error has the first twenty of these. */
export interface ValueProblem {
  /** "row 3, field 'amount'" or "[2].amount"; `""` for the value itself. */
  readonly place: string;
  readonly expected: string;
  readonly received: string;
}

export function describeIssues(
  issues: readonly $ZodIssue[],
  value: unknown,
  format: Format,
  where: string,
): StratigraphError {
  const count = issues.length;
  const problems = issues.slice(0, SHOWN).map((issue) => describe(issue, [], value, format));
  const [first] = problems;
  const data = { issues: problems, count };
  if (count === 1 && first !== undefined) {
    const place = first.place === "" ? where : `${where}, ${first.place}`;
    const { expected, received } = first;
    return new StratigraphError("DATA_INVALID", "the value does not fit the schema", {
      where: place,
      expected,
      received,
      data,
    });
  }
  const lines = problems.map(({ place, expected, received }) => {
    return `\n  ${place === "" ? "the value" : place}: expected ${expected}, received ${received}`;
  });
  if (count > SHOWN) lines.push(`\n  and ${count - SHOWN} more`);
  return new StratigraphError("DATA_INVALID", `the value does not fit the schema in ${count} places${lines.join("")}`, {
    where,
    data,
  });
}

function describe(issue: $ZodIssue, before: readonly PropertyKey[], value: unknown, format: Format): ValueProblem {
  const path = [...before, ...issue.path];
  // "Invalid input" alone helps nobody: the branch that comes nearest says what is missing.
  const nearest = issue.code === "invalid_union" ? nearestBranch(issue.errors) : undefined;
  if (nearest !== undefined) return describe(nearest, path, value, format);
  return { place: showPath(path, format), expected: expectation(issue), received: showValue(valueAt(value, path)) };
}

function nearestBranch(branches: readonly (readonly $ZodIssue[])[]): $ZodIssue | undefined {
  const sorted = branches
    .filter((branch) => branch.length > 0)
    .sort((a, b) => a.length - b.length || depth(b) - depth(a));
  return sorted[0]?.[0];
}

function depth(branch: readonly $ZodIssue[]): number {
  return branch.reduce((deepest, issue) => Math.max(deepest, issue.path.length), 0);
}

function expectation(issue: $ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `no key ${issue.keys.map((key) => showValue(key)).join(", ")}`;
  const match = /expected (.+?)(?:, received .*)?$/s.exec(issue.message);
  if (match !== null) return match[1]!;
  // "Invalid ISO date" says what it is not.
  return issue.code === "invalid_format"
    ? issue.message.replace(/^Invalid string: /, "a string that ").replace(/^Invalid /, "")
    : issue.message;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}

function showPath(path: readonly PropertyKey[], { kind }: Format): string {
  const [row, ...rest] = path;
  if ((kind === "csv" || kind === "ndjson" || kind === "parquet") && typeof row === "number") {
    return rest.length === 0 ? `row ${row + 1}` : `row ${row + 1}, field '${showKeys(rest).replace(/^\./, "")}'`;
  }
  return showKeys(path).replace(/^\./, "");
}

function showKeys(path: readonly PropertyKey[]): string {
  return path
    .map((key) => {
      if (typeof key === "number") return `[${key}]`;
      const text = String(key);
      return /^[A-Za-z_$][\w$]*$/.test(text) ? `.${text}` : `[${showValue(text)}]`;
    })
    .join("");
}
