// Views: how a producer wants the value of a partition, where it does not want all of it parsed in memory.

import { rowSchemaOf } from "../data/row-schema.ts";
import { StratigraphError } from "../errors.ts";
import { declaredArtifact, type DeclaredArtifact } from "./artifact.ts";
import { inputHandle } from "./edge.ts";
import type { Declared, FitsOutput, Input } from "./input.ts";
import { invalid } from "./option.ts";
import { is, says, type Is, type Says } from "./sentence.ts";

/** What `build` receives of one partition. None of them changes what the input is, and so none changes a fingerprint. */
export type ViewKind = "value" | "stream" | "file" | "bytes" | "lazy";

export interface View<out Value, in out D, out Seen, out Kind extends ViewKind, in Written = never>
  extends Input<Value, D, Seen, Written, never>, FitsOutput<D> {
  readonly is: Is<"view">;
  readonly view: Kind;
}

/** One row of an array. */
export type Row<Rows> = Rows extends readonly (infer One)[] ? One : never;

/** What an output that is streamed is made of: `async *build`, or anything that can be gone through. */
export type RowsOf<Written> = AsyncIterable<Row<Written>> | Iterable<Row<Written>>;

/** Nothing more, or the sentence. */
export type HasRows<Value> = Value extends readonly unknown[] ? unknown : Says<"noRows">;

/**
 * Row by row, never all of it in memory: an input is an async iterable of parsed rows, which may be gone through more than once; an output
 * is one that `build` returns. Errors: GRAPH_INVALID for a schema that is no array, or a format without rows.
 *
 * @example
 * const clean = producer({
 *   name: "clean",
 *   inputs: { raw: stream(Raw) },
 *   output: stream(Clean),
 *   async *build({ raw }) {
 *     for await (const row of raw) if (row.amount > 0) yield row;
 *   },
 * });
 */
export function stream<Value, D, Written>(
  artifact: Declared<Value, D, Written> & HasRows<Value>,
): View<Value, D, AsyncIterable<Row<Value>>, "stream", RowsOf<Written>> {
  const declared = viewed(artifact, "stream()");
  checkStreamable(declared, "stream()");
  return view(declared, "stream");
}

/** The path of a file with exactly the bytes that were recorded, to be read only; for libraries that open files themselves. */
export function file<Value, D>(artifact: Declared<Value, D, never>): View<Value, D, string, "file"> {
  return view(viewed(artifact, "file()"), "file");
}

/** The bytes as they are stored, not parsed. */
export function rawBytes<Value, D>(artifact: Declared<Value, D, never>): View<Value, D, Uint8Array, "bytes"> {
  return view(viewed(artifact, "bytes()"), "bytes");
}

/** A function that reads the value, each time it is called: what is never asked for is never read. */
export function lazy<Value, D>(artifact: Declared<Value, D, never>): View<Value, D, () => Promise<Value>, "lazy"> {
  return view(viewed(artifact, "lazy()"), "lazy");
}

/** Also asked of what is wired, which may be another artifact than the declared one. Throws GRAPH_INVALID. */
export function checkStreamable({ schema, format }: DeclaredArtifact, where: string): void {
  const rows = rowSchemaOf(schema);
  if (typeof rows === "string") {
    throw new StratigraphError("GRAPH_INVALID", rows === "whole" ? says.wholeChecks : says.noRows, { where });
  }
  if (format.rows === undefined) {
    throw new StratigraphError("GRAPH_INVALID", says.noRowFormat, { where, received: `${format.kind}()` });
  }
}

function viewed(artifact: unknown, where: string): DeclaredArtifact {
  return declaredArtifact(artifact) ?? invalid(where, "a view goes around a declared artifact", is.declared, artifact);
}

function view<Value, D, Seen, Kind extends ViewKind, Written>(
  artifact: DeclaredArtifact,
  kind: Kind,
): View<Value, D, Seen, Kind, Written> {
  return inputHandle(is.view, { artifact, edge: { kind: "same" }, optional: false, view: kind }) as unknown as View<
    Value,
    D,
    Seen,
    Kind,
    Written
  >;
}
