// How much longer than an empty Node do `strata --help` and `strata --version` take to start?

import type { Bench } from "./bench.ts";
import { inTurn } from "./harness/in-turn.ts";
import { node, processArm, strata } from "./harness/process.ts";

export const bench: Bench = {
  question: "How much longer than an empty Node does `strata --help` take to start?",

  async *run({ space, quick, result }) {
    const cwd = space.path;
    const samples = await inTurn(
      {
        node: processArm(node(["-e", "0"], cwd)),
        help: processArm(node([strata, "--help"], cwd)),
        version: processArm(node([strata, "--version"], cwd)),
        commandHelp: processArm(node([strata, "build", "--help"], cwd)),
      },
      quick ? 9 : 31,
    );
    const facts = { n: 1, unit: "ms", against: "node -e 0" } as const;
    yield result({
      ...facts,
      case: "strata --help",
      target: 1.3,
      gate: 1.6,
      pair: { ours: samples.help, theirs: samples.node },
    });
    yield result({
      ...facts,
      case: "strata --version",
      target: 1.3,
      gate: 1.6,
      pair: { ours: samples.version, theirs: samples.node },
    });
    yield result({
      ...facts,
      case: "strata build --help",
      target: 2,
      gate: 3,
      pair: { ours: samples.commandHelp, theirs: samples.node },
    });
  },
};
