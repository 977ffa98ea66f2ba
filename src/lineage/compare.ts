// What differs between two receipts, and whether that is allowed.

import { compareText } from "../util/text-order.ts";
import { StratigraphError } from "../errors.ts";
import type { LineageReceipt } from "./receipt.ts";

/** What can differ, in the order it is told: causes before effects. */
export const differenceKinds = ["state", "inputs", "config", "producers", "outputs", "metrics", "duration"] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export interface Difference {
  readonly kind: DifferenceKind;
  /** "vendor.transactions[date=2026-01-02]", "sum-day", "team/churn auc"; "" where a kind is one thing. */
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  readonly before: string | number | undefined;
  readonly after: string | number | undefined;
}

export interface Comparison {
  readonly before: LineageReceipt["subject"];
  readonly after: LineageReceipt["subject"];
  /** By kind, then by name. */
  readonly differences: readonly Difference[];
  /** How many of each kind are the same. */
  readonly same: Readonly<Record<DifferenceKind, number>>;
}

export function compareReceipts(before: LineageReceipt, after: LineageReceipt): Comparison {
  const differences: Difference[] = [];
  const same = Object.fromEntries(differenceKinds.map((kind) => [kind, 0])) as Record<DifferenceKind, number>;
  for (const kind of differenceKinds) {
    const [old, now] = [partOf(before, kind), partOf(after, kind)];
    for (const name of [...new Set([...Object.keys(old), ...Object.keys(now)])].sort(compareText)) {
      const [was, is] = [own(old, name), own(now, name)];
      if (was === is) same[kind]++;
      else {
        const change = was === undefined ? "added" : is === undefined ? "removed" : "changed";
        differences.push({ kind, name, change, before: was, after: is });
      }
    }
  }
  return { before: before.subject, after: after.subject, differences, same };
}

type Part = Readonly<Record<string, string | number>>;

function partOf(receipt: LineageReceipt, kind: DifferenceKind): Part {
  switch (kind) {
    case "state":
      return { "": receipt.state };
    case "duration":
      return receipt.duration === null ? {} : { "": receipt.duration };
    default:
      return receipt[kind];
  }
}

function own(part: Part, name: string): string | number | undefined {
  return Object.hasOwn(part, name) ? part[name] : undefined;
}

export interface GateOptions {
  /**
   * What may differ: a kind ("inputs"), or a kind and names ("outputs:report*", where `*` stands for any text). Durations always may, as
   * they always do.
   */
  readonly allow?: readonly string[] | undefined;
  /** How far apart metrics may be and count as the same, as an absolute number; 0 unless told. */
  readonly tolerance?: number | undefined;
}

export interface GateResult {
  readonly passed: boolean;
  readonly refused: readonly Difference[];
  readonly allowed: readonly Difference[];
}

/** Error: GATE_INVALID for what cannot be allowed. */
export function gateComparison(
  { differences }: Comparison,
  { allow = [], tolerance = 0 }: GateOptions = {},
): GateResult {
  const rules = [...allow, "duration"].map(parseRule);
  if (!(tolerance >= 0)) {
    throw new StratigraphError("GATE_INVALID", "a tolerance is a number of at least 0", {
      received: String(tolerance),
    });
  }
  const refused: Difference[] = [];
  const allowed: Difference[] = [];
  for (const difference of differences) {
    const { before, after } = difference;
    const near =
      difference.kind === "metrics" &&
      typeof before === "number" &&
      typeof after === "number" &&
      Math.abs(after - before) <= tolerance;
    (near || rules.some((rule) => rule(difference)) ? allowed : refused).push(difference);
  }
  return { passed: refused.length === 0, refused, allowed };
}

function parseRule(text: string): (difference: Difference) => boolean {
  const at = text.indexOf(":");
  const [word, pattern] = at < 0 ? [text, "*"] : [text.slice(0, at), text.slice(at + 1)];
  const kind = differenceKinds.find((known) => known === word);
  if (kind === undefined) {
    throw new StratigraphError("GATE_INVALID", "that is nothing that can differ", {
      expected: differenceKinds.join(", "),
      received: `'${text}'`,
    });
  }
  const shape = new RegExp(`^${pattern.split("*").map(escapeRegExp).join(".*")}$`, "su");
  return (difference) => difference.kind === kind && shape.test(difference.name);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** "inputs: vendor.transactions[date=2026-01-02] changed, 9cd543ff → c7018b48", for people. */
export function differenceText({ kind, name, change, before, after }: Difference): string {
  const what = name === "" ? kind : `${kind}: ${name}`;
  const values = [before, after].map((value) => (value === undefined ? undefined : shownValue(kind, value)));
  switch (change) {
    case "added":
      return `${what} added${values[1] === "" ? "" : `, ${values[1]}`}`;
    case "removed":
      return `${what} removed${values[0] === "" ? "" : `, ${values[0]}`}`;
    case "changed":
      return `${what} changed, ${values[0]} → ${values[1]}`;
  }
}

/** Fingerprints by their beginning, durations in seconds. */
export function shownValue(kind: DifferenceKind, value: string | number): string {
  if (kind === "duration") return `${(Number(value) / 1000).toFixed(2)} s`;
  if (typeof value === "number") return String(value);
  return /^[0-9a-f]{32,64}$/.test(value) ? value.slice(0, 8) : value;
}

/** The whole as Markdown, for a pull request or a job's summary. */
export function gateMarkdown({ before, after, differences }: Comparison, result: GateResult): string {
  const row = (difference: Difference, verdict: string): string => {
    const { kind, name, change } = difference;
    const values = [difference.before, difference.after].map((value) =>
      value === undefined ? "" : cell(shownValue(kind, value)),
    );
    return `| ${kind} | ${cell(name)} | ${change} | ${values.join(" | ")} | ${verdict} |`;
  };
  return `${[
    `## ${result.passed ? "Passed" : "Refused"}: ${cell(before.name)} → ${cell(after.name)}`,
    "",
    differences.length === 0
      ? "Nothing differs."
      : `${result.refused.length} not allowed, ${result.allowed.length} allowed.`,
    ...(differences.length === 0
      ? []
      : [
          "",
          "| what | which | change | before | after | |",
          "| --- | --- | --- | --- | --- | --- |",
          ...result.refused.map((one) => row(one, "**refused**")),
          ...result.allowed.map((one) => row(one, "allowed")),
        ]),
  ].join("\n")}\n`;
}

function cell(text: string): string {
  return text.replace(/[\\`*_<>|[\]]/g, "\\$&").replace(/[\r\n]+/g, " ");
}
