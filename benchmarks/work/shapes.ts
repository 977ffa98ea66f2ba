// The graphs that everything is measured on: node i reads its own source file and the outputs of the nodes it depends on.

import { createRandom } from "./random.ts";

export const shapeNames = ["parts", "layered", "chain", "fan"] as const;
export type ShapeName = (typeof shapeNames)[number];

export interface Shape {
  readonly name: ShapeName;
  /** By node: earlier nodes it reads. */
  readonly dependencies: readonly (readonly number[])[];
}

/** `parts`: n partitions of one artifact; `layered`: √n layers of √n, 3 random dependencies each; `chain`: depth n; `fan`: 1 → n−2 → 1. */
export function shape(name: ShapeName, n: number, seed = 1): Shape {
  return { name, dependencies: dependencies[name](n, seed) };
}

const dependencies: Record<ShapeName, (n: number, seed: number) => number[][]> = {
  parts: (n) => Array.from({ length: n }, () => []),
  chain: (n) => Array.from({ length: n }, (_, node) => (node === 0 ? [] : [node - 1])),
  fan: (n) =>
    Array.from({ length: n }, (_, node) => {
      if (node === 0) return [];
      return node < n - 1 ? [0] : Array.from({ length: n - 2 }, (_, index) => index + 1);
    }),
  layered(n, seed) {
    const random = createRandom(seed);
    const width = Math.round(Math.sqrt(n));
    return Array.from({ length: n }, (_, node) => {
      const start = Math.floor(node / width) * width - width;
      if (start < 0) return [];
      const chosen = new Set<number>();
      while (chosen.size < 3) chosen.add(start + Math.floor(random() * width));
      return [...chosen].sort((a, b) => a - b);
    });
  },
};
