// Does ten times the graph cost ten times the time, whatever its shape?

import type { Bench } from "./bench.ts";
import { inTurn, timed } from "./harness/in-turn.ts";
import { node, processArm, runProgram, strata } from "./harness/process.ts";
import { openEngine, settle } from "./work/engine.ts";
import { writeProject } from "./work/project.ts";
import { shapeNames } from "./work/shapes.ts";

export const bench: Bench = {
  question: "Does ten times the graph cost ten times the time, whatever its shape?",

  async *run({ space, quick, result }) {
    const n = quick ? 1_000 : 10_000;
    const facts = { n, unit: "ms", against: `n=${n / 10}`, target: 12, gate: 16 } as const;
    for (const name of shapeNames) {
      const [small, large] = [n / 10, n].map((size) => writeProject(space.folder(`${name}-${size}`), name, size));
      await settle();

      const cold: Record<"small" | "large", number[]> = { small: [], large: [] };
      for (let round = 0; round < (quick ? 2 : 3); round++) {
        globalThis.gc?.();
        cold.small.push(await timed(() => openEngine(small!, `.cold-${round}`).build())());
        globalThis.gc?.();
        cold.large.push(await timed(() => openEngine(large!, `.cold-${round}`).build())());
      }
      yield result({ ...facts, case: `cold, ${name}, in process`, pair: { ours: cold.large, theirs: cold.small } });

      const command = [small!, large!].map(({ folder }) => node([strata, "build", "graph.ts"], folder));
      for (const program of command) runProgram(program);
      const samples = await inTurn(
        {
          node: processArm(node(["-e", "0"], space.path)),
          small: processArm(command[0]!),
          large: processArm(command[1]!),
        },
        quick ? 5 : 9,
      );
      const net = (times: readonly number[]): number[] => times.map((time, round) => time - samples.node[round]!);
      yield result({
        ...facts,
        case: `no-op, ${name}, the command net of Node's start`,
        pair: { ours: net(samples.large), theirs: net(samples.small) },
      });
    }
  },
};
