// Numbers, texts, moments and values that can be counted: is what the old rules allowed allowed by the new ones?

import { isDeepStrictEqual } from "node:util";
import { isSame, type Alternative, type Keywords } from "./node.ts";
import { change, kindsOf, shownValue, shownValues, type Changes } from "./words.ts";

export function compareScalars(old: Alternative, now: Alternative, path: string): Changes {
  switch (now.kind) {
    case "integer":
    case "number":
      return compareNumbers(old, now, path);
    case "string":
      return compareTexts(old.keywords, now.keywords, path);
    case "date":
    case "bigint":
      return compareChecks(old.keywords, now.keywords, path);
    default: // null, boolean, nan: there is but one of its kind
      return isSame(old.keywords, now.keywords) ? [] : change(path, "has another rule now", "unknown");
  }
}

/** All values of the old side are known: each is looked at. */
export function compareValues(values: readonly unknown[], now: Alternative, path: string): Changes {
  const refused = values.filter((value) => takes(now, value) === "no");
  if (refused.length > 0) {
    const is = now.values === undefined ? kindsOf([now], false) : shownValues(now.values);
    return change(path, `could be ${shownValues(refused)}, is ${is} now`, "breaking");
  }
  const doubtful = values.filter((value) => takes(now, value) === "perhaps");
  if (doubtful.length > 0) return change(path, `has a rule now that may refuse ${shownValues(doubtful)}`, "unknown");
  if (now.values === undefined) return change(path, `may be any ${now.kind} now`, "compatible");
  const added = now.values.filter((value) => !includes(values, value));
  return added.length === 0 ? [] : change(path, `may be ${shownValues(added)} now`, "compatible");
}

function takes({ values, kind, coerced, keywords }: Alternative, value: unknown): "yes" | "no" | "perhaps" {
  if (values !== undefined) return includes(values, value) ? "yes" : "no";
  if (coerced) return "perhaps";
  if (kind === "integer" && !Number.isSafeInteger(value)) return "no";
  const limits =
    typeof value === "number"
      ? [numberLimit({ kind, keywords }, "lower"), numberLimit({ kind, keywords }, "upper"), value]
      : typeof value === "string"
        ? [lengthLimit(keywords, "minLength"), lengthLimit(keywords, "maxLength"), value.length]
        : undefined;
  if (limits === undefined) return Object.keys(keywords).every((name) => name === "type") ? "yes" : "perhaps";
  const [lowest, highest, size] = limits as [Limit | undefined, Limit | undefined, number];
  const exact = { at: size, open: false };
  if (lowest !== undefined && !implies(exact, lowest, "lower")) return "no";
  if (highest !== undefined && !implies(exact, highest, "upper")) return "no";
  const judged = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"];
  return Object.keys(keywords).every((name) => judged.includes(name)) ? "yes" : "perhaps";
}

function includes(values: readonly unknown[], value: unknown): boolean {
  return values.some((one) => isDeepStrictEqual(one, value));
}

// ---------------------------------------------------------------------------------------------------------------------

/** `open`: the limit itself is not allowed. */
export interface Limit {
  readonly at: number | bigint;
  readonly open: boolean;
}

/** How a limit is told: "has to be at least 3 now", "may have fewer than 3 items now". */
interface LimitWords {
  readonly side: "lower" | "upper";
  /** Of what there are so many: "character"; without one it is the value itself. */
  readonly unit?: string;
  readonly shown?: (at: number | bigint) => string;
}

export function compareLimits(
  old: Limit | undefined,
  now: Limit | undefined,
  path: string,
  { side, unit, shown = String }: LimitWords,
): Changes {
  const have = unit === undefined ? "be" : "have";
  const told = ({ at }: Limit): string => `${shown(at)}${unit === undefined ? "" : ` ${unit}${at === 1 ? "" : "s"}`}`;
  if (now !== undefined && !implies(old, now, side)) {
    const bound = { lower: now.open ? "above" : "at least", upper: now.open ? "below" : "at most" }[side];
    return change(path, `has to ${have} ${bound} ${told(now)} now`, "breaking");
  }
  if (old === undefined || (now !== undefined && implies(now, old, side))) return [];
  const beyond =
    unit === undefined ? { lower: "below", upper: "above" }[side] : { lower: "fewer than", upper: "more than" }[side];
  return change(path, `may ${have} ${beyond} ${told(old)} now`, "compatible");
}

function implies(old: Limit | undefined, now: Limit, side: LimitWords["side"]): boolean {
  if (old === undefined) return false;
  if (old.at === now.at) return old.open || !now.open;
  return side === "lower" ? old.at > now.at : old.at < now.at;
}

function compareNumbers(old: Alternative, now: Alternative, path: string): Changes {
  if (old.kind === "number" && now.kind === "integer" && !isWhole(old.keywords)) {
    return change(path, "was number, is integer now", "breaking");
  }
  const kind = old.kind === now.kind ? [] : change(path, `was ${old.kind}, is ${now.kind} now`, "compatible");
  return [
    ...kind,
    ...compareLimits(numberLimit(old, "lower"), numberLimit(now, "lower"), path, { side: "lower" }),
    ...compareLimits(numberLimit(old, "upper"), numberLimit(now, "upper"), path, { side: "upper" }),
    ...compareSteps(old.keywords["multipleOf"], now.keywords["multipleOf"], path),
    ...compareRest(old.keywords, now.keywords, numberRules, path),
  ];
}

/** Between two equal limits there is one number, and it may be a whole one. */
function isWhole({ minimum, maximum }: Keywords): boolean {
  return minimum === maximum && Number.isSafeInteger(minimum);
}

const numberRules = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/** The limits that every integer has are left out: they are told by its kind. */
function numberLimit(
  { kind, keywords }: Pick<Alternative, "kind" | "keywords">,
  side: LimitWords["side"],
): Limit | undefined {
  const [closed, open] = (side === "lower" ? ["minimum", "exclusiveMinimum"] : ["maximum", "exclusiveMaximum"]).map(
    (name) => keywords[name] as number | undefined,
  );
  const limits: Limit[] = [];
  if (closed !== undefined && !(kind === "integer" && Math.abs(closed) === Number.MAX_SAFE_INTEGER))
    limits.push({ at: closed, open: false });
  if (open !== undefined) {
    const step = side === "lower" ? 1 : -1;
    const isStep = kind === "integer" && Number.isSafeInteger(open);
    limits.push(isStep ? { at: open + step, open: false } : { at: open, open: true });
  }
  const [one, other] = limits;
  return other === undefined || implies(one, other, side) ? one : other;
}

function compareSteps(old: unknown, now: unknown, path: string): Changes {
  if (Object.is(old, now)) return [];
  if (now === undefined) return change(path, `may be no multiple of ${shownValue(old)} now`, "compatible");
  const whole = Number.isInteger(old) && Number.isInteger(now) && Number.isInteger((old as number) / (now as number));
  if (whole) return change(path, `may be any multiple of ${shownValue(now)} now`, "compatible");
  return change(path, `has to be a multiple of ${shownValue(now)} now`, old === undefined ? "breaking" : "unknown");
}

const textRules = ["minLength", "maxLength", "format", "pattern", "contentEncoding", "allOf"];

function compareTexts(old: Keywords, now: Keywords, path: string): Changes {
  const unit = "character";
  return [
    ...compareLimits(lengthLimit(old, "minLength"), lengthLimit(now, "minLength"), path, { side: "lower", unit }),
    ...compareLimits(lengthLimit(old, "maxLength"), lengthLimit(now, "maxLength"), path, { side: "upper", unit }),
    ...comparePatterns(old, now, path),
    ...compareRest(old, now, textRules, path),
  ];
}

function lengthLimit(keywords: Keywords, name: "minLength" | "maxLength"): Limit | undefined {
  return keywords[name] === undefined ? undefined : { at: keywords[name] as number, open: false };
}

/** A format has a pattern of its own, which is not told twice. That one pattern is narrower than another cannot be told at all. */
function comparePatterns(old: Keywords, now: Keywords, path: string): Changes {
  if (old["format"] !== now["format"] && now["format"] !== undefined) {
    return change(
      path,
      `has to be of format ${shownValue(now["format"])} now`,
      old["format"] === undefined ? "breaking" : "unknown",
    );
  }
  const [had, has] = [patternsOf(old), patternsOf(now)];
  if (!has.every((pattern) => had.includes(pattern))) return change(path, "has to fit another pattern now", "unknown");
  if (old["format"] !== now["format"])
    return change(path, `need not be of format ${shownValue(old["format"])} now`, "compatible");
  return had.length === has.length ? [] : change(path, "need not fit a pattern now", "compatible");
}

function patternsOf({ pattern, allOf }: Keywords): readonly string[] {
  const all = [{ pattern }, ...((allOf ?? []) as readonly Keywords[])];
  return all.flatMap((one) => (one["pattern"] === undefined ? [] : [JSON.stringify(one)]));
}

/** Limits of dates and big integers, and of the size of maps and sets, which JSON Schema lacks. */
export function compareChecks(old: Keywords, now: Keywords, path: string): Changes {
  const [had, has] = [(old["checks"] ?? []) as readonly Keywords[], (now["checks"] ?? []) as readonly Keywords[]];
  const found: Changes[] = [];
  for (const side of ["lower", "upper"] as const) {
    const [before, after] = [strongest(had, momentLimit, side), strongest(has, momentLimit, side)];
    found.push(compareLimits(before, after, path, { side, shown: shownLimit }));
    const [fewer, more] = [strongest(had, sizeLimit, side), strongest(has, sizeLimit, side)];
    found.push(compareLimits(fewer, more, path, { side, unit: "member" }));
  }
  const isKnown = (check: Keywords): boolean =>
    (["lower", "upper"] as const).some((side) => (momentLimit(check, side) ?? sizeLimit(check, side)) !== undefined);
  if (!has.every((check) => isKnown(check) || includes(had, check))) {
    found.push(change(path, "has another check now", "unknown"));
  }
  return found.flat();
}

/** How few and how many members a set or map may have. */
export function sizeLimits(keywords: Keywords): readonly [fewest: number, most: number] {
  const checks = (keywords["checks"] ?? []) as readonly Keywords[];
  const at = (side: LimitWords["side"], none: number): number => Number(strongest(checks, sizeLimit, side)?.at ?? none);
  return [at("lower", 0), at("upper", Infinity)];
}

type LimitOf = (check: Keywords, side: LimitWords["side"]) => Limit | undefined;

function strongest(checks: readonly Keywords[], limitOf: LimitOf, side: LimitWords["side"]): Limit | undefined {
  let found: Limit | undefined;
  for (const check of checks) {
    const limit = limitOf(check, side);
    if (limit !== undefined && !implies(found, limit, side)) found = limit;
  }
  return found;
}

const momentLimit: LimitOf = ({ check, value, inclusive }, side) => {
  if (check !== (side === "lower" ? "greater_than" : "less_than")) return undefined;
  const { $: kind, value: text } = Object(value) as { readonly $?: string; readonly value?: string };
  const open = inclusive !== true;
  if (kind === "bigint") return { at: BigInt(text!), open };
  return kind === "Date" ? { at: Date.parse(text!), open } : undefined;
};

const sizeLimit: LimitOf = ({ check, minimum, maximum }, side) => {
  if (check !== (side === "lower" ? "min_size" : "max_size")) return undefined;
  return { at: (side === "lower" ? minimum : maximum) as number, open: false };
};

function shownLimit(at: number | bigint): string {
  return typeof at === "bigint" ? String(at) : new Date(at).toISOString();
}

/** Rules that are not known here hold if they are as they were. */
export function compareRest(old: Keywords, now: Keywords, known: readonly string[], path: string): Changes {
  const names = Object.keys(now).filter((name) => !known.includes(name) && !isSame(old[name], now[name]));
  return names.flatMap((name) => change(path, `has another ${name} now`, "unknown"));
}
