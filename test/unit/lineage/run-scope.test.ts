// Which run the code at work belongs to: what a producer records is recorded as part of its own step.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { artifact, graph, integers, local, memory, producer } from "stratigraph";
import { currentRun } from "../../../src/build/run-scope.ts";
import { trace } from "../../../src/lineage/trace.ts";
import { Folder } from "../../support/folder.ts";
import { sourceOf, writeVersion } from "./support.ts";

describe("the current run", () => {
  it("knows the run of its own step inside a producer, and none outside", async () => {
    const seen = new Map<string, string | undefined>();
    const Raw = artifact({ schema: z.number(), partitionBy: { n: integers() } });
    const Model = artifact({ schema: z.number(), partitionBy: { n: integers() } });
    const train = producer({
      name: "train",
      version: "1.0.0",
      inputs: { raw: Raw },
      output: Model,
      build: async ({ raw }) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen.set(`n=${raw}`, currentRun());
        return raw + 1;
      },
    });
    const spend = graph("spend", () => {
      const raw = Raw.from(local("raw/{n}.json"));
      return { raw, model: train({ raw }) };
    });
    using folder = new Folder();
    for (const n of [1, 2, 3]) folder.write(`raw/${n}.json`, String(n));
    const backend = memory();

    await spend.build({ backend, root: folder.path, concurrency: 3 });

    await using connection = await backend.connect();
    const { items } = await connection.listRuns({ kind: "step" });
    expect([...seen].sort()).toEqual(items.map(({ key, id }) => [key, id]).sort());
    expect(currentRun()).toBeUndefined();
    // A version that was registered with it is traced by its run as by its partition.
    const run = items.find(({ key }) => key === "n=2")!;
    await writeVersion(connection, { source: await sourceOf(connection, "model", "n=2"), run: run.id });
    const found = await trace(connection, { model: "team/forecast@1.0.0" });
    expect(found.origin.run).toBe(run.id);
    expect(found.runs.map(({ id }) => id)).toEqual([run.id]);
    expect(found.partitions.filter((one) => one.raw).map(({ location }) => location)).toEqual(["raw/2.json"]);
  });
});
