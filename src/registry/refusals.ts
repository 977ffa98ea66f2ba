// What the registry says is not there, in the same words everywhere.

import type { ModelName } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";
import { formatModelName } from "./name.ts";
import { suggest } from "../util/suggest.ts";

const SHOWN = 10;

/** `known`: names of models, to suggest the nearest. `data.name` is what was asked for. */
export function modelNotFound(name: ModelName, known: readonly string[] | undefined): StratigraphError {
  const asked = formatModelName(name);
  const nearest =
    suggest(asked, known ?? []) ??
    suggest(
      name.name,
      (known ?? []).map((one) => one.split("/")[1] ?? one),
    );
  const full = known?.find((one) => one === nearest || one.endsWith(`/${nearest}`));
  return new StratigraphError("MODEL_NOT_FOUND", `there is no model '${asked}'`, {
    hint: full === undefined ? "See what there is: strata models search" : `Did you mean '${full}'?`,
    data: { ...name, suggestions: full === undefined ? [] : [full] },
  });
}

/** `available`: the versions there are, newest first. */
export function versionNotFound(name: ModelName, asked: string, available: readonly string[]): StratigraphError {
  const shown = available.slice(0, SHOWN).join(", ") + (available.length > SHOWN ? ", …" : "");
  const nearest = suggest(asked, available);
  return new StratigraphError("VERSION_NOT_FOUND", `model ${formatModelName(name)} has no version ${asked}`, {
    expected: available.length === 0 ? undefined : `one of ${shown}`,
    hint: nearest === undefined ? undefined : `Did you mean ${nearest}?`,
    data: { ...name, asked, available: available.slice(0, 100) },
  });
}
