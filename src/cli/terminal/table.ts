// Rows of cells as aligned lines.

import { widthOf } from "./width.ts";

export interface TableOptions {
  /** Columns, by index, whose cells stand at their right edge: numbers. */
  readonly right?: readonly number[] | undefined;
  /** Put in front of every line. */
  readonly indent?: string | undefined;
}

/** One line per row; cells are escaped already and may be coloured. Two spaces between columns, none at the end. */
export function table(rows: readonly (readonly string[])[], { right = [], indent = "" }: TableOptions = {}): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const space = " ".repeat((widths[column] ?? 0) - widthOf(cell));
      return right.includes(column) ? space + cell : cell + space;
    });
    return (indent + cells.join("  ")).trimEnd();
  });
}
