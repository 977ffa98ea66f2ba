// What discovery has found so far, and whether it can stand side by side.

import { StratigraphError } from "../../errors.ts";
import type { Dimensions } from "../../identity/partition.ts";
import { compareText } from "../../util/text-order.ts";
import type { DiscoveredPartition, Discovery, FolderStamp, Stray } from "./storage.ts";

const SHOWN_STRAYS = 100;

export class Findings {
  readonly #partitions: DiscoveredPartition[] = [];
  readonly #strays: Stray[] = [];
  #strayCount = 0;
  #folders: FolderStamp[] | undefined = [];

  partition(partition: DiscoveredPartition): void {
    this.#partitions.push(partition);
  }

  stray(location: string, problem: string): void {
    this.#strayCount += 1;
    if (this.#strays.length < SHOWN_STRAYS) this.#strays.push({ location, problem });
  }

  /** A folder as it was before it was listed; `undefined`: it may change without its stamps telling. */
  folder(stamp: FolderStamp | undefined): void {
    if (stamp === undefined) this.#folders = undefined;
    else this.#folders?.push(stamp);
  }

  /** Throws PARTITION_AMBIGUOUS where two locations say the same key, or keys that a file system without case takes for one. */
  finish(dimensions: Dimensions): Discovery {
    // Key texts are ASCII, so this is the order of their UTF-8 bytes.
    const partitions = this.#partitions.sort((a, b) => (a.keyText < b.keyText ? -1 : a.keyText > b.keyText ? 1 : 0));
    for (let index = 1; index < partitions.length; index++) {
      const [a, b] = [partitions[index - 1] as DiscoveredPartition, partitions[index] as DiscoveredPartition];
      if (a.keyText === b.keyText) throw ambiguous(a, b, "two files say the same partition");
    }
    if (Object.values(dimensions).some(({ kind }) => kind === "strings" || kind === "oneOf")) checkCase(partitions);
    return {
      partitions,
      strays: this.#strays.sort((a, b) => compareText(a.location, b.location)),
      strayCount: this.#strayCount,
      folders: this.#folders,
    };
  }
}

function checkCase(partitions: readonly DiscoveredPartition[]): void {
  const folded = new Map<string, DiscoveredPartition>();
  for (const partition of partitions) {
    const text = JSON.stringify(partition.key).toLowerCase();
    const other = folded.get(text);
    if (other !== undefined)
      throw ambiguous(
        other,
        partition,
        "two partitions differ in case only, and some file systems would make them one",
      );
    folded.set(text, partition);
  }
}

function ambiguous(a: DiscoveredPartition, b: DiscoveredPartition, what: string): StratigraphError {
  return new StratigraphError("PARTITION_AMBIGUOUS", what, {
    where: a.keyText === b.keyText ? a.keyText : `${a.keyText} and ${b.keyText}`,
    received: `'${a.location}' and '${b.location}'`,
    hint: "Rename or remove one of them.",
    data: { locations: [a.location, b.location] },
  });
}
