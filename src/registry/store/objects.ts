// The port below a store: bytes under their digest, and how they are taken away without hurting somebody who just found them.

/**
 * `objects`: bytes. `files`: an empty mark for each file that was put as a whole. `folders`: the list of files of each folder. An object is
 * kept for as long as a mark or a list refers to it.
 */
export const shelves = ["objects", "files", "folders"] as const;
export type Shelf = (typeof shelves)[number];

export interface Added {
  /** SHA-256 of the bytes, as hex. */
  readonly digest: string;
  readonly size: number;
}

export interface ObjectAge {
  /** Milliseconds since 1970 of the last time it was put. */
  readonly lastPut: number;
  /** More than once: somebody may count on it whom the database does not know yet. */
  readonly putAgain: boolean;
  readonly size: number;
}

export interface ObjectStorage {
  /** Keeps bytes. Durable when it resolves. What is there already is read and checked, and replaced where it is damaged. */
  add(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, signal?: AbortSignal): Promise<Added>;
  /** Keeps a mark or a list under the name it is given. Durable when it resolves. */
  note(shelf: Exclude<Shelf, "objects">, digest: string, bytes: Uint8Array): Promise<void>;
  /** All bytes of a mark or a list; `undefined` where there is none. */
  read(shelf: Exclude<Shelf, "objects">, digest: string): Promise<Uint8Array | undefined>;
  /** Reads an object and answers what it really has; `undefined` where there is none. */
  check(digest: string): Promise<Added | undefined>;
  /** As `check`, while copying into a new file of that mode. `durable`: its bytes outlive a power cut. */
  copy(digest: string, path: string, options: CopyOptions): Promise<Added | undefined>;
  /** `undefined` where there is none. */
  age(shelf: Shelf, digest: string): Promise<ObjectAge | undefined>;
  list(shelf: Shelf): AsyncIterable<string>;
  /** Removes it, unless `mayGo` says no or somebody puts it at this very moment. Answers the bytes freed; `undefined` where it stayed. */
  take(shelf: Shelf, digest: string, mayGo: (age: ObjectAge) => boolean): Promise<number | undefined>;
  /** A new empty folder, for files on their way in or out; whoever asks removes it. */
  makeTemp(): Promise<string>;
  /** Removes what ended processes left there, older than that many milliseconds. Answers the bytes freed. */
  sweepTemps(olderThan: number, dryRun: boolean): Promise<number>;
  /** For messages: where it is. */
  describe(shelf: Shelf, digest: string): string;
}

export interface CopyOptions {
  readonly mode: number;
  readonly durable: boolean;
}
