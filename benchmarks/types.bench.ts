// What does the type checker pay for a graph of 1,000 producers, each with types of its own?

import type { Bench } from "./bench.ts";
import { inTurn, timed } from "./harness/in-turn.ts";
import { chainOfFunctions, chainOfProducers, checkTypes } from "./work/typed-program.ts";

/** Instantiations of 1,000 producers when it was first measured, and 5 % for changes in zod and the compiler. */
const PINNED = 780_000;

export const bench: Bench = {
  question: "What does the type checker pay for a graph of 1,000 producers, each with types of its own?",

  async *run({ quick, result }) {
    const n = quick ? 200 : 1_000;
    // Benchmarks run in the repository's root, see main.mjs.
    const root = process.cwd();
    const place = { root, folder: root, options: { customConditions: [] } };
    const check = (text: string): number => {
      const { instantiations, messages } = checkTypes(text, place);
      if (messages.length > 0) throw new Error(`the program does not compile: ${messages[0]}`);
      return instantiations;
    };

    const [ours, tenth] = [check(chainOfProducers(n)), check(chainOfProducers(n / 10))];
    yield result({
      case: "instantiations",
      n,
      unit: "count",
      against: `${PINNED} for 1,000 producers`,
      target: 0.95,
      gate: 1,
      count: { ours, theirs: (PINNED * n) / 1_000 },
      note: `${Math.round(ours / n)} for each producer with its artifact`,
    });
    yield result({
      case: "growth of instantiations",
      n,
      unit: "count",
      against: `n=${n / 10}`,
      target: 10,
      gate: 10.5,
      count: { ours, theirs: tenth },
    });
    yield result({
      case: "checking, from nothing",
      n,
      unit: "ms",
      against: "the same schemas and plain functions",
      target: 2,
      gate: 3,
      pair: await inTurn(
        {
          ours: timed(() => check(chainOfProducers(n))),
          theirs: timed(() => check(chainOfFunctions(n))),
        },
        quick ? 3 : 5,
      ),
    });
  },
};
