// A word as it must be typed: brackets, spaces and quotes mean something to most shells.

import { escapeText } from "./escape.ts";

/** For lines that can be copied: as it is where that is safe, else in quotes. Escaped for the terminal. */
export function shellWord(word: string): string {
  return /^[\w./-][\w./=-]*$/.test(word) ? word : `'${escapeText(word).replaceAll("'", "'\\''")}'`;
}
