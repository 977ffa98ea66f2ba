// Cases about searching versions of models.

import assert from "node:assert/strict";
import type { Connection } from "../../backend/backend.ts";
import { stages, type ValueCondition, type VersionFilter, type VersionRecord } from "../../backend/model-records.ts";
import type { PartitionId } from "../../backend/records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { churn, model, source, version } from "../fact-samples.ts";
import { allPages, print, refusal, runId } from "../samples.ts";

/** 60 versions of three models that differ in everything one can search by. */
async function population(connection: Connection): Promise<VersionRecord[]> {
  const names = ["churn", "chart", "other"];
  for (const name of names) await connection.writeModel(model({ name }), undefined);
  const all: VersionRecord[] = [];
  for (let i = 0; i < 60; i++) {
    const name = names[i % 3]!;
    const stage = i % 20 === 0 ? "staging" : i < 3 ? "production" : i % 4 === 0 ? "archived" : "development";
    const one = version(Math.floor(i / 3) + 1, {
      name,
      stage: stages.includes(stage) ? stage : "development",
      framework: i % 2 === 0 ? "ml-cart" : undefined,
      run: i % 5 === 0 ? runId("r1") : undefined,
      source: i % 7 === 0 ? source((i + 1) as PartitionId) : undefined,
      metrics: i % 6 === 5 ? {} : { auc: ((i * 37) % 11) / 10 },
      params: i % 3 === 0 ? { depth: i % 8 } : i % 3 === 1 ? { depth: "deep" } : { on: i % 2 === 0 },
      labels: i % 4 === 0 ? { owner: "ana" } : {},
      metadata: i % 9 === 0 ? { "a\"b'c.$[0]": null, list: [1] } : {},
      deleted: i % 13 === 12 ? { at: "2026-01-02T03:04:05Z", by: "ana", why: undefined } : undefined,
    });
    const [written] = await connection.writeVersions([{ version: one, expected: undefined }]);
    all.push(written!);
  }
  return all;
}

const where = (place: ValueCondition["in"], key: string, is: ValueCondition["is"], value: ValueCondition["value"]) =>
  ({ in: place, key, is, value }) as const;

export const versionSearchCases: readonly ContractCase[] = [
  {
    name: "version-search",
    title: "versions are found by any mixture of facts, newest first, page by page",
    time: 60_000,
    async run({ connect }) {
      const connection = await connect();
      const all = await population(connection);
      const asks: readonly (readonly [VersionFilter, (one: VersionRecord) => boolean])[] = [
        [{}, () => true],
        [churn, (one) => one.name === "churn"],
        [{ name: "ch*" }, (one) => one.name.startsWith("ch")],
        [{ namespace: "nobody" }, () => false],
        [{ stages: ["staging"] }, (one) => one.stage === "staging"],
        [{ stages: ["production", "archived"] }, (one) => one.stage === "production" || one.stage === "archived"],
        [{ stages: [] }, () => false],
        [{ framework: "ml-cart", run: runId("r1") }, (one) => one.framework === "ml-cart" && one.run === "r1"],
        [{ content: print("model"), ...churn }, (one) => one.source !== undefined && one.name === "churn"],
        [{ versions: ["1.1.0", "1.2.0", "9.9.9"] }, (one) => one.sequence < 3],
        [{ where: [where("metrics", "auc", "gte", 0.5)] }, (one) => (one.metrics["auc"] ?? -1) >= 0.5],
        [
          { where: [where("params", "depth", "lt", 4)] },
          ({ params: { depth } }) => typeof depth === "number" && depth < 4,
        ],
        [{ where: [where("params", "depth", "ne", "deep")] }, ({ params: { depth } }) => typeof depth === "number"],
        [{ where: [where("params", "on", "eq", true)] }, (one) => one.params["on"] === true],
        [
          { where: [where("labels", "owner", "eq", "ana")], stages: ["development"] },
          (one) => one.labels["owner"] === "ana" && one.stage === "development",
        ],
        [{ where: [where("metadata", "a\"b'c.$[0]", "ne", 1)] }, (one) => Object.hasOwn(one.metadata, "list")],
        [{ where: [where("metadata", "list", "eq", "[1]")] }, () => false],
        [
          {
            where: [
              where("metrics", "auc", "gt", 0.1),
              where("metrics", "auc", "lte", 0.7),
              where("labels", "owner", "ne", "bo"),
            ],
          },
          (one) => one.metrics["auc"]! > 0.1 && one.metrics["auc"]! <= 0.7 && one.labels["owner"] === "ana",
        ],
      ];
      for (const [filter, matches] of asks) {
        for (const deleted of [undefined, true]) {
          const expected = all
            .filter((one) => (deleted === true || one.deleted === undefined) && matches(one))
            .map(({ id }) => id)
            .sort()
            .reverse();
          for (const limit of [4, 1000]) {
            const found = await allPages((page) => connection.listVersions({ ...filter, deleted }, page), limit);
            assert.deepEqual(
              found.map(({ id }) => id),
              expected,
              JSON.stringify(filter),
            );
          }
        }
      }
    },
  },
  {
    name: "version-search-by-metric",
    title: "versions are listed by a metric, up or down, equal ones newest first, those without it last",
    async run({ connect }) {
      const connection = await connect();
      const all = (await population(connection)).filter(({ deleted }) => deleted === undefined);
      for (const descending of [true, false]) {
        for (const name of [undefined, "churn"]) {
          const order = (one: VersionRecord): number =>
            (one.metrics["auc"] ?? Infinity) * (descending && "auc" in one.metrics ? -1 : 1);
          const expected = all
            .filter((one) => name === undefined || one.name === name)
            .sort((a, b) => (order(a) === order(b) ? (a.id < b.id ? 1 : -1) : order(a) - order(b)));
          for (const limit of [1, 7, 1000]) {
            const filter = { name, orderBy: { metric: "auc", descending } };
            const found = await allPages((page) => connection.listVersions(filter, page), limit);
            assert.deepEqual(
              found.map(({ id }) => id),
              expected.map(({ id }) => id),
            );
          }
        }
      }
    },
  },
  {
    name: "version-pages-stay",
    title: "a version added between two pages makes no other come twice or not at all",
    async run({ connect }) {
      const connection = await connect();
      await connection.writeModel(model(), undefined);
      const write = (n: number) =>
        connection.writeVersions([{ version: version(n, { metrics: { auc: n % 3 } }), expected: undefined }]);
      for (let n = 1; n <= 20; n += 2) await write(n);
      for (const filter of [churn, {}, { orderBy: { metric: "auc", descending: true } }]) {
        const first = await connection.listVersions(filter, { limit: 4 });
        const added = { ...version(99, { metrics: { auc: 9 } }), ...(filter === churn ? {} : { id: version(98).id }) };
        if (filter === churn) await connection.writeVersions([{ version: added, expected: undefined }]);
        const rest = await connection.listVersions(filter, { after: first.next });
        const ids = [...first.items, ...rest.items].map(({ id }) => id);

        assert.equal(new Set(ids).size, ids.length);
        for (let n = 1; n <= 20; n += 2) assert.ok(ids.includes(version(n).id));
        await refusal(connection.listVersions({ ...filter, framework: "x" }, { after: first.next }), "CURSOR_INVALID");
      }
    },
  },
];
