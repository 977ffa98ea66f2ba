// OpenLineage events: of what is stored, and of a build as it runs.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { artifact, graph, local, memory, producer } from "stratigraph";
import type { RunId } from "../../../src/backend/records.ts";
import { createLineage } from "../../../src/lineage/lineage.ts";
import { toFile, toServer } from "../../../src/lineage/openlineage/emit.ts";
import { uuidOf, type RunEvent } from "../../../src/lineage/openlineage/event.ts";
import { openLineage } from "../../../src/lineage/openlineage/listener.ts";
import { openLineageEvents, type EventSelection } from "../../../src/lineage/openlineage/stored.ts";
import { Folder } from "../../support/folder.ts";
import { openLineageProblems } from "../../support/openlineage-schemas.ts";
import { openHost, openSpending, type Spending } from "./support.ts";

const problemsOf = openLineageProblems();

async function eventsOf(space: Spending, selection: EventSelection = { since: 0 }): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const names = { root: space.folder.path, engineVersion: "0.1.0" };
  for await (const event of openLineageEvents(space.connection, selection, names)) events.push(event);
  return events;
}

const parentUrl = "https://openlineage.io/spec/facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet";

const typesBy = (events: readonly RunEvent[]): string[] =>
  events.map(({ eventType, job }) => `${job.name} ${eventType}`).sort();

describe("OpenLineage events of what is stored", () => {
  it("tell of a build and each of its steps once that it began and once how it ended, valid against the schemas", async () => {
    await using space = await openSpending();
    await space.build();

    const events = await eventsOf(space);

    expect(events.flatMap(problemsOf)).toEqual([]);
    expect(typesBy(events)).toEqual([
      "spend COMPLETE",
      "spend START",
      "spend.sum-all COMPLETE",
      "spend.sum-all START",
      ...Array.from({ length: 3 }, () => "spend.sum-day COMPLETE"),
      ...Array.from({ length: 3 }, () => "spend.sum-day START"),
      "spend.tell COMPLETE",
      "spend.tell START",
    ]);
  });

  it("name what was read and written with its content, its schema, its place and the run's parent", async () => {
    await using space = await openSpending();
    await space.build();

    const events = await eventsOf(space);
    const day = events.find(
      ({ job, eventType, inputs }) =>
        job.name === "spend.sum-day" &&
        eventType === "COMPLETE" &&
        inputs.some(({ name }) => name.endsWith("01-02.json")),
    )!;
    const all = events.find(({ job, eventType }) => job.name === "spend.sum-all" && eventType === "COMPLETE")!;

    const file = day.inputs.find(({ name }) => name.endsWith("2026-01-02.json"))!;
    expect(file).toMatchObject({
      namespace: "file",
      name: space.folder.at("data/2026-01-02.json"),
      facets: { dataSource: { uri: `file://${space.folder.at("data/2026-01-02.json")}` } },
    });
    expect(file.facets["version"]).toMatchObject({ datasetVersion: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(day.inputs.find(({ name }) => name.endsWith("rates.json"))!.facets["schema"]).toMatchObject({
      fields: [{ name: "factor", type: "number" }],
    });
    expect(day.outputs.map(({ name }) => name)).toEqual(["spend.days/date=2026-01-02"]);
    // The same partition has the same name and version where it is written and where it is read.
    const read = all.inputs.find(({ name }) => name === "spend.days/date=2026-01-02")!;
    expect(read.facets["version"]).toEqual(day.outputs[0]!.facets["version"]);
    const build = events.find(({ job }) => job.name === "spend")!;
    expect(day.run.facets["parent"]).toMatchObject({
      run: { runId: build.run.runId },
      job: { namespace: "stratigraph", name: "spend" },
    });
  });

  it("carry the error of a step that failed, and FAIL", async () => {
    await using space = await openSpending();
    space.folder.write("data/2026-01-02.json", '["no number"]');
    await space.build().catch(() => undefined);

    const events = await eventsOf(space);
    const failed = events.filter(({ eventType }) => eventType === "FAIL");

    expect(events.flatMap(problemsOf)).toEqual([]);
    expect(failed.map(({ job }) => job.name).sort()).toEqual(["spend", "spend.sum-day"]);
    const step = failed.find(({ job }) => job.name === "spend.sum-day")!;
    expect(step.run.facets["errorMessage"]).toMatchObject({
      message: expect.stringContaining("number"),
      programmingLanguage: "JavaScript",
    });
  });

  it("tell of tasks what they told: places, rows, labels, errors", async () => {
    const { host, connection } = await openHost();
    const lineage = createLineage({ host });
    const io = [
      { direction: "input", name: "claims", location: "db.claims", format: "delta", content: "c1" },
      { direction: "output", name: "features", location: "db.features", rows: 7 },
    ] as const;
    const task = { usecase: "fraud", pipeline: "ingestion", task: "etl", io, metadata: { git: "abc" } };
    await lineage.record({ ...task, runId: "6b3c1f6e-1111-4222-8333-444455556666", status: "error", error: "no disk" });
    await lineage.record({ ...task, runId: "second", status: "cancelled" });
    const events: RunEvent[] = [];
    for await (const event of openLineageEvents(connection, { since: 0 }, { engineVersion: "0.1.0" }))
      events.push(event);

    expect(events.flatMap(problemsOf)).toEqual([]);
    expect(events.map(({ eventType }) => eventType)).toEqual(["START", "FAIL", "START", "ABORT"]);
    const [, fail] = events;
    expect(fail).toMatchObject({
      run: { runId: "6b3c1f6e-1111-4222-8333-444455556666", facets: { errorMessage: { message: "no disk" } } },
      job: { name: "fraud.ingestion.etl" },
      inputs: [{ name: "db.claims", facets: { version: { datasetVersion: "c1" } } }],
      outputs: [{ name: "db.features", outputFacets: { outputStatistics: { rowCount: 7 } } }],
    });
  });
});

describe("the check against the schemas", () => {
  it("finds what is wrong with an event and with a facet", async () => {
    await using space = await openSpending();
    await space.build();
    const [event] = await eventsOf(space);

    const parent = { _producer: "https://example.com", _schemaURL: parentUrl, run: { runId: "7" }, job: { name: "j" } };
    const wrong = { ...event!, run: { runId: "no uuid", facets: { parent } } };

    expect(problemsOf(event)).toEqual([]);
    expect(problemsOf(wrong).length).toBeGreaterThanOrEqual(3);
  });
});

describe("OpenLineage events of a build as it runs", () => {
  it("are those that are stored afterwards, under the same ids", async () => {
    await using space = await openSpending();
    const live: RunEvent[] = [];
    const listener = openLineage({
      emit: (event) => void live.push(event),
      backend: space.backend,
      root: space.folder.path,
      engineVersion: "0.1.0",
    });

    await space.graph.build({ backend: space.backend, root: space.folder.path, on: listener });
    await listener.flush();

    const stored = await eventsOf(space);
    const identity = ({ eventType, run, job, outputs }: RunEvent): string =>
      `${job.name} ${run.runId} ${eventType} ${JSON.stringify(outputs)}`;
    expect(live.flatMap(problemsOf)).toEqual([]);
    expect(live.map(identity).sort()).toEqual(stored.map(identity).sort());
    expect(`${live[0]!.job.name} ${live[0]!.eventType}`).toBe("spend START");
    expect(`${live.at(-1)!.job.name} ${live.at(-1)!.eventType}`).toBe("spend COMPLETE");
  });

  it("say nothing of a build that had nothing to do", async () => {
    await using space = await openSpending();
    await space.build();
    const live: RunEvent[] = [];
    const listener = openLineage({ emit: (event) => void live.push(event) });

    await space.graph.build({ backend: space.backend, root: space.folder.path, on: listener });
    await listener.flush();

    expect(live).toEqual([]);
  });

  it("end with ABORT for a step and a build that were stopped", async () => {
    const Words = artifact({ schema: z.string() });
    const stop = new AbortController();
    const slow = producer({
      name: "slow",
      version: "1.0.0",
      inputs: { word: Words },
      output: Words,
      build: async ({ word }, { signal }) => {
        stop.abort();
        await new Promise((_, reject) => {
          if (signal.aborted) reject(new Error("stopped"));
          signal.addEventListener("abort", () => reject(new Error("stopped")));
        });
        return word;
      },
    });
    const stopped = graph("stopped", () => {
      const word = Words.from(local("word.json"));
      return { word, out: slow({ word }) };
    });
    using folder = new Folder();
    folder.write("word.json", '"w"');
    const live: RunEvent[] = [];
    const listener = openLineage({ emit: (event) => void live.push(event) });

    await stopped
      .build({ backend: memory(), root: folder.path, signal: stop.signal, on: listener })
      .catch(() => undefined);
    await listener.flush();

    expect(live.flatMap(problemsOf)).toEqual([]);
    expect(live.map(({ job, eventType }) => `${job.name} ${eventType}`)).toEqual([
      "stopped START",
      "stopped.slow START",
      "stopped.slow ABORT",
      "stopped ABORT",
    ]);
  });

  it("that cannot be emitted stop no build, and are told of", async () => {
    await using space = await openSpending();
    const errors: unknown[] = [];
    const emit = (): void => {
      throw new Error("no room");
    };
    const listener = openLineage({ emit, onError: (error) => void errors.push(error) });

    const snapshot = await space.graph.build({ backend: space.backend, root: space.folder.path, on: listener });
    await listener.flush();

    expect(snapshot.result.outcome).toBe("succeeded");
    expect(errors).toHaveLength(12);
  });

  it("go into a file as one line each, in order", async () => {
    await using space = await openSpending();
    const path = space.folder.at("events/lineage.ndjson");
    const listener = openLineage({ emit: toFile(path) });

    await space.graph.build({ backend: space.backend, root: space.folder.path, on: listener });
    await listener.flush();

    const lines = space.folder.read("events/lineage.ndjson").trimEnd().split("\n");
    expect(lines).toHaveLength(12);
    expect(lines.map((line) => JSON.parse(line) as RunEvent).flatMap(problemsOf)).toEqual([]);
  });

  it.skipIf(process.platform !== "linux")("fail at once where no folder can be made for the file", async () => {
    await expect(toFile("/proc/none/events/lineage.ndjson")({} as RunEvent)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("are posted to a server that nobody waits for; what it does not take falls back to the journal", async () => {
    await using space = await openSpending();
    const posted: RunEvent[] = [];
    let taken = 0;
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        // The first is taken, then the server is out of order.
        response.statusCode = ++taken === 1 ? 201 : 503;
        if (response.statusCode === 201) posted.push(JSON.parse(body) as RunEvent);
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const journaled: unknown[] = [];
    const emit = toServer({
      url: `http://127.0.0.1:${String(port)}/api/v1/lineage`,
      headers: { authorization: "Bearer secret" },
      journal: {
        append: async (intent) => void journaled.push(intent),
        appendNow: (intent) => void journaled.push(intent),
      },
      warn: () => undefined,
    });
    const listener = openLineage({ emit });

    await space.graph.build({ backend: space.backend, root: space.folder.path, on: listener });
    await listener.flush();
    await emit.flush();
    await emit.close();
    server.close();

    expect(posted.map(({ eventType, job }) => `${job.name} ${eventType}`)).toEqual(["spend START"]);
    expect(journaled.length).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(journaled)).not.toContain("secret");
  });
});

describe("a run's id as a UUID", () => {
  it("is the same each time, begins with the time of an id of ours, and keeps one that is a UUID already", () => {
    const ours = uuidOf("01m889gga80000gzhg4yzx4hpe" as RunId);

    expect(ours).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidOf("01m889gga80000gzhg4yzx4hpe" as RunId)).toBe(ours);
    expect(uuidOf("01m889gga80000gzhg4yzx4hpf" as RunId)).not.toBe(ours);
    expect(uuidOf("run-1" as RunId)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidOf("6B3C1F6E-1111-4222-8333-444455556666" as RunId)).toBe("6b3c1f6e-1111-4222-8333-444455556666");
  });
});
