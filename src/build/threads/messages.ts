// What the thread of a build and the thread of a producer say to each other.

import type { MessagePort } from "node:worker_threads";
import type { RunId } from "../../backend/records.ts";
import type { Fingerprint } from "../../identity/fingerprint.ts";
import type { PartsEnd } from "../each-part.ts";
import type { StepName } from "../events.ts";
import type { AnyKey } from "../partition-set.ts";
import type { StepScope } from "../run-scope.ts";
import type { WriterTotals } from "../../util/unfinished.ts";
import type { Packed } from "./parcel.ts";
import type { PackedError } from "./packed-error.ts";

/** A call of a producer that another thread is asked to make. */
export interface ThreadTask {
  /** For everything that is said during the call. */
  readonly port: MessagePort;
  readonly step: StepName;
  /** For messages. */
  readonly where: string;
  /** See `CallSite`. */
  readonly files: readonly string[];
  /** Those to be loaded, one after the other, until the producer is declared. */
  readonly load: readonly string[];
  /** Of the code that was fingerprinted: no other may run. */
  readonly code: Fingerprint;
  /** The state folder. */
  readonly home: string | undefined;
  readonly given: Packed<Given>;
  readonly attempt: number;
  readonly idempotencyKey: Fingerprint | undefined;
  readonly run: RunId | undefined;
  readonly scope: StepScope | undefined;
}

export interface Given {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly key: AnyKey;
}

export type FromThread =
  /** The task has arrived; its module is being loaded. */
  | { readonly kind: "loading" }
  /** The producer is being called. */
  | { readonly kind: "started" }
  | { readonly kind: "log"; readonly text: string }
  | {
      readonly kind: "progress";
      readonly done: number;
      readonly total?: number | undefined;
      readonly note?: string | undefined;
    }
  | (Question & { readonly id: number })
  | { readonly kind: "recorded"; readonly totals: WriterTotals }
  /** `parts`: how it came to the end of what it fans out, which was asked about partition by partition. */
  | {
      readonly kind: "returned";
      readonly result: Packed<{ readonly output: unknown }>;
      readonly parts?: PartsEnd | undefined;
    }
  | { readonly kind: "threw"; readonly error: PackedError }
  /** The producer was not called. */
  | { readonly kind: "refused"; readonly error: PackedError }
  | { readonly kind: "exit"; readonly code: string }
  /** Thrown where nobody could catch it. */
  | { readonly kind: "uncaught"; readonly error: PackedError };

/** What only the thread of the build can do. */
export type Question =
  | { readonly kind: "temp" }
  | { readonly kind: "secret"; readonly name: string }
  /** Whether it is taken; `TAKEN` if so. */
  | { readonly kind: "part"; readonly part: Packed<{ readonly partition: unknown }> };

/** The answer about a partition that was taken. */
export const TAKEN = "taken";

export type ToThread =
  | { readonly kind: "abort" }
  | { readonly kind: "answer"; readonly id: number; readonly text: string }
  | { readonly kind: "refusal"; readonly id: number; readonly error: PackedError };
