// Gates: what a version must show before it is promoted, from a text key like `min_auc` to a verdict with a sentence.

import type { Json } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { suggest } from "../util/suggest.ts";

/**
 * `min_<metric>`: at least this number; `max_<metric>`: at most. `require_<check>: true`: the check passed, which is a `true` (or
 * "true") in the version's metadata under `<check>_passed`, or a passed result of that check. `max_drift_age`: how old such a result of
 * the drift check may be, as "7d", "12h" or seconds. Anything else is the name of a custom gate, with what that takes.
 */
export type GateSettings = Readonly<Record<string, Json>>;

/** What a check came to, for `require_<check>`. */
export interface CheckResult {
  readonly status: "passed" | "warning" | "failed" | "error" | "insufficient-data";
  /** ISO time with zone. */
  readonly at: string;
}

/** What gates look at. They are pure: the same input gives the same verdict. */
export interface GateInput {
  readonly metrics: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, Json>>;
  /** Results by name of check; of those that ran. */
  readonly checks: Readonly<Record<string, CheckResult>>;
  /** Milliseconds since 1970: when the gates are asked. */
  readonly now: number;
}

/** A gate of one's own: `true`, or the sentence that says why not. */
export type CustomGate = (input: GateInput, setting: Json) => true | string | Promise<true | string>;
export type CustomGates = Readonly<Record<string, CustomGate>>;

export interface GateResult {
  /** The key: "min_auc". */
  readonly gate: string;
  readonly passed: boolean;
  readonly message: string;
  readonly actual: Json;
  readonly threshold: Json;
  /** It was not asked, and why: "rollback", "forced". */
  readonly skipped?: string | undefined;
}

type Parsed =
  | {
      readonly kind: "bound";
      readonly key: string;
      readonly metric: string;
      readonly least: boolean;
      readonly limit: number;
    }
  | { readonly kind: "check"; readonly key: string; readonly check: string; readonly maxAge: number | undefined }
  | { readonly kind: "custom"; readonly key: string; readonly gate: CustomGate; readonly setting: Json };

/** Settings that were understood, ready to be asked. */
export interface Gates {
  readonly settings: GateSettings;
  readonly parsed: readonly Parsed[];
}

const MAX_DRIFT_AGE = "max_drift_age";
const DRIFT_CHECK = "drift_check";
const PREFIXES = ["min_", "max_", "require_"] as const;

/** Understands gates as they are loaded, so that a slip in a key gates nothing nowhere. Error: GATE_INVALID. */
export function parseGates(settings: unknown, custom: CustomGates = {}): Gates {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    throw new StratigraphError("GATE_INVALID", "gates are a record by name", {
      expected: "something like { min_auc: 0.85 }",
      received: showValue(settings),
    });
  }
  const given = settings as Readonly<Record<string, unknown>>;
  const maxAge = given[MAX_DRIFT_AGE] === undefined ? undefined : parseAge(given[MAX_DRIFT_AGE]);
  const parsed: Parsed[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (key === MAX_DRIFT_AGE || value === undefined) continue;
    const one = parseGate(key, value, custom, maxAge);
    if (one !== undefined) parsed.push(one);
  }
  if (maxAge !== undefined && !parsed.some((one) => one.kind === "check" && one.check === DRIFT_CHECK)) {
    throw invalid(MAX_DRIFT_AGE, "it belongs to another gate", "require_drift_check: true beside it", undefined);
  }
  return { settings: given as GateSettings, parsed };
}

/** Asks every gate, in order of key. A gate that throws has said no. */
export async function askGates(gates: Gates, input: GateInput): Promise<readonly GateResult[]> {
  const ordered = gates.parsed.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const results: GateResult[] = [];
  for (const gate of ordered) results.push(await askGate(gate, input));
  return results;
}

/** The results as they are recorded where nobody asked. */
export function skippedGates(gates: Gates, why: string): readonly GateResult[] {
  return gates.parsed.map(({ key }) => ({
    gate: key,
    passed: false,
    message: `not asked: ${why}`,
    actual: null,
    threshold: gates.settings[key] ?? null,
    skipped: why,
  }));
}

function parseGate(key: string, value: unknown, custom: CustomGates, maxAge: number | undefined): Parsed | undefined {
  if (Object.hasOwn(custom, key)) return { kind: "custom", key, gate: custom[key]!, setting: value as Json };
  const prefix = PREFIXES.find((one) => key.startsWith(one) && key.length > one.length);
  switch (prefix) {
    case "min_":
    case "max_":
      if (typeof value !== "number" || !Number.isFinite(value))
        throw invalid(key, "its threshold cannot be that", "a finite number", value);
      return { kind: "bound", key, metric: key.slice(prefix.length), least: prefix === "min_", limit: value };
    case "require_": {
      if (!isSwitch(value)) throw invalid(key, "its setting cannot be that", "true, or false for off", value);
      if (value === false || value === "false") return undefined;
      const check = key.slice(prefix.length);
      return { kind: "check", key, check, maxAge: check === DRIFT_CHECK ? maxAge : undefined };
    }
    case undefined: {
      const guess = suggestGate(key, custom);
      throw new StratigraphError("GATE_INVALID", `there is no gate '${key}'`, {
        expected: `min_<metric>, max_<metric>, require_<check>${Object.keys(custom)
          .map((name) => `, ${name}`)
          .join("")}`,
        hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
        data: { gate: key, suggestion: guess },
      });
    }
  }
}

async function askGate(gate: Parsed, input: GateInput): Promise<GateResult> {
  switch (gate.kind) {
    case "bound":
      return askBound(gate, input);
    case "check":
      return askCheck(gate, input);
    case "custom":
      return askCustom(gate, input);
  }
}

function askBound({ key, metric, least, limit }: Extract<Parsed, { kind: "bound" }>, input: GateInput): GateResult {
  const actual = Object.hasOwn(input.metrics, metric) ? input.metrics[metric] : undefined;
  const verdict = (passed: boolean, message: string): GateResult => ({
    gate: key,
    passed,
    message,
    actual: actual === undefined || !Number.isFinite(actual) ? null : actual,
    threshold: limit,
  });
  if (actual === undefined) return verdict(false, `metric '${metric}' not found`);
  if (Number.isNaN(actual)) return verdict(false, `metric '${metric}' is NaN, not a number that can be compared`);
  const passed = least ? actual >= limit : actual <= limit;
  const sign = least ? (passed ? ">=" : "<") : passed ? "<=" : ">";
  return verdict(passed, `${metric} ${actual} ${sign} ${limit}`);
}

function askCheck({ key, check, maxAge }: Extract<Parsed, { kind: "check" }>, input: GateInput): GateResult {
  const flag = `${check}_passed`;
  const stated = Object.hasOwn(input.metadata, flag) ? input.metadata[flag] : undefined;
  const result = Object.hasOwn(input.checks, check) ? input.checks[check] : undefined;
  const verdict = (passed: boolean, message: string, actual: Json): GateResult => ({
    gate: key,
    passed,
    message,
    actual,
    threshold: true,
  });
  // Not merely something true: the text "false" is no yes.
  if (stated === true || stated === "true") return verdict(true, `metadata ${flag} is true`, stated);
  if (result !== undefined) {
    const age = input.now - Date.parse(result.at);
    if (result.status !== "passed") return verdict(false, `check '${check}' came to '${result.status}'`, result.status);
    if (maxAge !== undefined && !(age <= maxAge))
      return verdict(false, `check '${check}' passed at ${result.at}, which is too long ago`, result.at);
    return verdict(true, `check '${check}' passed at ${result.at}`, result.status);
  }
  if (stated === undefined) return verdict(false, `check '${check}' not found: no metadata ${flag}, no result`, null);
  return verdict(false, `metadata ${flag} is ${showValue(stated)}, not true`, stated);
}

async function askCustom(
  { key, gate, setting }: Extract<Parsed, { kind: "custom" }>,
  input: GateInput,
): Promise<GateResult> {
  const verdict = (passed: boolean, message: string): GateResult => ({
    gate: key,
    passed,
    message,
    actual: null,
    threshold: setting,
  });
  try {
    const said: unknown = await gate(input, setting);
    if (said === true) return verdict(true, `${key} passed`);
    if (typeof said === "string") return verdict(false, said);
    return verdict(false, `the gate answered ${showValue(said)} instead of true or a sentence`);
  } catch (error) {
    return verdict(false, `the gate failed: ${error instanceof Error ? error.message : showValue(error)}`);
  }
}

function isSwitch(value: unknown): value is boolean | "true" | "false" {
  return typeof value === "boolean" || value === "true" || value === "false";
}

/** Milliseconds. A number is seconds. */
function parseAge(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value * 1000;
  const [, number, unit] = (typeof value === "string" ? /^(\d+(?:\.\d+)?)\s*(s|m|h|d)$/.exec(value) : null) ?? [];
  if (number === undefined) throw invalid(MAX_DRIFT_AGE, "it is no duration", '"7d", "12h", "30m" or seconds', value);
  return Number(number) * { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 }[unit as "s" | "m" | "h" | "d"];
}

/** `mim_auc`: the beginning is what is misspelled, the rest is the user's own word. */
function suggestGate(key: string, custom: CustomGates): string | undefined {
  const cut = key.search(/[_-]/);
  const rest = cut === -1 ? "" : key.slice(cut + 1);
  return suggest(key, [...Object.keys(custom), ...(rest === "" ? [] : PREFIXES.map((prefix) => prefix + rest))]);
}

function invalid(key: string, what: string, expected: string, received: unknown): StratigraphError {
  return new StratigraphError("GATE_INVALID", what, {
    where: `gate '${key}'`,
    expected,
    received: received === undefined ? undefined : showValue(received),
    data: { gate: key },
  });
}
