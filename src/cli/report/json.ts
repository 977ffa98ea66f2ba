// The one document that --json prints.

import type { Reason } from "../../build/reason.ts";
import type { StepReport } from "../../build/events.ts";
import { explainReason } from "../../build/explain.ts";
import { escapeJson } from "../terminal/escape.ts";
import { errorJson, type ErrorJson } from "./error.ts";

/** A step as `build --json` and `plan --json` print it. */
export interface StepJson {
  readonly key: string;
  readonly partition: string;
  readonly state: string;
  readonly reason: Reason["code"];
  /** The reason as a sentence. */
  readonly because: string;
  readonly changes?: Reason["changes"];
  readonly changeCount?: number | undefined;
  readonly on?: readonly string[] | undefined;
  readonly error?: ErrorJson | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
  readonly expected?: StepReport["expected"];
}

export function stepJson(
  { key, partition, state, reason, error, duration, expected }: StepReport,
  cwd: string,
): StepJson {
  const { code, changes, changeCount, on } = reason;
  return {
    key,
    partition,
    state,
    reason: code,
    because: explainReason(reason),
    changes,
    changeCount,
    on,
    error: error === undefined ? undefined : errorJson(error, cwd),
    duration: duration === undefined ? undefined : Math.round(duration * 1000) / 1000,
    expected,
  };
}

/** Indented, with a line end; nothing in it moves a terminal. */
export function jsonDocument(value: unknown): string {
  return `${escapeJson(JSON.stringify(value ?? null, null, 2))}\n`;
}

/** Entries of a long list that go out together. */
const ENTRIES_AT_ONCE = 1_000;

/** The text of `jsonDocument` in pieces: with the steps of millions of partitions it would be longer than a text can be. */
export function* jsonPieces(document: unknown): Generator<string> {
  const fields = Object.entries((document ?? {}) as Readonly<Record<string, unknown>>).filter(
    ([, value]) => value !== undefined,
  );
  if (Array.isArray(document) || !fields.some(([, value]) => isLong(value))) {
    yield jsonDocument(document);
    return;
  }
  let between = "{\n  ";
  for (const [name, value] of fields) {
    yield `${between}${escapeJson(JSON.stringify(name))}: `;
    if (isLong(value)) yield* listPieces(value);
    else yield indented(value, "  ");
    between = ",\n  ";
  }
  yield "\n}\n";
}

function isLong(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > ENTRIES_AT_ONCE;
}

function* listPieces(list: readonly unknown[]): Generator<string> {
  for (let start = 0; start < list.length; start += ENTRIES_AT_ONCE) {
    const entries = list.slice(start, start + ENTRIES_AT_ONCE).map((entry) => indented(entry, "    "));
    yield `${start === 0 ? "[" : ","}\n    ${entries.join(",\n    ")}`;
  }
  yield "\n  ]";
}

function indented(value: unknown, indentation: string): string {
  // Line ends inside texts are escaped: these are JSON's own.
  return escapeJson(JSON.stringify(value ?? null, null, 2)).replaceAll("\n", `\n${indentation}`);
}

/** A value with JSON forms for what JSON has none for: bytes as base64, big integers as text, maps and sets as lists. */
export function plainJson(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  if (value instanceof Map) return [...value].map(([name, inner]) => [plainJson(name), plainJson(inner)]);
  if (value instanceof Set) return [...value].map(plainJson);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainJson(inner)]));
}
