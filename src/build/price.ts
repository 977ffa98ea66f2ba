// What a plan will cost, by what the same steps cost before: the time of their producers and the bytes they store.

import type { RunId, StoredPartition } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import { formatDuration } from "../util/duration.ts";
import { stepName, type Step, type StepGroup } from "./network.ts";
import { placeText } from "./place.ts";
import { neededSteps, type PlannedNetwork } from "./plan.ts";
import type { Rebuilder } from "./rebuilder.ts";
import type { Workspace } from "./workspace.ts";

/** What one step is expected to cost. */
export interface StepPrice {
  /** Milliseconds its producer works, retries included. */
  readonly duration: number;
  /** Bytes of all its outputs. */
  readonly bytes: number;
}

/** What all steps that will run, or may, are expected to cost together; a step that waits may turn out not to run. */
export interface Price extends StepPrice {
  /** Steps of which nothing is known, because their producer has never made anything in this graph; they count as nothing. */
  readonly unknown: number;
  /** By step; absent where nothing is known. */
  readonly steps: ReadonlyMap<Step, StepPrice>;
}

/** Earlier results of the same producer that a step without one of its own is judged by. */
const MOST_SIBLINGS = 20;

/**
 * A step costs what it cost the last time; one that never ran costs the median of its producer's other partitions.
 * One query, for the runs that made what was linked last.
 */
export async function priceOf(workspace: Workspace, { network, rebuilder }: PlannedNetwork): Promise<Price> {
  const basis = new Map<Step, readonly (readonly StoredPartition[])[]>();
  const siblings = new Map<StepGroup, readonly (readonly StoredPartition[])[]>();
  let unknown = 0;
  for (const step of neededSteps(network)) {
    if (step.planned === "up-to-date") continue;
    const own = lastOutputs(rebuilder, step.group, step.position);
    const earlier = own === undefined ? siblingsOf(siblings, rebuilder, step.group) : [own];
    if (earlier.length === 0) unknown++;
    else basis.set(step, earlier);
  }
  const runs = new Set<RunId>();
  for (const results of basis.values()) {
    for (const [first] of results) if (first?.run !== undefined) runs.add(first.run);
  }
  const ids = [...runs];
  const found = await workspace.connection.readRuns(ids);
  const durations = new Map(ids.map((id, index) => [id, found[index]?.duration]));
  const steps = new Map<Step, StepPrice>();
  let [duration, bytes] = [0, 0];
  for (const [step, results] of basis) {
    const times = results.flatMap(([first]) => durations.get(first!.run!) ?? []);
    const sizes = results.map((outputs) => outputs.reduce((sum, { size }) => sum + size, 0));
    const price = { duration: median(times) ?? 0, bytes: median(sizes) ?? 0 };
    steps.set(step, price);
    duration += price.duration;
    bytes += price.bytes;
  }
  return { duration, bytes, unknown, steps };
}

/** Error: BUDGET_EXCEEDED, naming the dearest steps. `budget`: milliseconds of work. */
export function checkBudget({ duration, steps, unknown }: Price, budget: number, graph: string): void {
  if (duration <= budget) return;
  const dearest = [...steps].sort(([, a], [, b]) => b.duration - a.duration).slice(0, 3);
  const named = dearest.map(([step, price]) => {
    const { key, partition } = stepName(step);
    return `${placeText(key, partition)} ${rounded(price.duration)}`;
  });
  throw new StratigraphError("BUDGET_EXCEEDED", "this would take more than its budget, so nothing was started", {
    where: `graph '${graph}'`,
    expected: `at most ${formatDuration(budget)} of work`,
    received: `about ${rounded(duration)} for ${steps.size} ${steps.size === 1 ? "step" : "steps"}, by what they took before${unknown === 0 ? "" : `, and ${unknown} of which nothing is known`}`,
    hint: `The dearest: ${named.join(", ")}. Raise the budget, or name what to build.`,
    data: { duration, budget, unknown },
  });
}

function lastOutputs(
  rebuilder: Rebuilder,
  { call }: StepGroup,
  position: number,
): readonly StoredPartition[] | undefined {
  const outputs = call.outputs.map(({ node }) => rebuilder.latestOf(node, position));
  return outputs.every((output) => output?.run !== undefined) ? (outputs as readonly StoredPartition[]) : undefined;
}

function siblingsOf(
  known: Map<StepGroup, readonly (readonly StoredPartition[])[]>,
  rebuilder: Rebuilder,
  group: StepGroup,
): readonly (readonly StoredPartition[])[] {
  let found = known.get(group);
  if (found === undefined) {
    const results: (readonly StoredPartition[])[] = [];
    // From the end: the newest keys tell most of those to come.
    for (let position = group.steps.length - 1; position >= 0 && results.length < MOST_SIBLINGS; position--) {
      const outputs = lastOutputs(rebuilder, group, position);
      if (outputs !== undefined) results.push(outputs);
    }
    known.set(group, (found = results));
  }
  return found;
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >>> 1];
}

/** To two digits, in seconds or larger: what is expected is not exact. */
function rounded(time: number): string {
  if (time < 1_000) return `${Math.ceil(time)}ms`;
  if (time < 60_000) return `${(time / 1_000).toPrecision(2)}s`;
  return time < 3_600_000 ? `${Math.round(time / 60_000)}m` : `${(time / 3_600_000).toPrecision(2)}h`;
}
