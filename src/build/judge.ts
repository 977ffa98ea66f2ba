// Judges what is made and what is stored by the thresholds there are now, beside the partitions before it.

import type { PartitionId, QualityRecord, StoredPartition } from "../backend/records.ts";
import { decodeValue } from "../data/io.ts";
import { statisticNamed, statisticsOf, type Statistics } from "../data/statistics/statistics.ts";
import { StratigraphError } from "../errors.ts";
import type { DeclaredArtifact } from "../graph/artifact.ts";
import { everyOutput, type GraphNode } from "../graph/graph.ts";
import { percentOf, type ThresholdSpec } from "../graph/quality.ts";
import { decodeKey, type KeyText } from "../identity/partition-key.ts";
import { isJudged } from "./demands.ts";
import { allBefore, before, inOrder, isFound, PartLines, relativesOf, storedLines, type Relative } from "./earlier.ts";
import { outputNode, stepAt, stepPlace, storedInputs, type Network, type Step } from "./network.ts";
import { findParts } from "./parts.ts";
import { placeText } from "./place.ts";
import { percentsOf, qualityRecord, refusal, withOwn, type Finding, type Inspected, type Warning } from "./quality.ts";
import { readPartitionBytes, type Workspace } from "./workspace.ts";

/** Judges thresholds, and remembers what is known of stored partitions. One per plan. */
export class Judge {
  readonly #workspace: Workspace;
  readonly #network: Network;
  /** What was linked last at a place; for partitions that this build does not look at. */
  readonly #latestOf: (node: GraphNode, position: number) => StoredPartition | undefined;
  readonly #known = new Map<PartitionId, QualityRecord>();
  /** By the list of their keys. */
  readonly #parts = new Map<PartitionId, readonly StoredPartition[] | undefined>();

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
    const known = new Set<StoredPartition>();
    for (const step of judged) {
      const texts = step.outputs!.map(({ key }) => key);
      for (const stored of step.outputs!) known.add(stored);
      for (const stored of await this.#baselines(step, texts)) known.add(stored);
    }
    await this.#recall(known);
    for (const step of judged) {
      const isPinned = pinned(step);
      const outputs = step.outputs!;
      const findings = await this.#judge(step, {
        texts: outputs.map(({ key }) => key),
        takesAll: isPinned,
        inspected: (slot) => {
          const node = outputNode(step, slot);
          return isJudged(node.artifact) ? this.#inspectedOf(node, outputs[slot]!) : nothing;
        },
      });
      const warnings = warningsIn(step, outputs, findings);
      step.warnings = warnings;
      const place = stepPlace(step);
      const error = refusal(
        place,
        warnings,
        `Its stored value does not meet the thresholds, as they and the partitions before it are now. Make it anew: strata build '${place}' --force; or take it as it is: strata pin.`,
        step.group.call.parts !== undefined,
      );
      if (error === undefined) continue;
      if (isPinned) step.warnings = warnings.map((one) => ({ ...one, severity: "warn" }));
      else step.blocked = error;
    }
  }

  /** All findings of what a step has just made, by slot. `texts`: the keys of it. */
  async judgeMade(
    step: Step,
    texts: readonly KeyText[],
    inspected: readonly Inspected[],
  ): Promise<readonly (readonly Finding[])[]> {
    await this.#recall(await this.#baselines(step, texts));
    return this.#judge(step, { texts, takesAll: false, inspected: (slot) => inspected[slot]! });
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

  /** By slot. Of one fan-out, those that are refused are no measure for those after them, as elsewhere. */
  async #judge(step: Step, { texts, takesAll, inspected }: Judged): Promise<readonly (readonly Finding[])[]> {
    const findings = texts.map((): readonly Finding[] => []);
    const lines = new PartLines(step, texts);
    const taken = new Map<number, Statistics | undefined>();
    for (const slot of inOrder(step, texts)) {
      const { statistics, findings: found } = await inspected(slot);
      const mine = [...found];
      const { artifact } = outputNode(step, slot);
      for (const [name, threshold] of Object.entries(artifact.quality.thresholds)) {
        const { of, relative } = threshold;
        let earlier: Mean | undefined;
        if (relative !== undefined) {
          earlier =
            slot > 0 && isFound(step, relative.over)
              ? meanOf(
                  of,
                  lines.before(slot, relative).map((one) => taken.get(one)),
                )
              : meanOf(of, await this.#statisticsBefore(step, slot, texts[slot]!, relative));
        }
        const value = statistics === undefined ? undefined : statisticNamed(statistics, of);
        const text = thresholdProblem(name, threshold, value, earlier);
        if (text !== undefined) mine.push({ name, severity: threshold.severity, text });
      }
      findings[slot] = mine;
      if (takesAll || mine.every(({ severity }) => severity === "warn")) taken.set(slot, statistics);
    }
    return findings;
  }

  async #statisticsBefore(
    step: Step,
    slot: number,
    text: KeyText,
    relative: Relative,
  ): Promise<(Statistics | undefined)[]> {
    const node = outputNode(step, slot);
    const found: (Statistics | undefined)[] = [];
    for (const stored of await this.#storedBefore(step, slot, text, relative)) {
      found.push((await this.#inspectedOf(node, stored)).statistics);
    }
    return found;
  }

  /** What other steps made that is earlier, oldest first. */
  async #storedBefore(step: Step, slot: number, text: KeyText, relative: Relative): Promise<StoredPartition[]> {
    const { parts } = step.group.call;
    const found: StoredPartition[] = [];
    if (parts === undefined) {
      for (const one of before(step, relative)) {
        const stored = this.#storedAt(one, slot);
        if (stored !== undefined) found.push(stored);
      }
      return found;
    }
    const { last, over } = relative;
    const key = decodeKey(parts.node.artifact.dimensions, text);
    for (const one of allBefore(step, over)) {
      const outputs = await this.#everythingAt(one);
      const there = outputs && storedLines(one, outputs).beside(key, over);
      if (there !== undefined && found.unshift(outputs![there]!) === last) break;
    }
    return found;
  }

  async #baselines(step: Step, texts: readonly KeyText[]): Promise<ReadonlySet<StoredPartition>> {
    const found = new Set<StoredPartition>();
    for (const [slot, text] of texts.entries()) {
      for (const relative of relativesOf(outputNode(step, slot))) {
        if (slot > 0 && isFound(step, relative.over)) continue;
        for (const stored of await this.#storedBefore(step, slot, text, relative)) found.add(stored);
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

  /** The same of a fan-out: the list of keys, and the partitions that it names. */
  async #everythingAt(step: Step): Promise<readonly StoredPartition[] | undefined> {
    const keys = this.#storedAt(step, 0);
    if (keys === undefined || step.outputs !== undefined) return keys && step.outputs;
    if (!this.#parts.has(keys.id)) {
      const [outputs] = await findParts(this.#workspace, [{ step, keys }]);
      this.#parts.set(keys.id, outputs);
    }
    return this.#parts.get(keys.id);
  }

  async #recall(partitions: Iterable<StoredPartition>): Promise<void> {
    const ids = new Set<PartitionId>();
    for (const { id } of partitions) if (!this.#known.has(id)) ids.add(id);
    for (const record of await this.#workspace.connection.readQuality([...ids])) {
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

const nothing: Inspected = { statistics: undefined, findings: [] };

/** What is judged of a step, together. */
interface Judged {
  /** The keys, by slot. */
  readonly texts: readonly KeyText[];
  /** Whether what is refused is used all the same. */
  readonly takesAll: boolean;
  readonly inspected: (slot: number) => Inspected | Promise<Inspected>;
}

/** Findings with the outputs they are about. */
export function warningsIn(
  step: Step,
  outputs: readonly { readonly key: KeyText }[],
  findings: readonly (readonly Finding[])[],
): readonly Warning[] {
  return findings.flatMap((found, slot) =>
    found.map((one) => ({ ...one, key: outputNode(step, slot).key, partition: outputs[slot]!.key })),
  );
}

interface Mean {
  readonly mean: number;
  readonly count: number;
}

function meanOf(of: string, earlier: readonly (Statistics | undefined)[]): Mean | undefined {
  let [sum, count] = [0, 0];
  for (const statistics of earlier) {
    const value = statistics === undefined ? undefined : statisticNamed(statistics, of);
    if (value === undefined) continue;
    sum += value;
    count++;
  }
  return count === 0 ? undefined : { mean: sum / count, count };
}

function hasAll({ quality }: DeclaredArtifact, statistics: Statistics): boolean {
  if (!Object.keys(quality.own).every((name) => Object.hasOwn(statistics.custom, name))) return false;
  return Object.values(quality.thresholds).every(({ of }) => {
    const percent = percentOf(of);
    const field = statistics.fields[of.slice(0, of.lastIndexOf(`.p${percent}`))];
    return percent === undefined || field?.quantiles === undefined || Object.hasOwn(field.quantiles, String(percent));
  });
}

/** A sentence where a value is not within its limits; nothing to compare with is no problem, nothing to compare is. */
function thresholdProblem(
  name: string,
  { of, min, max, relative }: ThresholdSpec,
  value: number | undefined,
  earlier: Mean | undefined,
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
