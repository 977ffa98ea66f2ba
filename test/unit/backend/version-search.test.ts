// Searching versions: SQLite, memory and a search by hand find the same in the same order, whatever is asked.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Connection } from "../../../src/backend/backend.ts";
import { memory } from "../../../src/backend/memory/memory-backend.ts";
import {
  comparisons,
  stages,
  type ValueCondition,
  type VersionFilter,
  type VersionRecord,
} from "../../../src/backend/model-records.ts";
import { sqlite } from "../../../src/backend/sqlite/index.ts";
import { model, version } from "../../../src/testing/fact-samples.ts";
import { allPages, runId } from "../../../src/testing/samples.ts";
import { compareText } from "../../../src/util/text-order.ts";
import { fc } from "../../support/random.ts";

const folder = mkdtempSync(join(tmpdir(), "strata-search-"));
const names = ["a", "ab", "b", "a[b]", "ä😀"];
const keys = ["auc", "a'b", '"$.x"', ""];
// Numbers that lie next to each other, and that SQLite would not all read from a text as JavaScript does.
const numbers = [
  0,
  1,
  -1,
  0.1,
  0.30000000000000004,
  0.3,
  5e-324,
  1.7976931348623157e308,
  9007199254740992,
  2 ** 53 - 1,
  123456.78900000001,
];
const texts = ["", "1", "0.3", "a", "B", "\uffee", "😀", "true"];
const value = fc.oneof(fc.constantFrom(...numbers), fc.constantFrom(...texts), fc.boolean());

const all: VersionRecord[] = [];
const connections: Connection[] = [];

beforeAll(async () => {
  connections.push(await memory().connect(), await sqlite(join(folder, "strata.db")).connect());
  const metrics = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...numbers), { noNullPrototype: true });
  const plain = fc.oneof(value, fc.constant(null), fc.constant([1]), fc.constant({ a: 1 }));
  const values = fc.dictionary(fc.constantFrom(...keys), plain, { noNullPrototype: true });
  const labels = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...texts), { noNullPrototype: true });
  const parts = fc.record({
    name: fc.constantFrom(...names),
    stage: fc.constantFrom("development" as const, "staging" as const, "archived" as const),
    framework: fc.constantFrom(undefined, "x", "y"),
    run: fc.constantFrom(undefined, runId("r")),
    deleted: fc.constantFrom(undefined, undefined, { at: "2026-01-02T03:04:05Z", by: "ana", why: undefined }),
    metrics,
    params: values,
    metadata: values,
    labels,
  });
  const sampled = fc.sample(parts, { numRuns: 150, seed: 7 });
  for (const connection of connections) {
    for (const name of names) await connection.writeModel(model({ name }), undefined);
    const writes = sampled.map((one, n) => ({ version: version(n, one), expected: undefined }));
    const written = await connection.writeVersions(writes);
    if (all.length === 0) all.push(...written);
  }
});

afterAll(async () => {
  for (const connection of connections) await connection.close();
  rmSync(folder, { recursive: true, force: true });
});

const condition: fc.Arbitrary<ValueCondition> = fc.record({
  in: fc.constantFrom("metrics" as const, "params" as const, "labels" as const, "metadata" as const),
  key: fc.constantFrom(...keys),
  is: fc.constantFrom(...comparisons),
  value,
});

const whole = fc.record({
  namespace: fc.constantFrom("team", "team", "team", "nobody"),
  name: fc.constantFrom("a", "a*", "*b*", "?", "a[b]", "ä?", "*"),
  stages: fc.subarray([...stages]),
  framework: fc.constantFrom("x", "x", "z"),
  run: fc.constant(runId("r")),
  versions: fc.subarray(["1.1.0", "1.7.0", "1.30.0", "1.31.0", "1.32.0", "9.9.9"]),
  where: fc.array(condition, { minLength: 1, maxLength: 3 }),
  deleted: fc.constant(true),
});

/** Few conditions each, as with many nothing is found. */
const filters: fc.Arbitrary<VersionFilter> = fc
  .tuple(
    whole,
    fc.subarray(["namespace", "name", "stages", "framework", "run", "versions", "where", "deleted"] as const, {
      maxLength: 3,
    }),
    fc.option(fc.record({ metric: fc.constantFrom(...keys), descending: fc.boolean() }), { nil: undefined }),
  )
  .map(([filter, asked, orderBy]) => ({
    ...Object.fromEntries(asked.map((name) => [name, filter[name]])),
    orderBy,
  }));

/** By hand, and by other means than the backends'. */
function expected(filter: VersionFilter): readonly string[] {
  const glob = (pattern: string, text: string): boolean => {
    if (pattern === "") return text === "";
    const [first, rest] = [[...pattern][0]!, [...pattern].slice(1).join("")];
    if (first === "*") return glob(rest, text) || (text !== "" && glob(pattern, [...text].slice(1).join("")));
    return text !== "" && (first === "?" || [...text][0] === first) && glob(rest, [...text].slice(1).join(""));
  };
  const holds = (one: VersionRecord, { in: place, key, is, value: given }: ValueCondition): boolean => {
    const entry = Object.entries(one[place]).find(([name]) => name === key);
    if (entry === undefined) return false;
    if (typeof entry[1] !== typeof given) return is === "ne";
    const [a, b] =
      typeof given === "string"
        ? [Buffer.compare(Buffer.from(entry[1] as string), Buffer.from(given)), 0]
        : [Number(entry[1]), Number(given)];
    return { eq: a === b, ne: a !== b, gt: a > b, gte: a >= b, lt: a < b, lte: a <= b }[is];
  };
  const rows = all.filter(
    (one) =>
      (filter.deleted === true || one.deleted === undefined) &&
      (filter.namespace ?? "team") === "team" &&
      (filter.name === undefined || glob(filter.name, one.name)) &&
      (filter.stages === undefined || filter.stages.includes(one.stage)) &&
      (filter.framework === undefined || filter.framework === one.framework) &&
      (filter.run === undefined || filter.run === one.run) &&
      (filter.versions === undefined || filter.versions.includes(one.version)) &&
      (filter.where ?? []).every((each) => holds(one, each)),
  );
  const { orderBy } = filter;
  const newest = (a: VersionRecord, b: VersionRecord): number => compareText(b.id, a.id);
  rows.sort((a, b) => {
    if (orderBy === undefined) return newest(a, b);
    const [x, y] = [a, b].map(({ metrics }) => metrics[orderBy.metric]);
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || newest(a, b);
    return x === y ? newest(a, b) : (x < y ? -1 : 1) * (orderBy.descending ? -1 : 1);
  });
  return rows.map(({ id }) => id);
}

it("any mixture of conditions in any order, on pages of any size", { timeout: 120_000 }, async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(filters, fc.constantFrom(1, 3, 50), async (filter, limit) => {
      const wanted = expected(filter);
      found += wanted.length;
      for (const connection of connections) {
        const items = await allPages((page) => connection.listVersions(filter, page), limit);
        expect(items.map(({ id }) => id)).toEqual(wanted);
      }
    }),
    { numRuns: Number(process.env["STRATA_RUNS"] ?? 400) },
  );
  expect(found).toBeGreaterThan(2000);
});
