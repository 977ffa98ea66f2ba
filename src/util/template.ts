// Text with places to fill: "data/{date.Y[2026]}/{region}.json".

import { StratigraphError } from "../errors.ts";
import { showValue } from "./show.ts";

/** `{date}`, `{date.Y}` or `{date.Y[2026]}`, where only "2026" fits. */
export interface Placeholder {
  readonly name: string;
  readonly component: string | undefined;
  readonly fixed: string | undefined;
}

/** Literal text, in which "/" separates segments, or a place to fill. */
export type TemplatePart = string | Placeholder;

export interface Template {
  readonly text: string;
  /** Texts are never empty and never stand side by side. */
  readonly parts: readonly TemplatePart[];
}

/** Reads a template; `{{` and `}}` are braces. Throws TEMPLATE_INVALID for what no storage could use. */
export function parseTemplate(text: string): Template {
  if (typeof text !== "string") throw refused(text, "a template is a text", `write it like "data/{date}.json"`);
  if (text === "") throw refused(text, "the template is empty", `Write where the files are, like "data/{date}.json".`);
  if (!/[{}]/.test(text)) {
    checkLiterals(text, [text]);
    return Object.freeze({ text, parts: Object.freeze([text]) });
  }
  const parts: TemplatePart[] = [];
  let literal = "";
  for (let at = 0; at < text.length;) {
    const character = text[at] as string;
    if ((character === "{" || character === "}") && text[at + 1] === character) {
      literal += character;
      at += 2;
    } else if (character === "{") {
      const end = text.indexOf("}", at);
      if (end < 0)
        throw refused(text, `the brace at character ${at + 1} is never closed`, "Close it, or write {{ for a brace.");
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(parsePlaceholder(text, text.slice(at + 1, end)));
      at = end + 1;
    } else if (character === "}") {
      throw refused(text, `the brace at character ${at + 1} closes nothing`, "Remove it, or write }} for a brace.");
    } else {
      literal += character;
      at += 1;
    }
  }
  if (literal !== "") parts.push(literal);
  checkLiterals(text, parts);
  return Object.freeze({ text, parts: Object.freeze(parts) });
}

/**
 * Replaces the places that `valueOf` knows and leaves the rest for a later stage. A value may hold "/" and so become several segments;
 * making it safe is the caller's part. A place whose value is empty goes together with one "/" after it, and what "/" then ends the text.
 */
export function fillTemplate(template: Template, valueOf: (place: Placeholder) => string | undefined): Template {
  const parts: TemplatePart[] = [];
  let removed = false;
  let swallow = false;
  for (const part of template.parts) {
    const value = typeof part === "string" ? part : valueOf(part);
    if (value === undefined) {
      parts.push(part);
      swallow = false;
    } else if (value === "") {
      removed = swallow = true;
    } else {
      const rest = swallow && typeof part === "string" && part.startsWith("/") ? part.slice(1) : value;
      swallow = false;
      const last = parts.at(-1);
      if (typeof last === "string") parts[parts.length - 1] = last + rest;
      else if (rest !== "") parts.push(rest);
    }
  }
  const last = parts.at(-1);
  if (removed && typeof last === "string") {
    const stripped = last.replace(/\/+$/, "");
    if (stripped === "") parts.pop();
    else parts[parts.length - 1] = stripped;
  }
  if (parts.length === 0) {
    throw refused(
      template.text,
      "nothing is left of the template once its empty places are removed",
      "Add a literal name.",
    );
  }
  return Object.freeze({ text: parts.map(formatPart).join(""), parts: Object.freeze(parts) });
}

/** The parts between one "/" and the next. An absolute template's first segment is empty. */
export function templateSegments(template: Template): readonly (readonly TemplatePart[])[] {
  const segments: TemplatePart[][] = [[]];
  for (const part of template.parts) {
    const pieces: readonly TemplatePart[] = typeof part === "string" ? part.split("/") : [part];
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) segments.push([]);
      if (piece !== "") segments.at(-1)?.push(piece);
    }
  }
  return segments;
}

/** As it stands in a template: `{date.Y[2026]}`; literal braces doubled. */
export function formatPart(part: TemplatePart): string {
  if (typeof part === "string") return part.replace(/[{}]/g, "$&$&");
  const { name, component, fixed } = part;
  return `{${name}${component === undefined ? "" : `.${component}`}${fixed === undefined ? "" : `[${fixed}]`}}`;
}

/** The error for a template that cannot be used, in one voice: which template, what is wrong, what to do. */
export function refused(template: unknown, what: string, hint: string): StratigraphError {
  return new StratigraphError("TEMPLATE_INVALID", what, { where: `template ${showValue(template)}`, hint });
}

const PLACEHOLDER = /^([^.[\]:]+)(?:\.([^.[\]:]+))?(?:\[([^[\]/]+)\])?$/;

function parsePlaceholder(text: string, inner: string): Placeholder {
  const match = PLACEHOLDER.exec(inner);
  if (match !== null) {
    const [, name, component, fixed] = match;
    return Object.freeze({ name: name as string, component, fixed });
  }
  const shown = `{${inner}}`;
  if (inner.includes(":")) {
    throw refused(
      text,
      `${shown} has a format`,
      "Leave it out: components are padded already, so write {date.m} for {date.m:02}.",
    );
  }
  throw refused(
    text,
    `${shown} is not a place to fill`,
    "Write {dimension}, {dimension.component} or {dimension.component[value]}.",
  );
}

function checkLiterals(text: string, parts: readonly TemplatePart[]): void {
  for (const part of parts) {
    if (typeof part !== "string") continue;
    if (part.includes("\\"))
      throw refused(text, "the template has a backslash", "Separate folders with / on every system.");
    if (/[\p{Cc}\p{Cs}]/u.test(part)) throw refused(text, "the template has a control character", "Remove it.");
  }
  const whole = parts.map((part) => (typeof part === "string" ? part : "x")).join("");
  if (whole.endsWith("/"))
    throw refused(text, "the template names a folder", "End it with the name of the files in it.");
  if (/[^/]\/\//.test(whole))
    throw refused(text, "the template has an empty folder name", "Remove one of the two slashes.");
}
