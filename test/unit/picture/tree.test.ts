// A graph as a tree of lines.

import { describe, expect, it } from "vitest";
import { pictureTree } from "../../../src/picture/tree.ts";
import { picture } from "./support.ts";

function drawn(nodes: readonly string[], edges: readonly string[], most = 100): string[] {
  return pictureTree(picture(nodes, edges), most).map(({ branch, node, alsoFrom }) =>
    [branch + node.key, ...(alsoFrom.length === 0 ? [] : [`+ ${alsoFrom.join(", ")}`])].join(" "),
  );
}

describe("the tree", () => {
  it("has every artifact once, below the input that is ready last, and names its other inputs", () => {
    const lines = drawn(
      ["raw", "rates", "days", "total", "report"],
      ["raw > days", "days > total", "rates > total", "total > report", "raw > report", "days > report"],
    );

    expect(lines).toEqual(["raw", "└─ days", "   └─ total + rates", "      └─ report + raw, days", "rates"]);
  });

  it("keeps branches that go on apart from those that end", () => {
    expect(drawn(["a", "b", "c", "d"], ["a > b", "b > c", "a > d"])).toEqual(["a", "├─ b", "│  └─ c", "└─ d"]);
  });

  it("draws a chain of 20,000 artifacts in bounded lines, and stops where it is told", () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `a${index}`);
    const edges = keys.slice(1).map((key, index) => `${keys[index]} > ${key}`);

    const lines = drawn(keys, edges, 19_000);

    expect(lines).toHaveLength(19_000);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(90);
    expect(drawn(keys, edges, 3)).toEqual(["a0", "└─ a1", "   └─ a2"]);
  });

  it("names one input once, however often it is read", () => {
    expect(drawn(["a", "b"], ["a > b", "a > b"])).toEqual(["a", "└─ b"]);
  });
});
