// A graph as a picture shows it: its artifacts with state, reasons and partitions, and which is made from which.

import { explainReason, explainTogether } from "../build/explain.ts";
import type { Survey, SurveyedStep } from "../build/survey.ts";
import type { EdgeSpec } from "../graph/edge.ts";
import { everyOutput, type GraphDefinition, type GraphNode } from "../graph/graph.ts";
import { enumeration } from "../util/enumeration.ts";
import { pictureStateNames, worstState, type PictureState } from "./state.ts";

export interface Picture {
  readonly graph: string;
  /** False where only what is declared is shown. */
  readonly planned: boolean;
  /** In the graph's order. */
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly PictureEdge[];
}

export interface PictureNode {
  readonly key: string;
  readonly kind: "source" | "produced";
  readonly state: PictureState;
  /** One sentence for each kind of reason, worst first; none where everything is current. */
  readonly reasons: readonly string[];
  /** By state, where known. */
  readonly counts: Readonly<Partial<Record<PictureState, number>>>;
  readonly partitions: readonly PicturePartition[];
  /** Names of its dimensions; empty where it is one whole. */
  readonly dimensions: readonly string[];
  readonly producer: string | undefined;
  readonly version: string | undefined;
  /** Of what is found or written at a place of its own: where. */
  readonly place: string | undefined;
  readonly description: string | undefined;
}

export interface PicturePartition {
  /** The key's text, "" where unpartitioned. */
  readonly partition: string;
  readonly state: PictureState;
  readonly because: string;
}

export interface PictureEdge {
  readonly from: string;
  readonly to: string;
  /** The name of the producer's input. */
  readonly input: string;
  /** Which partitions are needed. */
  readonly edge: EdgeSpec["kind"];
  readonly optional: boolean;
}

/** Draws the artifacts of these keys, and what leads from one to another; without a survey, what is declared. */
export function pictureOf(graph: GraphDefinition, keys: ReadonlySet<string>, survey: Survey | undefined): Picture {
  const drawn = [...graph.nodes.values()].filter(({ key }) => keys.has(key));
  const steps = new Map<string, SurveyedStep[]>();
  for (const step of survey?.steps ?? []) {
    const known = steps.get(step.key);
    if (known === undefined) steps.set(step.key, [step]);
    else known.push(step);
  }
  const nodes = drawn.map((node) => {
    const standing = survey === undefined ? unseen : standingOf(node, survey, steps.get(node.key) ?? []);
    return { ...declarationOf(node), ...standing };
  });
  const edges = graph.calls.flatMap((call) =>
    call.inputs.flatMap(({ name, spec, from }) => {
      return everyOutput(call)
        .filter(({ node }) => keys.has(from.key) && keys.has(node.key))
        .map(({ node }) => ({
          from: from.key,
          to: node.key,
          input: name,
          edge: spec.edge.kind,
          optional: spec.optional,
        }));
    }),
  );
  return { graph: graph.name, planned: survey !== undefined, nodes, edges };
}

type Standing = Pick<PictureNode, "state" | "reasons" | "counts" | "partitions">;

const unseen: Standing = { state: "declared", reasons: [], counts: {}, partitions: [] };

function declarationOf(node: GraphNode): Omit<PictureNode, keyof Standing> {
  const { key, kind, artifact } = node;
  const storage = node.kind === "source" ? node.storage : artifact.storage;
  return {
    key,
    kind,
    dimensions: Object.keys(artifact.dimensions),
    producer: node.kind === "source" ? undefined : node.call.producer.name,
    version: node.kind === "source" ? undefined : node.call.producer.version.text,
    place: storage === undefined ? undefined : storage.template === "" ? storage.kind : storage.template,
    description: artifact.description,
  };
}

function standingOf(node: GraphNode, survey: Survey, steps: readonly SurveyedStep[]): Standing {
  if (node.kind === "source") {
    const found = survey.sources.get(node.key) ?? [];
    if (found.length === 0) return { ...unseen, state: "missing-source" };
    const partitions = found.map((partition) => ({ partition, state: "current" as const, because: "found" }));
    return { state: "current", reasons: [], counts: { current: found.length }, partitions };
  }
  const missing = survey.blocked.get(node.key);
  if (missing !== undefined) {
    const names = enumeration(missing.map((key) => `'${key}'`));
    return {
      ...unseen,
      state: "blocked",
      reasons: [`source${missing.length > 1 ? "s" : ""} ${names} ${missing.length > 1 ? "have" : "has"} no data`],
    };
  }
  const partitions = steps.map((step) => ({
    partition: step.partition,
    state: stateOf(step),
    because: becauseOf(step),
  }));
  const counts: Partial<Record<PictureState, number>> = {};
  for (const state of pictureStateNames) {
    const many = partitions.filter((partition) => partition.state === state).length;
    if (many > 0) counts[state] = many;
  }
  return { state: worstState(partitions.map(({ state }) => state)), reasons: reasonsOf(steps), counts, partitions };
}

function stateOf({ state, failure }: SurveyedStep): PictureState {
  if (failure !== undefined) return "failed";
  return state === "up-to-date" ? "current" : state === "pending" ? "may-build" : "will-build";
}

function becauseOf({ failure, reason }: SurveyedStep): string {
  return failure === undefined ? explainReason(reason) : `failed last time: ${failure}`;
}

function reasonsOf(steps: readonly SurveyedStep[]): string[] {
  const groups = new Map<string, SurveyedStep[]>();
  for (const step of steps) {
    const state = stateOf(step);
    if (state === "current") continue;
    const name = `${pictureStateNames.indexOf(state)} ${step.failure ?? step.reason.code}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [step]);
    else group.push(step);
  }
  const ordered = [...groups].sort(([a], [b]) => parseInt(a) - parseInt(b));
  return ordered.map(([, group]) =>
    group[0]!.failure === undefined ? explainTogether(group.map(({ reason }) => reason)) : becauseOf(group[0]!),
  );
}
