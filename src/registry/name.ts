// The name of a model: a namespace, and a name in it.

import type { ModelName } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { NAME } from "./limits.ts";

/** Where a model belongs that was given a plain name. */
export const DEFAULT_NAMESPACE = "default";

/** "team/churn" as text, or its parts; without a namespace it is "default". */
export type ModelNameInput = string | { readonly namespace?: string | undefined; readonly name: string };

/**
 * "team/churn"; "churn" in namespace `fallback`; "catalog.schema.churn" in namespace "catalog.schema".
 * Error: VALIDATION_FAILED.
 */
export function parseModelName(input: ModelNameInput, fallback: string = DEFAULT_NAMESPACE): ModelName {
  const { namespace, name } = typeof input === "string" ? split(input) : input;
  return {
    namespace: checked(namespace ?? fallback, "namespace", input),
    name: checked(name, "name", input),
  };
}

export function formatModelName({ namespace, name }: ModelName): string {
  return `${namespace}/${name}`;
}

/** "models:/team/churn/1.3.0". */
export function formatUri(name: ModelName, version: string): string {
  return `models:/${formatModelName(name)}/${version}`;
}

/** What events, audit rows and hooks are about: "model:team/churn@1.3.0". */
export function resourceOf(name: ModelName, version?: string): string {
  return `model:${formatModelName(name)}${version === undefined ? "" : `@${version}`}`;
}

function split(text: string): { readonly namespace?: string; readonly name: string } {
  const slash = text.indexOf("/");
  if (slash !== -1) return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
  const parts = text.split(".");
  if (parts.length !== 3) return { name: text };
  return { namespace: `${parts[0]}.${parts[1]}`, name: parts[2]! };
}

function checked(text: unknown, part: string, input: ModelNameInput): string {
  if (typeof text === "string" && NAME.test(text)) return text;
  throw new StratigraphError("VALIDATION_FAILED", `a model's ${part} cannot be that`, {
    where: typeof input === "string" ? `model ${showValue(input)}` : undefined,
    expected: "a letter or digit, then at most 254 of A-Z a-z 0-9 . _ -",
    received: showValue(text),
    data: { path: part },
  });
}
