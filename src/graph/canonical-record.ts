// Canonical text put together from members that are texts already: what `canonicalText` would write, without walking it all again.

import { compareText } from "../util/text-order.ts";

const BEYOND_BMP = /[\ud800-\udfff]/;

/** `{"a":1,"b":2}` from `[["b", "2"], ["a", "1"]]`; names as in `canonicalText`, values canonical texts. */
export function recordText(members: Iterable<readonly [name: string, text: string]>): string {
  const sorted = [...members];
  // Nearly every record of a graph's inputs.
  if (sorted.length === 1 && sorted[0]![0] !== "$" && sorted[0]![0] !== "toJSON") {
    return `{${JSON.stringify(sorted[0]![0])}:${sorted[0]![1]}}`;
  }
  let tagged = false;
  let plain = true;
  for (const [name] of sorted) {
    // Two names that the encoder cannot leave among others, see `canonicalText`.
    if (name === "$" || name === "toJSON") tagged = true;
    if (BEYOND_BMP.test(name)) plain = false;
  }
  const texts: string[] = [];
  const write = (name: string, value: string): void => {
    if (texts.length > 0) texts.push(",");
    if (tagged) texts.push("[", JSON.stringify(name), ",", value, "]");
    else texts.push(JSON.stringify(name), ":", value);
  };
  if (plain && sorted.length > SORTED_BY_NAME) {
    const byName = new Map(sorted);
    for (const name of [...byName.keys()].sort()) write(name, byName.get(name)!);
  } else {
    sorted.sort(plain ? ([a], [b]) => (a < b ? -1 : 1) : ([a], [b]) => compareText(a, b));
    for (const [name, value] of sorted) write(name, value);
  }
  // Joined at once: a text of a megabyte that grows by `+=` is a tree of a hundred thousand pieces.
  const text = texts.join("");
  return tagged ? `{"$":"object","value":[${text}]}` : `{${text}}`;
}

/** From here on sorting the names alone, without a function that compares, pays for looking the texts up again. */
const SORTED_BY_NAME = 16;
