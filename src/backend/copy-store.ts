// What a backend answers to whoever copies it into another, or another into it.

import type { CopyMark, CopyState, KeptKind, KeptRecords, RemovableKind } from "./kept-records.ts";
import type { Page, PageRequest } from "./records.ts";

/** Everything but leases, with the numbers and times it has here: for whoever copies one backend into another. */
export interface CopyStore {
  readCopyState(): Promise<CopyState>;
  /** Numbers given from now on are higher than `given`, and than all given before. Also in a copy that was made of an earlier moment. */
  writeCopyState(state: { readonly given: number; readonly copied: CopyMark }): Promise<void>;
  /** In the order of `keptKey`, whole: nothing is computed, and nothing left out because it was removed, ended or damaged. */
  listKept<Kind extends KeptKind>(kind: Kind, page?: PageRequest): Promise<Page<KeptRecords[Kind]>>;
  /**
   * Writes records as they are, in the place of those of the same key, with their own numbers and times. In the order of `keptKinds`, and of
   * keys: what a record refers to must be there. Of the audit log only what comes next can be put, and nothing of it is changed.
   */
  putKept<Kind extends KeptKind>(kind: Kind, records: readonly KeptRecords[Kind][]): Promise<void>;
  /** Removes the records of these keys, whatever refers to them; a snapshot's tags and a run's partitions go with it. */
  dropKept<Kind extends RemovableKind>(kind: Kind, records: readonly KeptRecords[Kind][]): Promise<void>;
}
