// Where two values differ, as lines.

import type { ValueDifferences } from "../../operations/value-difference.ts";
import { escapeText } from "../terminal/escape.ts";
import { count } from "../terminal/quantity.ts";

/** Indented below the partition they are about. */
export function differenceLines({ items, count: all }: ValueDifferences): string[] {
  const more = all - items.length;
  return [
    ...items.map(
      ({ path, before, after }) =>
        `    ${escapeText(path === "" ? "value" : path)}: ${shown(before)} → ${shown(after)}`,
    ),
    ...(more > 0 ? [`    and ${count(more, "more place")}`] : []),
  ];
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return escapeText(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
