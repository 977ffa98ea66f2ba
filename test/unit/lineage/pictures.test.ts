// A trace read by people: as a tree of lines, and as a picture.

import { describe, expect, it } from "vitest";
import { groupTrace } from "../../../src/lineage/groups.ts";
import { traceSvg } from "../../../src/lineage/svg.ts";
import { trace } from "../../../src/lineage/trace.ts";
import { traceText } from "../../../src/lineage/tree.ts";
import { openSpending, sourceOf, writeVersion } from "./support.ts";

/** What is another every time is named instead of told. */
const settled = (text: string): string =>
  text
    .replace(/\b[0-9a-z]{26}\b/g, "<run>")
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d UTC/g, "<time>")
    .replace(/\S+@\S+(?=\n|$)/g, "<who>");

describe("a trace as text", () => {
  it("draws the partitions of one artifact together, and lists raw files with their fingerprints", async () => {
    await using space = await openSpending();
    await space.build();

    const found = await trace(space.connection, { graph: "spend", artifact: "report" });

    expect(settled(traceText(found))).toMatchInlineSnapshot(`
      "report
      upstream
      report  28552dd1  tell 2.1.0  run <run>  <time>  by <who>
      └─ total  7da4c873  sum-all 1.0.0  run <run>  <time>  by <who>
         └─ days  3 partitions  date=2026-01-01 … date=2026-01-03  sum-day 1.0.0  3 runs  <time>  by <who>
            ├─ vendor.transactions  3 raw files  date=2026-01-01 … date=2026-01-03
            │  ├─ data/2026-01-01.json  9cd543ff7a3961da8c8178ac2feaae79
            │  ├─ data/2026-01-02.json  c7018b48d6f5d687b0a0f9eaa5bcca14
            │  └─ data/2026-01-03.json  7ee6678fcbd119783c7974a2395a4a77
            └─ rates  rates.json  ddf1e6bd632eb203f12c3e7b0b606a3c  raw
      4 raw files, 5 partitions, 3 producers, 5 runs
      "
    `);
  });

  it("tells every partition apart when asked, and what was told above only once in full", async () => {
    await using space = await openSpending();
    await space.build();

    const found = await trace(space.connection, { graph: "spend", artifact: "total" });
    const text = traceText(found, { partitions: true });

    expect(text.match(/days\[date=/g)).toHaveLength(3);
    expect(text.match(/vendor\.transactions\[date=/g)).toHaveLength(3);
    expect(text).not.toContain("see above");
  });

  it("says so where a value was made again since from something else", async () => {
    await using space = await openSpending();
    await space.build();
    space.folder.write("data/2026-01-01.json", "[7.25,12.5]");
    await space.build();

    const text = traceText(await trace(space.connection, { graph: "spend", artifact: "total" }));

    expect(text).toContain("1 made again since");
  });
});

describe("a trace as a picture", () => {
  it("holds every group once, loads nothing, and its boxes and words do not lie on each other", async () => {
    await using space = await openSpending();
    await space.build();
    await writeVersion(space.connection, { source: await sourceOf(space.connection, "report"), stage: "production" });
    const found = await trace(
      space.connection,
      { graph: "spend", artifact: "total" },
      { directions: ["upstream", "downstream"] },
    );

    for (const partitions of [false, true]) {
      const svg = traceSvg(found, { partitions });
      const boxes = [
        ...svg.matchAll(
          /<g transform="translate\(([\d.-]+) ([\d.-]+)\)"><title>.*?<\/title><rect width="(\d+)" height="(\d+)"/gs,
        ),
      ].map(([, x, y, width, height]) => [Number(x), Number(y), Number(width), Number(height)] as const);

      expect(boxes).toHaveLength(groupTrace(found, { partitions }).length);
      for (const [index, [x, y, width, height]] of boxes.entries()) {
        for (const [left, top, wide, high] of boxes.slice(index + 1)) {
          const apart = x + width < left || left + wide < x || y + height < top || top + high < y;
          expect(apart, `box ${String(index)}`).toBe(true);
        }
      }
      expect(svg).not.toMatch(/href|url\(|<script|<image/);
    }
  });

  it("is text that XML understands whatever an artifact's file is called", async () => {
    await using space = await openSpending();
    await space.build();
    const found = await trace(space.connection, { file: "rates.json" });
    const odd = { ...found, origin: { ...found.origin, name: '<b>&"\u0000' } };

    expect(traceSvg(odd)).toContain("&lt;b&gt;&amp;&quot;\ufffd");
  });

  it("is the same picture for the same trace", async () => {
    await using space = await openSpending();
    await space.build();
    const found = await trace(space.connection, { graph: "spend", artifact: "report" });

    expect(traceSvg(found)).toBe(traceSvg(found));
  });
});
