// The lineage contract, on ours and on one that knows only our types; and on wrong ones, which it finds out.

import { describe, expect, it } from "vitest";
import type { LineageBackend, NewLineageRecord } from "stratigraph";
import { createHost } from "../../src/changes/host.ts";
import { createLineage } from "../../src/lineage/lineage.ts";
import { lineageBackendCases, runKit, runKitCase, type KitSubject } from "../../src/testing/index.ts";
import { memory } from "../../src/backend/memory/memory-backend.ts";
import { AcmeLineage } from "../fixtures/acme-lineage/src/lineage.ts";

const ours: KitSubject<LineageBackend> = {
  name: "filesystem",
  async open() {
    const connection = await memory().connect();
    return { made: createLineage({ host: createHost({ connection }) }), dispose: () => connection.close() };
  },
};

const acme: KitSubject<LineageBackend> = { name: "acme", open: async () => ({ made: new AcmeLineage() }) };

for (const subject of [ours, acme]) {
  describe(subject.name, () => {
    for (const kitCase of lineageBackendCases) {
      it(`${kitCase.name}: ${kitCase.title}`, () => runKitCase(subject, kitCase));
    }
  });
}

/** Names of the cases that fail. */
async function failuresOf(made: () => LineageBackend): Promise<readonly string[]> {
  const subject = { name: "wrong", open: async () => ({ made: made() }) };
  const failed: string[] = [];
  for await (const { name, outcome } of runKit(subject, lineageBackendCases))
    if (outcome === "failed") failed.push(name);
  return failed;
}

describe("a subtly wrong one", () => {
  it("that swallows errors is found out", async () => {
    class Swallowing extends AcmeLineage {
      override async record(record: NewLineageRecord): Promise<void> {
        await super.record(record).catch(() => undefined);
      }
    }

    expect(await failuresOf(() => new Swallowing())).toEqual(["refuses-nonsense"]);
  });

  it("that keeps whatever came last is found out", async () => {
    class LastWins extends AcmeLineage {
      readonly #last = new Map<string, string>();
      override async record(record: NewLineageRecord): Promise<void> {
        await super.record(record);
        this.#last.set(record.runId, record.status ?? "running");
      }
      override async getRun(runId: string): ReturnType<LineageBackend["getRun"]> {
        const status = this.#last.get(runId) as "running" | "success" | "error";
        return { ...(await super.getRun(runId)), status };
      }
    }

    expect(await failuresOf(() => new LastWins())).toEqual(["late-start", "later-end"]);
  });

  it("that compares times as text is found out", async () => {
    class TextTimes extends AcmeLineage {
      override async search(query: Parameters<AcmeLineage["search"]>[0] = {}): ReturnType<LineageBackend["search"]> {
        const { since, ...rest } = query;
        const { items, next } = await super.search(rest);
        return { items: items.filter(({ startedAt }) => startedAt >= String(since ?? "")), next };
      }
    }

    expect(await failuresOf(() => new TextTimes())).toEqual(["search-since"]);
  });
});
