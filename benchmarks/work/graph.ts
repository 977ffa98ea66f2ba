// The measured graph as a user would write it: the shape is read from shape.json beside it, the sources lie in src/.

import { readFileSync } from "node:fs";
import { artifact, graph, integers, local, producer, text, type Graph, type WiredArtifact } from "stratigraph";
import { z } from "zod";

/** What `mix.c` does: hashes the lines that are no comments. */
function mix(...inputs: readonly string[]): string {
  let [high, low] = [0x811c9dc5, 0x1b873593];
  for (const input of inputs) {
    let comment = false;
    for (let index = 0; index < input.length; index++) {
      const code = input.charCodeAt(index);
      if (index === 0 || input.charCodeAt(index - 1) === 10) comment = code === 35;
      if (comment) continue;
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ code, 0x85ebca6b);
    }
  }
  return `${hex(high)}${hex(low)}\n`;
}

function hex(number: number): string {
  return (number >>> 0).toString(16).padStart(8, "0");
}

const Part = artifact({ schema: z.string(), format: text(), partitionBy: { node: integers() } });
const Line = artifact({ schema: z.string(), format: text() });

const mixPart = producer({
  name: "mix-part",
  version: "1.0.0",
  inputs: { source: Part },
  output: Part,
  build: ({ source }) => mix(source),
});

/** One producer for each number of inputs beside the source. */
const mixOf = new Map<number, ReturnType<typeof mixer>>();

function mixer(count: number) {
  const inputs = Object.fromEntries(Array.from({ length: count }, (_, index) => [`input${index}`, Line]));
  return producer({
    name: `mix-${count}`,
    version: "1.0.0",
    inputs: { source: Line, ...inputs },
    output: Line,
    build: (values) => mix(...Object.values(values)),
  });
}

function wire(dependencies: readonly (readonly number[])[]): Record<string, Record<string, WiredArtifact<string, {}>>> {
  const sources: Record<string, WiredArtifact<string, {}>> = {};
  const nodes: Record<string, WiredArtifact<string, {}>> = {};
  dependencies.forEach((reads, node) => {
    const source = Line.from(local(`src/${node}.txt`));
    sources[`s${node}`] = source;
    let producerOf = mixOf.get(reads.length);
    if (producerOf === undefined) mixOf.set(reads.length, (producerOf = mixer(reads.length)));
    const inputs = Object.fromEntries(reads.map((other, index) => [`input${index}`, nodes[`n${other}`]!]));
    nodes[`n${node}`] = producerOf({ source, ...inputs });
  });
  return { sources, nodes };
}

/** `parts` is one artifact of n partitions, every other shape n artifacts. */
export function defineWork(shape: {
  readonly name: string;
  readonly dependencies: readonly (readonly number[])[];
}): Graph {
  if (shape.name !== "parts") return graph("work", () => wire(shape.dependencies));
  return graph("work", () => {
    const sources = Part.from(local("src/{node}.txt"));
    return { sources, nodes: mixPart({ source: sources }) };
  });
}

const shapeFile = new URL("shape.json", import.meta.url);
/** The project's graph; there only where a shape lies beside this file. */
export const work = readShape();

function readShape(): Graph | undefined {
  try {
    return defineWork(JSON.parse(readFileSync(shapeFile, "utf8")) as Parameters<typeof defineWork>[0]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
