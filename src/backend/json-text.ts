// Plain data as the text a backend keeps, exactly: what comes back is what was given.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { invalid } from "./check.ts";
import type { Json } from "./records.ts";

/** Deeper values overflow the stack of some reader sooner or later, so they are refused where they enter. */
const DEEPEST = 64;

/** Throws RECORD_INVALID, naming the path, for what JSON would change in silence: undefined, NaN, -0, dates, instances of classes. */
export function encodeJson(value: Json, what: string): string {
  checkJson(value, [what]);
  return JSON.stringify(value);
}

export function encodeOptionalJson(value: Json | undefined, what: string): string | undefined {
  return value === undefined ? undefined : encodeJson(value, what);
}

/** The value as it comes back, which shares nothing with the one that was given. */
export function copyJson<Given extends Json | undefined>(value: Given, what: string): Given {
  return value === undefined ? value : (JSON.parse(encodeJson(value, what)) as Given);
}

/** Text from a database: anything but JSON there means that the database is damaged. */
export function decodeJson(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new StratigraphError("BACKEND_CORRUPT", `the stored ${what} is not JSON any more`, {
      received: showValue(text),
      cause,
    });
  }
}

/** `path` is made longer and shorter again on the way: values are large, and nearly never wrong. */
function checkJson(value: unknown, path: (string | number)[]): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (Number.isFinite(value) && !Object.is(value, -0)) return;
    throw invalid(pathText(path), "a finite number other than -0", value);
  }
  if (typeof value !== "object") throw invalid(pathText(path), "JSON", value);
  if (path.length > DEEPEST) throw invalid(pathText(path), `JSON of at most ${DEEPEST} levels`, value);
  if (Array.isArray(value)) {
    // Not forEach: it would step over the holes that JSON turns into null.
    for (let i = 0; i < value.length; i++) checkMember(value[i], i, path);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) {
    throw invalid(pathText(path), "JSON: an object without a class", value);
  }
  for (const name of Object.keys(value)) checkMember((value as Record<string, unknown>)[name], name, path);
}

function checkMember(value: unknown, name: string | number, path: (string | number)[]): void {
  path.push(name);
  checkJson(value, path);
  path.pop();
}

function pathText([what, ...path]: readonly (string | number)[]): string {
  return `${what}${path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("")}`;
}
