// Pictures as SVG: what is drawn, what names can do to it, and one small picture to the last character.

import { describe, expect, it } from "vitest";
import { boxesOf } from "../../../src/picture/box.ts";
import { layOutPicture } from "../../../src/picture/layout.ts";
import type { Picture } from "../../../src/picture/picture.ts";
import { pictureSvg } from "../../../src/picture/svg.ts";
import { picture } from "./support.ts";

async function draw(one: Picture, most = 400): Promise<string> {
  const boxes = boxesOf(one, most);
  return pictureSvg(one, boxes, await layOutPicture(boxes));
}

const small = picture(
  [
    {
      key: "vendor.transactions",
      dimensions: ["date"],
      partitions: [{ partition: "date=2026-01-01", state: "current", because: "found" }],
    },
    { key: "days", state: "failed", counts: { failed: 1, current: 2 }, reasons: ["failed last time: no rates"] },
    { key: "total", state: "may-build" },
  ],
  ["vendor.transactions > days", "days > total"],
);

describe("a picture", () => {
  it("is drawn as test/golden/picture.svg", async () => {
    await expect(await draw(small)).toMatchFileSnapshot("../../golden/picture.svg");
  });

  it("lays boxes out from the left to the right, none over another", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `a${index}`);
    const one = picture(
      keys,
      keys.slice(1).map((key, index) => `a${Math.floor(index / 3)} > ${key}`),
    );
    const boxes = boxesOf(one, 400);
    const { places, paths, width, height } = await layOutPicture(boxes);
    const rects = boxes.boxes.map((box, index) => ({
      ...places[index]!,
      right: places[index]!.x + box.width,
      bottom: places[index]!.y + box.height,
    }));

    for (const { from, to } of boxes.arrows) expect(rects[from]!.right).toBeLessThan(rects[to]!.x);
    for (const [index, a] of rects.entries()) {
      expect(a.x).toBeGreaterThan(-1);
      expect(a.right).toBeLessThan(width + 1);
      expect(a.bottom).toBeLessThan(height + 1);
      for (const b of rects.slice(index + 1)) {
        expect(a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom).toBe(false);
      }
    }
    expect(paths.every(({ points }) => points.length >= 4 && points.length % 3 === 1)).toBe(true);
  });

  it("loads nothing, and escapes whatever it is told", async () => {
    const nasty = `<script>alert(1)</script>"'&\u0007]]>`;
    const one = { ...picture([{ key: nasty, place: nasty, reasons: [nasty] }, `${nasty}.x`], []), graph: nasty };

    const svg = await draw(one);

    expect(svg).not.toContain("<script");
    expect(svg.match(/(href|src|url\(|@import)/)).toBeNull();
    // Every tag is one of ours, and each is closed: no text got out of its place.
    const tags = [...svg.matchAll(/<\/?([a-z]+)/g)].map(([, tag]) => tag);
    expect([...new Set(tags)].toSorted()).toEqual(
      ["g", "path", "rect", "style", "svg", "text", "title"].filter((tag) => tag !== "path"),
    );
    expect(svg).toContain("&lt;script&gt;");
    expect(svg).not.toContain("\u0007");
  });

  it("draws a namespace as one box where there would be too many, with the worst state in it", async () => {
    const keys = ["a", "b", "c"].flatMap((name) => [`${name}.raw`, `${name}.clean`, `${name}.sum`]);
    const nodes = keys.map((key) => (key === "b.sum" ? { key, state: "will-build" as const } : { key }));
    const edges = ["a", "b", "c"].flatMap((name) => [`${name}.raw > ${name}.clean`, `${name}.clean > ${name}.sum`]);
    const one = picture([...nodes, "total"], [...edges, "a.sum > total", "b.sum > total", "b.raw > a.clean"]);

    const { boxes, arrows, grouped } = boxesOf(one, 9);

    expect(grouped).toBe(true);
    expect(boxes.map(({ name, kind, state, lines }) => [name, kind, state, lines[1]])).toEqual([
      ["a", "group", "current", "3 artifacts"],
      ["b", "group", "will-build", "3 artifacts"],
      ["c", "group", "current", "3 artifacts"],
      ["total", "produced", "current", "make-total 1.0.0"],
    ]);
    expect(arrows).toEqual([
      { from: 0, to: 3 },
      { from: 1, to: 3 },
      { from: 1, to: 0 },
    ]);
    expect(await draw(one, 9)).toContain("drawn as 4 namespaces");
    expect(boxesOf(one, 10).grouped).toBe(false);
  });

  it("is refused with one sentence where even the namespaces are too many", () => {
    const one = picture(Array.from({ length: 12 }, (_, index) => `a${index}`));

    expect(() => boxesOf(one, 11)).toThrow(
      "graph 'spend': there is too much to be drawn in one picture; expected at most 11 artifacts, or outermost names, received 12 artifacts under 12 outermost names.",
    );
  });
});
