// What a build that found nothing to do leaves for other processes, and when they do not believe it.

import { appendFileSync, readFileSync, statSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  all,
  artifact,
  counters,
  graph,
  integers,
  local,
  mapKeys,
  producer,
  type BuildOptions,
  type BuildResult,
} from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { z } from "zod";
import { buildGraph } from "../../../src/build/build.ts";
import { readStanding } from "../../../src/build/standing-file.ts";
import type { GraphDefinition } from "../../../src/graph/graph.ts";
import { countsSince, type Counters } from "../../../src/util/counters.ts";
import { Folder } from "../../support/folder.ts";

const Part = artifact({ schema: z.number(), partitionBy: { n: integers() } });
const Total = artifact({ schema: z.number() });

interface Choices {
  readonly template?: string;
  readonly version?: string;
  readonly named?: boolean;
  readonly order?: "as built" | "turned";
}

/** Defined anew, as another process does: nothing in memory is known of it. */
function numbers({
  template = "raw/{n}.json",
  version = "1.0.0",
  named = false,
  order,
}: Choices = {}): GraphDefinition {
  const twice = producer({
    name: "twice",
    version,
    inputs: { part: Part },
    output: Part,
    build: ({ part }) => part * 2,
  });
  const add = { name: "sum", version: "1.0.0", inputs: { parts: all(Part) } } as const;
  const sum = named
    ? producer({ ...add, outputs: { output: Total }, build: () => ({ output: 0 }) })
    : producer({ ...add, output: Total, build: ({ parts }) => parts.reduce((total, { value }) => total + value, 0) });
  return graph("numbers", () => {
    const raw = Part.from(local(template));
    const doubled = twice({ part: raw });
    const total = sum({ parts: doubled });
    const wired = "output" in total ? total.output : total;
    return order === "turned" ? { total: wired, doubled, raw } : { raw, doubled, total: wired };
  }).definition;
}

class Project extends Folder {
  readonly database = this.at(".strata/strata.db");

  /** Everything is built, and has been found built once. */
  static async settled(): Promise<Project> {
    const project = new Project();
    for (const n of [1, 2, 3]) {
      project.write(`raw/${n}.json`, String(n));
      project.write(`moved/${n}.json`, String(n));
    }
    await wait(50);
    await project.build();
    await wait(50);
    await project.build();
    return project;
  }

  async build(
    definition: GraphDefinition = numbers(),
    options: BuildOptions = {},
  ): Promise<{ result: BuildResult; counts: Counters }> {
    const before = { ...counters };
    const result = await buildGraph(definition, { backend: sqlite(this.database), root: this.path, ...options });
    return { result, counts: countsSince(before) };
  }

  standingFile(): string {
    const [file] = this.files(".strata/cache").filter((name) => name.includes("standing-"));
    return this.at(file!);
  }
}

describe("a process that did not build", () => {
  it("sees by stats alone that there is nothing to do", async () => {
    using project = await Project.settled();

    const { result, counts } = await project.build();

    expect(result).toMatchObject({ outcome: "succeeded", built: 0, reused: 4 });
    expect(counts).toMatchObject({ stats: 1 + 3 + 4, filesRead: 0, statements: 0, rowsWritten: 0, transactions: 0 });
  });

  it("answers as one that looks at everything", async () => {
    using project = await Project.settled();
    const standing = await project.build();
    unlinkSync(project.standingFile());
    const fresh = await project.build();

    expect(standing.counts.statements).toBe(0);
    expect(fresh.counts.statements).toBeGreaterThan(0);
    expect({ ...standing.result, duration: 0 }).toEqual({ ...fresh.result, duration: 0 });
  });
});

describe("what has changed is seen by another process", () => {
  const changes: Record<string, { change: (project: Project) => unknown; then: Partial<BuildResult> }> = {
    "a source edited to the same size and time": {
      change(project) {
        const path = project.at("raw/2.json");
        const { atime, mtime } = statSync(path);
        writeFileSync(path, "7");
        utimesSync(path, atime, mtime);
      },
      then: { built: 2, reused: 2 },
    },
    "a source that came": {
      change: (project) => project.write("raw/4.json", "4"),
      then: { built: 2, reused: 3 },
    },
    "an output that is gone": {
      change(project) {
        const [file] = project.files(".strata").filter((name) => name.includes("/data/total/"));
        unlinkSync(project.at(file!));
      },
      then: { built: 1, reused: 3 },
    },
    "a result that another process marked as damaged": {
      async change(project) {
        await using connection = await sqlite(project.database).connect();
        const { items } = await connection.readArtifactPartitions(numbers().node("total").identity);
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

  it("a source that the graph now takes from another place, which its fingerprint does not say", async () => {
    using project = await Project.settled();
    const moved = numbers({ template: "moved/{n}.json" });
    project.write("moved/3.json", "5");

    expect(moved.fingerprint).toBe(numbers().fingerprint);
    expect((await project.build(moved)).result).toMatchObject({ built: 2, reused: 2 });
  });

  it("a slot that stands for a record now, which the graph's fingerprint does not say", async () => {
    using project = await Project.settled();
    const named = numbers({ named: true });

    expect(named.fingerprint).toBe(numbers().fingerprint);
    expect((await project.build(named)).result).toMatchObject({ built: 1, reused: 3 });
  });

  it("a producer's new version", async () => {
    using project = await Project.settled();

    expect((await project.build(numbers({ version: "2.0.0" }))).result.built).toBe(3);
  });

  it("another order of the same graph, which lists its steps in that order", async () => {
    using project = await Project.settled();
    const turned = numbers({ order: "turned" });

    const { result, counts } = await project.build(turned);

    expect(turned.fingerprint).toBe(numbers().fingerprint);
    expect(counts.stats).toBeGreaterThan(0);
    expect(result).toMatchObject({ built: 0, reused: 4 });
    expect(result.steps.map(({ key }) => key)).toEqual(
      (await project.build(turned)).result.steps.map(({ key }) => key),
    );
  });

  it("another root", async () => {
    using project = await Project.settled();
    using other = new Folder();
    other.write("raw/1.json", "1");

    expect((await project.build(numbers(), { root: other.path })).result).toMatchObject({ built: 1, reused: 1 });
  });
});

describe("a file that is not what was written", () => {
  it("is nothing, wherever it was cut", async () => {
    using project = await Project.settled();
    const file = project.standingFile();
    const { length } = readFileSync(file);

    for (const size of [0, 1, 31, 32, 33, length - 1]) {
      truncateSync(file, Math.min(size, statSync(file).size));
      const { result, counts } = await project.build();
      expect(counts.statements, `${size} bytes`).toBeGreaterThan(0);
      expect(result.reused).toBe(4);
      await wait(30);
    }
  });

  it("is nothing, whichever byte of it was changed", async () => {
    using project = await Project.settled();
    const file = project.standingFile();
    const bytes = readFileSync(file);
    const place = { root: project.path, home: project.at(".strata"), kind: "sqlite" };
    const stamp = sqlite(project.database).stamp!()!;
    const definition = numbers();
    expect(readStanding(place, definition, stamp)).toBeDefined();

    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1;
      writeFileSync(file, altered);
      expect(readStanding(place, definition, stamp), `byte ${at}`).toBeUndefined();
    }
    appendFileSync(file, "more");
    expect(readStanding(place, definition, stamp)).toBeUndefined();
  });

  it("is nothing where another backend's stamp is in it", async () => {
    using project = await Project.settled();
    const place = { root: project.path, home: project.at(".strata"), kind: "sqlite" };

    expect(readStanding(place, numbers(), "another")).toBeUndefined();
    expect(readStanding({ ...place, kind: "other" }, numbers(), sqlite(project.database).stamp!()!)).toBeUndefined();
  });
});

describe("nothing is kept", () => {
  it("for a graph with mapKeys, whose function may answer differently tomorrow", async () => {
    using project = new Project();
    project.write("raw/1.json", "1");
    const definition = (): GraphDefinition =>
      graph("mapped", () => {
        const raw = Part.from(local("raw/{n}.json"));
        const same = producer({
          name: "same",
          version: "1.0.0",
          inputs: { part: mapKeys(Part, Part, ({ n }) => [{ n }]) },
          output: Part,
          build: ({ part }) => part.length,
        });
        return { raw, same: same({ part: raw }) };
      }).definition;
    for (let round = 0; round < 3; round++) {
      await project.build(definition());
      await wait(50);
    }

    expect(project.files(".strata/cache").filter((name) => name.includes("standing-"))).toEqual([]);
  });
});
