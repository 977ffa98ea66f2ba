// Whether data is as its artifact demands: statistics and checks of what was made, and thresholds on the statistics of what is stored.

import type { Connection } from "../backend/backend.ts";
import type { Json, PartitionId, QualityRecord, StoredPartition } from "../backend/records.ts";
import { decodeValue } from "../data/io.ts";
import { Accumulator, statisticNamed, statisticsOf, type Statistics } from "../data/statistics/statistics.ts";
import { StratigraphError } from "../errors.ts";
import type { DeclaredArtifact } from "../graph/artifact.ts";
import { everyOutput, type GraphCall, type GraphNode } from "../graph/graph.ts";
import { SINGLE } from "../graph/output.ts";
import { percentOf, type Severity, type ThresholdSpec } from "../graph/quality.ts";
import { compareValues } from "../identity/dimension-value.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { outputNode, stepAt, stepPlace, storedInputs, type Network, type Step, type StepGroup } from "./network.ts";
import { placeText } from "./place.ts";
import { isJudged } from "./demands.ts";
import { WrittenRows } from "./row-output.ts";
import { describeThrown } from "./thrown.ts";
import { readPartitionBytes, type Workspace } from "./workspace.ts";

/** One demand that data does not meet. */
export interface Finding {
  /** The check or threshold, "validate" of a producer, "statistics" where one could not be computed. */
  readonly name: string;
  readonly severity: Severity;
  /** A sentence. */
  readonly text: string;
}

/** A finding, with the output it is about. */
export interface Warning extends Finding {
  readonly key: string;
  readonly partition: string;
}

/** Of one output: what is kept with it. */
export interface Inspected {
  readonly statistics: Statistics | undefined;
  /** Of its checks; thresholds are judged each time. */
  readonly findings: readonly Finding[];
}

/** Of one output of a step that is used, for its report. */
export function warningsOf(step: Step, key: string, partition: KeyText): { readonly warnings?: readonly Warning[] } {
  const mine =
    step.blocked === undefined
      ? step.warnings?.filter((one) => one.key === key && one.partition === partition)
      : undefined;
  return mine === undefined || mine.length === 0 ? {} : { warnings: mine };
}

/** Statistics and checks see what readers will see: each value parsed back from its bytes. */
export async function inspectOutputs(
  call: GraphCall,
  key: KeyText,
  encoded: readonly (Uint8Array | WrittenRows)[],
): Promise<readonly Inspected[]> {
  const { producer } = call;
  if (producer.validate === undefined && !call.outputs.some(({ node }) => isLookedAt(node.artifact))) {
    return call.outputs.map(() => ({ statistics: undefined, findings: [] }));
  }
  const values: Record<string, unknown> = {};
  const inspected: { statistics: Statistics | undefined; findings: Finding[] }[] = [];
  for (const [index, { node, slot }] of call.outputs.entries()) {
    const bytes = encoded[index]!;
    if (bytes instanceof WrittenRows) {
      // Its statistics were taken row by row; checks it has none, see `says.streamedChecks`.
      inspected.push({ statistics: bytes.statistics, findings: [] });
      continue;
    }
    const value = await decodeValue(node.artifact, bytes, placeText(node.key, key));
    values[slot] = value;
    inspected.push(await inspectValue(node.artifact, value));
  }
  const { validate, single } = producer;
  if (validate !== undefined) {
    const text = await problemOf(() => validate(single ? values[SINGLE] : values));
    if (text !== undefined)
      inspected[0]!.findings.push({ name: "validate", severity: "block", text: `validate ${text}` });
  }
  return inspected;
}

function isLookedAt(artifact: DeclaredArtifact): boolean {
  return isJudged(artifact) || Object.keys(artifact.checks).length > 0;
}

/** The same for one partition of a fan-out. */
export async function inspectPart(
  { artifact, key: name }: GraphNode,
  key: KeyText,
  bytes: Uint8Array,
): Promise<Inspected> {
  if (!isLookedAt(artifact)) return { statistics: undefined, findings: [] };
  return inspectValue(artifact, await decodeValue(artifact, bytes, placeText(name, key)));
}

async function inspectValue(
  artifact: DeclaredArtifact,
  value: unknown,
): Promise<{ statistics: Statistics | undefined; findings: Finding[] }> {
  const findings: Finding[] = [];
  // First: a check may sort what it is given, or cut it down.
  const taken = artifact.quality.statistics ? statisticsOf(value, percentsOf(artifact.quality)) : undefined;
  for (const [name, check] of Object.entries(artifact.checks)) {
    const text = await problemOf(() => check(value));
    const severity = artifact.quality.warnings.has(name) ? "warn" : "block";
    if (text !== undefined) findings.push({ name, severity, text: `check '${name}' ${text}` });
  }
  return { statistics: taken && withOwn(taken, artifact, value, findings), findings };
}

/** A check says `true` or a sentence; anything else is no answer. */
async function problemOf(check: () => unknown): Promise<string | undefined> {
  try {
    const answer = await check();
    if (answer === true) return undefined;
    return typeof answer === "string"
      ? `failed: ${answer}`
      : `failed: no reason given; expected true or a sentence, received ${String(answer)}`;
  } catch (error) {
    return `threw: ${describeThrown(error)}`;
  }
}

/** The artifact's own that give no number are left out, and found. */
function withOwn(taken: Statistics, { quality }: DeclaredArtifact, value: unknown, findings: Finding[]): Statistics {
  const custom: Record<string, number> = {};
  for (const [name, compute] of Object.entries(quality.own)) {
    let problem: string;
    try {
      const answer: unknown = compute(value);
      if (typeof answer === "number" && Number.isFinite(answer)) {
        custom[name] = answer + 0;
        continue;
      }
      problem = `is not a finite number but ${String(answer)}`;
    } catch (error) {
      problem = `threw: ${describeThrown(error)}`;
    }
    findings.push({ name, severity: "block", text: `statistic '${name}' ${problem}` });
  }
  return { ...taken, custom };
}

/** What takes the statistics of an output that is written row by row; `undefined` where none are asked for. */
export function rowStatistics({ quality }: DeclaredArtifact): Accumulator | undefined {
  return quality.statistics ? new Accumulator(percentsOf(quality)) : undefined;
}

function percentsOf({ thresholds }: DeclaredArtifact["quality"]): readonly number[] {
  return Object.values(thresholds).flatMap(({ of }) => percentOf(of) ?? []);
}

/** Errors that say why a step's value is refused; the first finding that blocks says it. */
export function refusal(
  place: string,
  findings: readonly Finding[],
  hint: string | undefined,
): StratigraphError | undefined {
  const blocking = findings.filter(({ severity }) => severity === "block");
  if (blocking.length === 0) return undefined;
  return new StratigraphError("STEP_CHECK_FAILED", blocking.map(({ text }) => text).join("; "), { where: place, hint });
}

/** Judges thresholds, and remembers what is known of stored partitions. One per plan. */
export class Judge {
  readonly #workspace: Workspace;
  readonly #network: Network;
  /** What was linked last at a place; for partitions that this build does not look at. */
  readonly #latestOf: (node: GraphNode, position: number) => StoredPartition | undefined;
  readonly #known = new Map<PartitionId, QualityRecord>();

  constructor(workspace: Workspace, network: Network, latestOf: Judge["latestOf"]) {
    this.#workspace = workspace;
    this.#network = network;
    this.#latestOf = latestOf;
  }

  get latestOf(): (node: GraphNode, position: number) => StoredPartition | undefined {
    return this.#latestOf;
  }

  /**
   * Judges stored outputs as they are demanded to be now, though they were made when less was. Sets `warnings`, and refuses what blocks by
   * `blocked`. Reads what has no statistics yet.
   */
  async judgeStored(steps: readonly Step[], pinned: (step: Step) => boolean): Promise<void> {
    const judged = steps.filter(({ group }) => everyOutput(group.call).some(({ node }) => isJudged(node.artifact)));
    if (judged.length === 0) return;
    await this.#recall(judged.flatMap((step) => [...step.outputs!, ...this.#baselines(step)]));
    for (const step of judged) {
      const warnings: Warning[] = [];
      for (const [slot, stored] of step.outputs!.entries()) {
        const node = outputNode(step, slot);
        if (!isJudged(node.artifact)) continue;
        const { statistics, findings } = await this.#inspectedOf(node, stored);
        const found = [...findings, ...(await this.#overThresholds(step, slot, statistics))];
        for (const one of found) warnings.push({ ...one, key: node.key, partition: stored.key });
      }
      step.warnings = warnings;
      const place = stepPlace(step);
      const error = refusal(
        place,
        warnings,
        `Its stored value does not meet the thresholds, as they and the partitions before it are now. Make it anew: strata build '${place}' --force; or take it as it is: strata pin.`,
      );
      if (error === undefined) continue;
      if (pinned(step)) step.warnings = warnings.map((one) => ({ ...one, severity: "warn" }));
      else step.blocked = error;
    }
  }

  /** All findings of what a step has just made, by slot. */
  async judgeMade(step: Step, inspected: readonly Inspected[]): Promise<readonly (readonly Finding[])[]> {
    await this.#recall(this.#baselines(step));
    const findings: (readonly Finding[])[] = [];
    for (const [slot, { statistics, findings: found }] of inspected.entries()) {
      findings.push([...found, ...(await this.#overThresholds(step, slot, statistics))]);
    }
    return findings;
  }

  /** The steps whose outputs a step's thresholds compare with, nearest last. */
  predecessors(step: Step): readonly Step[] {
    const found = new Set<Step>();
    for (const { node } of step.group.call.outputs) {
      for (const { relative } of Object.values(node.artifact.quality.thresholds)) {
        if (relative !== undefined) for (const one of before(step, relative)) found.add(one);
      }
    }
    return [...found];
  }

  /** What a step that demands inputs without warnings cannot use. */
  unclean(step: Step): StratigraphError | undefined {
    for (const input of step.group.inputs) {
      const { spec } = step.group.call.inputs.find(({ name }) => name === input.name)!;
      const state = this.#network.states.get(input.from);
      if (spec.clean !== true || state === undefined || state.kind === "source") continue;
      for (const { key } of storedInputs(this.#network, input, step.position)) {
        const upstream = stepAt(state, state.set.positions.get(key)!)!;
        const warning = upstream.warnings?.find((one) => one.key === input.from.key && one.partition === key);
        if (warning === undefined) continue;
        return new StratigraphError("STEP_CHECK_FAILED", `input '${input.name}' has a warning: ${warning.text}`, {
          where: stepPlace(step),
          expected: "an input without warnings, as the producer says with clean()",
          received: placeText(input.from.key, key),
        });
      }
    }
    return undefined;
  }

  #baselines(step: Step): StoredPartition[] {
    const found: StoredPartition[] = [];
    for (const one of this.predecessors(step)) {
      for (const [slot] of one.group.call.outputs.entries()) {
        const stored = this.#storedAt(one, slot);
        if (stored !== undefined) found.push(stored);
      }
    }
    return found;
  }

  /** What counts as the data of a place: of this build, or of the last one where this one has not come to it. */
  #storedAt(step: Step, slot: number): StoredPartition | undefined {
    if (step.blocked !== undefined || step.state === "failed") return undefined;
    const latest = step.outputs?.[slot] ?? this.#latestOf(outputNode(step, slot), step.position);
    return latest?.damaged === true ? undefined : latest;
  }

  async #overThresholds(step: Step, slot: number, statistics: Statistics | undefined): Promise<Finding[]> {
    const node = outputNode(step, slot);
    const findings: Finding[] = [];
    for (const [name, threshold] of Object.entries(node.artifact.quality.thresholds)) {
      const value = statistics === undefined ? undefined : statisticNamed(statistics, threshold.of);
      const { relative } = threshold;
      const earlier = relative === undefined ? undefined : await this.#mean(step, slot, threshold, relative);
      const text = thresholdProblem(name, threshold, value, earlier);
      if (text !== undefined) findings.push({ name, severity: threshold.severity, text });
    }
    return findings;
  }

  async #mean(
    step: Step,
    slot: number,
    { of }: ThresholdSpec,
    relative: NonNullable<ThresholdSpec["relative"]>,
  ): Promise<{ readonly mean: number; readonly count: number } | undefined> {
    const node = outputNode(step, slot);
    let [sum, count] = [0, 0];
    for (const one of before(step, relative)) {
      const stored = this.#storedAt(one, slot);
      if (stored === undefined) continue;
      const { statistics } = await this.#inspectedOf(node, stored);
      const value = statistics === undefined ? undefined : statisticNamed(statistics, of);
      if (value === undefined) continue;
      sum += value;
      count++;
    }
    return count === 0 ? undefined : { mean: sum / count, count };
  }

  async #recall(partitions: readonly StoredPartition[]): Promise<void> {
    const ids = [...new Set(partitions.map(({ id }) => id))].filter((id) => !this.#known.has(id));
    for (const record of await this.#workspace.connection.readQuality(ids)) {
      if (record !== undefined) this.#known.set(record.partition, record);
    }
  }

  /**
   * As stored; what lacks a statistic that is demanded now is read and looked at again, and that is kept where it may be. What was made under
   * another schema says no more than is known of it.
   */
  async #inspectedOf(node: GraphNode, stored: StoredPartition): Promise<Inspected> {
    if (!this.#known.has(stored.id)) await this.#recall([stored]);
    const known = this.#known.get(stored.id);
    const statistics = known?.statistics as unknown as Statistics | undefined;
    const findings = (known?.findings ?? []) as unknown as readonly Finding[];
    const isForeign = stored.artifact !== node.identity;
    if (
      isForeign ||
      !node.artifact.quality.statistics ||
      (statistics !== undefined && hasAll(node.artifact, statistics))
    ) {
      return { statistics, findings };
    }
    const bytes = await readPartitionBytes(this.#workspace, node, stored);
    const value = await decodeValue(node.artifact, bytes, placeText(node.key, stored.key));
    const own: Finding[] = [];
    const taken = withOwn(statisticsOf(value, percentsOf(node.artifact.quality)), node.artifact, value, own);
    const record = qualityRecord(stored.id, { statistics: taken, findings })!;
    this.#known.set(stored.id, record);
    // A plan may be made where nothing can be written; then it is read again next time.
    await this.#workspace.connection.writeQuality([record]).catch(() => undefined);
    return { statistics: taken, findings: [...findings, ...own] };
  }
}

function hasAll({ quality }: DeclaredArtifact, statistics: Statistics): boolean {
  if (!Object.keys(quality.own).every((name) => Object.hasOwn(statistics.custom, name))) return false;
  return Object.values(quality.thresholds).every(({ of }) => {
    const percent = percentOf(of);
    const field = statistics.fields[of.slice(0, of.lastIndexOf(`.p${percent}`))];
    return percent === undefined || field?.quantiles === undefined || Object.hasOwn(field.quantiles, String(percent));
  });
}

/** What is kept with a partition; `undefined` where there is nothing. */
export function qualityRecord(partition: PartitionId, { statistics, findings }: Inspected): QualityRecord | undefined {
  if (statistics === undefined && findings.length === 0) return undefined;
  // `undefined` members are no JSON.
  const plain = JSON.parse(JSON.stringify({ statistics, findings })) as { statistics?: Json; findings: Json };
  return { partition, statistics: plain.statistics, findings: plain.findings };
}

export async function writeInspected(
  tx: Connection,
  outputs: readonly StoredPartition[],
  inspected: readonly Inspected[],
): Promise<void> {
  await tx.writeQuality(outputs.flatMap(({ id }, slot) => qualityRecord(id, inspected[slot]!) ?? []));
}

/** The steps before one along a dimension that agree on all others, the nearest so many, oldest first. */
function before(step: Step, { last, over }: NonNullable<ThresholdSpec["relative"]>): readonly Step[] {
  const { set, steps, call } = step.group;
  const dimension = call.dimensions[over]!;
  const mine = set.keys[step.position]!;
  const line = lineOf(step.group, over).get(otherText(mine, over))!;
  const at = line.findIndex((position) => compareValues(dimension, set.keys[position]![over]!, mine[over]!) >= 0);
  return line.slice(Math.max(0, at - last), at).map((position) => steps[position]!);
}

const lines = new WeakMap<StepGroup, Map<string, Map<string, number[]>>>();

/** By the other dimensions, the positions in order of one. */
function lineOf(group: StepGroup, over: string): Map<string, number[]> {
  let byDimension = lines.get(group);
  if (byDimension === undefined) lines.set(group, (byDimension = new Map<string, Map<string, number[]>>()));
  let line = byDimension.get(over);
  if (line === undefined) {
    byDimension.set(over, (line = new Map<string, number[]>()));
    const { keys } = group.set;
    for (const [position, key] of keys.entries()) {
      const text = otherText(key, over);
      line.set(text, [...(line.get(text) ?? []), position]);
    }
    const dimension = group.call.dimensions[over]!;
    for (const positions of line.values()) {
      positions.sort((a, b) => compareValues(dimension, keys[a]![over]!, keys[b]![over]!));
    }
  }
  return line;
}

function otherText(key: Readonly<Record<string, string | number>>, over: string): string {
  return JSON.stringify(
    Object.keys(key)
      .filter((name) => name !== over)
      .sort()
      .map((name) => key[name]),
  );
}

/** A sentence where a value is not within its limits; nothing to compare with is no problem, nothing to compare is. */
function thresholdProblem(
  name: string,
  { of, min, max, relative }: ThresholdSpec,
  value: number | undefined,
  earlier: { readonly mean: number; readonly count: number } | undefined,
): string | undefined {
  if (relative !== undefined && earlier === undefined) return undefined;
  if (value === undefined) return `threshold '${name}': there is no ${of}: no row has a number there`;
  const factor = earlier?.mean ?? 1;
  const beside =
    earlier === undefined ? "" : ` (the mean of the last ${earlier.count} is ${short(earlier.mean)}, times `;
  if (min !== undefined && value < min * factor) {
    return `threshold '${name}': ${of} is ${short(value)}, less than ${short(min * factor)}${earlier === undefined ? "" : `${beside}${min})`}`;
  }
  if (max !== undefined && value > max * factor) {
    return `threshold '${name}': ${of} is ${short(value)}, more than ${short(max * factor)}${earlier === undefined ? "" : `${beside}${max})`}`;
  }
  return undefined;
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
