// A module as far as code versions need it: what it declares, imports, exports and does while it is loaded. Plain JSON, kept in a cache.

import type { Fingerprint } from "../identity/fingerprint.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Hidden } from "./references.ts";

export interface ModuleFacts {
  /** Of all that counts in the file. */
  readonly digest: Fingerprint;
  /** Why it counts as one whole; `undefined` where its parts are told apart. */
  readonly whole: Whole | undefined;
  /** The modules it loads before it runs, in order. */
  readonly loads: readonly string[];
  /** By local name. */
  readonly imports: { readonly [name: string]: Binding };
  /** By exported name: what it is called here, or elsewhere. */
  readonly exports: { readonly [name: string]: string | Binding };
  /** The modules it exports all names of. */
  readonly stars: readonly string[];
  readonly parts: readonly ModulePart[];
  /** By name, the part that declares a producer in a way that can be followed. */
  readonly producers: { readonly [name: string]: number };
  /** The functions that it gives names of methods which change nothing elsewhere: what they do. */
  readonly methods: readonly (Evaluation & { readonly name: string })[];
  /** Everything it refers to at any time, see `References`. */
  readonly modules: readonly string[];
  readonly files: readonly string[];
  readonly hidden: Hidden | undefined;
}

export const wholes = {
  unparsed: "there is no parser",
  unreadable: "it cannot be parsed",
  commonjs: "it is a CommonJS module",
  data: "it is not code",
} as const;

export type Whole = keyof typeof wholes;

/** A name of another module: "default", or "*" for the module as one object. */
export interface Binding {
  readonly from: string;
  readonly name: string;
}

/** A declaration, a statement that runs when the module is loaded, or the call that declares a producer; and what happens when it is loaded. */
export interface ModulePart extends Evaluation {
  /** For people: its name, or what it is. */
  readonly name: string;
  readonly declares: readonly string[];
  readonly digest: Fingerprint;
  /** See `References`. */
  readonly names: readonly string[];
  readonly writes: readonly string[];
  readonly modules: readonly string[];
  readonly files: readonly string[];
  readonly hidden: Hidden | undefined;
  readonly isClass: boolean;
  /** The line it begins in. */
  readonly line: number;
  /** Whether it stands for something that can be changed and stays: not for a function or a number. */
  readonly keeps: boolean;
  /** What in it leads further than the names of modules do, for people; `undefined`: it can change what those names lead to and no more. */
  readonly opens: string | undefined;
  /** Whether `process.env` is handed on as one object. */
  readonly environment: boolean;
  /** Names it imports and changes, or hands to a call as they are. */
  readonly exposed: readonly string[];
  /** What happens when it is called: of functions; when an instance is made: of classes. */
  readonly called: Evaluation | undefined;
  /** For the value of a chain of calls, the name it starts from. */
  readonly made: string | undefined;
}
