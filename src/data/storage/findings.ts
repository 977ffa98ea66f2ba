// What discovery has found so far, and whether it can stand side by side.

import { isStratigraphError, StratigraphError } from "../../errors.ts";
import type { Dimensions } from "../../identity/dimension.ts";
import { compareText } from "../../util/text-order.ts";
import type { DiscoveredPartition, Discovery, FolderStamp, Stray } from "./storage.ts";

const SHOWN_STRAYS = 100;
const SHOWN_UNREADABLE = 5;
/** What says something of this process, not of the file. */
const OWN_FAULTS = new Set(["EMFILE", "ENFILE", "ENOMEM"]);

/** What lies in a source's place and could not be read. */
export interface Unreadable {
  /** The first 100. */
  readonly paths: readonly { readonly location: string; readonly problem: string }[];
  readonly count: number;
}

export class Findings {
  readonly #partitions: DiscoveredPartition[] = [];
  readonly #strays: Stray[] = [];
  #strayCount = 0;
  readonly #unreadable: { location: string; problem: string }[] = [];
  #unreadableCount = 0;
  #folders: FolderStamp[] | undefined = [];

  partition(partition: DiscoveredPartition): void {
    this.#partitions.push(partition);
  }

  stray(location: string, problem: string): void {
    this.#strayCount += 1;
    if (this.#strays.length < SHOWN_STRAYS) this.#strays.push({ location, problem });
  }

  /** Something that cannot be read: looked past to name all such, and thrown in the end. Throws any other error at once. */
  unreadable(location: string, error: unknown): void {
    if (!isStratigraphError(error) || error.code !== "STORAGE_FAILED") throw error;
    const errno = String(error.data?.["errno"]);
    if (OWN_FAULTS.has(errno)) throw error;
    this.#unreadableCount += 1;
    if (this.#unreadable.length >= SHOWN_STRAYS) return;
    const denied = errno === "EACCES" || errno === "EPERM";
    this.#unreadable.push({ location, problem: denied ? "permission denied" : error.what });
  }

  /** A folder as it was before it was listed; `undefined`: it may change without its stamps telling. */
  folder(stamp: FolderStamp | undefined): void {
    if (stamp === undefined) this.#folders = undefined;
    else this.#folders?.push(stamp);
  }

  /**
   * Throws STORAGE_FAILED where something could not be read; PARTITION_AMBIGUOUS where two locations say the same key, or keys that a
   * file system without case takes for one.
   */
  finish(dimensions: Dimensions): Discovery {
    if (this.#unreadableCount > 0) throw unreadableError({ paths: this.#unreadable, count: this.#unreadableCount });
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

/** See "Why one unreadable source stops a build" in docs/design-notes.md. */
export function unreadableError(unreadable: Unreadable): StratigraphError {
  const { paths, count } = unreadable;
  const shown = paths.slice(0, SHOWN_UNREADABLE).map(({ location, problem }) => `${location} (${problem})`);
  const more = count > shown.length ? ` and ${count - shown.length} more` : "";
  return new StratigraphError(
    "STORAGE_FAILED",
    `${count === 1 ? "a file or folder" : `${count} files or folders`} of the sources cannot be read, so nothing was built`,
    {
      received: shown.join(", ") + more,
      hint: "Make it readable for this user, or move it away: what a build starts from is the content of every source.",
      data: { unreadable },
    },
  );
}

/** What an error of `unreadableError` lists. */
export function unreadableIn(error: unknown): Unreadable | undefined {
  return isStratigraphError(error) ? (error.data?.["unreadable"] as Unreadable | undefined) : undefined;
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
