// What people write to mean one version of a model.

import type { ModelName, VersionRef } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { NAME, versionSchema } from "./limits.ts";
import { parseModelName } from "./name.ts";
import { findStage, parseStage } from "./stage.ts";

/** One version of a model that is known already: exactly one of the ways. */
export type VersionPick =
  | { readonly version: string }
  | { readonly sequence: number }
  | { readonly stage: string }
  | { readonly alias: string };

/**
 * "1.3.0", "v1.3.0", "#7", 7, "7", "@production", "production", "latest", an alias with or without @: a bare number is the sequence.
 */
export type VersionRefInput = string | number | VersionPick;

/**
 * A model and one of its versions: "team/churn@1.3.0", "team/churn@production", "team/churn@champion", "team/churn#7",
 * "models:/team/churn/1.3.0", "models:/team/churn@production", "models:/churn/3", or the parts. Without a version: the latest.
 */
export type ModelRefInput =
  | string
  | ({ readonly namespace?: string | undefined; readonly name: string } & (VersionPick | { readonly ref?: undefined }));

export interface ModelRef extends ModelName {
  readonly ref: VersionRef;
  /** Whether a version was named at all. */
  readonly named: boolean;
}

const SEQUENCE = /^#?([1-9]\d{0,14})$/;
const VERSION = /^v?\d+\.\d+\.\d+/i;

/** Error: VALIDATION_FAILED. */
export function parseVersionRef(input: VersionRefInput, where?: string): VersionRef {
  if (typeof input === "number") return sequenceRef(input, where);
  if (typeof input !== "string") return pickedRef(input, where);
  const text = input.startsWith("@") ? input.slice(1) : input;
  const sequence = SEQUENCE.exec(text)?.[1];
  if (sequence !== undefined) return { kind: "sequence", sequence: Number(sequence) };
  if (VERSION.test(text)) return { kind: "version", version: parsedVersion(text, where) };
  if (text.toLowerCase() === "latest") return { kind: "latest" };
  const stage = text === "" ? undefined : findStage(text);
  if (stage !== undefined) return { kind: "stage", stage };
  if (NAME.test(text)) return { kind: "alias", alias: text };
  throw unreadable(input, where);
}

/** A model with a version in one text, or a model and a version beside it. Error: VALIDATION_FAILED. */
export function parseModelRef(input: ModelRefInput, beside?: VersionRefInput, fallback?: string): ModelRef {
  if (typeof input !== "string") {
    const { namespace, name, ...pick } = input;
    const given = Object.values(pick).some((value) => value !== undefined);
    return {
      ...parseModelName({ namespace, name }, fallback),
      ...resolved(beside ?? (given ? (pick as VersionPick) : undefined), undefined),
    };
  }
  const { model, ref } = input.startsWith("models:/") ? splitUri(input) : splitText(input);
  if (ref !== undefined && beside !== undefined) {
    throw new StratigraphError("VALIDATION_FAILED", "the version is said twice", {
      received: `${showValue(input)} and ${showValue(beside)}`,
    });
  }
  return { ...parseModelName(model, fallback), ...resolved(beside ?? ref, `reference ${showValue(input)}`) };
}

/** "1.3.0", "#7", "@production", "@latest", "@champion". */
export function formatRef(ref: VersionRef): string {
  switch (ref.kind) {
    case "version":
      return ref.version;
    case "sequence":
      return `#${ref.sequence}`;
    case "stage":
      return `@${ref.stage}`;
    case "latest":
      return "@latest";
    case "alias":
      return `@${ref.alias}`;
  }
}

/** Whether a text is free to be an alias: it must not mean a version in another way. */
export function isAliasName(text: string): boolean {
  if (!NAME.test(text)) return false;
  const ref = parseVersionRef(text);
  return ref.kind === "alias";
}

function resolved(ref: VersionRefInput | undefined, where: string | undefined): Pick<ModelRef, "ref" | "named"> {
  return ref === undefined
    ? { ref: { kind: "latest" }, named: false }
    : { ref: parseVersionRef(ref, where), named: true };
}

/** `team/churn@x`, `team/churn#7`. */
function splitText(text: string): { readonly model: string; readonly ref: string | undefined } {
  const at = text.search(/[@#]/);
  if (at === -1) return { model: text, ref: undefined };
  return { model: text.slice(0, at), ref: text.slice(at) };
}

/** The last of two parts is a version where it reads like one, as `models:/churn/3` always did; else it is the model's name. */
function splitUri(uri: string): { readonly model: string; readonly ref: string | undefined } {
  const text = uri.slice("models:/".length).replace(/^\/+/, "");
  if (/[@#]/.test(text)) return splitText(text);
  const parts = text.split("/");
  const last = parts.at(-1) ?? "";
  const isVersion =
    SEQUENCE.test(last) || VERSION.test(last) || /^latest$/i.test(last) || findStage(last) !== undefined;
  if (parts.length === 3) return { model: `${parts[0]}/${parts[1]}`, ref: last };
  if (parts.length === 2 && isVersion) return { model: parts[0]!, ref: last };
  return { model: text, ref: undefined };
}

function pickedRef(input: VersionPick, where: string | undefined): VersionRef {
  const given = Object.entries(Object(input) as object).filter(([, value]) => value !== undefined);
  const [only, second] = given as [string, unknown][];
  if (only === undefined || second !== undefined) {
    throw new StratigraphError("VALIDATION_FAILED", "say which version is meant, in one way", {
      where,
      expected: "one of version, sequence, stage, alias",
      received: given.length === 0 ? "none" : given.map(([name]) => name).join(", "),
    });
  }
  const [way, value] = only;
  switch (way) {
    case "version":
      return { kind: "version", version: parsedVersion(value, where) };
    case "sequence":
      return sequenceRef(value, where);
    case "stage":
      return { kind: "stage", stage: parseStage(value, where) };
    case "alias":
      if (typeof value === "string" && NAME.test(value)) return { kind: "alias", alias: value };
      throw unreadable(value, where);
    case "environment":
    case "env":
      parseStage(input, where);
  }
  throw new StratigraphError("VALIDATION_FAILED", `a version cannot be picked by ${showValue(way)}`, {
    where,
    expected: "one of version, sequence, stage, alias",
  });
}

function sequenceRef(value: unknown, where: string | undefined): VersionRef {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return { kind: "sequence", sequence: value as number };
  throw unreadable(value, where);
}

function parsedVersion(value: unknown, where: string | undefined): string {
  const parsed = versionSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unreadable(value, where);
}

function unreadable(value: unknown, where: string | undefined): StratigraphError {
  return new StratigraphError("VALIDATION_FAILED", "that does not name a version", {
    where,
    expected: "a version like 1.3.0, a number like #7, a stage like @production, @latest, or an alias like @champion",
    received: showValue(value),
  });
}
