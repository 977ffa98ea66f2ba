// What a benchmark is: a question, and the results that answer it.

import type { Facts, Result } from "./harness/result.ts";
import type { Space } from "./harness/space.ts";

export interface Bench {
  /** What is asked, in one sentence. */
  readonly question: string;
  /** Answers in the order they are found. */
  run(setting: Setting): AsyncIterable<Result>;
}

/** A result's name is its benchmark's; whoever makes one leaves it out. */
export interface Setting {
  /** Small sizes and few samples, for a first look: same questions, same gates. */
  readonly quick: boolean;
  /** A fresh folder, gone afterwards; all arms write below it. */
  readonly space: Space;
  /** Makes results, with the benchmark's name filled in. */
  readonly result: (facts: Facts) => Result;
}
