// What programs can do with snapshots that are there: replay, reproduce, verify, diff, bisect, export, import, collect garbage.

import { rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { artifact, graph, literal, memory } from "../../../src/index.ts";
import { bisect, collectGarbage, diffDeclared, diffSnapshots, exportSnapshot, importSnapshot, replay, reproduce, verify } from "../../../src/operations/index.ts"; // prettier-ignore
import { at, days, openPlace, removePlaces, spend, spendGraph, total, type Place } from "./spend.ts";

const Later = artifact({ schema: z.object({ total: z.string() }) });

afterAll(removePlaces);

describe("replay", () => {
  it("runs the producer on the inputs of then, and gives value, key and inputs", async () => {
    const place = openPlace();
    const first = await spend.build(at(place));
    await first.tag("first");
    place.folder.write("data/2026-01-03.json", "[10]");
    await spend.build(at(place));
    const lines: string[] = [];

    const now = await replay(spend, { artifact: total, ...at(place) });
    const then = await replay(spend, { artifact: total, snapshot: "first", ...at(place) });
    const day = await replay(spend, {
      artifact: days,
      key: { date: "2026-01-01" },
      snapshot: first,
      log: (line) => lines.push(line),
      ...at(place),
    });

    expect(now).toMatchObject({ same: true, value: { total: 17 }, differences: undefined });
    expect(then).toMatchObject({ same: true, sameProducer: true, value: { total: 7 }, artifact: "total", key: {} });
    expect(then.inputs.map(({ name, partition }) => [name, partition.key])).toEqual([
      ["days", "date=2026-01-01"],
      ["days", "date=2026-01-02"],
    ]);
    expect(day).toMatchObject({ value: 4, key: { date: "2026-01-01" }, run: { producer: "sum-day" } });
    expect(day.snapshot.id).toBe(first.id);
    expect(lines).toEqual(["summing"]);
  });

  it("shows where another producer makes something else, and stores nothing", async () => {
    const place = openPlace();
    await spend.build(at(place));
    const later = spendGraph({ version: "2.0.0", secret: true });

    const { same, sameProducer, value, differences } = await replay(later, {
      artifact: later.artifacts.days,
      key: { date: "2026-01-02" },
      secrets: () => "abc",
      ...at(place),
    });

    expect({ same, sameProducer, value }).toEqual({ same: false, sameProducer: false, value: 6 });
    expect(differences).toEqual({ count: 1, items: [{ path: "", before: 3, after: 6 }] });
    expect(await (await spend.snapshot("latest", at(place))).read(days, { date: "2026-01-02" })).toBe(3);
  });

  it("knows an artifact under the name it had", async () => {
    const place = openPlace();
    await spend.build(at(place));
    const renamed = graph(
      "spend",
      () => {
        const { amounts, days: sums, total: sum } = spend.artifacts;
        return { amounts, days: sums, sum };
      },
      { was: { sum: "total" } },
    );

    const { same } = await replay(renamed, { artifact: renamed.artifacts.sum, ...at(place) });
    const again = await reproduce(renamed, at(place));

    expect(same).toBe(true);
    expect(again).toMatchObject({ same: 3, different: [], left: [] });
  });
});

describe("reproduce", () => {
  it("counts what comes out the same, and says where the rest differs", async () => {
    const place = openPlace();
    await spend.build(at(place));
    const shaky = spendGraph({ random: true });

    const pure = await reproduce(spend, at(place));
    const other = await reproduce(shaky, at(place));

    expect(pure).toMatchObject({ same: 3, different: [], left: [] });
    expect(other.same).toBe(1);
    expect(other.different.map(({ key, partition }) => [key, partition.key])).toEqual([
      ["days", "date=2026-01-01"],
      ["days", "date=2026-01-02"],
    ]);
    expect(other.different[0]!.differences).toMatchObject({ count: 1, items: [{ path: "", before: 4 }] });
  });

  it("gives producers their secrets, and leaves those that get none", async () => {
    const place = openPlace();
    const asking = spendGraph({ secret: true });
    const snapshot = await asking.build({ ...at(place), secrets: () => "abc" });

    const given = await reproduce(asking, { snapshot, secrets: () => "abc", ...at(place) });
    const without = await reproduce(asking, { snapshot, ...at(place) });

    expect(given).toMatchObject({ same: 3, left: [] });
    expect(without.left.map(({ why, error }) => [why, error?.code])).toEqual([
      ["failed", "SECRET_MISSING"],
      ["failed", "SECRET_MISSING"],
    ]);
  });
});

describe("verify", () => {
  it("finds what is gone, and repairs it with what the build needs", async () => {
    const place = openPlace();
    const asking = spendGraph({ secret: true });
    await asking.build({ ...at(place), secrets: () => "abc" });
    rmSync(place.folder.at(".strata/data/days"), { recursive: true });

    const found = await verify(asking, at(place));
    const useless = await verify(asking, { repair: true, ...at(place) });
    const repaired = await verify(asking, { repair: { secrets: () => "abc" }, ...at(place) });

    expect(found.findings.map(({ key, problem }) => [key, problem])).toEqual([
      ["days", "missing"],
      ["days", "missing"],
    ]);
    expect(found).toMatchObject({ checked: 3, repaired: 0 });
    expect(useless).toMatchObject({ repaired: 0, findings: [{ key: "days" }, { key: "days" }] });
    expect(repaired).toMatchObject({ repaired: 2, findings: [] });
    expect(await verify(asking, at(place))).toMatchObject({ checked: 3, findings: [] });
  });

  it("reads the snapshots that are named, and no others", async () => {
    const place = openPlace();
    const first = await spend.build(at(place));
    place.folder.write("data/2026-01-03.json", "[10]");
    await spend.build(at(place));

    const one = await verify(spend, { snapshots: first, ...at(place) });
    const two = await verify(spend, { snapshots: [first, "latest"], ...at(place) });

    expect([one.checked, two.checked]).toEqual([3, 5]);
    expect(one.snapshots.map(({ id }) => id)).toEqual([first.id]);
  });
});

it("diffSnapshots says what came, went and changed, and how values differ", async () => {
  const place = openPlace();
  const before = await spend.build(at(place));
  place.folder.write("data/2026-01-02.json", "[5]");
  place.folder.write("data/2026-01-03.json", "[10]");
  await spend.build(at(place));

  const plain = await diffSnapshots(spend, { before, ...at(place) });
  const { artifacts, same } = await diffSnapshots(spend, { before, values: true, limit: 1, ...at(place) });

  expect(same).toBe(2);
  expect(artifacts).toMatchObject([
    { key: "amounts", changed: 1, added: 1 },
    { key: "days", changed: 1, added: 1 },
    { key: "total", changed: 1, partitions: [{ values: { items: [{ path: "total", before: 7, after: 19 }] } }] },
  ]);
  expect(artifacts[1]!.partitions).toHaveLength(1);
  expect(plain.artifacts[2]!.partitions[0]!.values).toBeUndefined();
});

it("diffDeclared says what is declared otherwise than in a snapshot, before anything is built", async () => {
  const place = openPlace();
  const before = await spend.build(at(place));
  const later = graph("spend", () => {
    const { amounts, days: sums } = spend.artifacts;
    return { amounts, days: sums, total: Later.from(literal({ total: "7" })) };
  });

  expect(await diffDeclared(spend, { before, ...at(place) })).toEqual([]);
  const declared = await diffDeclared(later, { before: "latest", ...at(place) });

  const schemas = declared.flatMap(({ name, schema }) => (name === "total" && schema !== undefined ? [schema] : []));
  expect(schemas[0]).toMatchObject({
    verdict: "breaking",
    changes: [{ path: "total", says: "was number, is string now" }],
  });
});

describe("bisect", () => {
  /** Five snapshots; from the third on the total is below zero. */
  async function openDrift(): Promise<{ readonly place: Place; readonly ids: readonly string[] }> {
    const place = openPlace();
    const ids: string[] = [];
    for (let n = 1; n <= 5; n++) {
      place.folder.write(`data/2026-02-0${n}.json`, n === 3 ? "[-100]" : "[1]");
      ids.push((await spend.build(at(place))).id);
    }
    return { place, ids };
  }

  it("finds where a check began to fail, also one written later, and what changed there", async () => {
    const { place, ids } = await openDrift();
    const later = spendGraph({ checked: true });

    const found = await bisect(later, { artifact: later.artifacts.total, check: "positive", ...at(place) });

    expect([found.good.id, found.bad.id]).toEqual([ids[1], ids[2]]);
    expect(found.wrong).toBe("check 'positive': the total is -91");
    expect(found.artifacts.map(({ key, added }) => [key, added])).toEqual([
      ["amounts", 1],
      ["days", 1],
    ]);
  });

  it("asks any question, which may not be able to tell, and gives it value and key", async () => {
    const { place, ids } = await openDrift();
    const seen: unknown[] = [];

    const found = await bisect(spend, {
      artifact: total,
      good: ids[0],
      judge: ({ total: sum }, { key, snapshot }) => {
        seen.push(key);
        return snapshot.id === ids[2] ? undefined : sum > 0;
      },
      ...at(place),
    });

    expect([found.good.id, found.bad.id]).toEqual([ids[1], ids[3]]);
    expect(found.unknown.map(({ id }) => id)).toEqual([ids[2]]);
    expect(found.wrong).toBe("judge() says no");
    expect(seen[0]).toEqual({});
  });

  it("asks about one partition, and ends with what the question throws", async () => {
    const { place } = await openDrift();
    const key = { date: "2026-02-01" };
    const broken = new RangeError("a mistake in the question");

    const never = bisect(spend, { artifact: days, key, judge: (day) => day === 1, ...at(place) });
    const thrown = bisect(spend, {
      artifact: days,
      key,
      judge: () => {
        throw broken;
      },
      ...at(place),
    });

    await expect(never).rejects.toMatchObject({ code: "BISECT_IMPOSSIBLE" });
    await expect(thrown).rejects.toBe(broken);
  });
});

describe("a snapshot that is moved", () => {
  it("comes into another database, and its record names it there", async () => {
    const place = openPlace();
    const target = openPlace();
    await (await spend.build(at(place))).tag("prod");
    const to = place.folder.at("moved");

    const exported = await exportSnapshot(spend, { to, snapshot: "prod", tags: true, ...at(place) });
    const imported = await importSnapshot({ from: to, digest: exported.digest, by: "ana", ...at(target) });
    const again = await spend.build(at(target));

    expect(exported).toMatchObject({ folder: to, partitions: 5, whole: true, tags: ["prod"] });
    expect(imported).toMatchObject({ partitions: 5, tags: ["prod"] });
    expect(again.result).toMatchObject({ built: 0, reused: 3 });
    expect(await verify(spend, { snapshots: imported.snapshot, ...at(target) })).toMatchObject({
      checked: 3,
      findings: [],
    });
  });

  it("may be of some artifacts only, and goes to a URL", async () => {
    const place = openPlace();
    await spend.build(at(place));
    const to = new URL(`file://${place.folder.at("some")}`);

    const { partitions, whole } = await exportSnapshot(spend, {
      to,
      select: ["days[2026-01-02]", "total"],
      ...at(place),
    });

    expect({ partitions, whole }).toEqual({ partitions: 2, whole: false });
    expect(await importSnapshot({ from: to, backend: memory() })).toMatchObject({ partitions: 2, whole: false });
  });

  it("is refused where it is not the one that was meant", async () => {
    const place = openPlace();
    await spend.build(at(place));
    const to = place.folder.at("moved");
    await exportSnapshot(spend, { to, ...at(place) });

    await expect(importSnapshot({ from: to, digest: "0".repeat(64), backend: memory() })).rejects.toMatchObject({
      code: "EXPORT_INVALID",
    });
    await expect(importSnapshot({ from: place.folder.at("nothing"), backend: memory() })).rejects.toMatchObject({
      code: "EXPORT_INVALID",
    });
  });
});

it("collectGarbage finds what only old snapshots hold, and removes it when told", async () => {
  const place = openPlace();
  for (const amount of [5, 6]) {
    place.folder.write("data/2026-01-02.json", `[${amount}]`);
    await spend.build(at(place));
  }
  const later = { now: () => Date.now() + 60_000, monotonic: () => 0 };
  const options = { keep: 1, grace: 0, clock: later, ...at(place) };

  const found = await collectGarbage(options);
  const removed = await collectGarbage({ ...options, remove: true });

  expect(found).toMatchObject({ removed: false, snapshots: [{ graph: "spend" }], kept: { snapshots: 1 } });
  expect(found.partitions.filter(({ partition }) => partition.input !== undefined)).toHaveLength(2);
  expect(removed).toMatchObject({ removed: true, failures: [], bytes: found.bytes });
  expect(await collectGarbage(options)).toMatchObject({ snapshots: [], partitions: [] });
  expect(await verify(spend, at(place))).toMatchObject({ checked: 3, findings: [] });
});
