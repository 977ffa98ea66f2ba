// Pictures as a page: what is in it, and that nothing it is told gets out of its place.

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { boxesOf } from "../../../src/picture/box.ts";
import { pictureHtml } from "../../../src/picture/html.ts";
import { layOutPicture } from "../../../src/picture/layout.ts";
import type { Picture } from "../../../src/picture/picture.ts";
import { picture } from "./support.ts";

async function page(one: Picture): Promise<string> {
  const boxes = boxesOf(one, 400);
  return pictureHtml(one, boxes, await layOutPicture(boxes));
}

function dataOf(html: string): any {
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!);
}

describe("the page", () => {
  it("lets only its own script run, and nothing be loaded", async () => {
    const html = await page(picture(["a"]));
    const [, script] = /<script>(.*?)<\/script>/s.exec(html)!;
    const hash = createHash("sha256").update(script!).digest("base64");

    expect(html).toContain(`default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`);
    expect(html.match(/(src|href)="(?!data:,")/)).toBeNull();
  });

  it("holds what it is told as text and nothing else", async () => {
    const nasty = `</script><script>alert(1)</script><!--"'&`;
    const partitions = [{ partition: nasty, state: "current" as const, because: nasty }];

    const html = await page({ ...picture([{ key: nasty, description: nasty, partitions }]), graph: nasty });

    expect([...html.matchAll(/<script/g)]).toHaveLength(2);
    expect([...html.matchAll(/<\/script/g)]).toHaveLength(2);
    expect(html).not.toContain("<!--");
    expect(dataOf(html).nodes[0]).toMatchObject({ key: nasty, description: nasty });
    expect(dataOf(html).nodes[0].partitions[0][0]).toBe(nasty);
  });

  it("lists partitions up to a limit, what is not current first, and counts the others", async () => {
    const partitions = Array.from({ length: 3000 }, (_, index) =>
      index === 2999
        ? { partition: `n=${index}`, state: "failed" as const, because: "failed last time: no rates" }
        : { partition: `n=${index}`, state: "current" as const, because: "unchanged" },
    );

    const { nodes, states, reasons } = dataOf(await page(picture([{ key: "days", partitions }])));

    expect(nodes[0].partitions).toHaveLength(1000);
    expect(nodes[0].left).toBe(2000);
    const [key, state, because] = nodes[0].partitions[0];
    expect([key, states[state], reasons[because]]).toEqual(["n=2999", "failed", "failed last time: no rates"]);
    expect(reasons).toHaveLength(2);
  });
});
