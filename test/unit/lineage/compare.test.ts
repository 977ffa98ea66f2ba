// Receipts: what two runs or snapshots differ in, and whether they may.

import { describe, expect, it } from "vitest";
import { compareReceipts, differenceText, gateComparison, gateMarkdown } from "../../../src/lineage/compare.ts";
import { createLineage } from "../../../src/lineage/lineage.ts";
import { parseReceipt, receiptOfRun, receiptOfSnapshot, type LineageReceipt } from "../../../src/lineage/receipt.ts";
import { failureOf } from "../../support/folder.ts";
import { openHost, openSpending, sourceOf, spendGraph, writeVersion, type Spending } from "./support.ts";

async function latest(space: Spending): Promise<LineageReceipt> {
  return receiptOfSnapshot(space.connection, (await space.connection.readLatestSnapshot("spend"))!);
}

const told = (before: LineageReceipt, after: LineageReceipt): string[] =>
  compareReceipts(before, after).differences.map(({ kind, name, change }) => `${kind} ${name} ${change}`);

describe("comparing", () => {
  it("two snapshots names the input whose content changed, and what came of it", async () => {
    await using space = await openSpending();
    await space.build();
    const before = await latest(space);
    space.folder.write("data/2026-01-02.json", "[100]");
    await space.build();

    expect(told(before, await latest(space))).toEqual([
      "inputs vendor.transactions[date=2026-01-02] changed",
      "outputs days[date=2026-01-02] changed",
      "outputs report changed",
      "outputs total changed",
    ]);
  });

  it("names what is new and what is gone", async () => {
    await using space = await openSpending();
    await space.build();
    const before = await latest(space);
    space.folder.write("data/2026-01-04.json", "[]");
    await space.build();

    const after = await latest(space);
    expect(told(before, after).slice(0, 2)).toEqual([
      "inputs vendor.transactions[date=2026-01-04] added",
      "outputs days[date=2026-01-04] added",
    ]);
    expect(told(after, before)[0]).toBe("inputs vendor.transactions[date=2026-01-04] removed");
  });

  it("names the producer whose version changed, although every value came out the same", async () => {
    await using space = await openSpending();
    await space.build();
    const before = await latest(space);
    await spendGraph("2.0.0").build({ backend: space.backend, root: space.folder.path });

    expect(told(before, await latest(space))).toEqual(["config graph changed", "producers sum-day changed"]);
  });

  it("two runs of one step compares what they read and wrote, and how long they took", async () => {
    await using space = await openSpending();
    await space.build();
    space.folder.write("rates.json", '{"factor":4}');
    await space.build();
    const { items } = await space.connection.listRuns({ kind: "step" });
    const days = items.filter(({ key }) => key === "date=2026-01-01");
    const [after, before] = await Promise.all(days.map((run) => receiptOfRun(space.connection, run)));

    const found = told(before!, after!);

    expect(found.filter((one) => !one.startsWith("duration"))).toEqual([
      "inputs rates changed",
      "outputs days[date=2026-01-01] changed",
    ]);
  });

  it("tells the metrics of the model versions that a run made", async () => {
    await using space = await openSpending();
    await space.build();
    const [build] = (await space.connection.listRuns({ kind: "build" })).items;
    const source = await sourceOf(space.connection, "report");
    await writeVersion(space.connection, { source, run: build!.id, metrics: { auc: 0.91 } });

    const receipt = await receiptOfRun(space.connection, build!);

    expect(receipt.metrics).toEqual({ "team/forecast auc": 0.91 });
  });

  it("two runs of a task compares configuration, contents, and the state they ended in", async () => {
    const { host, connection } = await openHost();
    const lineage = createLineage({ host });
    const io = { direction: "input", name: "claims", location: "db.claims" } as const;
    await lineage.record({
      runId: "task-1",
      task: "etl",
      status: "success",
      config: "c1",
      io: [{ ...io, content: "d1" }],
    });
    await lineage.record({
      runId: "task-2",
      task: "etl",
      status: "error",
      config: "c2",
      io: [{ ...io, content: "d2" }],
    });
    const [before, after] = await Promise.all(
      ["task-1", "task-2"].map(async (id) => receiptOfRun(connection, (await connection.readRun(id as never))!)),
    );

    expect(told(before!, after!)).toEqual([
      "state  changed",
      "inputs claims db.claims changed",
      "config config changed",
    ]);
  });
});

describe("a gate", () => {
  const receipt = (changes: Partial<LineageReceipt> = {}): LineageReceipt => ({
    format: 1,
    subject: {
      kind: "snapshot",
      id: "a".repeat(32),
      name: "prod",
      graph: "spend",
      at: "2026-01-01T00:00:00Z",
      by: "ana",
    },
    state: "complete",
    duration: 100,
    config: { graph: "g1" },
    producers: { train: "1.0.0" },
    inputs: { "raw[date=2026-01-01]": "c1" },
    outputs: { model: "m1", report: "r1" },
    metrics: { "team/churn auc": 0.91 },
    ...changes,
  });
  const gated = (changes: Partial<LineageReceipt>, options?: Parameters<typeof gateComparison>[1]): string[] =>
    gateComparison(compareReceipts(receipt(), receipt(changes)), options).refused.map(({ kind }) => kind);

  it("passes what differs in nothing, and in how long it took", () => {
    expect(gated({})).toEqual([]);
    expect(gated({ duration: 9_000 })).toEqual([]);
  });

  it("refuses everything that is not allowed, and nothing that is", () => {
    const changes = { inputs: {}, producers: { train: "2.0.0" }, outputs: { model: "m2", report: "r2" } };

    expect(gated(changes)).toEqual(["inputs", "producers", "outputs", "outputs"]);
    expect(gated(changes, { allow: ["inputs", "outputs"] })).toEqual(["producers"]);
    expect(gated(changes, { allow: ["inputs", "producers", "outputs:rep*"] })).toEqual(["outputs"]);
  });

  it("takes metrics for the same within a tolerance", () => {
    expect(gated({ metrics: { "team/churn auc": 0.905 } })).toEqual(["metrics"]);
    expect(gated({ metrics: { "team/churn auc": 0.905 } }, { tolerance: 0.01 })).toEqual([]);
    expect(gated({ metrics: { "team/churn auc": 0.8 } }, { tolerance: 0.01 })).toEqual(["metrics"]);
    expect(gated({ metrics: {} }, { tolerance: 0.01 })).toEqual(["metrics"]);
  });

  it("refuses rules that mean nothing", async () => {
    const comparison = compareReceipts(receipt(), receipt());

    expect((await failureOf(() => gateComparison(comparison, { allow: ["imputs"] }))).code).toBe("GATE_INVALID");
    expect((await failureOf(() => gateComparison(comparison, { tolerance: Number.NaN }))).code).toBe("GATE_INVALID");
  });

  it("says it as sentences and as Markdown that no name breaks", () => {
    const comparison = compareReceipts(
      receipt(),
      receipt({ producers: { "a|b": "1" }, metrics: { "team/churn auc": 0.5 } }),
    );
    const text = gateMarkdown(comparison, gateComparison(comparison, { allow: ["metrics"] }));

    expect(comparison.differences.map(differenceText)).toEqual([
      "producers: a|b added, 1",
      "producers: train removed, 1.0.0",
      "metrics: team/churn auc changed, 0.91 → 0.5",
    ]);
    expect(text).toContain("## Refused: prod → prod");
    expect(text).toContain("| producers | a\\|b | added |  | 1 | **refused** |");
    expect(text).toContain("| metrics | team/churn auc | changed | 0.91 | 0.5 | allowed |");
  });
});

describe("a receipt", () => {
  it("read back from a file is the one that was written; anything else is refused", async () => {
    await using space = await openSpending();
    await space.build();
    const receipt = await latest(space);

    expect(parseReceipt(JSON.parse(JSON.stringify(receipt)), "r.json")).toEqual(receipt);
    expect((await failureOf(() => parseReceipt({ ...receipt, format: 2 }, "r.json"))).code).toBe("VALIDATION_FAILED");
  });
});
