// Other people's text made harmless for a terminal: what would act is shown instead.

import { count } from "./quantity.ts";

/**
 * Everything that makes a terminal do something or turns text around: C0 and C1 controls, DEL, marks of direction,
 * line and paragraph separators, invisible tags, and halves of surrogate pairs.
 */
const ACTING =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udc7f]/g;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line of text that does nothing but be read: `\n`, `\x1b`, `\u202e` stand for the characters themselves. */
export function escapeText(text: string): string {
  return text.replace(ACTING, (acting) => SHORT[acting] ?? spelled(acting));
}

/** The same for text of several lines: its line ends stay. */
export function escapeLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => escapeText(line.replaceAll("\t", "  ")));
}

const MOST_CHARACTERS = 2_000;
const MOST_LINES = 30;

/** The same, at most a screen of it; `whole`: where all of it is. */
export function escapeBeginning(text: string, whole: string): string[] {
  const lines = text.slice(0, MOST_CHARACTERS).split("\n").slice(0, MOST_LINES).join("\n");
  // Half of a surrogate pair would be shown as one.
  const begin = text.length > lines.length ? lines.replace(/[\ud800-\udbff]$/, "") : lines;
  const left = text.length - begin.length;
  return left === 0 ? escapeLines(text) : [...escapeLines(begin), `… and ${count(left, "more character")}: ${whole}`];
}

/** JSON as it is, with the acting characters that JSON leaves bare written as `\u…`: the value stays exactly the same. */
export function escapeJson(json: string): string {
  return json.replace(ACTING, (acting) =>
    // JSON's own line ends and indentation are not inside strings: there they are escaped already.
    acting === "\n" ? acting : [...Array(acting.length).keys()].map((at) => unit(acting.charCodeAt(at))).join(""),
  );
}

function spelled(acting: string): string {
  const code = acting.codePointAt(0)!;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? unit(code) : `\\u{${code.toString(16)}}`;
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
