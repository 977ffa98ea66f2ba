// Records that nobody waits for: a backend that is slow delays no task, and a record is found by its id while it is on its way.

import { describe, expect, it } from "vitest";
import { memory } from "stratigraph";
import { createHost } from "../../../src/changes/host.ts";
import { intercept, writes } from "../../../src/changes/intercept.ts";
import { createLineage } from "../../../src/lineage/lineage.ts";
import { Folder } from "../../support/folder.ts";

describe("records written behind", () => {
  it("return at once although each write takes long, are found by their id meanwhile, and are all there in the end", async () => {
    using folder = new Folder();
    await using stored = await memory().connect();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = intercept(
      stored,
      async (name, _args, call) => {
        if (writes(name)) await gate;
        return call();
      },
      {
        transaction: async (work) => {
          await gate;
          return stored.transaction(work);
        },
      },
    );
    await using host = createHost({ connection: slow, mode: "behind", writer: { home: folder.path } });
    const lineage = createLineage({ host });

    const began = performance.now();
    const receipts = [];
    for (let index = 0; index < 10; index++) {
      receipts.push(await lineage.record({ runId: `behind-${index}`, task: "etl" }));
      receipts.push(await lineage.record({ runId: `behind-${index}`, task: "etl", status: "success" }));
    }
    const took = performance.now() - began;
    const meanwhile = await lineage.getRun("behind-7");
    const before = (await stored.listRuns({ kind: "task" })).items.length;
    release();
    await Promise.all(receipts.map(({ committed }) => committed));

    expect(took).toBeLessThan(200);
    expect(receipts.every(({ behind }) => behind)).toBe(true);
    expect([meanwhile.status, before]).toEqual(["success", 0]);
    const after = (await lineage.search()).items;
    expect(after.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => "success"));
  });
});
