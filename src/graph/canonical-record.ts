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
  let order = (a: string, b: string): number => (a < b ? -1 : 1);
  let tagged = false;
  for (const [name] of sorted) {
    // Two names that the encoder cannot leave among others, see `canonicalText`.
    if (name === "$" || name === "toJSON") tagged = true;
    if (BEYOND_BMP.test(name)) order = compareText;
  }
  sorted.sort(([a], [b]) => order(a, b));
  let text = "";
  for (const [name, value] of sorted) {
    if (text !== "") text += ",";
    text += tagged ? `[${JSON.stringify(name)},${value}]` : `${JSON.stringify(name)}:${value}`;
  }
  return tagged ? `{"$":"object","value":[${text}]}` : `{${text}}`;
}
