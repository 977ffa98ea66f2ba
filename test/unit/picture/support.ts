// Pictures for tests, written down as short as they can be.

import type { Picture, PictureNode } from "../../../src/picture/picture.ts";

/** `edges` as "from > to". */
export function picture(
  nodes: readonly (string | (Partial<PictureNode> & { readonly key: string }))[],
  edges: readonly string[] = [],
  planned = true,
): Picture {
  const ends = edges.map((edge) => edge.split(" > ") as [string, string]);
  const made = new Set(ends.map(([, to]) => to));
  return {
    graph: "spend",
    planned,
    nodes: nodes.map((given): PictureNode => {
      const { key, ...more } = typeof given === "string" ? { key: given } : given;
      const produced = made.has(key);
      return {
        key,
        kind: produced ? "produced" : "source",
        state: planned ? "current" : "declared",
        reasons: [],
        counts: {},
        partitions: [],
        dimensions: [],
        producer: produced ? `make-${key.split(".").at(-1)}` : undefined,
        version: produced ? "1.0.0" : undefined,
        place: produced ? undefined : "data.json",
        description: undefined,
        ...more,
      };
    }),
    edges: ends.map(([from, to]) => ({ from, to, input: from.split(".").at(-1)!, edge: "same", optional: false })),
  };
}
