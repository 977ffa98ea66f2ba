// Any text as one part of a file name, on every system, and back.

import { hashText } from "./digest.ts";

/** What most file systems take at most for one name, in bytes. */
export const NAME_LIMIT = 255;

/**
 * Every byte outside `A-Z a-z 0-9 . _ + -` as `%` and two upper-case hex digits, so that no value holds a separator, a quote, a
 * wildcard or a letter that two systems spell differently; also those in `extra`. `~` is escaped because Windows invents short
 * names with it, which leaves it free to mark shortened names.
 */
export function escapeName(text: string, extra = ""): string {
  const escaped = PLAIN.test(text)
    ? text
    : encodeURIComponent(text)
        .replace(/%2B/g, "+")
        .replace(/[!'()*~]/g, escapeCharacter);
  if (extra === "") return escaped;
  let result = "";
  for (const character of escaped) result += extra.includes(character) ? escapeCharacter(character) : character;
  return result;
}

/** Undoes escapes, exactly once; plain characters stand for themselves. `undefined` where a `%` begins no escape or the bytes are not UTF-8. */
export function unescapeName(name: string): string | undefined {
  if (!name.includes("%")) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

export function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Windows takes these for devices, whatever follows the first dot: `con`, `NUL.json`, `com1.tar.gz`. */
export function isDeviceName(name: string): boolean {
  return DEVICES.test(name);
}

/**
 * At most `limit` bytes for an escaped text: as it is, or its beginning, `~` and 32 hex characters that stand for the whole. Escaped
 * texts have no `~`, so a shortened one never meets another text. `undefined` where the limit leaves no room for that.
 */
export function shortenName(escaped: string, limit: number): string | undefined {
  if (escaped.length <= limit) return escaped;
  const room = limit - 33;
  if (room < 0) return undefined;
  return `${escaped.slice(0, room).replace(/%[0-9A-F]?$/, "")}~${hashText(escaped)}`;
}

const PLAIN = /^[A-Za-z0-9._+-]*$/;
const DEVICES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(\.|$)/i;
