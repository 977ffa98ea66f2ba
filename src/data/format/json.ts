// JSON: one value a file, keys in order, UTF-8.

import { StratigraphError } from "../../errors.ts";
import { showObject, showValue } from "../../util/show.ts";
import type { Format } from "./format.ts";
import { jsonRows } from "./json-rows.ts";
import { findSyntaxProblem, showPosition } from "./json-syntax.ts";
import { decodeText, encodeText } from "./utf8.ts";

export interface JsonOptions {
  /** Spaces a level, up to 10; 0, all in one line, unless told. */
  readonly indent?: number | undefined;
}

/**
 * What JSON can hold and nothing else: texts, finite numbers, booleans, null, arrays and plain objects, at most 64 levels deep. Members that
 * are `undefined` are left out. Keys are written in order, so equal values are equal bytes; read objects have that order.
 */
export function json({ indent = 0 }: JsonOptions = {}): Format {
  if (!Number.isInteger(indent) || indent < 0 || indent > 10) {
    throw new StratigraphError("GRAPH_INVALID", "json() has a wrong 'indent'", {
      expected: "0 to 10",
      received: showValue(indent),
    });
  }
  const format: Format = {
    kind: "json",
    extension: ".json",
    options: Object.freeze(indent === 0 ? {} : { indent }),
    encode: (value) => encodeText(`${stringifyJson(value, indent)}\n`, "JSON"),
    decode: (bytes) => {
      const text = decodeText(bytes, "JSON");
      if (text.trim() === "") {
        throw new StratigraphError("DATA_UNPARSEABLE", "the file is empty", {
          expected: "one JSON value",
          received: `${bytes.byteLength} bytes`,
        });
      }
      return parseJson(text, (offset) => showPosition(text, offset));
    },
    rows: jsonRows(indent, { parse: parseJson, stringify: stringifyJson }),
  };
  return Object.freeze(format);
}

const DEPTH_LIMIT = 64;

/** Throws DATA_INVALID, `where` saying which part of the value JSON cannot hold. `path`: where the value stands in a larger one. */
export function stringifyJson(value: unknown, indent = 0, path: readonly number[] = []): string {
  return JSON.stringify(ordered(value, [...path]), undefined, indent);
}

/** Throws DATA_UNPARSEABLE; `where` turns an offset in the text into words. `path`: as for `stringifyJson`. */
export function parseJson(text: string, where: (offset: number) => string, path: readonly number[] = []): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw syntaxError(text, where, cause);
  }
  const members = countMembers(value, path.length);
  if (Number.isNaN(members)) refuseUnreadable(value, [...path]);
  // JSON.parse lets the last of two equal keys win, and says nothing.
  if (members !== countColons(text)) throw syntaxError(text, where);
  return value;
}

function syntaxError(text: string, where: (offset: number) => string, cause?: unknown): StratigraphError {
  const { offset, what, expected, received } = findSyntaxProblem(text) ?? { offset: 0, what: "this is not JSON" };
  return new StratigraphError("DATA_UNPARSEABLE", what, { where: where(offset), expected, received, cause });
}

// ---------------------------------------------------------------------------------------------------------------------

type Path = (string | number)[];

/** The value itself where it is in order already, else a copy that is. */
function ordered(value: unknown, path: Path): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw unholdable(path, String(value), "Write null, or a text.");
      return value;
    case "object":
      if (value === null) return value;
      if (path.length >= DEPTH_LIMIT) {
        throw unholdable(
          path.slice(0, 3),
          `more than ${DEPTH_LIMIT} levels`,
          "Flatten the value, and look for an object that holds itself.",
        );
      }
      if (Array.isArray(value)) return orderedArray(value, path);
      return orderedObject(value, path);
    case "undefined":
      throw unholdable(path, "undefined", "Write null.");
    case "bigint":
      throw unholdable(path, "a bigint", "Write it as a text.");
    default:
      throw unholdable(path, showValue(value));
  }
}

function orderedArray(array: readonly unknown[], path: Path): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < array.length; index++) {
    path.push(index);
    const entry = ordered(array[index], path);
    path.pop();
    if (entry !== array[index]) (copy ??= array.slice())[index] = entry;
  }
  return copy ?? array;
}

function orderedObject(object: object, path: Path): object {
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (prototype !== Object.prototype && prototype !== null && !isForeignPlain(prototype))
    throw unholdable(path, showObject(object), hintFor(object));
  const record = object as Record<string, unknown>;
  const keys = Object.keys(record);
  let copy: Record<string, unknown> | undefined;
  for (let index = 1; index < keys.length; index++) {
    if ((keys[index - 1] as string) <= (keys[index] as string)) continue;
    keys.sort();
    copy = Object.create(null) as Record<string, unknown>;
    break;
  }
  for (const key of keys) {
    path.push(key);
    if (key === "__proto__")
      throw unholdable(path, "a key that readers may take for the object's prototype", "Name it otherwise.");
    const before = record[key];
    const entry = before === undefined ? undefined : ordered(before, path); // stringify leaves it out
    path.pop();
    if (entry !== before) copy ??= { __proto__: null, ...record } as Record<string, unknown>;
    if (copy !== undefined) copy[key] = entry;
  }
  return copy ?? object;
}

/** Object.prototype of another realm, as in a worker's or a test runner's sandbox. */
function isForeignPlain(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

function hintFor(object: object): string | undefined {
  if (object instanceof Date) return "Write its ISO text, and have the schema turn it into a Date.";
  if (object instanceof Map || object instanceof Set) return "Write an array or a plain object.";
  if (ArrayBuffer.isView(object)) return "Write an array of numbers, or use the bytes() format.";
  return "Write a plain object.";
}

function unholdable(path: Path, received: string, hint?: string): StratigraphError {
  const where = path.length === 0 ? undefined : showPath(path);
  const expected = "texts, finite numbers, booleans, null, arrays and plain objects";
  return new StratigraphError("DATA_INVALID", "the value cannot be written as JSON", {
    where,
    expected,
    received,
    hint,
  });
}

/** Members of all objects in the value; NaN where something in it has to be refused. */
function countMembers(value: unknown, depth: number): number {
  if (typeof value === "number") return Number.isFinite(value) ? 0 : NaN;
  if (typeof value !== "object" || value === null) return 0;
  if (depth >= DEPTH_LIMIT) return NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) count += countMembers(value[index], depth + 1);
    return count;
  }
  for (const key of Object.keys(value)) {
    if (key === "__proto__") return NaN;
    count += 1 + countMembers((value as Record<string, unknown>)[key], depth + 1);
  }
  return count;
}

/** Throws for what is deeper than we write, a number too large, or a key that could pollute: the slow walk that knows where it is. */
function refuseUnreadable(value: unknown, path: Path): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw unreadable(path, "a number is too large", "at most 1.8e308", "Write it as a text.");
  }
  if (typeof value !== "object" || value === null) return;
  if (path.length >= DEPTH_LIMIT) {
    throw unreadable(path.slice(0, 3), "the value is nested too deeply", `at most ${DEPTH_LIMIT} levels`);
  }
  for (const [key, inner] of Object.entries(value)) {
    path.push(Array.isArray(value) ? Number(key) : key);
    if (key === "__proto__") {
      throw unreadable(
        path,
        "an object has the key '__proto__', which could change how objects behave",
        "another name",
      );
    }
    refuseUnreadable(inner, path);
    path.pop();
  }
}

function unreadable(path: Path, what: string, expected: string, hint?: string): StratigraphError {
  return new StratigraphError("DATA_UNPARSEABLE", what, {
    where: path.length === 0 ? undefined : showPath(path),
    expected,
    hint,
  });
}

function showPath(path: Path): string {
  const text = path
    .map((key) =>
      typeof key === "number" ? `[${key}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${showValue(key)}]`,
    )
    .join("");
  return text.replace(/^\./, "");
}

/** Colons outside texts: one for each member. The text is known to be JSON. */
function countColons(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === COLON) count += 1;
    else if (unit === QUOTE) {
      do at = text.indexOf('"', at + 1);
      while (isEscaped(text, at));
    }
  }
  return count;
}

const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
