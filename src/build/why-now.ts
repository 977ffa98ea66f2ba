// Finds out why: plans, and compares with what is stored.

import type { StoredPartition } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphDefinition, GraphNode } from "../graph/graph.ts";
import { bindParams } from "../graph/params.ts";
import type { CodeVersion } from "../identity/code-version.ts";
import type { BuildOptions } from "./build.ts";
import type { StepReport } from "./events.ts";
import { stepName, upstreamSteps, type Step } from "./network.ts";
import { planNetwork } from "./plan.ts";
import type { Reason } from "./reason.ts";
import type { PlannedState } from "./step-state.ts";
import type { CountedCode, LastBuilt, Why } from "./why.ts";
import { openForPlanning, type Workspace } from "./workspace.ts";

/** See `why`. */
export async function explainNow(
  graph: GraphDefinition,
  selector: string,
  options: BuildOptions,
): Promise<readonly Why[]> {
  await using workspace = await openForPlanning(options);
  const { network, rebuilder } = await planNetwork(workspace, bindParams(graph, options.params), {
    ...options,
    select: [selector],
  });
  const asked = new Set<Step>();
  const needed = network.groups.flatMap(({ steps }) => steps.filter((step) => step.needed));
  const above = new Set<Step>();
  for (const step of needed) for (const upstream of upstreamSteps(network, step)) above.add(upstream);
  // What was asked for itself is what nothing else that was asked for needs.
  for (const step of needed) if (!above.has(step)) asked.add(step);
  if (asked.size === 0) {
    throw new StratigraphError("GRAPH_INVALID", "a source is found, not built, so there is no reason to tell", {
      where: `'${selector}'`,
      hint: "Ask about an artifact that a producer makes.",
    });
  }
  const steps = [...asked];
  const changing = steps.filter((step) => step.planned !== "up-to-date");
  const told = changing.length > 0 ? changing : steps.slice(0, 1);
  const answers: Why[] = [];
  for (const step of told) {
    const node: GraphNode = step.group.call.outputs[0]!.node;
    const latest = rebuilder.latestOf(node, step.position) ?? step.outputs?.[0];
    answers.push({
      key: node.key,
      partition: step.group.set.texts[step.position]!,
      now: report(step),
      code: await countedCode(step),
      last: latest === undefined ? undefined : await lastBuilt(workspace, latest),
      causes: causesOf(network, step),
    });
  }
  return answers;
}

function report(step: Step): StepReport<PlannedState> {
  const { key, partition } = stepName(step);
  return { key, partition, state: step.planned!, reason: step.reason };
}

async function countedCode({ group }: Step): Promise<CountedCode | undefined> {
  const { known } = group.call.producer.version as Partial<CodeVersion>;
  if (known === undefined) return undefined;
  const { countedParts } = await import("../code/compare.ts");
  return countedParts(known.manifest.text);
}

async function lastBuilt(workspace: Workspace, partition: StoredPartition): Promise<LastBuilt> {
  const { connection } = workspace;
  const run = partition.run === undefined ? undefined : await connection.readRun(partition.run);
  const edges = partition.run === undefined ? undefined : await connection.readRunPartitions(partition.run);
  return {
    partition,
    run,
    reason: run?.reason as Reason | undefined,
    inputs: (edges?.inputs ?? []).map(({ name, partition: { key, content, location } }) => ({
      name,
      key,
      content,
      location,
    })),
  };
}

/** The steps above that would run, breadth first. */
function causesOf(network: Parameters<typeof upstreamSteps>[0], step: Step): StepReport<PlannedState>[] {
  if (step.reason.on === undefined) return [];
  const causes: StepReport<PlannedState>[] = [];
  const seen = new Set<Step>([step]);
  let level = [step];
  while (level.length > 0 && causes.length < 20) {
    const next: Step[] = [];
    for (const below of level) {
      for (const upstream of upstreamSteps(network, below)) {
        if (seen.has(upstream) || upstream.planned === "up-to-date") continue;
        seen.add(upstream);
        next.push(upstream);
        if (causes.length < 20) causes.push(report(upstream));
      }
    }
    level = next;
  }
  return causes;
}
