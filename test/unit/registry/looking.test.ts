// Looking at models: references, lists, search, comparison, and what is not there.

import { describe, expect, it } from "vitest";
import type { VersionId } from "../../../src/backend/model-records.ts";
import { bytes, openRegistry } from "../../support/registry.ts";
import type { ModelRegistry } from "../../../src/registry/registry.ts";

async function some(registry: ModelRegistry): Promise<void> {
  await registry.register({
    name: "team/churn",
    artifact: bytes("1"),
    metrics: { auc: 0.88, f1: 0.85 },
    framework: "xgb",
  });
  await registry.register({
    name: "team/churn",
    artifact: bytes("2"),
    metrics: { auc: 0.91, f1: 0.87 },
    labels: { owner: "ana" },
  });
  await registry.register({
    name: "team/churn",
    artifact: bytes("3"),
    bump: "minor",
    metrics: { auc: 0.93, acc: 1 },
    hyperparameters: { depth: 3 },
  });
  await registry.register({ name: "team/fraud", artifact: bytes("4"), metadata: { country: "de" } });
}

describe("a version", () => {
  it("is found by number, sequence, stage, alias, as the latest, and by URI", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await some(registry);
    await registry.promote("team/churn@1.0.1", "production");
    await registry.setAlias("team/churn@1.0.0", "champion");

    const found = await Promise.all([
      registry.get("team/churn@1.0.0"),
      registry.get("team/churn", "#2"),
      registry.get("team/churn", 2),
      registry.get("models:/team/churn@production"),
      registry.get("team/churn", { stage: "Production" }),
      registry.get("team/churn@champion"),
      registry.get("team/churn"),
      registry.get("models:/team/churn/1.1.0"),
    ]);

    expect(found.map(({ version }) => version)).toEqual([
      "1.0.0",
      "1.0.1",
      "1.0.1",
      "1.0.1",
      "1.0.1",
      "1.0.0",
      "1.1.0",
      "1.1.0",
    ]);
  });

  it("that is not there is refused with those there are", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await some(registry);

    await expect(registry.get("team/churn@3.0.0")).rejects.toMatchObject({
      code: "VERSION_NOT_FOUND",
      message: expect.stringContaining("one of 1.1.0, 1.0.1, 1.0.0") as string,
      data: { available: ["1.1.0", "1.0.1", "1.0.0"] },
    });
  });

  it("of a model that is not there is refused with the nearest name", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await some(registry);

    await expect(registry.get("nonexistent")).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
      data: { name: "nonexistent", suggestions: [] },
    });
    await expect(registry.get("team/chrun")).rejects.toMatchObject({
      data: { name: "chrun", suggestions: ["team/churn"] },
      hint: "Did you mean 'team/churn'?",
    });
    await expect(registry.listVersions("team/chrun")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
  });

  it("is compared with another, metric by metric, rounded as people count", async () => {
    await using space = await openRegistry();
    const { registry } = space;
    await some(registry);

    expect(await registry.compareVersions("team/churn", "1.0.1", "1.1.0")).toEqual({
      acc: { a: null, b: 1, delta: null },
      auc: { a: 0.91, b: 0.93, delta: 0.02 },
      f1: { a: 0.87, b: null, delta: null },
    });
  });
});

describe.each(["memory", "sqlite"] as const)("a search on %s", (backend) => {
  it.each([
    [{}, ["team/fraud@1.0.0", "team/churn@1.1.0", "team/churn@1.0.1", "team/churn@1.0.0"]],
    [{ name: "chu*" }, ["team/churn@1.1.0", "team/churn@1.0.1", "team/churn@1.0.0"]],
    [{ name: "team/fra?d" }, ["team/fraud@1.0.0"]],
    [{ stage: "Production" }, ["team/churn@1.0.1"]],
    [{ stage: ["production", "none"], name: "churn" }, ["team/churn@1.1.0", "team/churn@1.0.1", "team/churn@1.0.0"]],
    [{ version: ">=1.0.1 <2", name: "churn" }, ["team/churn@1.1.0", "team/churn@1.0.1"]],
    [{ version: "^9" }, []],
    [{ framework: "xgboost" }, ["team/churn@1.0.0"]],
    [{ metrics: { auc: { gte: 0.9 } } }, ["team/churn@1.1.0", "team/churn@1.0.1"]],
    [{ metrics: { auc: { gt: 0.9, lt: 0.93 } } }, ["team/churn@1.0.1"]],
    [{ hyperparameters: { depth: 3 } }, ["team/churn@1.1.0"]],
    [{ labels: { owner: "ana" } }, ["team/churn@1.0.1"]],
    [{ metadata: { country: { ne: "fr" } } }, ["team/fraud@1.0.0"]],
    [{ name: "churn", orderBy: "-auc" }, ["team/churn@1.1.0", "team/churn@1.0.1", "team/churn@1.0.0"]],
    [{ name: "churn", orderBy: "auc" }, ["team/churn@1.0.0", "team/churn@1.0.1", "team/churn@1.1.0"]],
  ])("for %j finds %j", async (asked, expected) => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await some(registry);
    await registry.promote("team/churn@1.0.1", "production");

    const { items } = await registry.search(asked);

    const found = items.map(({ namespace, name, version }) => `${namespace}/${name}@${version}`);
    // Without an order the models may come in any; within one they come newest first.
    if (JSON.stringify(asked) === "{}") expect(found.toSorted()).toEqual(expected.toSorted());
    else expect(found).toEqual(expected);
  });

  it("comes in pages that share nothing", async () => {
    await using space = await openRegistry({ backend });
    const { registry } = space;
    await some(registry);

    const first = await registry.search({ name: "churn", metrics: { auc: { gt: 0 } }, limit: 2 });
    const second = await registry.search({ name: "churn", metrics: { auc: { gt: 0 } }, limit: 2, cursor: first.next });

    expect([...first.items, ...second.items].map(({ version }) => version)).toEqual(["1.1.0", "1.0.1", "1.0.0"]);
    expect(second.next).toBeUndefined();
  });

  it.each([
    [{ version: "latest-ish" }, /no range of semantic versions/],
    [{ environment: "production" }, /is an environment/],
    [{ stage: "prod" }, /is an environment/],
    [{ metrics: { auc: { gte: "much" } } }, /does not fit/],
    [{ colour: "red" }, /colour/],
  ])("for %j is refused", async (asked, message) => {
    await using space = await openRegistry({ backend });

    await expect(space.registry.search(asked as never)).rejects.toThrow(message);
  });
});

it("over 1,000 versions combines its conditions, and its pages share nothing", async () => {
  await using space = await openRegistry({ backend: "sqlite" });
  const { registry, connection } = space;
  const first = await registry.register({ name: "team/many", artifact: bytes("0"), metrics: { auc: 0 } });
  const [record] = await connection.findVersions([{ namespace: "team", name: "many", ref: { kind: "latest" } }]);
  await connection.writeVersions(
    Array.from({ length: 999 }, (_, n) => ({
      version: {
        ...record!,
        id: `${record!.id}-${n}` as VersionId,
        sequence: n + 2,
        version: `1.${Math.floor((n + 1) / 10)}.${(n + 1) % 10}`,
        framework: n % 2 === 0 ? "xgboost" : "sklearn",
        metrics: { auc: (n + 1) / 1000 },
        labels: { owner: n % 3 === 0 ? "ana" : "bo" },
      },
      expected: undefined,
    })),
  );

  const asked = { framework: "xgboost", labels: { owner: "ana" }, metrics: { auc: { gte: 0.5 } }, limit: 50 } as const;
  const one = await registry.search(asked);
  const two = await registry.search({ ...asked, cursor: one.next });

  const seen = [...one.items, ...two.items];
  expect(first.sequence).toBe(1);
  expect([one.items.length, two.items.length, two.next]).toEqual([50, 33, undefined]);
  expect(new Set(seen.map(({ sequence }) => sequence)).size).toBe(83);
  expect(
    seen.every(
      ({ framework, labels, metrics }) =>
        framework === "xgboost" && labels["owner"] === "ana" && metrics["auc"]! >= 0.5,
    ),
  ).toBe(true);
  const ranged = await registry.search({ name: "team/many", version: ">=1.50.0 <1.51.0" });
  expect(ranged.items.map(({ version }) => version)).toEqual(Array.from({ length: 10 }, (_, n) => `1.50.${9 - n}`));
});

it("models are listed by name, and a pattern chooses among them", async () => {
  await using space = await openRegistry();
  const { registry } = space;
  await some(registry);

  expect((await registry.listModels()).items.map(({ name }) => name)).toEqual(["churn", "fraud"]);
  expect((await registry.listModels({ name: "f*" })).items.map(({ name }) => name)).toEqual(["fraud"]);
  expect(await registry.getModel("team/churn")).toMatchObject({ namespace: "team", createdBy: "ana" });
});
