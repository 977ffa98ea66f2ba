// SQL written as SQL: a tagged template keeps the text apart from its values.

/** What databases store. Booleans become 0 and 1, `undefined` becomes NULL, fingerprints become bytes: see `column.ts`. */
export type Value = string | number | Uint8Array | null;

/** Several rows of equal length, written as `(?, ?), (?, ?)` behind VALUES. */
export interface Rows {
  readonly rows: readonly (readonly (Value | undefined)[])[];
}

type Part = Value | undefined | Statement | Rows;

export interface Statement {
  readonly strings: TemplateStringsArray;
  readonly parts: readonly Part[];
}

/**
 * A statement, or a piece of one to be put into another. Everything in `${}` is a value, a piece or rows, never text, so nothing that
 * a user gave can become SQL.
 */
export function sql(strings: TemplateStringsArray, ...parts: readonly Part[]): Statement {
  return { strings, parts };
}

/** For VALUES. `eachChunk` cuts long lists, as databases limit the number of values in a statement. */
export function rows(list: Rows["rows"]): Rows {
  return { rows: list };
}

/** Rows per statement: many share the cost of a statement, and three sizes are all that a database has to prepare. */
const CHUNKS = [64, 8, 1] as const;

/** A list in pieces of 64, then of 8, then of one. */
export function* eachChunk<Item>(list: readonly Item[]): Generator<readonly Item[], void, void> {
  let start = 0;
  for (const size of CHUNKS) {
    for (; list.length - start >= size; start += size) yield list.slice(start, start + size);
  }
}

/** True for a statement whose text is the template's alone, so that the template can stand for it in a cache. */
export function isPlain(statement: Statement): boolean {
  return statement.parts.every((part) => !isNested(part));
}

/** The text with a placeholder for each value: `(n) => "?"` or `(n) => "$" + n`. */
export function textOf(statement: Statement, placeholder: (n: number) => string): string {
  let count = 0;
  const write = ({ strings, parts }: Statement): string =>
    strings.reduce((text, piece, index) => text + writePart(parts[index - 1]) + piece);
  const writePart = (part: Part): string => {
    if (!isNested(part)) return placeholder(++count);
    if ("strings" in part) return write(part);
    return part.rows.map((row) => `(${row.map(() => placeholder(++count)).join(", ")})`).join(", ");
  };
  return write(statement);
}

/** The values in the order of their placeholders. */
export function valuesOf(statement: Statement): Value[] {
  const values: Value[] = [];
  const collect = ({ parts }: Statement): void => {
    for (const part of parts) {
      if (!isNested(part)) values.push(part ?? null);
      else if ("strings" in part) collect(part);
      else for (const row of part.rows) for (const value of row) values.push(value ?? null);
    }
  };
  collect(statement);
  return values;
}

function isNested(part: Part): part is Statement | Rows {
  return typeof part === "object" && part !== null && !(part instanceof Uint8Array);
}
