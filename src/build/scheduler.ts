// Orders: starts each step as soon as its own inputs are there, so many at once, until nothing is left to do.

import type { Fence, RunRecord, StoredPartition } from "../backend/records.ts";
import type { StratigraphError } from "../errors.ts";
import type { Fingerprint } from "../identity/fingerprint.ts";
import { Queue } from "../util/queue.ts";
import { Ledger } from "./ledger.ts";
import { stepName, upstreamSteps, type Network, type Step } from "./network.ts";
import { placeText } from "./place.ts";
import { neededSteps } from "./plan.ts";
import { Pools } from "./pools.ts";
import { builtBefore } from "./reason.ts";
import type { Rebuilder } from "./rebuilder.ts";
import type { ScheduleOptions, ScheduleResult, StepEnd } from "./schedule.ts";
import type { InputDamaged } from "./step-inputs.ts";
import { linksOf, orGone } from "./step-record.ts";
import { StepRunner } from "./step-runner.ts";
import { describeThrown } from "./thrown.ts";
import type { Workspace } from "./workspace.ts";

/** How long to wait before asking again for work that another process holds, in milliseconds. */
const POLL_TIME = 100;
/** Claims are taken ahead of running so that short steps share transactions, but no more than this much work, in milliseconds. */
const CLAIM_AHEAD = 50;
const MOST_CLAIMED = 256;

/** Carries out a planned network. Every needed step ends as built, reused, skipped or failed. */
export class Scheduler {
  readonly #workspace: Workspace;
  readonly #network: Network;
  readonly #rebuilder: Rebuilder;
  readonly #options: ScheduleOptions;
  readonly #ledger: Ledger;
  readonly #runner: StepRunner;
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
    this.#runner = new StepRunner(workspace, network, {
      ...options,
      ledger: this.#ledger,
      judge: rebuilder.judge,
      ended: (step) => this.#ended(step),
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
    const decided = async (): Promise<readonly Step[]> => {
      await this.#rebuilder.decide(steps);
      const same = steps.filter((step) => step.state === "up-to-date");
      await this.#workspace.connection.writeSnapshotPartitions(this.#options.snapshot, same.flatMap(linksOf));
      return same;
    };
    orGone(decided())
      .then((same) => {
        if (same === "gone") return this.#lookAgain(steps);
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
    const linked = async (): Promise<void> => {
      await this.#rebuilder.judgeStored([step]);
      if (step.blocked !== undefined) return this.#failStep(step, step.blocked);
      await this.#workspace.connection.writeSnapshotPartitions(this.#options.snapshot, linksOf(step));
      this.#finish(step, "reused", outputs);
    };
    if ((await orGone(linked())) === "gone") this.#lookAgain([step]);
  }

  /** What was found of them has been taken by a gc that began before this build: the next pass finds out what there is. */
  #lookAgain(steps: readonly Step[]): void {
    this.#healing = true;
    for (const step of steps) {
      step.outputs = undefined;
      step.state = "pending";
      this.#wakeTwins(step);
    }
    this.#wakeWaiters();
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
    let isRunning = true;
    const produced = (duration: number | undefined): void => {
      if (!isRunning) return;
      isRunning = false;
      this.#running--;
      this.#committing++;
      // After a failure nothing may start before it is known whether anything more is to start.
      if (duration === undefined) return;
      this.#learn(duration);
      this.#advance();
    };
    try {
      const outcome = await this.#runner.run(step, fence, produced);
      if (outcome.kind === "built") this.#finish(step, "built", outcome.outputs, outcome.run);
      else if (outcome.kind === "superseded") this.#undecided.push(step);
      else if (outcome.kind === "failed") this.#failStep(step, outcome.error, outcome.run);
      else if (outcome.kind === "starved") await this.#heal(step, fence, outcome.damage);
      else if (outcome.kind === "postponed") await this.#postpone(step, fence);
    } catch (error) {
      this.#fail(error);
    } finally {
      produced(undefined);
      this.#committing--;
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

  /** Waits until a step has its outputs, or will not get any in this pass; "healing" where it gets them in the next one. */
  async #ended(step: Step): Promise<"ended" | "healing"> {
    while (step.needed && step.outputs === undefined && !this.#ends.has(step) && !this.#isLost(step)) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    return step.needed && step.state === "pending" && this.#healing && !this.#stopping ? "healing" : "ended";
  }

  /** It will not end in this pass. */
  #isLost({ state }: Step): boolean {
    return this.#stopping || (this.#healing && state === "pending");
  }

  #wakeWaiters(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #learn(duration: number): void {
    this.#averageTime = Number.isFinite(this.#averageTime) ? this.#averageTime * 0.8 + duration * 0.2 : duration;
  }

  /** The step cannot run because bytes it needs are gone: they are marked, and the next pass builds them again. */
  async #heal(step: Step, fence: Fence, { node, partition, problem }: InputDamaged): Promise<void> {
    const { connection } = this.#workspace;
    await connection.markPartitionsDamaged([partition.id]);
    this.#options.emit({ type: "healing", key: node.key, partition: partition.key, problem });
    this.#healing = true;
    await this.#postpone(step, fence);
  }

  /** It is made in the next pass. */
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
