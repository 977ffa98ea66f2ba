// What a backend refuses about models because of what it already remembers, in the same words everywhere.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import type { ModelName, VersionRecord } from "./model-records.ts";

export function modelNotFound({ namespace, name }: ModelName): StratigraphError {
  return new StratigraphError("MODEL_NOT_FOUND", "no model has that name", {
    received: modelText({ namespace, name }),
    data: { namespace, name },
  });
}

/** Whether a model may be written: `undefined` for yes. `current` is the revision it has now. */
export function modelRefusal(
  { namespace, name }: ModelName,
  expected: number | undefined,
  current: number | undefined,
): StratigraphError | undefined {
  if (expected === current) return undefined;
  if (expected !== undefined) return conflict(modelText({ namespace, name }), { expected, current });
  return new StratigraphError("MODEL_EXISTS", "a model of that name exists already", {
    received: modelText({ namespace, name }),
    data: { namespace, name, current },
  });
}

type VersionNumbers = Pick<VersionRecord, "namespace" | "name" | "id" | "version" | "sequence">;

/** To insert: what has one of its numbers already. */
export function versionExists(version: VersionNumbers, existing: VersionNumbers): StratigraphError {
  return new StratigraphError("VERSION_EXISTS", "that version number was given already", {
    where: modelText(version),
    received: `version ${showValue(version.version)}, sequence ${version.sequence}`,
    hint: "Numbers are never given again, also not those of deleted versions: take the next one.",
    data: { version: existing.version, sequence: existing.sequence, id: existing.id },
  });
}

/** Whether a version may be replaced: `undefined` for yes. Its numbers and id belong together for good. */
export function versionRefusal(
  version: VersionNumbers,
  expected: number,
  current: (VersionNumbers & { readonly revision: number }) | undefined,
): StratigraphError | undefined {
  const same = current !== undefined && current.id === version.id && current.sequence === version.sequence;
  if (same && current.revision === expected) return undefined;
  return conflict(versionText(version), { expected, current: current?.revision });
}

export function productionTaken(
  version: VersionNumbers,
  { version: other, revision }: Pick<VersionRecord, "version" | "revision">,
  expected: number | undefined,
): StratigraphError {
  return new StratigraphError("CONFLICT", "another version of the model is in production", {
    where: versionText(version),
    received: `version ${showValue(other)}`,
    hint: "Look at the model again and decide anew.",
    data: { expected, current: revision, production: other },
  });
}

export function versionNotFound(model: ModelName, version: string): StratigraphError {
  return new StratigraphError("VERSION_NOT_FOUND", "the model has no such version", {
    where: modelText(model),
    received: showValue(version),
    data: { namespace: model.namespace, name: model.name, version },
  });
}

export function aliasNotFound(model: ModelName, alias: string): StratigraphError {
  return new StratigraphError("ALIAS_NOT_FOUND", "the model has no such alias", {
    where: modelText(model),
    received: showValue(alias),
    data: { namespace: model.namespace, name: model.name, alias },
  });
}

/** Whether an alias may be changed: `undefined` for yes. `current` is the version it names now. */
export function aliasRefusal(
  model: ModelName & { readonly alias: string },
  expected: string | null | undefined,
  current: string | undefined,
): StratigraphError | undefined {
  if (expected === undefined || (expected ?? undefined) === current) return undefined;
  return new StratigraphError("CONFLICT", "the alias was changed in between", {
    where: `${modelText(model)}, alias ${showValue(model.alias)}`,
    expected: expected === null ? "no such alias" : `version ${showValue(expected)}`,
    received: current === undefined ? "no such alias" : `version ${showValue(current)}`,
    hint: "Look at the alias again and decide anew.",
    data: { expected, current },
  });
}

function conflict(
  where: string,
  { expected, current }: { readonly expected: number; readonly current: number | undefined },
): StratigraphError {
  return new StratigraphError("CONFLICT", "the record was changed in between", {
    where,
    expected: `revision ${expected}`,
    received: current === undefined ? "no such record" : `revision ${current}`,
    hint: "Look at it again and decide anew.",
    data: { expected, current },
  });
}

function modelText({ namespace, name }: ModelName): string {
  return `model ${showValue(`${namespace}/${name}`)}`;
}

function versionText(version: VersionNumbers): string {
  return `${modelText(version)}, version ${showValue(version.version)}`;
}
