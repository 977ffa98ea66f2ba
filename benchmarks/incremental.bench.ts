// What does a build cost after a few sources were edited, and does it stop where nothing changes any more?

import { writeFileSync } from "node:fs";
import type { Bench, Setting } from "./bench.ts";
import { counted } from "./harness/counting.ts";
import { inTurn, milliseconds, type Arm } from "./harness/in-turn.ts";
import { node, processArm, runProgram, strata, type Program } from "./harness/process.ts";
import type { Result } from "./harness/result.ts";
import { absence, builtPeer } from "./peers/files.ts";
import { openEngine, settle } from "./work/engine.ts";
import { commentedText, sourceText, writeProject, type Project } from "./work/project.ts";

export const bench: Bench = {
  question: "What does a build cost after a few sources were edited, and does it stop where nothing changes any more?",

  async *run(setting) {
    yield* cutOff(setting);
    yield* oneLeaf(setting);
    yield* onePercent(setting);
  },
};

let edition = 0;

/** Edits sources, then runs the program; the edits are not in the time. */
function editAndRun(project: Project, nodes: readonly number[], program: Program): Arm {
  return () => {
    edition += 1;
    for (const index of nodes) writeFileSync(project.source(index), sourceText(index, edition));
    const start = process.hrtime.bigint();
    runProgram(program);
    return milliseconds(start);
  };
}

/** ninja and make run everything below the root again; here the root's output is what it was. */
async function* cutOff({ space, quick, result }: Setting): AsyncGenerator<Result> {
  const n = quick ? 400 : 2_500;
  const project = writeProject(space.folder("cut-off"), "layered", n);
  const engine = openEngine(project);
  await engine.build();
  const roots = Array.from({ length: Math.round(Math.sqrt(n)) }, (_, index) => index);
  for (const root of roots) writeFileSync(project.source(root), commentedText(root, 1));
  const counts = await counted(() => engine.build());
  yield result({
    case: "all roots edited, their outputs unchanged: steps run below",
    n,
    unit: "count",
    against: "0",
    target: 0,
    gate: 0,
    count: { ours: counts.steps - roots.length, theirs: 1 },
    counters: counts,
    note: `${roots.length} roots ran`,
  });
}

async function* oneLeaf({ space, quick, result }: Setting): AsyncGenerator<Result> {
  const n = quick ? 1_000 : 10_000;
  const project = writeProject(space.folder("leaf"), "layered", n);
  await settle();
  const build = node([strata, "build", "graph.ts"], project.folder);
  runProgram(build);
  const ninja = builtPeer("ninja", project);
  const leaf = [n - 1];
  const samples = await inTurn(
    {
      noop: processArm(build),
      ours: editAndRun(project, leaf, build),
      ninja: ninja && editAndRun(project, leaf, ninja),
    },
    quick ? 9 : 15,
  );
  const facts = { case: "one leaf edited, layered, the command", n, unit: "ms" } as const;
  const { ours } = samples;
  yield result({
    ...facts,
    against: "doing nothing, and 15 ms",
    target: 1,
    gate: 1.5,
    pair: { ours, theirs: samples.noop.map((time) => time + 15) },
  });
  yield result({
    ...facts,
    against: "ninja",
    target: 2,
    gate: 3.5,
    pair: { ours, theirs: samples.ninja },
    note: absence("ninja"),
  });
}

async function* onePercent({ space, quick, result }: Setting): AsyncGenerator<Result> {
  const n = quick ? 1_000 : 10_000;
  const project = writeProject(space.folder("percent"), "parts", n);
  await settle();
  const build = node([strata, "build", "graph.ts"], project.folder);
  const cold = await processArm(build)();
  const ninja = builtPeer("ninja", project);
  const edited = Array.from({ length: n / 100 }, (_, index) => index * 100);
  const samples = await inTurn(
    {
      noop: processArm(build),
      ours: editAndRun(project, edited, build),
      ninja: ninja && editAndRun(project, edited, ninja),
    },
    quick ? 9 : 15,
  );
  const facts = { case: `1 % edited, parts, the command`, n, unit: "ms" } as const;
  const { ours, noop } = samples;
  yield result({
    ...facts,
    against: "doing nothing, and the cold cost of these steps",
    target: 1.2,
    gate: 1.5,
    pair: { ours, theirs: noop.map((time) => time + (cold * edited.length) / n) },
  });
  yield result({
    ...facts,
    against: "ninja",
    target: 2,
    gate: 3.5,
    pair: { ours, theirs: samples.ninja },
    note: absence("ninja"),
  });
}
