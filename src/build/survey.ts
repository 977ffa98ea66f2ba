// A graph as it stands, to be looked at: what its sources have, what a build would do, what cannot be built, and what failed last.

import { everyItem } from "../backend/pages.ts";
import { everyOutput, type GraphDefinition } from "../graph/graph.ts";
import type { BuildOptions } from "./build.ts";
import type { StepReport } from "./events.ts";
import { madeBy, type Network } from "./network.ts";
import { placeText } from "./place.ts";
import { neededSteps, planNetwork } from "./plan.ts";
import type { PlannedState } from "./step-state.ts";
import { openForPlanning, type Workspace } from "./workspace.ts";

export interface Survey {
  /** The key texts of what each source has, by the source's key. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** Output partitions that were asked for or are needed, but for those that cannot be built. */
  readonly steps: readonly SurveyedStep[];
  /** Artifacts that cannot be built, each with the sources without data that stand in the way. */
  readonly blocked: ReadonlyMap<string, readonly string[]>;
}

export interface SurveyedStep extends StepReport<PlannedState> {
  /** What the last attempt ended with, where it failed and there is no result since. */
  readonly failure: string | undefined;
}

/** Unlike `planGraph` this is no error where a source has no data: that is among what one wants to see. Writes nothing. */
export async function surveyGraph(graph: GraphDefinition, options: BuildOptions): Promise<Survey> {
  await using workspace = await openForPlanning(options);
  const { network } = await planNetwork(workspace, graph, options, undefined, "allow");
  const blocked = blockedBy(network);
  const failures = await lastFailures(workspace, graph.name);
  const wired = timesWired(network);
  const steps: SurveyedStep[] = [];
  for (const step of neededSteps(network)) {
    const { call, set } = step.group;
    const { planned, position, reason, input: fingerprint } = step;
    const partition = set.texts[position]!;
    const { name } = call.producer;
    // A producer that is wired twice has runs of the same name and partition: the inputs tell them apart.
    const input = wired.get(name) === 1 ? undefined : (fingerprint ?? "");
    const message = planned === "up-to-date" ? undefined : failures.get(attemptName(name, partition, input));
    const failure = withoutPlace(message, name, placeText(call.outputs[0]!.node.key, partition));
    for (const { node, partition: made } of madeBy(step)) {
      if (!blocked.has(node.key)) steps.push({ key: node.key, partition: made, state: planned!, reason, failure });
    }
  }
  const sources = new Map(network.sources.map(({ node, set }) => [node.key, set.texts]));
  return { sources, steps, blocked };
}

/** One pass in topological order: what needs an empty source, and what needs that. */
function blockedBy({ groups, states }: Network): Map<string, readonly string[]> {
  const blocked = new Map<string, readonly string[]>();
  for (const { call } of groups) {
    const missing = new Set<string>();
    for (const { from, spec } of call.inputs) {
      if (spec.optional) continue;
      const state = states.get(from)!;
      if (state.kind === "source" && state.found.length === 0) missing.add(from.key);
      for (const key of blocked.get(from.key) ?? []) missing.add(key);
    }
    if (missing.size > 0) for (const { node } of everyOutput(call)) blocked.set(node.key, [...missing]);
  }
  return blocked;
}

function timesWired({ groups }: Network): Map<string, number> {
  const times = new Map<string, number>();
  for (const { call } of groups) {
    times.set(call.producer.name, (times.get(call.producer.name) ?? 0) + 1);
  }
  return times;
}

/** Of the latest snapshot, if its build failed: the attempts whose last run failed, with what it said. */
async function lastFailures({ connection }: Workspace, graph: string): Promise<ReadonlyMap<string, string>> {
  const latest = await connection.readLatestSnapshot(graph);
  if (latest?.state !== "failed") return new Map();
  const last = new Map<string, string | undefined>();
  // Newest first: what is met first is what counts.
  const filter = { graph, snapshot: latest.id, kind: "step" } as const;
  for await (const { producer, key, input, state, error } of everyItem((page) => connection.listRuns(filter, page))) {
    if (producer === undefined || (state !== "failed" && state !== "succeeded" && state !== "warning")) continue;
    const failure = state === "failed" ? messageOf(error) : undefined;
    for (const name of [attemptName(producer, key ?? "", undefined), attemptName(producer, key ?? "", input)]) {
      if (!last.has(name)) last.set(name, failure);
    }
  }
  return new Map([...last].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function attemptName(producer: string, partition: string, input: string | undefined): string {
  return JSON.stringify([producer, partition, input ?? null]);
}

function messageOf(error: unknown): string {
  const { message } = Object(error) as { readonly message?: unknown };
  return typeof message === "string" ? message : "it failed";
}

/** Without the place in front, which whoever looks at the step knows: "the producer failed: …". */
function withoutPlace(message: string | undefined, producer: string, place: string): string | undefined {
  const prefix = `producer '${producer}', ${place}: `;
  return message?.startsWith(prefix) === true ? message.slice(prefix.length) : message;
}
