// Reasons and reports as sentences, and as the JSON that the command line prints.

import { enumeration } from "../util/enumeration.ts";
import type { StepReport } from "./events.ts";
import { placeText } from "./place.ts";
import type { Change, Reason } from "./reason.ts";

/** How many partitions a sentence lists before it counts the rest. */
const MOST_LISTED = 3;

/** "input 'transactions'[date=2026-01-02] changed", without a full stop; of a step that waits also for what: "forced; waits for days". */
export function explainReason(reason: Reason): string {
  const { code, changes, on } = reason;
  const waits = code === "pending" || (on !== undefined && code !== "upstream-failed");
  return [
    ...(code === "pending" && changes === undefined ? [] : [explainCode(reason)]),
    ...(waits ? [`waits for ${listed(on ?? [])}`] : []),
  ].join("; ");
}

function explainCode(reason: Reason): string {
  switch (reason.code) {
    case "unchanged":
      return "nothing it depends on changed";
    case "built-before":
      return "it was built from exactly this before";
    case "never-built":
      return "never built";
    case "version-changed":
    case "code-changed":
    case "param-changed":
    case "producer-changed":
    case "schema-changed":
    case "input-changed":
    case "pending":
      return explainChanges(reason);
    case "output-missing":
      return "its stored bytes are gone";
    case "output-damaged":
      return "its stored bytes are not the ones that were recorded";
    case "forced":
    case "tainted":
    case "pinned":
    case "blocked":
      return reason.note === undefined ? reason.code : `${reason.code}: ${reason.note}`;
    case "upstream-failed":
      return `${listed(reason.on ?? [])} failed`;
    case "cancelled":
      return "the build was stopped before its turn";
  }
}

function explainChanges({ code, changes = [], changeCount = changes.length }: Reason): string {
  if (changes.length === 0) return code === "input-changed" ? "an input changed" : "its producer changed";
  const parts: string[] = [];
  for (const group of grouped(changes)) {
    if (parts.length === MOST_LISTED) break;
    parts.push(explainGroup(group, changeCount - changes.length));
  }
  return parts.join("; ");
}

/** Changes of the same kind to partitions of the same input, told together. */
function grouped(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const name = change.partition === undefined ? JSON.stringify(change) : `${change.part} ${change.change}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [change]);
    else group.push(change);
  }
  return [...groups.values()];
}

function explainGroup(changes: readonly Change[], untold: number): string {
  const { part, change, partition, before, after } = changes[0]!;
  if (partition === undefined) {
    return change === "changed" && before !== undefined && after !== undefined
      ? `${part} changed from ${before} to ${after}`
      : `${part} ${change}`;
  }
  const places = changes.slice(0, MOST_LISTED).map(({ partition: one }) => placeText(part, one!));
  const more = changes.length - places.length + untold;
  return `${places.join(", ")}${more > 0 ? ` and ${more} more` : ""} ${change}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "another step" : names.join(", ");
}

/** One sentence for several reasons of the same code; `tell` says a single one. */
export function explainTogether(reasons: readonly Reason[], tell: (reason: Reason) => string = explainReason): string {
  const [first] = reasons;
  if (first === undefined) return "";
  const sentence = tell(first);
  if (reasons.every((reason) => tell(reason) === sentence)) return sentence;
  const { code } = first;
  const parts = new Set(reasons.flatMap(({ changes = [] }) => changes.map(({ part }) => part)));
  const on = new Set(reasons.flatMap((reason) => reason.on ?? []));
  const places = [...on].slice(0, MOST_LISTED).join(", ") + (on.size > MOST_LISTED ? " and others" : "");
  if (code === "upstream-failed") return `${places} failed`;
  if (parts.size + on.size === 0) return sentence;
  return [
    ...(parts.size === 0 ? [] : [`${enumeration([...parts].slice(0, MOST_LISTED))} changed`]),
    ...(parts.size === 0 && code === "forced" ? ["forced"] : []),
    ...(on.size === 0 ? [] : [`wait for ${places}`]),
  ].join("; ");
}

/** "days[date=2026-01-02] is stale: input 'transactions'[date=2026-01-02] changed". */
export function explainStep(report: StepReport): string {
  return `${placeText(report.key, report.partition)} is ${report.state}: ${explainReason(report.reason)}`;
}

/** One entry of `steps` in `--json`; its shape is pinned in `test/golden`. */
export function stepJson({
  key,
  partition,
  state,
  reason,
  error,
  duration,
}: StepReport): Readonly<Record<string, unknown>> {
  return {
    key,
    partition,
    state,
    reason: reason.code,
    because: explainReason(reason),
    ...(reason.changes === undefined ? {} : { changes: reason.changes }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    ...(duration === undefined ? {} : { duration }),
  };
}
