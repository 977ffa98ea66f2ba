// What other systems write, as what we keep: times, version numbers, metrics, and the keys nobody here knows.

import { StratigraphError } from "../../errors.ts";
import { stages, type Stage } from "../../backend/model-records.ts";
import type { Json } from "../../backend/records.ts";
import { showValue } from "../../util/show.ts";
import { parseSemanticVersion } from "../store/semantic-version.ts";

/** ISO in UTC with milliseconds; a time without zone is one of UTC. Throws VALIDATION_FAILED. */
export function readTime(text: string, where: string): string {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`;
  const moment = Date.parse(zoned.replace(/(\.\d{3})\d+/, "$1"));
  if (!Number.isNaN(moment)) return new Date(moment).toISOString();
  throw new StratigraphError("VALIDATION_FAILED", "this is not a time", {
    where,
    expected: "an ISO time like 2026-01-02T03:04:05Z",
    received: showValue(text),
  });
}

/** As `readTime`; `undefined` where there is none. */
export function readOptionalTime(text: string | null | undefined, where: string): string | undefined {
  return text === undefined || text === null || text === "" ? undefined : readTime(text, where);
}

/** Case does not count, and MLflow's words for the stages are known too. Throws VALIDATION_FAILED. */
export function readStage(text: string, where: string): Stage {
  const lower = text.toLowerCase();
  if (lower === "none" || lower === "") return "development";
  const stage = stages.find((one) => one === lower);
  if (stage !== undefined) return stage;
  throw new StratigraphError("VALIDATION_FAILED", "this is not a stage", {
    where,
    expected: stages.map((one) => `'${one}'`).join(", "),
    received: showValue(text),
  });
}

/**
 * "v1.2" is 1.2.0, "3" is 3.0.0, and a text that is no number of any kind becomes a pre-release of 0.0.0, so that it never counts as the
 * highest.
 */
export function toSemanticVersion(text: string): string {
  if (parseSemanticVersion(text) !== undefined) return text;
  const bare = text.trim().replace(/^v/i, "");
  if (parseSemanticVersion(bare) !== undefined) return bare;
  const [major, minor, patch] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(bare)?.slice(1) ?? [];
  if (major !== undefined) return [major, minor ?? "0", patch ?? "0"].map((number) => BigInt(number)).join(".");
  const words = bare
    .replace(/[^0-9A-Za-z-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 100);
  return `0.0.0-x-${words === "" ? "unnamed" : words}`;
}

/** Numbers are metrics. Anything else under that name is kept apart, with a note. */
export function splitMetrics(values: Readonly<Record<string, Json>>): {
  readonly metrics: Readonly<Record<string, number>>;
  readonly others: Readonly<Record<string, Json>>;
  readonly notes: readonly string[];
} {
  const metrics: Record<string, number> = {};
  const others: Record<string, Json> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "number" && Number.isFinite(value)) metrics[name] = value;
    else others[name] = value;
  }
  const notes = Object.keys(others).map(
    (name) => `metric '${name}' is no finite number and is kept under extensions.metrics`,
  );
  return { metrics, others, notes };
}

/** Texts stay; numbers and booleans become texts; the rest becomes JSON. */
export function readTexts(values: Readonly<Record<string, Json>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** The keys of a parsed object that are not among those known. */
export function unknownKeys(value: object, known: readonly string[]): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !known.includes(key)));
}

/** Throws VALIDATION_FAILED where two versions of one model came out with the same number. */
export function checkDistinct(versions: readonly { readonly version: string; readonly from: string }[]): void {
  const seen = new Set<string>();
  for (const { version, from } of versions) {
    if (!seen.has(version)) {
      seen.add(version);
      continue;
    }
    throw new StratigraphError("VALIDATION_FAILED", `two versions of the model would both be ${version}`, {
      where: from,
      hint: "Rename one of them in the store that is imported.",
    });
  }
}
