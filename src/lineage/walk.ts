// The walk itself, going on where one graph reads as a source what another one wrote.

import type { Connection } from "../backend/backend.ts";
import type { LineageEdge, LineageWalk, PartitionId, StoredPartition } from "../backend/records.ts";

/** The file that one graph wrote (`input`) and another found as a source (`output`). */
export interface FileLink extends Omit<LineageEdge, "run"> {
  readonly run: undefined;
}

export interface WholeWalk {
  readonly partitions: readonly StoredPartition[];
  readonly edges: readonly (LineageEdge | FileLink)[];
  readonly truncated: boolean;
}

/** Name of the edge between a file as it was written and as it was found. */
export const SAME_FILE = "the same file";

/** Places that a template of another graph may look at; bytes kept by us alone are in none. */
const PRIVATE: ReadonlySet<string> = new Set(["managed", "literal"]);

/**
 * Everything upstream or downstream of these partitions, nearest first. Two records are the same file where storage, location and
 * content agree, and one was written by a run while the other was found: a graph that reads another graph's files hangs on to it so.
 */
export async function walkThroughFiles(
  connection: Connection,
  start: readonly PartitionId[],
  direction: "upstream" | "downstream",
  { depth, limit }: { readonly depth?: number | undefined; readonly limit?: number | undefined },
): Promise<WholeWalk> {
  let walk: LineageWalk = await connection.walkLineage(start, { direction, depth, limit });
  const partitions = new Map(walk.partitions.map((one) => [one.id, one]));
  const edges: (LineageEdge | FileLink)[] = [...walk.edges];
  let { truncated } = walk;
  // Where the depth is limited, what lies behind a file is beyond it.
  while (depth === undefined && !truncated) {
    const links = await fileLinks(connection, walk.partitions, direction);
    const next = links.map((link) => (direction === "upstream" ? link.input : link.output));
    for (const link of links) edges.push(link);
    const fresh = [...new Set(next)].filter((id) => !partitions.has(id));
    if (fresh.length === 0) break;
    walk = await connection.walkLineage(fresh, { direction, limit });
    truncated ||= walk.truncated;
    for (const one of walk.partitions) partitions.set(one.id, one);
    for (const edge of walk.edges) edges.push(edge);
  }
  return { partitions: [...partitions.values()], edges, truncated };
}

async function fileLinks(
  connection: Connection,
  partitions: readonly StoredPartition[],
  direction: "upstream" | "downstream",
): Promise<FileLink[]> {
  const wanted = direction === "upstream";
  const open = partitions.filter(
    ({ storage, location, input }) => (input === undefined) === wanted && location !== "" && !PRIVATE.has(storage),
  );
  if (open.length === 0) return [];
  const found = await connection.findPartitionsAt(
    undefined,
    open.map(({ location }) => location),
  );
  return open.flatMap((one, index) =>
    (found[index] ?? [])
      .filter(
        (other) =>
          other.storage === one.storage &&
          other.content === one.content &&
          (other.input === undefined) !== (one.input === undefined),
      )
      .map((other) => ({
        run: undefined,
        name: SAME_FILE,
        input: wanted ? other.id : one.id,
        output: wanted ? one.id : other.id,
      })),
  );
}
