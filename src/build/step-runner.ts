// Runs one claimed step, from its inputs to what is remembered of it.

import type { Fence, RunId, RunRecord, StoredPartition } from "../backend/records.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { counters } from "../util/counters.ts";
import { createId } from "../util/id.ts";
import { predecessors } from "./earlier.ts";
import { warningsIn, type Judge } from "./judge.ts";
import { runOf, type Ledger } from "./ledger.ts";
import { stepManifestOf, stepName, stepPlace, type Network, type Step } from "./network.ts";
import { partWriters, writingParts } from "./part-output.ts";
import { placeText } from "./place.ts";
import { refusal, type Finding } from "./quality.ts";
import { writingRows } from "./row-output.ts";
import { insideRun, type StepScope } from "./run-scope.ts";
import type { ScheduleOptions } from "./schedule.ts";
import { InputDamaged, StepInputs } from "./step-inputs.ts";
import { errorRecord, withSecrets } from "./step-record.ts";
import { StepTools } from "./step-tools.ts";
import {
  attemptsBefore,
  callProducer,
  locateOutputs,
  partTarget,
  readInputs,
  rowTarget,
  writeOutputs,
  type ReadInput,
  type WrittenOutputs,
} from "./step.ts";
import { describeThrown } from "./thrown.ts";
import type { Workspace } from "./workspace.ts";

/** What came of a step; its lease is let go unless it is "starved" or "postponed". */
export type StepOutcome =
  | { readonly kind: "built"; readonly outputs: readonly StoredPartition[]; readonly run: RunRecord }
  /** Another process took it over meanwhile: its result counts. */
  | { readonly kind: "superseded" }
  | { readonly kind: "failed"; readonly error: StratigraphError; readonly run: RunRecord }
  | { readonly kind: "cancelled" }
  /** Bytes that it needs are gone. */
  | { readonly kind: "starved"; readonly damage: InputDamaged }
  /** What it must be judged beside is only made when stored bytes have healed: it is made and judged then. */
  | { readonly kind: "postponed" };

export interface StepRunnerOptions extends Pick<
  ScheduleOptions,
  "snapshot" | "build" | "executor" | "secrets" | "signal" | "emit"
> {
  readonly ledger: Ledger;
  readonly judge: Judge;
  /** Waits until the step has its outputs, or will not get any before stored bytes have healed, or not at all. */
  readonly ended: (step: Step) => Promise<"ended" | "healing">;
}

/** What its producer gave, as it lies in the storage without a name. */
interface Made {
  readonly written: WrittenOutputs;
  readonly read: readonly ReadInput[];
  readonly attempts: number;
}

export class StepRunner {
  readonly #workspace: Workspace;
  readonly #network: Network;
  readonly #options: StepRunnerOptions;

  constructor(workspace: Workspace, network: Network, options: StepRunnerOptions) {
    this.#workspace = workspace;
    this.#network = network;
    this.#options = options;
  }

  /**
   * `produced` is called once the producer is done, with the milliseconds it took if it succeeded: from then on the step only waits for the
   * disk or for steps that it is compared with. Rejects for what stops everything, such as a database that cannot be written.
   */
  async run(step: Step, fence: Fence, produced: (duration: number | undefined) => void): Promise<StepOutcome> {
    const { clock, holder, storage } = this.#workspace;
    const { emit, snapshot, build, secrets } = this.#options;
    const name = stepName(step);
    const id = createId(clock) as RunId;
    const facts = runOf(step, { id, parent: build, graph: this.#network.graph.name, snapshot, holder });
    const startedAt = new Date(clock.now()).toISOString();
    const started = clock.monotonic();
    emit({ type: "step-started", step: name, reason: step.reason, attempt: 1, run: id, build });
    counters.steps++;
    const monotonic = (): number => clock.monotonic();
    const tools = new StepTools({ step: name, home: storage.home, secrets, emit, monotonic });
    const ended = (state: RunRecord["state"], attempts: number): RunRecord => ({
      ...facts,
      reason: withSecrets(facts.reason, tools),
      startedAt,
      finishedAt: new Date(clock.now()).toISOString(),
      duration: clock.monotonic() - started,
      state,
      attempts,
      error: undefined,
    });
    try {
      const made = await this.#make(step, facts, tools);
      const run = ended("succeeded", made.attempts);
      produced(run.duration);
      return await this.#settle(step, fence, run, made);
    } catch (error) {
      produced(undefined);
      const thrown = error instanceof InputDamaged ? error : tools.secrets.redactError(error);
      return await this.#fault(step, fence, ended("failed", attemptsBefore(error)), thrown);
    } finally {
      tools.close();
    }
  }

  async #make(step: Step, facts: ReturnType<typeof runOf>, tools: StepTools): Promise<Made> {
    const { executor, signal, emit } = this.#options;
    const { id } = facts;
    const name = stepName(step);
    const locations = locateOutputs(this.#workspace, this.#network, step, id);
    using inputs = new StepInputs(this.#workspace, "healed");
    const { values, read } = await readInputs(inputs, this.#network, step);
    const parts = partWriters(() => partTarget(this.#workspace, this.#network, step, id, tools));
    const rows = rowTarget(this.#workspace, step, locations, tools);
    const producer = writingParts(writingRows(step.group.call.producer, rows), parts);
    const key = step.group.set.keys[step.position]!;
    const task = { step: name, producer, inputs: values, key, work: step.input!, tools, parts };
    // What the producer records, a model it registers say, is recorded as part of this run.
    const { result, attempts } = await insideRun(
      id,
      () =>
        callProducer(executor, task, inputs, signal, (attempt, delay, error) =>
          emit({ type: "step-retrying", step: name, attempt, delay, error: tools.secrets.redactError(error) }),
        ),
      this.#scopeOf(facts),
    );
    tools.checkResult(result);
    return { written: await writeOutputs(this.#workspace, step, result, locations, id), read, attempts };
  }

  #scopeOf({ graph, producer, version, key }: ReturnType<typeof runOf>): StepScope {
    const { snapshot } = this.#options;
    const { fingerprint: config } = this.#network.graph;
    return { graph, snapshot, producer: producer!, version: version!, key: key!, config };
  }

  /** Judges what was made, and remembers it: in its place, or in the quarantine. */
  async #settle(step: Step, fence: Fence, run: RunRecord, { written, read }: Made): Promise<StepOutcome> {
    const { ledger } = this.#options;
    const name = stepName(step);
    const manifest = stepManifestOf(this.#network, step);
    const findings = await this.#judge(step, written);
    if (findings === undefined) return { kind: "postponed" };
    const made = written.outputs.map(({ partition }) => partition);
    const warnings = warningsIn(step, made, findings);
    const refused = refusal(
      placeText(name.key, name.partition),
      warnings,
      quarantineHint(step.group.call.parts === undefined ? name : (warnings.find(isBlocking) ?? name)),
      step.group.call.parts !== undefined,
    );
    if (refused !== undefined) {
      const failed: RunRecord = { ...run, state: "failed", error: errorRecord(refused) };
      await ledger.fail(fence, failed, { step, manifest, ...written, inputs: read, findings });
      return { kind: "failed", error: refused, run: failed };
    }
    step.warnings = warnings;
    const finished: RunRecord = step.warnings.length > 0 ? { ...run, state: "warning" } : run;
    const answer = await ledger.commit({ step, manifest, fence, run: finished, ...written, inputs: read });
    return answer === "superseded" ? { kind: "superseded" } : { kind: "built", outputs: answer, run: finished };
  }

  /**
   * Thresholds that look back wait for what they look at; this step's place is free meanwhile, so that it can come. `undefined` where it
   * comes in the next pass only.
   */
  async #judge(
    step: Step,
    { outputs, inspected }: WrittenOutputs,
  ): Promise<readonly (readonly Finding[])[] | undefined> {
    const { judge, ended, signal } = this.#options;
    for (const earlier of predecessors(step)) if ((await ended(earlier)) === "healing") return undefined;
    if (signal.aborted) {
      throw new StratigraphError("BUILD_CANCELLED", "the build was cancelled", { where: stepPlace(step) });
    }
    const texts = outputs.map(({ partition }) => partition.key);
    return judge.judgeMade(step, texts, inspected);
  }

  async #fault(step: Step, fence: Fence, run: RunRecord, thrown: unknown): Promise<StepOutcome> {
    const { ledger } = this.#options;
    if (thrown instanceof InputDamaged) return { kind: "starved", damage: thrown };
    if (isStratigraphError(thrown) && thrown.code === "BUILD_CANCELLED") {
      await ledger.fail(fence, { ...run, state: "cancelled" });
      return { kind: "cancelled" };
    }
    if (isStratigraphError(thrown) && thrown.code.startsWith("BACKEND_")) throw thrown;
    const error = isStratigraphError(thrown)
      ? thrown
      : new StratigraphError("STEP_FAILED", `the step failed: ${describeThrown(thrown)}`, {
          where: `producer '${step.group.call.producer.name}'`,
          cause: thrown,
        });
    const failed = { ...run, error: errorRecord(error) };
    await ledger.fail(fence, failed);
    return { kind: "failed", error, run: failed };
  }
}

function isBlocking({ severity }: Finding): boolean {
  return severity === "block";
}

function quarantineHint({ key, partition }: { readonly key: string; readonly partition: string }): string {
  return `It is kept to be looked at: strata quarantine '${placeText(key, partition)}'`;
}
