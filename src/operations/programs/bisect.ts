// Bisect for programs: the snapshot from which on a value is wrong, and what changed there.

import type { StoredSnapshot } from "../../backend/records.ts";
import type { Graph } from "../../build/graph.ts";
import { openWorkspace, type WorkspaceOptions } from "../../build/workspace.ts";
import { StratigraphError } from "../../errors.ts";
import type { GraphNode } from "../../graph/graph.ts";
import type { Dimensions, Key } from "../../identity/dimension.ts";
import { decodeKey } from "../../identity/partition-key.ts";
import { bisectIn, type Bisection, type Look } from "../bisect.ts";
import { changesAbove } from "../changes-above.ts";
import type { SnapshotDiff } from "../diff.ts";
import { askChecks, judgeValues, type Ask } from "../judge.ts";
import { checkCall, refused, workspaceNames, type OptionNames } from "./given.ts";
import { storedSnapshot, type SnapshotInput } from "./snapshot-input.ts";
import { findTarget, type AnyTarget, type Target } from "./target.ts";

/** `true`: good; `false`, or a sentence that says what is wrong: bad; `undefined`: it cannot be told. */
export type JudgeAnswer = boolean | string | undefined;

/** Asked once for each different content, about the value as the artifact has it now. What it throws ends the search. */
export type Judge<V, D> = (
  value: V,
  place: { readonly key: Key<D>; readonly snapshot: StoredSnapshot },
) => JudgeAnswer | Promise<JudgeAnswer>;

/** What is asked about each value. */
export type Question<V, D> =
  | {
      /** The name of one check of the artifact; all of them unless told. */
      readonly check?: string | undefined;
      readonly judge?: undefined;
    }
  | {
      readonly check?: undefined;
      /** Any other question. */
      readonly judge: Judge<V, D>;
    };

export interface BisectSettings<G extends string = string> extends WorkspaceOptions {
  /** Where it was still good; the first snapshot of which it can be told unless told. */
  readonly good?: SnapshotInput<G> | undefined;
  /** Where it is bad; the latest of which it can be told unless told. */
  readonly bad?: SnapshotInput<G> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each snapshot that was looked at. */
  readonly on?: ((look: Look) => void) | undefined;
}

export type BisectOptions<V, D, G extends string> = Target<V, D, G> &
  Question<NoInfer<V>, NoInfer<D>> &
  BisectSettings<G>;

/** With what changed between the two among all that the artifact is made from, at most 1,000 partitions of each artifact. */
export type Bisected = Bisection & Pick<SnapshotDiff, "artifacts" | "declarations">;

type AnyOptions = AnyTarget & BisectSettings & { readonly check?: unknown; readonly judge?: unknown };

const names: OptionNames<AnyOptions> = {
  ...{ artifact: true, key: true, check: true, judge: true, good: true, bad: true, signal: true, on: true },
  ...workspaceNames,
};

/**
 * Finds the first bad snapshot by halving. Takes for granted that what became bad stayed bad. Reads stored values, builds nothing; values
 * whose bytes are gone are passed over, and one that does not fit the schema is bad.
 *
 * @example
 * const { bad, wrong } = await bisect(spend, { artifact: spend.artifacts.total, judge: ({ total }) => total > 0 });
 *
 * Errors: BISECT_IMPOSSIBLE where one end is not what it must be, or nothing can be told of any snapshot; SNAPSHOT_UNKNOWN;
 * PARTITION_KEY_INVALID; GRAPH_INVALID for an artifact of another graph; VALIDATION_FAILED where the artifact has no such check.
 */
export async function bisect<G extends string, N, V, D>(
  graph: Graph<G, N>,
  options: BisectOptions<V, D, NoInfer<G>>,
): Promise<Bisected> {
  checkCall("bisect()", graph, options, names);
  const { artifact, key, check, judge, good, bad, signal, on, ...place }: AnyOptions = options;
  const { name, definition } = graph;
  const { node, text } = findTarget("bisect()", definition, { artifact, key });
  const ask = askedBy(node, check, judge);
  await using workspace = await openWorkspace({ ...place, signal, readOnly: true });
  const { connection } = workspace;
  const end = async (side: "good" | "bad", given: SnapshotInput | undefined): Promise<StoredSnapshot | undefined> =>
    given === undefined ? undefined : await storedSnapshot(connection, name, given, `bisect(), ${side}`);
  const was = definition.was.get(node.key) ?? [];
  const found = await bisectIn(connection, name, {
    key: node.key,
    was,
    partition: text,
    good: await end("good", good),
    bad: await end("bad", bad),
    judge: judgeValues(workspace, node, ask, signal),
    on,
  });
  return { ...found, ...(await changesAbove(connection, found.good, found.bad, [node.key, ...was])) };
}

function askedBy(node: GraphNode, check: unknown, judge: unknown): Ask {
  if (check !== undefined && typeof check !== "string") {
    throw refused("bisect(), check", "a check is named by a text", "the name of a check of the artifact", check);
  }
  if (judge === undefined) return askChecks(node, check, "another question");
  if (check !== undefined) {
    throw new StratigraphError("VALIDATION_FAILED", "check and judge exclude each other", { where: "bisect()" });
  }
  if (typeof judge !== "function") {
    throw refused("bisect(), judge", "a question is a function", "(value) => true or what is wrong", judge);
  }
  return questionOf(judge as Judge<unknown, Dimensions>, node.artifact.dimensions);
}

function questionOf(judge: Judge<unknown, Dimensions>, dimensions: Dimensions): Ask {
  return async (value, partition, snapshot) => {
    const answer: unknown = await judge(value, { key: decodeKey(dimensions, partition.key), snapshot });
    if (answer === false) return "judge() says no";
    if (answer === true || answer === undefined) return answer;
    if (typeof answer === "string") return answer;
    throw refused("bisect()", "judge() gave no answer", "true, false, a sentence, or undefined", answer);
  };
}
