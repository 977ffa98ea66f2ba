// A project folder on disk: sources from a seed, the shape, and the graph that reads both.

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchmarks } from "../harness/process.ts";
import { shape, type Shape, type ShapeName } from "./shapes.ts";

export interface Project {
  readonly folder: string;
  readonly shape: Shape;
  readonly nodes: number;
  /** Where the source of a node lies. */
  source(node: number): string;
}

/** Each source has two lines: what counts, and a comment that `mix` passes over. */
export function writeProject(folder: string, name: ShapeName, nodes: number, size = 40): Project {
  const made = shape(name, nodes);
  const source = (node: number): string => join(folder, "src", `${node}.txt`);
  mkdirSync(join(folder, "src"), { recursive: true });
  for (let node = 0; node < nodes; node++) writeFileSync(source(node), sourceText(node, 0, size));
  writeFileSync(join(folder, "shape.json"), JSON.stringify(made));
  copyFileSync(join(benchmarks, "work", "graph.ts"), join(folder, "graph.ts"));
  return { folder, shape: made, nodes, source };
}

/** The text of a node's source; another `edition` is another text of the same size. */
export function sourceText(node: number, edition: number, size = 40): string {
  return `source ${node} edition ${edition}`.padEnd(size - 3, ".") + "\n#\n";
}

/** A text that differs in its comment only, so that the node's output stays what it is. */
export function commentedText(node: number, comment: number): string {
  return sourceText(node, 0).replace("#\n", `# ${comment}\n`);
}
