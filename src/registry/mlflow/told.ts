// What an MLflow server is told of a model and a version: names, stages and tags as it takes them.

import type { Labels, ModelName, ModelRecord, Stage, VersionRecord } from "../../backend/model-records.ts";
import { formatModelName } from "../name.ts";

/** Which of our versions one of the server's is; it counts by itself. */
export const VERSION_TAG = "stratigraph.version";
/** Tags that begin so are ours to remove again. */
const OURS = /^(label|metric)\./;
const LONGEST_KEY = 250;
const LONGEST_VALUE = 5_000;

/** "team~churn": a name there has no slash, no colon and on some servers no dot, and `~` is in none of ours. */
export function mlflowName({ namespace, name }: ModelName): string {
  return `${namespace}~${name}`;
}

export const mlflowStages: Readonly<Record<Stage, string>> = {
  development: "None",
  staging: "Staging",
  production: "Production",
  archived: "Archived",
};

/** A text no file system and no server resolves to a place of its own; the bytes stay where they are. */
export function mlflowSource(version: VersionRecord): string {
  return `stratigraph://${formatModelName(version)}/${version.version}`;
}

export function modelTags(model: ModelRecord): ReadonlyMap<string, string> {
  return fitting([["stratigraph.model", formatModelName(model)], ...labelled(model.labels)]);
}

export function versionTags(version: VersionRecord): ReadonlyMap<string, string> {
  const { artifact, run, framework, labels, metrics } = version;
  return fitting([
    [VERSION_TAG, version.version],
    ["stratigraph.stage", version.stage],
    ["stratigraph.by", version.createdBy],
    ["stratigraph.run", run ?? ""],
    ["stratigraph.digest", artifact?.digest ?? ""],
    ["stratigraph.framework", framework ?? ""],
    ...Object.entries(metrics).map(([name, value]): [string, string] => [`metric.${name}`, String(value)]),
    ...labelled(labels),
  ]);
}

/** Which of a server's tags were ours and are no more. */
export function staleTags(there: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): readonly string[] {
  return [...there.keys()].filter((key) => OURS.test(key) && !wanted.has(key));
}

function labelled(labels: Labels): readonly [string, string][] {
  return Object.entries(labels).map(([key, value]) => [`label.${key}`, value]);
}

/** A server refuses a tag whose name is like a path that leads elsewhere, and one with nothing in it: those stay here. Long texts are cut. */
function fitting(tags: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  return new Map(
    tags.filter(([key, value]) => value !== "" && isTagName(key)).map(([key, value]) => [key, cut(value)]),
  );
}

function isTagName(key: string): boolean {
  if (key.length > LONGEST_KEY || !/^[\p{L}\p{N}_./ -]+$/u.test(key)) return false;
  return key.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function cut(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}
