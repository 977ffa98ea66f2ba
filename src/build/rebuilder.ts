// Decides: is a step up to date, and if not, why.

import { everyItem } from "../backend/pages.ts";
import type { MarkRecord, PartitionQuery, StoredPartition } from "../backend/records.ts";
import { isStratigraphError, type StratigraphError } from "../errors.ts";
import type { GraphNode } from "../graph/graph.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import type { PartitionId } from "../backend/records.ts";
import type { KeyText } from "../identity/partition-key.ts";
import { compareToManifest } from "./comparison.ts";
import {
  knownInputs,
  outputNode,
  stepInputs,
  stepName,
  stepPlace,
  upstreamSteps,
  type Network,
  type Step,
  type StepGroup,
} from "./network.ts";
import { Judge } from "./judge.ts";
import { findParts } from "./parts.ts";
import { invalid as pinInvalid, readPins, type Pin, type PinnedContents } from "./pins.ts";
import { placeText } from "./place.ts";
import { builtBefore, neverBuilt, unchanged, type Reason } from "./reason.ts";
import { stepManifest } from "./step-identity.ts";
import { readPartitionBytes, storageOf, type Workspace } from "./workspace.ts";

/** Places that one query asks for: more would only take memory. */
const MOST_ASKED = 50_000;

export interface RebuilderOptions {
  /** Steps to run whatever is remembered. */
  readonly forced: (step: Step) => boolean;
  /** Why they are forced, as somebody said it. */
  readonly why: string | undefined;
  /** Read every reused output and check its content, instead of only looking whether it is there. */
  readonly verify: boolean;
  /** Believe what is remembered without looking whether the bytes are there. */
  readonly trust: boolean;
}

/** Remembers what was linked last under each key, so that a build in which nothing changed asks the backend once. */
export class Rebuilder {
  readonly #workspace: Workspace;
  readonly #network: Network;
  readonly #options: RebuilderOptions;
  #latest = new Map<GraphNode, readonly (StoredPartition | undefined)[]>();
  #taints: Promise<ReadonlyMap<PartitionId, MarkRecord>> | undefined;
  /** Steps whose result stays, see `pins.ts`. */
  pins: ReadonlyMap<Step, Pin> = new Map<Step, Pin>();
  #pinned: PinnedContents | undefined;
  readonly judge: Judge;
  /** Partitions whose bytes turned out to be missing or changed. */
  readonly damaged: Set<PartitionId> = new Set();

  constructor(workspace: Workspace, network: Network, options: RebuilderOptions) {
    this.#workspace = workspace;
    this.#network = network;
    this.#options = options;
    this.judge = new Judge(workspace, network, (node, position) => this.latestOf(node, position));
  }

  /** What the pins add to the snapshot's identity. */
  get pinned(): PinnedContents {
    return this.#pinned ?? [];
  }

  /** Reads, in one query each, what was linked last for every step of these groups, and the pins. */
  async recall(groups: readonly StepGroup[]): Promise<void> {
    const { steps, contents } = await readPins(this.#workspace, this.#network);
    this.pins = steps;
    // As it was when nothing of a fan-out was known: the same in every pass of a build.
    this.#pinned ??= contents;
    const nodes = groups.flatMap(({ call, set }) => call.outputs.map(({ node }) => ({ node, keys: set.texts })));
    const found = await this.#findLatest(nodes);
    nodes.forEach(({ node }, index) => this.#latest.set(node, found[index]!));
  }

  /** The same for the sources, which only a build that writes needs: a source that is as it was keeps its record. */
  async recallSources(): Promise<void> {
    const { sources } = this.#network;
    const latest = await this.#findLatest(sources.map(({ node, set }) => ({ node, keys: set.texts })));
    for (const [index, { node, found, stored }] of sources.entries()) {
      for (const [position, { content, location }] of found.entries()) {
        const before = latest[index]![position];
        if (before?.content !== content.fingerprint || before.location !== location) continue;
        if (before.artifact === node.identity) stored[position] ??= before;
      }
    }
  }

  async #findLatest(
    nodes: readonly { readonly node: GraphNode; readonly keys: readonly KeyText[] }[],
  ): Promise<(readonly (StoredPartition | undefined)[])[]> {
    const { connection } = this.#workspace;
    const found = nodes.map((): (StoredPartition | undefined)[] => []);
    let asked: { readonly index: number; readonly artifactKey: string; readonly key: KeyText }[] = [];
    const ask = async (): Promise<void> => {
      const answers = await connection.findLatestPartitions(this.#network.graph.name, asked);
      asked.forEach(({ index }, at) => found[index]!.push(answers[at]));
      asked = [];
    };
    for (const [index, { node, keys }] of nodes.entries()) {
      for (const key of keys) {
        asked.push({ index, artifactKey: node.key, key });
        if (asked.length === MOST_ASKED) await ask();
      }
    }
    if (asked.length > 0) await ask();
    return found;
  }

  latestOf(node: GraphNode, position: number): StoredPartition | undefined {
    return this.#latest.get(node)?.[position];
  }

  /**
   * Sets state, reason, manifest and (where up to date) outputs of steps that do not depend on each other.
   * A step with an input that is not built yet becomes `pending`, or what is known of it already.
   * One query for all that did not stay as they were.
   */
  async decide(steps: readonly Step[]): Promise<void> {
    const open: Step[] = [];
    const waiting: Step[] = [];
    for (const step of steps) {
      const pin = this.pins.get(step);
      if (pin !== undefined) {
        adopt(step, pin.outputs, { code: "pinned", note: pin.why });
        continue;
      }
      const inputs = stepInputs(this.#network, step);
      if (inputs === undefined) {
        this.#wait(step);
        if (step.state === "pending") waiting.push(step);
        continue;
      }
      step.input = stepManifest(
        step.group.producer.fingerprint,
        step.group.set.texts[step.position]!,
        inputs,
      ).fingerprint;
      const unclean = this.judge.unclean(step);
      if (unclean !== undefined) {
        block(step, unclean);
        continue;
      }
      if (this.#options.forced(step)) {
        step.state = "stale";
        step.reason = this.#forced();
      } else if (!this.#adoptLatest(step, step.input)) open.push(step);
    }
    await this.#adoptEarlier(open);
    await this.#adoptParts(steps.filter((step) => step.outputs !== undefined && step.group.call.parts !== undefined));
    await this.#examine(steps.filter((step) => step.state === "up-to-date"));
    await this.judgeStored(steps.filter((step) => step.state === "up-to-date"));
    await this.#explain(steps.filter((step) => step.state === "missing"));
    await this.#explainWaiting(waiting);
  }

  /** Judges what is to be used as it is stored; what blocks is not used. */
  async judgeStored(steps: readonly Step[]): Promise<void> {
    await this.judge.judgeStored(steps, (step) => this.pins.has(step));
    for (const step of steps) if (step.blocked !== undefined) block(step, step.blocked);
  }

  #wait(step: Step): void {
    const on: string[] = [];
    for (const upstream of upstreamSteps(this.#network, step)) {
      if (upstream.outputs !== undefined || on.length >= 3) continue;
      const { key, partition } = stepName(upstream);
      const place = placeText(key, partition);
      if (!on.includes(place)) on.push(place);
    }
    const forced = this.#options.forced(step);
    step.state = forced ? "stale" : "pending";
    step.reason = forced ? { ...this.#forced(), on } : { code: "pending", on };
  }

  #forced(): Reason {
    const { why } = this.#options;
    return why === undefined ? { code: "forced" } : { code: "forced", note: why };
  }

  /**
   * Says of steps that wait what has changed already. One whose producer was never used as it is now is sure to run, whatever its
   * inputs come to; for the others, one of them going back to an earlier version, there may be a result.
   */
  async #explainWaiting(steps: readonly Step[]): Promise<void> {
    const built: { step: Step; before: Fingerprint }[] = [];
    for (const step of steps) {
      const before = this.latestOf(step.group.call.outputs[0]!.node, step.position)?.input;
      if (before !== undefined) built.push({ step, before });
    }
    if (built.length === 0) return;
    const { connection } = this.#workspace;
    const before = await connection.readManifests(built.map((one) => one.before));
    const producers = new Map(built.map(({ step: { group } }) => [group.producer.fingerprint, false]));
    const stored = await connection.readManifests([...producers.keys()]);
    [...producers.keys()].forEach((producer, index) => producers.set(producer, stored[index] !== undefined));
    for (const [index, { step }] of built.entries()) {
      const { producer } = step.group;
      const now = { producer: producer.fingerprint, inputs: knownInputs(this.#network, step) };
      const known = await compareToManifest(connection, step, before[index]?.text, now);
      const { on } = step.reason;
      if (producers.get(producer.fingerprint) === false) {
        step.state = "stale";
        step.reason = { ...known, on };
      } else if (known.changes !== undefined && known.changes.length > 0) {
        step.reason = { ...known, code: "pending", on };
      }
    }
  }

  #adoptLatest(step: Step, input: Fingerprint): boolean {
    const outputs = step.group.call.outputs.map(({ node }) => {
      const latest = this.latestOf(node, step.position);
      const isSame = latest?.input === input && !latest.damaged && latest.artifact === node.identity;
      return isSame ? latest : undefined;
    });
    if (!areAll(outputs)) return false;
    step.input = outputs[0]!.input; // one text instead of two equal ones
    adopt(step, outputs, unchanged);
    return true;
  }

  async #adoptEarlier(steps: readonly Step[]): Promise<void> {
    for (let start = 0; start < steps.length; start += MOST_ASKED) {
      const some = steps.slice(start, start + MOST_ASKED);
      const found = await findOutputs(this.#workspace, some);
      some.forEach((step, index) => {
        const outputs = found[index];
        if (outputs !== undefined) adopt(step, outputs, builtBefore);
        else step.state = "missing";
      });
    }
  }

  /** Of adopted fan-outs the partitions that their lists name; one of which some is gone is not adopted. */
  async #adoptParts(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return;
    const found = await findParts(
      this.#workspace,
      steps.map((step) => ({ step, keys: step.outputs![0]! })),
    );
    steps.forEach((step, index) => {
      step.outputs = found[index];
      if (step.outputs !== undefined) return;
      const { node } = step.group.call.outputs[0]!;
      if (this.pins.has(step)) throw pinInvalid(stepPlace(step), `a partition that '${node.key}' lists is gone`);
      step.state = "stale";
      step.reason = { code: "output-missing" };
    });
  }

  /** Looks whether the bytes of adopted outputs are there, and with `verify` whether they are the recorded ones. */
  async #examine(steps: readonly Step[]): Promise<void> {
    if (this.#options.trust && !this.#options.verify) return;
    for (const step of steps) {
      for (const [slot, output] of step.outputs!.entries()) {
        const problem = await this.#problemOf(outputNode(step, slot), output);
        if (problem === undefined) continue;
        if (this.pins.has(step)) {
          const { key } = outputNode(step, slot);
          const what =
            problem === "missing" ? "its stored bytes are gone" : "its stored bytes are not the ones recorded";
          throw pinInvalid(placeText(key, output.key), what);
        }
        this.damaged.add(output.id);
        step.outputs = undefined;
        step.state = problem === "missing" ? "missing" : "stale";
        step.reason = { code: problem === "missing" ? "output-missing" : "output-damaged" };
        break;
      }
    }
  }

  async #problemOf(node: GraphNode, output: StoredPartition): Promise<"missing" | "damaged" | undefined> {
    if (output.value === undefined) {
      const look = storageOf(node, output.storage).look(output.location, output.size, this.#workspace.storage);
      if (look !== "present") return look;
    }
    if (!this.#options.verify) return undefined;
    try {
      await readPartitionBytes(this.#workspace, node, output);
      return undefined;
    } catch (error) {
      if (!isStratigraphError(error)) throw error;
      if (error.code === "DATA_MISSING") return "missing";
      if (error.code === "DATA_DAMAGED") return "damaged";
      throw error;
    }
  }

  /** The taint of a partition as it was built then; asked for once, and only where something is damaged. */
  async #taintOf(partition: StoredPartition): Promise<MarkRecord | undefined> {
    const { connection } = this.#workspace;
    const filter = { graph: this.#network.graph.name, kind: "taint", open: true } as const;
    this.#taints ??= (async () => {
      const taints = new Map<PartitionId, MarkRecord>();
      for await (const mark of everyItem((page) => connection.listMarks(filter, page)))
        taints.set(mark.partition, mark);
      return taints;
    })();
    const mark = (await this.#taints).get(partition.id);
    return mark?.run === partition.run ? mark : undefined;
  }

  /** Says why: compares with the manifest of what was linked last under the same key. */
  async #explain(steps: readonly Step[]): Promise<void> {
    const changed: { step: Step; before: Fingerprint }[] = [];
    for (const step of steps) {
      if (step.reason.code === "output-missing") continue;
      const latest = this.latestOf(step.group.call.outputs[0]!.node, step.position);
      const taint = latest?.damaged === true ? await this.#taintOf(latest) : undefined;
      if (latest?.input === undefined) step.reason = neverBuilt;
      else if (taint !== undefined) step.reason = { code: "tainted", note: taint.why };
      else if (latest.input === step.input) step.reason = { code: "output-damaged" };
      else changed.push({ step, before: latest.input });
      if (latest !== undefined) step.state = "stale";
    }
    const { connection } = this.#workspace;
    const before = await connection.readManifests(changed.map((change) => change.before));
    for (const [index, { step }] of changed.entries()) {
      const now = { producer: step.group.producer.fingerprint, inputs: knownInputs(this.#network, step) };
      step.reason = await compareToManifest(connection, step, before[index]?.text, now);
    }
  }
}

/** The stored outputs of each step, where all of them exist: one query. */
export async function findOutputs(
  workspace: Workspace,
  steps: readonly Step[],
): Promise<(readonly StoredPartition[] | undefined)[]> {
  if (steps.length === 0) return [];
  const queries: PartitionQuery[] = steps.flatMap((step) =>
    step.group.call.outputs.map(({ node }) => ({
      artifact: node.identity,
      key: step.group.set.texts[step.position]!,
      input: step.input!,
    })),
  );
  const found = await workspace.connection.findPartitions(queries);
  let start = 0;
  return steps.map((step) => {
    const outputs = found.slice(start, (start += step.group.call.outputs.length));
    return areAll(outputs) ? outputs : undefined;
  });
}

/** The same with the partitions of fan-outs. */
export async function findEverything(
  workspace: Workspace,
  steps: readonly Step[],
): Promise<(readonly StoredPartition[] | undefined)[]> {
  const found = await findOutputs(workspace, steps);
  const fanned: number[] = [];
  steps.forEach((step, index) => {
    if (step.group.call.parts !== undefined && found[index] !== undefined) fanned.push(index);
  });
  if (fanned.length === 0) return found;
  const lists = fanned.map((index) => ({ step: steps[index]!, keys: found[index]![0]! }));
  const parts = await findParts(workspace, lists);
  fanned.forEach((index, at) => (found[index] = parts[at]));
  return found;
}

function areAll<T>(list: readonly (T | undefined)[]): list is readonly T[] {
  return list.every((one) => one !== undefined);
}

function block(step: Step, error: StratigraphError): void {
  step.blocked = error;
  step.outputs = undefined;
  step.state = "stale";
  step.reason = { code: "blocked", note: error.what };
}

function adopt(step: Step, outputs: readonly StoredPartition[], reason: Reason): void {
  step.outputs = outputs;
  step.state = "up-to-date";
  step.reason = reason;
}
