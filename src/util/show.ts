// A value as a short piece of a sentence: one line, printable, quoted where it is text.

import { cutText } from "./cut-text.ts";

const LIMIT = 80;

/**
 * For error messages. Texts are quoted, cut after 80 characters, and whatever could move the cursor, turn the writing direction
 * or be invisible is written as an escape; objects are named by kind, never printed.
 */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return showText(value);
    case "bigint":
      return `the bigint ${String(value).slice(0, LIMIT)}`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
    case "undefined":
      return String(value);
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return showObject(value);
  }
}

/** "an array", "a Date", "an object": a thing named by its class, with the right article. */
export function showObject(value: object | null): string {
  if (value === null) return "null";
  if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype) return "an array";
  const name = className(value);
  return `${/^[AEIO]/i.test(name) ? "an" : "a"} ${name}`;
}

function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return "object";
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const name = typeof constructor === "function" ? constructor.name : "";
  return /^[\w$]{1,40}$/.test(name) ? name : "object of a class";
}

function showText(text: string): string {
  const escaped = cutText(text, LIMIT).replace(/[\\"]|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u{FEFF}]/gu, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    if (character === "\u200d") return character; // joins emoji
    return `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`;
  });
  return `"${escaped}"`;
}

/** A member of what `path` names, as one would write it: `days[3].amount`, `["first name"]`. */
export function memberPath(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}
