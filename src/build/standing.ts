// Standing: what a build looked at that found nothing to do, so that the next one sees by stats alone that all of it still is so.

import { lstatSync, statSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { counters } from "../util/counters.ts";

/**
 * Everything that an answer "nothing to do" depends on besides the graph itself. A stat of each is all that is needed to see whether the
 * answer still holds, see "Why nothing to do is known by stats" in docs/design-notes.md.
 */
export interface Standing {
  /** The backend's stamp before it was asked anything. */
  readonly backend: string;
  /** Absolute: folders and source files, which must be the same as they were; then stored outputs, which must be there in their size. */
  readonly paths: readonly string[];
  /** How many of the paths are not outputs. */
  readonly watched: number;
  /** Four numbers for each folder and source file: size, mtimeMs, ctimeMs, ino; then one for each output: its size. */
  readonly stamps: Float64Array;
}

/** One stat of everything. `trust`: outputs are not looked at. */
export async function stillStands(standing: Standing, backend: string | undefined, trust: boolean): Promise<boolean> {
  if (backend === undefined || backend !== standing.backend) return false;
  const { paths, watched, stamps } = standing;
  const end = trust ? watched : paths.length;
  for (let index = 0; index < end; index++) {
    if (index % TURN === TURN - 1) await turn();
    counters.stats += 1;
    const path = paths[index]!;
    if (index < watched) {
      const found = statSync(path, quiet);
      const at = index * 4;
      if (found === undefined || found.size !== stamps[at] || found.mtimeMs !== stamps[at + 1]) return false;
      if (found.ctimeMs !== stamps[at + 2] || found.ino !== stamps[at + 3]) return false;
    } else {
      const found = lstatSync(path, quiet);
      if (found === undefined || found.size !== stamps[watched * 3 + index] || !found.isFile()) return false;
    }
  }
  return true;
}

const quiet = { throwIfNoEntry: false } as const;
/** Stats between two turns of the event loop: some ten milliseconds. */
const TURN = 5_000;
