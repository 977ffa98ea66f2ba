// Orders: starts each step as soon as its own inputs are there, so many at once, until nothing is left to do.

import type { Fence, RunId, RunRecord, StoredPartition } from "../backend/records.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { counters } from "../util/counters.ts";
import { createId } from "../util/id.ts";
import { Queue } from "../util/queue.ts";
import type { StepName } from "./events.ts";
import { Ledger, runOf } from "./ledger.ts";
import { insideRun, type StepScope } from "./run-scope.ts";
import { outputNode, stepManifestOf, stepName, stepPlace, upstreamSteps, type Network, type Step } from "./network.ts";
import { Pools } from "./pools.ts";
import { builtBefore } from "./reason.ts";
import { placeText } from "./place.ts";
import { neededSteps } from "./plan.ts";
import type { Rebuilder } from "./rebuilder.ts";
import type { ScheduleOptions, ScheduleResult, StepEnd } from "./schedule.ts";
import { writingParts } from "./part-output.ts";
import { writingRows } from "./row-output.ts";
import { InputDamaged, StepInputs } from "./step-inputs.ts";
import { errorRecord, linksOf, withSecrets } from "./step-record.ts";
import { refusal, type Finding } from "./quality.ts";
import { StepTools } from "./step-tools.ts";
import {
  attemptsBefore,
  callProducer,
  locateOutputs,
  readInputs,
  partTarget,
  rowTarget,
  writeOutputs,
  type WrittenOutputs,
} from "./step.ts";
import { describeThrown } from "./thrown.ts";
import type { Workspace } from "./workspace.ts";

/** How long to wait before asking again for work that another process holds, in milliseconds. */
const POLL_TIME = 100;
/** Claims are taken ahead of running so that short steps share transactions, but no more than this much work, in milliseconds. */
const CLAIM_AHEAD = 50;
const MOST_CLAIMED = 256;

/** What a step must be judged beside is only made when stored bytes have healed: it is made and judged then. */
class NextPass extends Error {}

/** Carries out a planned network. Every needed step ends as built, reused, skipped or failed. */
export class Scheduler {
  readonly #workspace: Workspace;
  readonly #network: Network;
  readonly #rebuilder: Rebuilder;
  readonly #options: ScheduleOptions;
  readonly #ledger: Ledger;
  readonly #pools: Pools;
  /** The places of claimed and running steps in their pools. */
  readonly #places = new Map<Step, Fence>();

  /** How many distinct inputs a waiting step still waits for. */
  readonly #missing = new Map<Step, number>();
  readonly #dependents = new Map<Step, Step[]>();
  readonly #ends = new Map<Step, StepEnd>();

  /** Inputs are all there; to be decided. */
  #undecided: Step[] = [];
  /** Must run; to be claimed. */
  readonly #unclaimed = new Queue<Step>();
  /** Claimed; to be started. */
  readonly #claimed = new Queue<{ step: Step; fence: Fence }>();
  #claiming = 0;
  #running = 0;
  /** Finished running, being committed. */
  #committing = 0;
  /** Held by another process; asked for again from time to time. */
  #held: Step[] = [];
  #polling: NodeJS.Timeout | undefined;
  /** One process does equal work once: steps waiting for another step with the same input fingerprint. */
  readonly #working = new Map<Fingerprint, Step[]>();

  /** Finished steps that wait for others to end before they can be judged. */
  readonly #waiters: (() => void)[] = [];

  #deciding = false;
  #stopping = false;
  #healing = false;
  /** What stops everything. */
  #fatal: Error | undefined;
  #averageTime = Number.POSITIVE_INFINITY;
  #resolve: (() => void) | undefined;

  constructor(workspace: Workspace, network: Network, rebuilder: Rebuilder, options: ScheduleOptions) {
    this.#workspace = workspace;
    this.#network = network;
    this.#rebuilder = rebuilder;
    this.#options = options;
    this.#pools = new Pools(workspace, options.pools, options.leaseTime);
    this.#ledger = new Ledger(workspace, {
      snapshot: options.snapshot,
      leaseTime: options.leaseTime,
      mayReuse: (step) => !options.forced(step),
      isBusy: () => this.#running > 0,
    });
  }

  /** Rejects only for what stops everything, such as a database that cannot be written. */
  async run(): Promise<ScheduleResult> {
    const blocked: Step[] = [];
    for (const step of neededSteps(this.#network)) {
      if (step.state === "up-to-date") continue;
      if (step.blocked !== undefined) blocked.push(step);
      else if (step.input === undefined) this.#awaitInputs(step);
      else this.#unclaimed.push(step);
    }
    // Once all that waits for them is known.
    for (const step of blocked) this.#failStep(step, step.blocked!);
    const stop = (): void => this.#stop();
    this.#options.signal.addEventListener("abort", stop, { once: true });
    if (this.#options.signal.aborted) this.#stop();
    try {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        this.#advance();
      });
    } finally {
      this.#options.signal.removeEventListener("abort", stop);
      clearTimeout(this.#polling);
      for (const step of [...this.#places.keys()]) await this.#leavePool(step);
      this.#pools.close();
      await this.#ledger.close().catch((error: unknown) => this.#fail(error));
    }
    if (this.#fatal !== undefined) throw this.#fatal;
    this.#skipTheRest();
    return { ends: this.#ends, healing: this.#healing };
  }

  #awaitInputs(step: Step): void {
    const waitsFor = new Set<Step>();
    for (const upstream of upstreamSteps(this.#network, step)) {
      if (upstream.outputs === undefined) waitsFor.add(upstream);
    }
    this.#missing.set(step, waitsFor.size);
    for (const upstream of waitsFor) {
      const others = this.#dependents.get(upstream);
      if (others === undefined) this.#dependents.set(upstream, [step]);
      else others.push(step);
    }
  }

  /** Starts whatever can be started; called whenever something has changed. */
  #advance(): void {
    if (!this.#stopping) {
      this.#decide();
      this.#claim();
      while (this.#claimed.length > 0 && this.#running < this.#options.concurrency) {
        const { step, fence } = this.#claimed.shift()!;
        this.#running++;
        void this.#build(step, fence);
      }
    }
    if (this.#running === 0) this.#ledger.hurry();
    if (this.#isIdle()) this.#resolve?.();
  }

  #isIdle(): boolean {
    const busy = this.#running + this.#committing + this.#claiming > 0 || this.#deciding;
    if (this.#stopping) return !busy;
    return !busy && this.#undecided.length + this.#unclaimed.length + this.#claimed.length + this.#held.length === 0;
  }

  /** Nothing more is started; what runs comes to its end. */
  #stop(): void {
    this.#stopping = true;
    this.#wakeWaiters();
    this.#advance();
  }

  #fail(error: unknown): void {
    this.#fatal ??= error instanceof Error ? error : new Error(describeThrown(error));
    this.#stop();
  }

  // ---------------------------------------------------------------- decide

  /** Steps whose inputs have just become known: one query for all of them. Equal inputs mean nothing below runs. */
  #decide(): void {
    if (this.#deciding || this.#undecided.length === 0) return;
    this.#deciding = true;
    const steps = this.#undecided.splice(0);
    this.#rebuilder
      .decide(steps)
      .then(async () => {
        const same = steps.filter((step) => step.state === "up-to-date");
        await this.#workspace.connection.writeSnapshotPartitions(this.#options.snapshot, same.flatMap(linksOf));
        for (const step of same) this.#finish(step, "reused", step.outputs!);
        for (const step of steps) {
          if (step.blocked !== undefined) this.#failStep(step, step.blocked);
          else if (step.outputs === undefined) this.#unclaimed.push(step);
        }
      })
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#deciding = false;
        this.#advance();
      });
  }

  // ---------------------------------------------------------------- claim

  #claim(): void {
    // Short steps are claimed in bulk, long ones one by one, so that another process finds work as well.
    const ahead = Math.ceil((CLAIM_AHEAD / Math.max(this.#averageTime, 0.01)) * this.#options.concurrency);
    const most = Math.max(this.#options.concurrency, Math.min(MOST_CLAIMED, ahead));
    while (this.#unclaimed.length > 0 && this.#claimed.length + this.#claiming + this.#running < most) {
      const step = this.#unclaimed.shift()!;
      const twins = this.#working.get(step.input!);
      if (twins !== undefined) {
        twins.push(step);
        continue;
      }
      this.#working.set(step.input!, []);
      this.#claiming++;
      void this.#claimOne(step);
    }
  }

  async #claimOne(step: Step): Promise<void> {
    const { pool } = step.group.call.producer;
    try {
      const place = pool === undefined ? undefined : await this.#pools.enter(pool);
      if (pool !== undefined && place === undefined) {
        this.#hold(step, `pool '${pool}'`);
        return;
      }
      const answer = await this.#ledger.claim(step);
      if (place !== undefined) {
        if (answer.kind === "granted") this.#places.set(step, place);
        else await this.#pools.leave(place);
      }
      if (answer.kind === "granted") this.#claimed.push({ step, fence: answer.fence });
      else if (answer.kind === "built") await this.#link(step, answer.outputs);
      else this.#hold(step, answer.holder);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#claiming--;
      this.#advance();
    }
  }

  /** Somebody else built it in between: their result is ours. */
  async #link(step: Step, outputs: readonly StoredPartition[]): Promise<void> {
    step.outputs = outputs;
    step.reason = builtBefore;
    await this.#rebuilder.judgeStored([step]);
    if (step.blocked !== undefined) return this.#failStep(step, step.blocked);
    await this.#workspace.connection.writeSnapshotPartitions(this.#options.snapshot, linksOf(step));
    this.#finish(step, "reused", outputs);
  }

  #hold(step: Step, holder: string): void {
    this.#wakeTwins(step);
    this.#options.emit({ type: "step-waiting", step: stepName(step), holder });
    this.#held.push(step);
    this.#polling ??= setTimeout(() => {
      this.#polling = undefined;
      for (const held of this.#held.splice(0)) this.#unclaimed.push(held);
      this.#advance();
    }, POLL_TIME);
  }

  // ---------------------------------------------------------------- build

  async #build(step: Step, fence: Fence): Promise<void> {
    const { clock, holder } = this.#workspace;
    const { emit, signal, executor, snapshot, build } = this.#options;
    const name = stepName(step);
    const id = createId(clock) as RunId;
    const facts = runOf(step, { id, parent: build, graph: this.#network.graph.name, snapshot, holder });
    const startedAt = new Date(clock.now()).toISOString();
    const started = clock.monotonic();
    emit({ type: "step-started", step: name, reason: step.reason, attempt: 1, run: id, build });
    counters.steps++;
    const finished = (): Pick<RunRecord, "startedAt" | "finishedAt" | "duration"> => ({
      startedAt,
      finishedAt: new Date(clock.now()).toISOString(),
      duration: clock.monotonic() - started,
    });
    const tools = new StepTools({
      step: name,
      home: this.#workspace.storage.home,
      secrets: this.#options.secrets,
      emit,
      monotonic: () => clock.monotonic(),
    });
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.#running--;
    };
    try {
      const locations = locateOutputs(this.#workspace, this.#network, step, id);
      using inputs = new StepInputs(this.#workspace, "healed");
      const { values, read } = await readInputs(inputs, this.#network, step);
      // What the producer records, a model it registers say, is recorded as part of this run.
      const { result, attempts } = await insideRun(
        id,
        () =>
          callProducer(
            executor,
            {
              step: name,
              producer: writingParts(
                writingRows(step.group.call.producer, rowTarget(this.#workspace, step, locations)),
                () => partTarget(this.#workspace, this.#network, step, id),
              ),
              inputs: values,
              key: step.group.set.keys[step.position]!,
              work: step.input!,
              tools,
            },
            inputs,
            signal,
            (attempt, delay, error) =>
              emit({ type: "step-retrying", step: name, attempt, delay, error: tools.secrets.redactError(error) }),
          ),
        this.#scopeOf(facts),
      );
      tools.checkResult(result);
      const manifest = stepManifestOf(this.#network, step);
      const made = await writeOutputs(this.#workspace, step, result, locations, id);
      const times = finished();
      const reason = withSecrets(facts.reason, tools);
      this.#learn(times.duration!);
      // The place is free for the next step while this one waits for the disk.
      this.#committing++;
      release();
      this.#advance();
      try {
        const findings = await this.#judge(step, made);
        const refused = refusal(placeText(name.key, name.partition), findings.flat(), quarantineHint(name));
        if (refused !== undefined) {
          const run: RunRecord = { ...facts, reason, ...times, state: "failed", attempts, error: errorRecord(refused) };
          await this.#ledger.fail(fence, run, { step, manifest, ...made, inputs: read, findings });
          this.#failStep(step, refused, run);
          return;
        }
        step.warnings = findings.flatMap((found, slot) =>
          found.map((one) => ({
            ...one,
            key: outputNode(step, slot).key,
            partition: made.outputs[slot]!.partition.key,
          })),
        );
        const state = step.warnings.length > 0 ? "warning" : "succeeded";
        const run: RunRecord = { ...facts, reason, ...times, state, attempts, error: undefined };
        const answer = await this.#ledger.commit({ step, manifest, fence, run, ...made, inputs: read });
        if (answer === "superseded")
          this.#undecided.push(step); // another process took over: its result counts
        else this.#finish(step, "built", answer, run);
      } finally {
        this.#committing--;
      }
    } catch (error) {
      release();
      await this.#fault(
        step,
        fence,
        {
          ...facts,
          reason: withSecrets(facts.reason, tools),
          ...finished(),
          state: "failed",
          attempts: attemptsBefore(error),
          error: undefined,
        },
        error instanceof InputDamaged || error instanceof NextPass ? error : tools.secrets.redactError(error),
      );
    } finally {
      tools.close();
      await this.#leavePool(step);
      if (step.state !== "built") this.#wakeTwins(step);
      this.#advance();
    }
  }

  async #leavePool(step: Step): Promise<void> {
    const place = this.#places.get(step);
    if (place === undefined) return;
    this.#places.delete(step);
    await this.#pools.leave(place).catch((error: unknown) => this.#fail(error));
    for (const held of this.#held.splice(0)) this.#unclaimed.push(held);
  }

  /** Thresholds that look back wait for what they look at; this step's place is free meanwhile, so that it can come. */
  async #judge(step: Step, { inspected }: WrittenOutputs): Promise<readonly (readonly Finding[])[]> {
    const { judge } = this.#rebuilder;
    for (const earlier of judge.predecessors(step)) {
      while (earlier.needed && earlier.outputs === undefined && !this.#ends.has(earlier) && !this.#isLost(earlier)) {
        await new Promise<void>((resolve) => this.#waiters.push(resolve));
      }
      if (earlier.needed && earlier.state === "pending" && this.#healing && !this.#stopping) throw new NextPass();
    }
    if (this.#options.signal.aborted) {
      throw new StratigraphError("BUILD_CANCELLED", "the build was cancelled", { where: stepPlace(step) });
    }
    return judge.judgeMade(step, inspected);
  }

  /** It will not end in this pass. */
  #isLost({ state }: Step): boolean {
    return this.#stopping || (this.#healing && state === "pending");
  }

  #wakeWaiters(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #scopeOf({ graph, producer, version, key }: ReturnType<typeof runOf>): StepScope {
    const { snapshot } = this.#options;
    const { fingerprint: config } = this.#network.graph;
    return { graph, snapshot, producer: producer!, version: version!, key: key!, config };
  }

  #learn(duration: number): void {
    this.#averageTime = Number.isFinite(this.#averageTime) ? this.#averageTime * 0.8 + duration * 0.2 : duration;
  }

  async #fault(step: Step, fence: Fence, run: RunRecord, thrown: unknown): Promise<void> {
    this.#committing++;
    try {
      if (thrown instanceof InputDamaged) {
        await this.#heal(step, fence, thrown);
        return;
      }
      if (thrown instanceof NextPass) {
        await this.#postpone(step, fence);
        return;
      }
      if (isStratigraphError(thrown) && thrown.code === "BUILD_CANCELLED") {
        await this.#ledger.fail(fence, { ...run, state: "cancelled" });
        return;
      }
      if (isStratigraphError(thrown) && thrown.code.startsWith("BACKEND_")) return this.#fail(thrown);
      const error = isStratigraphError(thrown)
        ? thrown
        : new StratigraphError("STEP_FAILED", `the step failed: ${describeThrown(thrown)}`, {
            where: `producer '${step.group.call.producer.name}'`,
            cause: thrown,
          });
      await this.#ledger.fail(fence, { ...run, error: errorRecord(error) });
      this.#failStep(step, error, run);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#committing--;
    }
  }

  /** The step cannot run because bytes it needs are gone: they are marked, and the next pass builds them again. */
  async #heal(step: Step, fence: Fence, { node, partition, problem }: InputDamaged): Promise<void> {
    const { connection } = this.#workspace;
    await connection.markPartitionsDamaged([partition.id]);
    this.#options.emit({ type: "healing", key: node.key, partition: partition.key, problem });
    this.#healing = true;
    await this.#postpone(step, fence);
  }

  async #postpone(step: Step, fence: Fence): Promise<void> {
    await this.#workspace.connection.releaseLeases([fence]);
    step.state = "pending";
    this.#wakeWaiters();
  }

  // ---------------------------------------------------------------- finish

  #finish(step: Step, state: "built" | "reused", outputs: readonly StoredPartition[], run?: RunRecord): void {
    step.outputs = outputs;
    step.state = state;
    this.#end(step, { error: undefined, duration: run?.duration, run: run?.id });
    this.#wakeTwins(step);
    const dependents = this.#dependents.get(step);
    if (dependents === undefined) return;
    this.#dependents.delete(step);
    for (const dependent of dependents) {
      const left = this.#missing.get(dependent)! - 1;
      this.#missing.set(dependent, left);
      if (left === 0) this.#undecided.push(dependent);
    }
  }

  #wakeTwins(step: Step): void {
    if (step.input === undefined) return;
    const twins = this.#working.get(step.input);
    this.#working.delete(step.input);
    if (twins !== undefined) for (const twin of twins) this.#undecided.push(twin);
  }

  #failStep(step: Step, error: StratigraphError, { duration, id: run }: Partial<RunRecord> = {}): void {
    step.state = "failed";
    this.#end(step, { error, duration, run });
    if (!this.#options.keepGoing) this.#stopping = true;
    const below = [step];
    const { key, partition } = stepName(step);
    for (let next = below.pop(); next !== undefined; next = below.pop()) {
      for (const dependent of this.#dependents.get(next) ?? []) {
        if (dependent.state === "skipped") continue;
        dependent.state = "skipped";
        dependent.reason = { code: "upstream-failed", on: [placeText(key, partition)] };
        this.#end(dependent, { error: undefined, duration: undefined });
        below.push(dependent);
      }
    }
  }

  /** What was never started because the build was stopped. */
  #skipTheRest(): void {
    for (const step of neededSteps(this.#network)) {
      if (step.state === "up-to-date" || this.#ends.has(step)) continue;
      if (this.#healing && !this.#stopping) continue; // the next pass takes it up
      step.state = "skipped";
      step.reason = { code: "cancelled" };
      this.#end(step, { error: undefined, duration: undefined });
    }
  }

  #end(step: Step, end: StepEnd): void {
    this.#ends.set(step, end);
    this.#wakeWaiters();
    const { warnings } = step;
    this.#options.emit({
      type: "step-finished",
      step: stepName(step),
      state: step.state as "built" | "reused" | "skipped" | "failed",
      reason: step.reason,
      ...end,
      ...(warnings === undefined || warnings.length === 0 || step.state === "failed" ? {} : { warnings }),
    });
  }
}

function quarantineHint({ key, partition }: StepName): string {
  return `It is kept to be looked at: strata quarantine '${placeText(key, partition)}'`;
}
