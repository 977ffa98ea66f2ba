// Statistics of one partition: its rows counted, and of each field what is in it. One pass, bounded memory.

import { Distinct } from "./distinct.ts";
import { Numbers } from "./numbers.ts";

/** What is in one field of all rows. */
export interface FieldStatistics {
  /** Rows in which it is null, undefined or not there. */
  readonly nulls: number;
  readonly distinct: number;
  /** Counted, not estimated. */
  readonly distinctExact: boolean;
  /** Of numbers; of dates as ISO text; of text in the order of its characters. `undefined` for anything else. */
  readonly min?: number | string | undefined;
  readonly max?: number | string | undefined;
  readonly mean?: number | undefined;
  readonly deviation?: number | undefined;
  /** By percent: `{ "50": 12.5 }`. */
  readonly quantiles?: { readonly [percent: string]: number } | undefined;
  /** All values were kept until the end. */
  readonly quantilesExact?: boolean | undefined;
  /** NaN and infinities, which count in nothing else; there where there are any. */
  readonly nonFinite?: number | undefined;
}

export interface Statistics {
  /** Elements of a list; 1 for any other value. */
  readonly rows: number;
  readonly fields: { readonly [name: string]: FieldStatistics };
  /** What the artifact's own functions answered. */
  readonly custom: { readonly [name: string]: number };
}

/** The percents that are always kept. */
export const usualPercents: readonly number[] = [1, 5, 25, 50, 75, 95, 99];

/** The name of the only field of a row that is not an object. */
export const VALUE = "value";

/** Fields beyond these are not looked at: rows with keys that are data would have as many as there are rows. */
const MOST_FIELDS = 200;

/** Text longer than this is cut where it is kept as the least or greatest. */
const MOST_TEXT = 200;

/** Takes rows one by one. */
export class Accumulator {
  readonly #percents: readonly number[];
  readonly #fields = new Map<string, Field>();
  #rows = 0;

  constructor(percents: Iterable<number> = []) {
    this.#percents = [...new Set([...usualPercents, ...percents])].sort((a, b) => a - b);
  }

  add(row: unknown): void {
    this.#rows++;
    if (isRecord(row)) {
      for (const name of Object.keys(row)) this.#field(name)?.add(row[name]);
    } else this.#field(VALUE)!.add(row);
  }

  #field(name: string): Field | undefined {
    let field = this.#fields.get(name);
    if (field === undefined && this.#fields.size < MOST_FIELDS) this.#fields.set(name, (field = new Field()));
    return field;
  }

  finish(): Statistics {
    const fields: [string, FieldStatistics][] = [];
    for (const [name, field] of this.#fields) fields.push([name, field.finish(this.#rows, this.#percents)]);
    return { rows: this.#rows, fields: Object.fromEntries(fields), custom: {} };
  }
}

/** Of a whole value: a list's elements are its rows. */
export function statisticsOf(value: unknown, percents: Iterable<number> = []): Statistics {
  const accumulator = new Accumulator(percents);
  if (Array.isArray(value)) for (const row of value) accumulator.add(row);
  else accumulator.add(value);
  return accumulator.finish();
}

class Field {
  #seen = 0;
  #nonFinite = 0;
  readonly #distinct = new Distinct();
  readonly #numbers = new Numbers();
  #texts = 0;
  #others = 0;
  #least: string | undefined;
  #greatest: string | undefined;

  add(value: unknown): void {
    if (value === null || value === undefined) return;
    this.#seen++;
    if (typeof value === "number" || typeof value === "bigint") return this.#addNumber(Number(value), `n${value}`);
    const text = typeof value === "string" ? value : value instanceof Date ? dateText(value) : undefined;
    if (text === undefined) {
      this.#others++;
      this.#distinct.add(typeof value === "boolean" ? `b${value}` : `j${jsonText(value)}`);
      return;
    }
    this.#texts++;
    this.#distinct.add(`s${text}`);
    if (this.#least === undefined || text < this.#least) this.#least = text;
    if (this.#greatest === undefined || text > this.#greatest) this.#greatest = text;
  }

  #addNumber(value: number, text: string): void {
    this.#distinct.add(text);
    if (Number.isFinite(value)) this.#numbers.add(value);
    else this.#nonFinite++;
  }

  finish(rows: number, percents: readonly number[]): FieldStatistics {
    const counted = {
      nulls: rows - this.#seen,
      distinct: this.#distinct.count,
      distinctExact: this.#distinct.exact,
      ...(this.#nonFinite > 0 ? { nonFinite: this.#nonFinite } : {}),
    };
    const numbers = this.#numbers;
    if (numbers.count > 0 && this.#texts + this.#others === 0) {
      return {
        ...counted,
        min: numbers.min,
        max: numbers.max,
        mean: numbers.mean,
        deviation: numbers.deviation,
        quantiles: Object.fromEntries(percents.map((percent) => [String(percent), numbers.quantile(percent / 100)!])),
        quantilesExact: numbers.exact,
      };
    }
    if (this.#texts > 0 && numbers.count + this.#others === 0) {
      return { ...counted, min: this.#least?.slice(0, MOST_TEXT), max: this.#greatest?.slice(0, MOST_TEXT) };
    }
    return counted;
  }
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? "Invalid Date" : date.toISOString();
}

function jsonText(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? typeof value
    );
  } catch {
    return typeof value;
  }
}

function isRecord(row: unknown): row is Readonly<Record<string, unknown>> {
  return (
    typeof row === "object" && row !== null && !Array.isArray(row) && !(row instanceof Date) && !(row instanceof Map)
  );
}

/** "rows", "amount.mean", "amount.p95", or one of the artifact's own. `undefined` where that was not computed, or the field has no such. */
export function statisticNamed(statistics: Statistics, name: string): number | undefined {
  if (Object.hasOwn(statistics.custom, name)) return statistics.custom[name];
  if (name === "rows") return statistics.rows;
  const dot = name.lastIndexOf(".");
  const field = Object.hasOwn(statistics.fields, name.slice(0, dot))
    ? statistics.fields[name.slice(0, dot)]
    : undefined;
  const kind = name.slice(dot + 1);
  // A field that no row has is null in all of them.
  if (field === undefined) return kind === "nulls" ? statistics.rows : kind === "distinct" ? 0 : undefined;
  if (kind === "nulls" || kind === "distinct" || kind === "mean" || kind === "deviation") return field[kind];
  if (kind === "min" || kind === "max") return typeof field[kind] === "number" ? field[kind] : undefined;
  return field.quantiles?.[kind.slice(1)];
}
