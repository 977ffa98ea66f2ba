// What an input is to the compiler: the facts inference reads from declared artifacts and edges, and the sentence where they do not fit.

import type { Dimensions, KindOf } from "../identity/dimension.ts";
import type { Is, MissingDimension, OtherKind, OtherValues, Says } from "./sentence.ts";

/**
 * For the compiler only: declared on every artifact and edge, absent at run time.
 * Variance is annotated so that the members can stay plain values: that makes a message one line instead of six.
 */
export interface InputTypes<out Value, in out D, out Seen, in Written, out Covers> {
  /** What a reader gets: the schema's output. */
  readonly value: Value;
  readonly dimensions: D;
  /** What `build` receives for it: the value, a list of partitions, or perhaps nothing. */
  readonly seen: Seen;
  /** What `build` returns for it: the schema's input. */
  readonly written: (value: Written) => void;
  /** The names of the dimensions an edge collects, which the output need not have. */
  readonly covers: Covers;
}

/** Fits an output that has all of these dimensions. Contravariant, so that assignability decides, also for generic dimensions. */
export interface FitsOutput<in D> {
  readonly "~fits": (dimensions: D) => void;
}

export interface Input<out Value, in out D, out Seen, in Written, out Covers> {
  // First, because a misplaced thing is reported by the first member that differs, and this one says a sentence.
  readonly is: string;
  readonly "~types": InputTypes<Value, D, Seen, Written, Covers>;
}

/** A declared artifact, as inference takes it apart. */
export interface Declared<out Value, in out D, in Written> {
  readonly is: Is<"declared">;
  readonly "~types": InputTypes<Value, D, Value, Written, never>;
}

/** What an edge goes around. */
export interface Edgeable<out Value, in out D, out Seen> {
  readonly is: Is<"declared"> | Is<"view"> | Is<"clean">;
  readonly "~types": InputTypes<Value, D, Seen, never, never>;
}

/** What `optional` goes around. */
export interface Optionable<out Value, in out D, out Seen, out Covers, in Needs> extends FitsOutput<Needs> {
  readonly is: Is<"declared"> | Is<"view"> | Is<"clean"> | Is<"edge">;
  readonly "~types": InputTypes<Value, D, Seen, never, Covers>;
}

/** The facts of a thing, by index: cheaper than `infer`, and the message names the member. */
export type ValueIn<X> = X extends { readonly "~types": { readonly value: infer Value } } ? Value : never;
export type DimensionsIn<X> = X extends { readonly "~types": { readonly dimensions: infer D } } ? D : never;
export type SeenIn<X> = X extends { readonly "~types": { readonly seen: infer Seen } } ? Seen : never;
export type WrittenIn<X> = X extends { readonly "~types": { readonly written: (value: infer Written) => void } }
  ? Written
  : never;

/**
 * The type an entry of `inputs` must have: itself where all fit, and otherwise the sentence at each entry that does not.
 * The first branch is the naked parameter because inference goes through it. Where another option is missing or misspelt, nothing is
 * inferred: then the compiler shall name that option, and not the inputs.
 */
export type CheckedInputs<Inputs, OD> = [Inputs] extends [{ readonly [name: string]: FitsOutput<OD> }]
  ? Inputs
  : { readonly [name: string]: unknown } extends Inputs
    ? Inputs
    : {
        readonly [Name in keyof Inputs]: Inputs[Name] extends FitsOutput<OD>
          ? Inputs[Name]
          : InputSentence<Inputs[Name], OD>;
      };

type InputSentence<X, OD> = X extends { readonly is: Is<"wired"> }
  ? Says<"wiredAlready">
  : X extends { readonly is: Is<"producer"> }
    ? Says<"producerNamed">
    : X extends { readonly is: Is<"fanOut"> }
      ? Says<"fannedOut">
      : X extends { readonly edge: "map" }
        ? Says<"otherOutput">
        : X extends { readonly "~types": { readonly dimensions: infer D; readonly covers: infer Covers } }
          ? [Mismatch<D, Covers, OD>] extends [never]
            ? Says<"otherOutput">
            : Mismatch<D, Covers, OD>
          : Says<"notAnArtifact">;

type Mismatch<D, Covers, OD> = {
  [Name in keyof D & string]: Name extends keyof OD
    ? KindOf<D[Name]> extends KindOf<OD[Name]>
      ? OD[Name] extends D[Name]
        ? never
        : OtherValues<Name>
      : OtherKind<Name, KindOf<D[Name]>, KindOf<OD[Name]>>
    : Name extends Covers
      ? never
      : MissingDimension<Name>;
}[keyof D & string];

/** These dimensions or fewer, and any others: what an output must be where an edge collects the rest. The index signature avoids the weak-type check. */
export type Loose<D> = Partial<D> & Dimensions;
