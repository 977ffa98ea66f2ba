// Registering: numbers, bytes, what a version knows, and what is refused before anything is used up.

import { mkdirSync, readFileSync, writeFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { artifact, graph, literal, producer } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { insideRun } from "../../../src/build/run-scope.ts";
import type { RunId } from "../../../src/backend/records.ts";
import { jsonCodec } from "../../../src/registry/codec.ts";
import { modelVersionSchema, type ModelVersion } from "../../../src/registry/model-version.ts";
import { auditOf, bytes, eventTypesOf, openRegistry } from "../../support/registry.ts";
import { fc } from "../../support/random.ts";

describe("a version's numbers", () => {
  it.each([
    [[], undefined, "1.0.0"],
    [["1.0.0"], undefined, "1.0.1"],
    [["1.9.0", "1.10.0"], undefined, "1.10.1"],
    [["1.0.0", "2.0.0-rc1"], undefined, "1.0.1"],
    [["1.2.3"], "minor", "1.3.0"],
    [["1.2.3"], "major", "2.0.0"],
  ] as const)("after %j with bump %s is %s", async (existing, bump, expected) => {
    await using space = await openRegistry();
    const { registry } = space;
    for (const version of existing) await registry.register({ name: "m", version, artifact: bytes(version) });

    expect((await registry.register({ name: "m", bump, artifact: bytes("next") })).version).toBe(expected);
  });

  it("are never given again: after a deletion the next one follows, and the deleted one is refused", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    for (let n = 0; n < 2; n++) await registry.register({ name: "m", artifact: bytes(`${n}`) });
    await registry.deleteVersion("m@1.0.1");

    expect((await registry.register({ name: "m", artifact: bytes("x") })).version).toBe("1.0.2");
    await expect(registry.register({ name: "m", version: "1.0.1", artifact: bytes("y") })).rejects.toMatchObject({
      code: "VERSION_EXISTS",
    });
  });

  it("when pinned twice are refused the second time, and the first one's bytes are untouched", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await registry.register({ name: "m", version: "2.0.0", artifact: bytes("first") });

    await expect(registry.register({ name: "m", version: "v2.0.0", artifact: bytes("second") })).rejects.toMatchObject({
      code: "VERSION_EXISTS",
    });

    await using opened = await registry.open("m@2.0.0");
    expect(readFileSync(opened.path, "utf8")).toBe("first");
  });

  it.each(["1.0", "one", "1.0.0+build", ""])("cannot be %j", async (version) => {
    await using space = await openRegistry();

    await expect(space.registry.register({ name: "m", version, artifact: bytes("m") })).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
    });
  });

  it("rise by sequence, newest first, also within one millisecond", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    for (let n = 0; n < 3; n++) await registry.register({ name: "m", artifact: bytes(`${n}`) });

    const { items } = await registry.listVersions("m");
    expect(items.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
    expect(new Set(items.map(({ createdAt }) => createdAt)).size).toBe(1);
  });
});

describe("what a version is made of", () => {
  it("a file that is not there is refused, with no row and no number used", async () => {
    await using space = await openRegistry();
    const { registry, connection, folder } = space;

    await expect(registry.register({ name: "m", artifact: join(folder, "none.bin") })).rejects.toMatchObject({
      code: "ARTIFACT_NOT_FOUND",
    });

    await expect(registry.get("m")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    expect(existsSync(join(folder, "registry", "claims"))).toBe(false);
    expect(await auditOf(connection)).toEqual(["model.register denied"]);
    expect(await registry.register({ name: "m", artifact: bytes("m") })).toMatchObject({
      version: "1.0.0",
      sequence: 1,
    });
  });

  it("a folder comes back as it was", async () => {
    await using space = await openRegistry();
    const { registry, folder } = space;
    mkdirSync(join(folder, "model", "sub"), { recursive: true });
    writeFileSync(join(folder, "model", "a.txt"), "a");
    writeFileSync(join(folder, "model", "sub", "b.txt"), "b");

    const version = await registry.register({ name: "m", artifact: join(folder, "model") });
    await registry.download("m@latest", join(folder, "out"));

    expect([version.files, version.size]).toEqual([2, 2]);
    expect(readFileSync(join(folder, "out", "sub", "b.txt"), "utf8")).toBe("b");
  });

  it("a model with a codec reloads and predicts the same", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    const linear = { slope: 2.000000000000001, intercept: -0.1 };
    const codec = jsonCodec(z.object({ slope: z.number(), intercept: z.number() }), {
      metadata: () => ({ library: "Scikit-Learn", library_version: "1.5", params: { alpha: 1 }, features: ["x"] }),
    });

    const version = await registry.register({ name: "m", model: linear, codec });
    const loaded = await registry.load("m@latest", codec);

    const predict = (m: typeof linear): number[] => [0, 1, 1e9].map((x) => m.slope * x + m.intercept);
    expect(predict(loaded)).toEqual(predict(linear));
    expect(version).toMatchObject({
      framework: "sklearn",
      artifactType: "json",
      hyperparameters: { alpha: 1 },
      metadata: { library_version: "1.5", features: ["x"] },
    });
  });

  it("a codec that fails uses up its sequence number only, and the same version may be asked for again", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    const fill = async (): Promise<void> => {
      throw new Error("disk on fire");
    };

    await expect(registry.register({ name: "m", version: "2.0.0", artifact: { fill } })).rejects.toThrow("on fire");

    expect((await registry.register({ name: "m", version: "2.0.0", artifact: bytes("m") })).version).toBe("2.0.0");
  });

  it("a partition of a snapshot ties the version to graph, snapshot, key, content and digest", async () => {
    await using space = await openRegistry({ backend: "sqlite" });
    const { registry, connection } = space;
    const Number = artifact({ schema: z.number() });
    const double = producer({
      name: "double",
      version: "1.0.0",
      inputs: { raw: Number },
      output: Number,
      build: ({ raw }) => raw * 2,
    });
    const churn = graph("churn", () => {
      const raw = Number.from(literal(21));
      return { raw, model: double({ raw }) };
    });
    const snapshot = await churn.build({
      backend: { kind: "x", home: undefined, connect: async () => keptOpen(connection) },
    });

    const version = await registry.register({ name: "team/churn", from: { snapshot, artifact: "model" } });
    const traced = await registry.trace("team/churn@1.0.0");

    expect(version).toMatchObject({
      snapshotId: snapshot.id,
      partition: { graph: "churn", artifactKey: "model", key: "" },
    });
    expect(version.contentFingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(version.digest).toMatch(/^[0-9a-f]{64}$/);
    await using opened = await registry.open("team/churn");
    expect(readFileSync(opened.path, "utf8").trim()).toBe("42");
    expect(traced.raw).toHaveLength(1);
    expect(traced.partition?.run).toBeDefined();
    expect(await connection.readSnapshotTag("churn", "model:team/churn@development")).toMatchObject({
      snapshot: snapshot.id,
    });
    await registry.promote("team/churn@1.0.0", "production");
    expect(await connection.readSnapshotTag("churn", "model:team/churn@development")).toBeUndefined();
    expect(await connection.readSnapshotTag("churn", "model:team/churn@production")).toMatchObject({
      snapshot: snapshot.id,
    });
    await registry.archive("team/churn@1.0.0");
    expect(await connection.readSnapshotTag("churn", "model:team/churn@production")).toBeUndefined();
  });

  it("is said in one way", async () => {
    await using space = await openRegistry();
    const { registry } = space;

    await expect(registry.register({ name: "m" } as never)).rejects.toThrow(/say in one way/);
    await expect(
      registry.register({ name: "m", artifact: bytes("m"), from: { graph: "g", artifact: "a" } }),
    ).rejects.toThrow(/say in one way/);
  });

  it("is verified: one flipped byte is found by get with verify, open and download, which name the file", async () => {
    await using space = await openRegistry();
    const { registry, folder } = space;
    mkdirSync(join(folder, "model"));
    writeFileSync(join(folder, "model", "weights.bin"), "0123456789");
    await registry.register({ name: "m", artifact: join(folder, "model") });
    const objects = join(folder, "registry", "objects");
    for (const shelf of readdirSync(objects)) {
      for (const file of readdirSync(join(objects, shelf))) writeFileSync(join(objects, shelf, file), "0123456780", {});
    }

    const corrupted = { code: "ARTIFACT_CORRUPTED", message: expect.stringContaining("weights.bin") as string };
    await expect(registry.get("m@1.0.0", { verify: true })).rejects.toMatchObject(corrupted);
    await expect(registry.open("m@1.0.0")).rejects.toMatchObject(corrupted);
    await expect(registry.download("m@1.0.0", join(folder, "out"))).rejects.toMatchObject(corrupted);
    expect((await registry.get("m@1.0.0")).version).toBe("1.0.0");
  });

  it("is a copy that is gone once its scope is left", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await registry.register({ name: "m", artifact: bytes("m") });
    let path: string;
    {
      await using opened = await registry.open("m@1.0.0");
      path = opened.path;
      expect(existsSync(path)).toBe(true);
    }

    expect(existsSync(path)).toBe(false);
  });
});

describe("what a version knows", () => {
  it("of its run: the one the code is part of, an explicit one before that, none outside", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    const inside = await insideRun("run-1" as RunId, () => registry.register({ name: "m", artifact: bytes("a") }));
    const explicit = await insideRun("run-1" as RunId, () =>
      registry.register({ name: "m", artifact: bytes("b"), runId: "run-2" }),
    );
    const outside = await registry.register({ name: "m", artifact: bytes("c") });

    expect([inside.runId, explicit.runId, outside.runId]).toEqual(["run-1", "run-2", undefined]);
    expect(outside.engineVersion).toBe(space.host.engineVersion);
  });

  it("inside a producer: the run and the configuration of its step, and trace finds both", async () => {
    await using space = await openRegistry({ backend: "sqlite" });
    const { registry, folder } = space;
    const Count = artifact({ schema: z.number() });
    const fit = producer({
      name: "fit",
      version: "1.0.0",
      inputs: { raw: Count },
      output: Count,
      async build({ raw }) {
        await registry.register({ name: "m", artifact: bytes(String(raw)), durable: true });
        return raw * 2;
      },
    });
    const trained = graph("trained", () => {
      const raw = Count.from(literal(21));
      return { raw, model: fit({ raw }) };
    });

    await trained.build({ backend: sqlite(join(folder, "strata.db")) });

    const version = await registry.get("m@1.0.0");
    const { run } = await registry.trace("m@1.0.0");
    expect(version.configFingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(run).toMatchObject({ id: version.runId, kind: "step", producer: "fit" });
  });

  it.each([
    [{ name: "x".repeat(255) }, undefined],
    [{ name: "x".repeat(256) }, "VALIDATION_FAILED"],
    [{ name: "../x" }, "VALIDATION_FAILED"],
    [{ labels: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`l${n}`, "x"])) }, undefined],
    [{ labels: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`l${n}`, "x"])) }, "VALIDATION_FAILED"],
    [{ metrics: { auc: Number.NaN } }, "VALIDATION_FAILED"],
    [{ metrics: { auc: Infinity } }, "VALIDATION_FAILED"],
    [{ metrics: { auc: "0.9" as never } }, "VALIDATION_FAILED"],
    [{ hyperparameters: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`p${n}`, n])) }, undefined],
    [
      { hyperparameters: Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`p${n}`, n])) },
      "VALIDATION_FAILED",
    ],
    [{ hyperparameters: { deep: { a: 1 } } }, "VALIDATION_FAILED"],
    [{ description: "x".repeat(10_000) }, undefined],
    [{ description: "x".repeat(10_001) }, "VALIDATION_FAILED"],
    [{ unheard: 1 }, "VALIDATION_FAILED"],
  ])("limits of %#", async (fields, code) => {
    await using space = await openRegistry();
    const attempt = space.registry.register({ name: "m", artifact: bytes("m"), ...(fields as object) });

    if (code === undefined) expect((await attempt).version).toBe("1.0.0");
    else await expect(attempt).rejects.toMatchObject({ code });
  });

  it("comes back equal from JSON, whatever it is", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as never);
    const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          name,
          fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x)),
        ),
        fc.dictionary(name, json),
        fc.dictionary(name, text),
        fc.option(text, { nil: undefined }),
        async (metrics, metadata, labels, description) => {
          await using space = await openRegistry();
          const { registry } = space;
          await registry.register({ name: "m", artifact: bytes("m"), metrics, metadata, labels, description });

          const version = await registry.get("m@1.0.0");

          const back = modelVersionSchema.parse(JSON.parse(JSON.stringify(version)));
          expect(back).toEqual(version satisfies ModelVersion);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("is told in events and audit rows, once each", async () => {
    await using space = await openRegistry();
    await space.registry.register({ name: "m", artifact: bytes("m") });

    expect(await eventTypesOf(space.connection)).toEqual(["model.created", "model.registered"]);
    expect(await auditOf(space.connection)).toEqual(["model.register done"]);
  });

  it("may be changed or refused by hooks before anything is claimed", async () => {
    await using space = await openRegistry();
    const { registry, host, connection, folder } = space;
    host.hooks.pre("model.register", (data) => {
      if ((data.metrics["accuracy"] ?? 0) < 0.5) throw new Error("not good enough");
      return { ...data, labels: { ...data.labels, checked: "yes" } };
    });

    await expect(
      registry.register({ name: "m", artifact: bytes("m"), metrics: { accuracy: 0.4 } }),
    ).rejects.toMatchObject({ code: "HOOK_VETO" });
    expect(existsSync(join(folder, "registry"))).toBe(false);
    expect(await eventTypesOf(connection)).toEqual([]);

    const version = await registry.register({ name: "m", artifact: bytes("m"), metrics: { accuracy: 0.6 } });
    expect(version).toMatchObject({ version: "1.0.0", labels: { checked: "yes" } });
  });
});

function keptOpen<T extends object>(connection: T): T {
  return Object.assign(Object.create(connection) as T, {
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  });
}
