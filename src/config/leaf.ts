// One setting: what it may be, what it is unless told, and how a variable of the environment writes it.

import { z } from "zod";
import { formatDuration, parseDuration, type Milliseconds } from "../util/duration.ts";

export interface Leaf<Value = unknown> {
  readonly kind: "leaf";
  /** One sentence for the documentation. */
  readonly says: string;
  /** What it may be, as a piece of a sentence. */
  readonly expected: string;
  /** What it is unless told. */
  readonly standard: Value;
  readonly schema: z.ZodType<Value>;
  /** What a text stands for; what it cannot read it leaves as it is, for the schema to refuse. */
  readonly read: (text: string) => unknown;
  /** A bare number in a YAML file or in the environment is seconds. */
  readonly seconds: boolean;
  /** Names of the environment besides the one that is made of its path, the strongest first; `null`: no variable can say it. */
  readonly variables: readonly string[] | null;
}

interface Words {
  readonly says: string;
  readonly variables?: readonly string[];
}

export function yesNo(standard: boolean, { says, variables = [] }: Words): Leaf<boolean> {
  const read = (text: string): unknown =>
    /^(true|yes|on|1)$/i.test(text) ? true : /^(false|no|off|0)$/i.test(text) ? false : text;
  return { ...plain(says, variables), expected: "true or false", standard, schema: z.boolean(), read };
}

/** A whole number of at least `least`. */
export function count(standard: number, least: number, { says, variables = [] }: Words): Leaf<number> {
  const schema = z.int().min(least);
  return { ...plain(says, variables), expected: `a whole number of at least ${least}`, standard, schema, read: number };
}

export function between(standard: number, from: number, to: number, { says, variables = [] }: Words): Leaf<number> {
  const schema = z.number().min(from).max(to);
  const expected = to === Infinity ? `a number of at least ${from}` : `a number from ${from} to ${to}`;
  return { ...plain(says, variables), expected, standard, schema, read: number };
}

/** Milliseconds, or a text with a unit; `least`: milliseconds. */
export function duration(
  standard: number,
  { says, variables = [], least = 0 }: Words & { readonly least?: number },
): Leaf<Milliseconds> {
  const schema = z
    .union([z.number().nonnegative(), z.string().transform((text) => parseDuration(text) ?? Number.NaN)])
    .pipe(z.number().min(least))
    .transform((time) => time as Milliseconds);
  return {
    ...plain(says, variables),
    expected: `a time${least === 0 ? "" : ` of at least ${formatDuration(least)},`} such as "250ms", "30s", "5m", "12h" or "90d"`,
    standard: standard as Milliseconds,
    schema,
    read: (text) => text,
    seconds: true,
  };
}

export function oneOf<const Value extends string>(
  standard: NoInfer<Value>,
  values: readonly Value[],
  { says, variables = [] }: Words,
): Leaf<Value> {
  const expected = values.map((value) => `"${value}"`).join(" or ");
  return { ...plain(says, variables), expected, standard, schema: z.enum(values), read: (text) => text };
}

export function someOf<const Value extends string>(
  values: readonly Value[],
  { says, variables = [] }: Words,
): Leaf<readonly Value[]> {
  const expected = `a list of ${values.map((value) => `"${value}"`).join(", ")}`;
  const schema = z.array(z.enum(values)).readonly();
  return { ...plain(says, variables), expected, standard: [], schema, read: list };
}

export function text(says: string, expected: string, ...variables: readonly string[]): Leaf<string | undefined> {
  return {
    ...plain(says, variables),
    expected,
    standard: undefined,
    schema: z.string().min(1),
    read: (given) => given,
  };
}

/** Whatever the schema takes; as text, JSON. */
export function data<Value>(standard: Value, expected: string, schema: z.ZodType<Value>, { says }: Words): Leaf<Value> {
  const read = (given: string): unknown => {
    try {
      return JSON.parse(given);
    } catch {
      return given;
    }
  };
  return { ...plain(says, []), expected, standard, schema, read };
}

function plain(says: string, variables: readonly string[]): Pick<Leaf, "kind" | "says" | "seconds" | "variables"> {
  return { kind: "leaf", says, seconds: false, variables };
}

function number(text: string): unknown {
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function list(text: string): unknown {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
