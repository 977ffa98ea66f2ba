// A project's graph, built in this process the way a program would: on SQLite, in the project's own `.strata`.

import { join } from "node:path";
import { sqlite } from "stratigraph/sqlite";
import { buildGraph, planGraph, type BuildOptions } from "../../src/build/build.ts";
import type { BuildResult } from "../../src/build/events.ts";
import type { Plan } from "../../src/build/plan.ts";
import { defineWork } from "./graph.ts";
import type { Project } from "./project.ts";

export interface Engine {
  readonly artifacts: number;
  build(options?: BuildOptions): Promise<BuildResult>;
  plan(options?: BuildOptions): Promise<Plan>;
}

/** `state`: the folder for what is remembered, relative to the project. */
export function openEngine(project: Project, state = ".strata"): Engine {
  const { definition } = defineWork(project.shape);
  const own: BuildOptions = { backend: sqlite(join(project.folder, state, "strata.db")), root: project.folder };
  return {
    artifacts: definition.nodes.size,
    async build(options) {
      const result = await buildGraph(definition, { ...own, ...options });
      const failed = result.steps.find(({ error }) => error !== undefined)?.error;
      if (result.outcome !== "succeeded") throw new Error(`the build ended as ${result.outcome}`, { cause: failed });
      return result;
    },
    plan: (options) => planGraph(definition, { ...own, ...options }),
  };
}

/** Files touched a moment ago count as changing; measurements are about files that have been still. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}
