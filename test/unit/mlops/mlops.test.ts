// An instance: what opens, works and closes together, and what is refused in one sentence.

import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { artifact, graph, literal, memory, producer, StratigraphError } from "stratigraph";
import { describe, expect, it } from "vitest";
import { getMLOps, initMLOps, resetMLOps } from "../../../src/mlops/current.ts";
import { createMLOps, type MLOpsOptions } from "../../../src/mlops/mlops.ts";
import { faulty } from "../../../src/testing/faulty.ts";
import { noteRequest } from "../../support/facts.ts";
import { failureOf } from "../../support/folder.ts";
import { instanceSpace } from "../../support/instance.ts";

const bytes = new Uint8Array([1]);
const churn = { name: "team/churn", artifact: bytes } as const;

describe("an instance", () => {
  it("without any setting keeps everything in .strata, and finds it again", async () => {
    await using space = instanceSpace();
    const first = await space.open();
    await first.registry.register(churn);
    await first.close();
    const second = await space.open();

    const { items } = await second.registry.listVersions("team/churn");

    expect(items).toMatchObject([{ version: "1.0.0", createdBy: "ana" }]);
    expect(space.folder.files(".strata").some((file) => file.startsWith(".strata/registry/"))).toBe(true);
  });

  it("takes settings of the folder's file, and its own over them; places count from that folder", async () => {
    await using space = instanceSpace();
    space.folder.write(
      "strata.yaml",
      "root: data\npath: state\nregistry:\n  namespace: team\n  initial_stage: staging\n",
    );
    const mlops = await space.open({ registry: { namespace: "risk" } });

    const version = await mlops.registry.register({ name: "churn", artifact: bytes });

    expect(version).toMatchObject({ namespace: "risk", stage: "staging" });
    expect(mlops.backend.home).toBe(space.folder.at("state"));
  });

  it("closes once, however often it is told to, and works no more", async () => {
    await using space = instanceSpace();
    const mlops = await space.open();
    await Promise.all([mlops.close(), mlops.close()]);
    await mlops[Symbol.asyncDispose]();

    const error = await failureOf(() => mlops.registry.register(churn));

    expect(error.code).toBe("CONNECTION_CLOSED");
  });

  it("writes what nobody waited for before it closes", async () => {
    await using space = instanceSpace();
    const first = await space.open({ metadata: { writes: "behind", home: "journal" } });
    const { behind } = await first.registry.register(churn);
    await first.close();
    const second = await space.open();

    expect(behind).toBe(true);
    expect((await second.registry.get("team/churn")).version).toBe("1.0.0");
  });

  it("says in a flush what became of records that a database did not take", async () => {
    await using space = instanceSpace();
    const backend = faulty(memory(), ({ name }) => (name === "transaction" ? { kind: "throw" } : undefined));
    const mlops = await space.open({ backend, breaker: { enabled: false } });
    await mlops.host.change(noteRequest({ name: "a", value: 1 }, { mode: "behind" }));

    expect(await mlops.flush()).toMatchObject({ written: 0, fallback: 1 });
  });

  it("makes all of a transaction or nothing: rows, events and audit rows", async () => {
    await using space = instanceSpace();
    const mlops = await space.open();
    const told: string[] = [];
    mlops.events.subscribe("*", ({ type }) => void told.push(type));
    const register = (fails: boolean): Promise<unknown> =>
      mlops.transaction(async ({ registry, lineage }) => {
        await registry.register(churn);
        await lineage.record({ runId: "run-1", task: "train", status: "success" });
        if (fails) throw new Error("not yet");
      });

    const error = await failureOf(() => register(true));
    const after = [told.length, (await mlops.audit.query()).items.length, (await mlops.lineage.search()).items.length];
    await register(false);

    expect([error.message, ...after]).toEqual(["not yet", 0, 0, 0]);
    expect(told).toEqual(["model.created", "model.registered", "lineage.recorded"]);
    expect((await mlops.registry.listVersions("team/churn")).items).toHaveLength(1);
  });

  it("shares nothing with another one but what is in the backend", async () => {
    await using space = instanceSpace();
    const backend = memory();
    const [one, other] = [await space.open({ backend }), await space.open({ backend, actor: "ben" })];
    const told: string[] = [];
    one.hooks.pre("model.register", () => {
      throw new Error("not here");
    });
    one.events.subscribe("*", ({ type }) => void told.push(type));

    const refused = await failureOf(() => one.registry.register(churn));
    const { createdBy } = await other.registry.register(churn);
    await one.close();

    expect([refused.code, createdBy, told]).toEqual(["HOOK_VETO", "ben", []]);
    expect((await other.registry.getModel("team/churn")).name).toBe("churn");
  });

  it("is told once in the process for code that nobody hands one", async () => {
    await using space = instanceSpace();
    const mlops = await initMLOps({ cwd: space.folder.path, env: {}, enabled: false });

    expect(getMLOps()).toBe(mlops);
    resetMLOps();
    expect((await failureOf(getMLOps)).code).toBe("NOT_INITIALIZED");
    await mlops.close();
  });
});

describe("bad settings are one sentence, and open nothing", () => {
  const wrong: readonly [string, MLOpsOptions, string, RegExp][] = [
    ["a slip", { registry: { namspace: "a" } } as never, "CONFIG_INVALID", /there is no setting 'registry.namspace'/],
    ["a value", { retry: { maxAttempts: 0 } }, "CONFIG_INVALID", /retry.maxAttempts.*a whole number of at least 1/s],
    ["a kind of database", { backend: "sqlit:a.db" }, "PLUGIN_NOT_FOUND", /there is no backend 'sqlit:'/],
    [
      "a kind of store",
      { registry: { store: "s4://bytes" } },
      "CONFIG_INVALID",
      /there is no artifact store of this kind/,
    ],
    ["a variable", { env: { STRATA_CACHE__ENABLED: "maybe" } }, "CONFIG_INVALID", /STRATA_CACHE__ENABLED/],
  ];

  it.each(wrong)("%s", async (_what, options, code, sentence) => {
    await using space = instanceSpace();

    const error = await failureOf(() => createMLOps({ cwd: space.folder.path, env: {}, ...options }));

    expect(error).toBeInstanceOf(StratigraphError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
    // The database may have been opened, and then has left its mark.
    const opened = /^\.strata\/(strata\.db|\.strata-database-)/;
    expect(space.folder.files().filter((file) => !opened.test(file))).toEqual([]);
  });
});

const Total = artifact({ schema: z.number() });
const total = (build: () => Promise<number> | number, annotations = {}) =>
  graph(
    "totals",
    () => {
      const days = Total.from(literal(1));
      const sum = producer({ name: "sum", version: "1.0.0", inputs: { days: Total }, output: Total, build });
      return { days, total: sum({ days }) };
    },
    { annotations },
  );

describe("a build in an instance", () => {
  it("remembers its results there, and inside of it the instance is the current one", async () => {
    await using space = instanceSpace();
    const mlops = await space.open();
    const totals = total(async () => {
      await getMLOps().registry.register(churn);
      return 1;
    });

    const snapshot = await mlops.build(totals);
    await mlops.flush();

    expect(snapshot.result).toMatchObject({ built: 1 });
    expect((await totals.snapshot("latest", { backend: mlops.backend })).id).toBe(snapshot.id);
    expect(await mlops.registry.get("team/churn")).toMatchObject({ createdBy: "ana", runId: expect.any(String) });
    expect((await failureOf(getMLOps)).code).toBe("NOT_INITIALIZED");
  });

  it("keeps its results also where nothing else is kept", async () => {
    await using space = instanceSpace();
    const mlops = await space.open({ enabled: false });
    await mlops.build(total(() => 1));
    const again = await mlops.build(total(() => 2));

    expect(again.result).toMatchObject({ built: 0, reused: 1 });
    expect(space.folder.files(".strata")).toContain(".strata/strata.db");
  });

  it("fails with metadata.strict where a record fell back, and without it does not", async () => {
    await using space = instanceSpace();
    let sick = false;
    const backend = faulty(memory(), ({ name }) => (sick && name === "transaction" ? { kind: "throw" } : undefined));
    const forgetful = total(async () => {
      sick = true;
      const { host } = getMLOps();
      const { committed } = await host.change(noteRequest({ name: "a", value: 1 }, { mode: "behind" }));
      await committed.catch(() => undefined);
      sick = false;
      return 1;
    });
    const open = (strict: boolean) =>
      space.open({
        backend,
        breaker: { enabled: false },
        retry: { maxAttempts: 1 },
        metadata: { strict, home: "journal" },
      });

    await (await open(false)).build(forgetful, { force: true });
    const strict = await open(true);
    const error = await failureOf(() => strict.build(forgetful, { force: true }));
    await wait(0);

    expect(error.code).toBe("METADATA_FELL_BACK");
    expect(error.message).toContain("graph 'totals'");
  });

  it("appends OpenLineage events where the settings, or the graph's annotation, say so", async () => {
    await using space = instanceSpace();
    const mlops = await space.open({ lineage: { openLineage: "events/all.ndjson" } });
    const silent = { strata: { lineage: { enabled: false } } };
    await mlops.build(total(() => 1));
    const lines = space.folder.read("events/all.ndjson").trim().split("\n");
    await mlops.build(
      total(() => 1, silent),
      { force: true },
    );

    const events = lines.map((line) => JSON.parse(line) as { eventType: string; job: { name: string } });
    expect(events.map(({ eventType, job }) => `${eventType} ${job.name}`)).toEqual([
      "START totals",
      "START totals.sum",
      "COMPLETE totals.sum",
      "COMPLETE totals",
    ]);
    expect(space.folder.read("events/all.ndjson").trim().split("\n")).toHaveLength(4);
  });
});
