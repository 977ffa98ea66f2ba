// Dimensions as users declare them: `daily()`, `strings()`, `oneOf("eu", "us")`.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import type { CalendarKind } from "./calendar.ts";
import type {
  Daily,
  Dimension,
  Dimensions,
  Hourly,
  Integers,
  KnownDimension,
  Monthly,
  OneOf,
  Span,
  Strings,
  Weekly,
} from "./dimension.ts";
import { compareValues, encodeValue, isCleanText, TEXT_FORM, valueForms } from "./dimension-value.ts";
import { findZoneProblem } from "./time-zone.ts";

export interface SpanOptions {
  /** An IANA time zone, "Europe/Berlin"; "UTC" unless told. */
  readonly zone?: string | undefined;
  /** The first label that exists; together with `to` the labels can be enumerated. */
  readonly from?: string | undefined;
  /** The last label that exists. */
  readonly to?: string | undefined;
}

/**
 * One partition per hour, labelled `2026-01-02T03`. Labels are local hours: where the zone sets its clocks back, one label
 * stands for two hours, and where it sets them forward, one label stands for none. `intervalOf` and `labelOf` say which.
 */
export function hourly(options: SpanOptions = {}): Hourly {
  return span("hourly", options) as Hourly;
}

/** One partition per day, labelled `2026-01-02`. */
export function daily(options: SpanOptions = {}): Daily {
  return span("daily", options) as Daily;
}

/** One partition per ISO week, labelled `2026-W01`. */
export function weekly(options: SpanOptions = {}): Weekly {
  return span("weekly", options) as Weekly;
}

/** One partition per month, labelled `2026-01`. */
export function monthly(options: SpanOptions = {}): Monthly {
  return span("monthly", options) as Monthly;
}

/** One partition per whole number. With `from` and `to` (both included) they can be enumerated. */
export function integers(
  options: { readonly from?: number | undefined; readonly to?: number | undefined } = {},
): Integers {
  return bounded({ kind: "integers", ...present({ from: options.from, to: options.to }) } as unknown as Integers);
}

/** One partition per text. */
export function strings(): Strings {
  return Object.freeze({ kind: "strings" }) as Strings;
}

/** One partition per listed text. */
export function oneOf<const V extends string>(...values: readonly [V, ...V[]]): OneOf<V> {
  const dimension = { kind: "oneOf", values: Object.freeze([...values]) } as unknown as OneOf<V>;
  if (values.length === 0) throw invalid("oneOf() needs at least one value");
  for (const [index, value] of values.entries()) {
    if (!isCleanText(value)) throw invalid("oneOf() has a value that cannot be part of a key", TEXT_FORM, value);
    if (values.indexOf(value) !== index) throw invalid(`oneOf() has the value ${showValue(value)} twice`);
  }
  return Object.freeze(dimension);
}

// Names begin with a letter, so `__proto__` is not one and records of names are safe; templates and key texts need no escapes for them.
const DIMENSION_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** Checks what an artifact is partitioned by, for callers without a compiler. Throws GRAPH_INVALID. */
export function checkDimensions(dimensions: unknown): Dimensions {
  if (typeof dimensions !== "object" || dimensions === null) {
    throw invalid("partitionBy is not a record of dimensions", "a record like { date: daily() }", dimensions);
  }
  for (const [name, dimension] of Object.entries(dimensions)) {
    if (!DIMENSION_NAME.test(name)) {
      throw invalid(
        `${showValue(name)} cannot name a dimension`,
        "a letter, then up to 63 letters, digits, '_' or '-'",
      );
    }
    if (!isDimension(dimension)) {
      throw invalid(
        `dimension '${name}' is not a dimension`,
        "one of hourly(), daily(), weekly(), monthly(), integers(), strings(), oneOf()",
        dimension,
      );
    }
  }
  return dimensions as Dimensions;
}

/** True for what the seven functions above return. */
export function isDimension(value: unknown): value is Dimension {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "kind")) return false;
  return Object.hasOwn(valueForms, (value as { kind: PropertyKey }).kind);
}

function span(kind: CalendarKind, { zone = "UTC", from, to }: SpanOptions): Dimension {
  const problem = findZoneProblem(zone);
  if (problem !== undefined) throw invalid("this is not a time zone", problem.expected, zone, problem.hint);
  return bounded({ kind, zone, ...present({ from, to }) } as unknown as KnownDimension);
}

/** Without the members that are undefined: a missing one and an undefined one are different values to a fingerprint. */
function present<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

function bounded<X extends KnownDimension>(dimension: X): X {
  const { from, to } = dimension as Partial<Span> | Integers;
  for (const [name, value] of Object.entries({ from, to })) {
    if (value !== undefined && encodeValue(dimension, value) === undefined) {
      throw invalid(`${dimension.kind}() has a wrong '${name}'`, valueForms[dimension.kind], value);
    }
  }
  if (from !== undefined && to !== undefined && compareValues(dimension, from, to) > 0) {
    throw invalid(`${dimension.kind}() ends before it begins`, `a 'to' not before ${from}`, to);
  }
  return Object.freeze(dimension);
}

function invalid(what: string, expected?: string, received?: unknown, hint?: string): StratigraphError {
  return new StratigraphError("GRAPH_INVALID", what, {
    expected,
    received: arguments.length > 2 ? showValue(received) : undefined,
    hint,
  });
}
