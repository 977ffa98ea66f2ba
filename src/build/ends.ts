// How steps ended, over all passes of one build.

import type { GraphCall } from "../graph/graph.ts";
import type { KeyText } from "../identity/partition-key.ts";
import type { Step } from "./network.ts";
import type { StepEnd } from "./schedule.ts";

export interface EndedStep {
  readonly step: Step;
  readonly end: StepEnd;
}

/** Each pass has steps of its own, and a place in a set may move: what stays the same is the call and the partition. */
export class Ends {
  readonly #ofCalls = new Map<GraphCall, Map<KeyText, EndedStep>>();

  set(step: Step, end: StepEnd): void {
    const { call } = step.group;
    let ofCall = this.#ofCalls.get(call);
    if (ofCall === undefined) this.#ofCalls.set(call, (ofCall = new Map<KeyText, EndedStep>()));
    ofCall.set(partitionOf(step), { step, end });
  }

  get(step: Step): EndedStep | undefined {
    return this.#ofCalls.get(step.group.call)?.get(partitionOf(step));
  }

  has(step: Step): boolean {
    return this.get(step) !== undefined;
  }
}

function partitionOf({ group, position }: Step): KeyText {
  return group.set.texts[position]!;
}
