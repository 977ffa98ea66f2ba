// How far a build has come: its events, added up per artifact.

import type { BuildEvent, StepName } from "../../build/events.ts";
import type { PlannedState } from "../../build/step-state.ts";

/** One producer's steps, under the key of its first output. */
export interface Line {
  readonly key: string;
  /** Steps that were not up to date when the build began. */
  todo: number;
  upToDate: number;
  built: number;
  reused: number;
  failed: number;
  skipped: number;
  /** What runs now, by partition, with the moment it began. */
  readonly running: Map<string, number>;
  /** What producers that run say of how far they are, by partition. */
  readonly told: Map<string, Told>;
}

export interface Told {
  readonly done: number;
  readonly total: number | undefined;
  readonly note: string | undefined;
}

export class Progress {
  /** In graph order, once the plan is there. */
  readonly lines: Map<string, Line> = new Map();
  /** Sources found so far: partitions by key. */
  readonly sources: Map<string, number> = new Map();
  readonly started: number;
  /** When the first step started; `undefined` before. */
  runningSince: number | undefined;
  /** Who else is building what this build waits for. */
  waitingFor: string | undefined;
  planned: boolean = false;
  finished: number = 0;

  constructor(now: number) {
    this.started = now;
  }

  get todo(): number {
    let sum = 0;
    for (const { todo } of this.lines.values()) sum += todo;
    return sum;
  }

  take(event: BuildEvent, now: number): void {
    switch (event.type) {
      case "source-found":
        this.sources.set(event.key, event.partitions);
        return;
      case "planned":
        this.planned = true;
        for (const [key, counts] of event.byKey) this.#plan(key, counts);
        return;
      case "step-started":
        this.runningSince ??= now;
        this.waitingFor = undefined;
        this.#line(event.step).running.set(event.step.partition, now);
        return;
      case "step-waiting":
        this.waitingFor = event.holder;
        return;
      case "step-progress":
        this.#line(event.step).told.set(event.step.partition, event);
        return;
      case "step-finished":
        this.#line(event.step).running.delete(event.step.partition);
        this.#line(event.step).told.delete(event.step.partition);
        this.#line(event.step)[event.state]++;
        this.finished++;
        return;
      case "healing":
        // The step that made the bytes runs once more, and so does the one that wanted to read them.
        this.#at(event.key).todo++;
        return;
      case "scan-started":
      case "step-log":
      case "step-retrying":
      case "keys-changed":
      case "build-finished":
        return;
    }
  }

  /** Milliseconds that are left, going by how long the finished part took; `undefined` while there is too little to go by. */
  left(now: number): number | undefined {
    if (this.runningSince === undefined || this.finished < 2) return undefined;
    const elapsed = now - this.runningSince;
    const open = this.todo - this.finished;
    return elapsed < 500 || open <= 0 ? undefined : (elapsed / this.finished) * open;
  }

  #plan(key: string, counts: Readonly<Record<PlannedState, number>>): void {
    const line = this.#at(key);
    line.upToDate += counts["up-to-date"];
    line.todo += counts.stale + counts.missing + counts.pending;
  }

  #line(step: StepName): Line {
    return this.#at(step.key);
  }

  #at(key: string): Line {
    let line = this.lines.get(key);
    if (line === undefined) {
      line = {
        key,
        todo: 0,
        upToDate: 0,
        built: 0,
        reused: 0,
        failed: 0,
        skipped: 0,
        running: new Map(),
        told: new Map(),
      };
      this.lines.set(key, line);
    }
    return line;
  }
}

/** Steps of a line that are over. */
export function done({ built, reused, failed, skipped }: Line): number {
  return built + reused + failed + skipped;
}
