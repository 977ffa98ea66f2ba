// What a build that found nothing to do remembers, and when that no longer counts.

import { appendFileSync, rmSync, truncateSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  all,
  artifact,
  counters,
  graph,
  integers,
  literal,
  local,
  mapKeys,
  producer,
  type Backend,
  type BuildEvent,
  type BuildOptions,
  type BuildResult,
} from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";
import { buildGraph, planGraph } from "../../../src/build/build.ts";
import type { GraphDefinition } from "../../../src/graph/graph.ts";
import { countsSince, type Counters } from "../../../src/util/counters.ts";
import { Folder } from "../../support/folder.ts";

const Part = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const Total = artifact({ schema: z.number() });

const twice = producer({
  name: "twice",
  version: "1.0.0",
  inputs: { part: Part },
  output: Part,
  build: ({ part }) => part * 2,
});
const sum = producer({
  name: "sum",
  version: "1.0.0",
  inputs: { parts: all(Part) },
  output: Total,
  build: ({ parts }) => parts.reduce((total, { value }) => total + value, 0),
});

function numbers(): GraphDefinition {
  return graph("numbers", () => {
    const raw = Part.from(local("raw/{n}.json"));
    const doubled = twice({ part: raw });
    return { raw, doubled, total: sum({ parts: doubled }) };
  }).definition;
}

/** A project in which everything is built, and whose files have been still for long enough to be believed. */
class Project extends Folder {
  readonly backend: Backend = sqlite(this.at(".strata/strata.db"));
  readonly definition: GraphDefinition;

  constructor(definition: GraphDefinition = numbers()) {
    super();
    this.definition = definition;
    for (const n of [1, 2, 3]) this.write(`raw/${n}.json`, String(n));
  }

  static async settled(definition?: GraphDefinition): Promise<Project> {
    const project = new Project(definition);
    await wait(50);
    await project.build();
    await wait(50);
    await project.build();
    return project;
  }

  /** So that a graph defined anew has everything looked at. */
  forgetOnDisk(): void {
    rmSync(this.at(".strata/cache"), { recursive: true });
  }

  /** The result, and what it cost. */
  async build(options: BuildOptions = {}): Promise<{ result: BuildResult; counts: Counters }> {
    const before = { ...counters };
    const result = await buildGraph(this.definition, { backend: this.backend, root: this.path, ...options });
    return { result, counts: countsSince(before) };
  }
}

describe("a build after one that found nothing to do", () => {
  it("looks once at the folder, each source and each output, and does nothing else", async () => {
    using project = await Project.settled();

    const { result, counts } = await project.build();

    expect(result).toMatchObject({ outcome: "succeeded", built: 0, reused: 4 });
    expect(counts).toEqual({
      stats: 1 + 3 + 4,
      filesRead: 0,
      bytesHashed: 0,
      canonicalisations: 0,
      statements: 0,
      rowsWritten: 0,
      transactions: 0,
      steps: 0,
    });
  });

  it("looks at no output that it is told to trust", async () => {
    using project = await Project.settled();

    expect((await project.build({ trust: true })).counts).toMatchObject({ stats: 1 + 3, statements: 0 });
  });

  it("answers and reports as one that looks at everything", async () => {
    using project = await Project.settled();
    const events: Record<"fresh" | "standing", BuildEvent[]> = { fresh: [], standing: [] };

    project.forgetOnDisk();
    const fresh = await buildGraph(numbers(), {
      backend: project.backend,
      root: project.path,
      on: (event) => events.fresh.push(event),
    });
    const standing = await project.build({ on: (event) => events.standing.push(event) });

    expect(standing.counts.statements).toBe(0);
    expect({ ...standing.result, duration: 0 }).toEqual({ ...fresh, duration: 0 });
    const told = (list: readonly BuildEvent[]): unknown[] => list.filter(({ type }) => type !== "build-finished");
    expect(told(events.standing)).toEqual(told(events.fresh));
    expect(events.standing.at(-1)).toEqual({ type: "build-finished", result: standing.result });
  });

  it("lets a plan answer as one that looks at everything", async () => {
    using project = await Project.settled();
    const options = { backend: project.backend, root: project.path };

    const before = { ...counters };
    const standing = await planGraph(project.definition, options);
    expect(countsSince(before).statements).toBe(0);
    project.forgetOnDisk();
    expect(standing).toEqual(await planGraph(numbers(), options));
  });
});

describe("what has changed is seen", () => {
  const changes: Record<string, { change: (project: Project) => unknown; then: Partial<BuildResult> }> = {
    "a source that is edited": {
      change: (project) => appendFileSync(project.at("raw/2.json"), "0"),
      then: { built: 2, reused: 2 },
    },
    "a source that is added": {
      change: (project) => project.write("raw/4.json", "4"),
      then: { built: 2, reused: 3 },
    },
    "a source that is taken away": {
      change: (project) => unlinkSync(project.at("raw/3.json")),
      then: { built: 1, reused: 2 },
    },
    "an output that is taken away": {
      change: (project) => unlinkSync(join(project.at(".strata"), locationOf(project, "total"))),
      then: { built: 1, reused: 3 },
    },
    "an output that is cut short": {
      change: (project) => truncateSync(join(project.at(".strata"), locationOf(project, "total")), 0),
      then: { built: 1, reused: 3 },
    },
    "the whole state folder that is taken away": {
      change: (project) => rmSync(project.at(".strata"), { recursive: true }),
      then: { built: 4, reused: 0 },
    },
    "a result that somebody marked as damaged": {
      change: async (project) => {
        await using connection = await project.backend.connect();
        const { items } = await connection.readArtifactPartitions(project.definition.node("total").identity);
        await connection.markPartitionsDamaged(items.map(({ id }) => id));
      },
      then: { built: 1, reused: 3 },
    },
  };

  for (const [title, { change, then }] of Object.entries(changes)) {
    it(title, async () => {
      using project = await Project.settled();

      await change(project);

      expect((await project.build()).result).toMatchObject({ outcome: "succeeded", ...then });
    });
  }
});

describe("nothing stands", () => {
  const looked = { stats: expect.any(Number) as number, statements: expect.any(Number) as number };

  it("right after a change, when stamps cannot tell the next one", async () => {
    using project = await Project.settled();
    appendFileSync(project.at("raw/1.json"), "0");
    await project.build();

    const { result, counts } = await project.build();

    expect(result.reused).toBe(4);
    expect(counts).not.toMatchObject({ ...looked, statements: 0 });
  });

  const otherwise: Record<string, BuildOptions> = {
    "for a part": { select: ["total"] },
    "for a build that verifies": { verify: true },
    "for a build that is forced": { force: true },
    "for a build that tags": { tag: "prod" },
  };
  for (const [title, options] of Object.entries(otherwise)) {
    it(title, async () => {
      using project = await Project.settled();

      expect((await project.build(options)).counts.statements).toBeGreaterThan(0);
    });
  }

  it("while there are files that are no partitions, which every build reports", async () => {
    using project = new Project();
    project.write("raw/notes.txt");
    await wait(50);
    await project.build();
    await wait(50);
    await project.build();

    expect((await project.build()).counts.statements).toBeGreaterThan(0);
  });

  it("for a graph with mapKeys, whose function may answer differently every day", async () => {
    let shift = 0;
    const shifted = producer({
      name: "shifted",
      version: "1.0.0",
      inputs: { part: mapKeys(Part, Part, ({ n }) => [{ n: n + shift }]) },
      output: Part,
      build: ({ part }) => part.length,
    });
    const definition = graph("shifted", () => {
      const raw = Part.from(local("raw/{n}.json"));
      return { raw, shifted: shifted({ part: raw }) };
    }).definition;
    using project = await Project.settled(definition);

    shift = 1;

    expect((await project.build()).result.built).toBe(3);
  });

  it("for a graph with a value of the program, which the program may have changed", async () => {
    const value = { n: 1 };
    const Value = artifact({ schema: z.object({ n: z.number() }) });
    const read = producer({ name: "read", version: "1.0.0", inputs: { value: Value }, output: Total, build: () => 1 });
    const definition = graph("literals", () => {
      const given = Value.from(literal(value));
      return { given, read: read({ value: given }) };
    }).definition;
    using project = await Project.settled(definition);

    expect((await project.build()).counts.statements).toBeGreaterThan(0);
  });
});

function locationOf(project: Project, key: string): string {
  const [location] = project.files(".strata").filter((file) => file.includes(`/data/${key}/`));
  return location!.slice(".strata/".length);
}
