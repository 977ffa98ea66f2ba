// Edges: which partitions of an input one output partition needs, where that is not simply those with the same key.

import { StratigraphError } from "../errors.ts";
import { isOrdered, type Dimensions, type Key, type OrderedName } from "../identity/dimension.ts";
import { declaredArtifact, type DeclaredArtifact } from "./artifact.ts";
import type { Declared, Edgeable, FitsOutput, Input, Loose, Optionable } from "./input.ts";
import { invalid } from "./option.ts";
import type { ViewKind } from "./view.ts";
import { is, noOrder, twoOrders, type Is, type NoOrder, type TwoOrders } from "./sentence.ts";

/** One partition of an input, as `build` receives it from an edge that gives many. */
export interface Partition<out Value, in out D> {
  readonly key: Key<D>;
  readonly value: Value;
}

interface Edge<out Value, in out D, out Seen, out Covers, in Needs>
  extends Input<Value, D, Seen, unknown, Covers>, FitsOutput<Needs> {
  readonly is: Is<"edge">;
}

export interface AllEdge<out Value, in out D, out Seen, in out Over = never> extends Edge<
  Value,
  D,
  readonly Partition<Seen, D>[],
  AllCovers<D, Over>,
  AllNeeds<D, Over>
> {}

export interface WindowEdge<out Value, in out D, out Seen, in out Over = never> extends Edge<
  Value,
  D,
  readonly Partition<Seen, D>[],
  OrderCovers<D, Over>,
  OrderNeeds<D, Over>
> {}

export interface LatestEdge<out Value, in out D, out Seen, in out Over = never> extends Edge<
  Value,
  D,
  Seen,
  OrderCovers<D, Over>,
  OrderNeeds<D, Over>
> {}

export interface MappedEdge<out Value, in out D, out Seen, in OD> extends Edge<Value, D, Seen, keyof D, OD> {
  readonly edge: "map";
}

export interface CleanInput<out Value, in out D, out Seen>
  extends Input<Value, D, Seen, unknown, never>, FitsOutput<D> {
  readonly is: Is<"clean">;
}

export interface OptionalInput<out Value, in out D, out Seen, out Covers, in Needs>
  extends Input<Value, D, Seen, unknown, Covers>, FitsOutput<Needs> {
  readonly is: Is<"optional">;
}

// Not named (`never`): every dimension the output lacks is collected, those they share must agree. Named: only that one is collected.
type AllCovers<D, Over> = [Over] extends [never] ? keyof D : Over;
type AllNeeds<D, Over> = [Over] extends [never] ? Loose<D> : Omit<D, Over & string> & Dimensions;
type OrderCovers<D, Over> = [Over] extends [never] ? OrderedName<D> : Over;
type OrderNeeds<D, Over> = Omit<D, OrderCovers<D, Over> & string> & Loose<D>;

/** The size's type, or the sentence that says why there is no dimension to go over. */
export type WindowSize<D, Over> = [Over] extends [never] ? OneOrder<"window()", OrderedName<D>, number> : number;
type OneOrder<Edge extends string, Name, Fine> = [Name] extends [never]
  ? NoOrder<Edge>
  : IsUnion<Name> extends true
    ? TwoOrders<Edge>
    : Fine;
type IsUnion<Whole, Part = Whole> = Part extends unknown ? ([Whole] extends [Part] ? false : true) : never;

/** Nothing more, or the same sentence: `latest` has no size to say it at. */
export type HasOrder<D, Over> = [Over] extends [never] ? OneOrder<"latest()", OrderedName<D>, unknown> : unknown;

/** The run-time side of an input. */
export interface InputSpec {
  readonly artifact: DeclaredArtifact;
  readonly edge: EdgeSpec;
  /** May be left out when wired, and may have no partition: `build` then receives `undefined`. */
  readonly optional: boolean;
  readonly view: ViewKind;
  /** The producer takes no partition with a warning. */
  readonly clean?: boolean | undefined;
}

/** `over` names the dimension that is collected or looked back along; always there for `window` and `latest`. */
export type EdgeSpec =
  | { readonly kind: "same" }
  | { readonly kind: "all"; readonly over?: string | undefined }
  | { readonly kind: "window"; readonly size: number; readonly over: string }
  | { readonly kind: "latest"; readonly over: string }
  | {
      readonly kind: "map";
      readonly output: DeclaredArtifact;
      /** A list of keys gives `build` a list of partitions, one key gives it the value. */
      readonly keys: (key: Key<Dimensions>) => unknown;
    };

/**
 * Every partition that agrees with the output's key on the dimensions they share, as a list.
 * With a dimension's name: every value of that dimension, also where the output has it; the others must be shared.
 * An artifact without dimensions gives a list of one, for helpers that do not know which dimensions there are.
 */
export function all<Value, D, Seen, const Over extends keyof D & string = never>(
  input: Edgeable<Value, D, Seen>,
  over?: Over,
): AllEdge<Value, D, Seen, Over> {
  const inner = edged(input, "all()");
  const { artifact } = inner;
  if (over !== undefined) checkDimension(artifact, over, "all()");
  return edge(inner, over === undefined ? { kind: "all" } : { kind: "all", over }) as unknown as AllEdge<
    Value,
    D,
    Seen,
    Over
  >;
}

/**
 * The last `size` values of the ordered dimension, up to and with the output's own where it has that dimension, as a list.
 * The dimension is named where several are ordered.
 */
export function window<Value, D, Seen, const Over extends OrderedName<D> & string = never>(
  input: Edgeable<Value, D, Seen>,
  size: WindowSize<D, Over>,
  over?: Over,
): WindowEdge<Value, D, Seen, Over> {
  const inner = edged(input, "window()");
  const { artifact } = inner;
  const dimension = orderedDimension(artifact, over, "window()");
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 1) {
    invalid("window()", "a window has a size", "a whole number of at least 1", size);
  }
  return edge(inner, { kind: "window", size, over: dimension }) as unknown as WindowEdge<Value, D, Seen, Over>;
}

/** The value of the newest partition along the ordered dimension, not after the output's own where it has that dimension. */
export function latest<Value, D, Seen, const Over extends OrderedName<D> & string = never>(
  input: Edgeable<Value, D, Seen> & HasOrder<D, Over>,
  over?: Over,
): LatestEdge<Value, D, Seen, Over> {
  const inner = edged(input, "latest()");
  const { artifact } = inner;
  const dimension = orderedDimension(artifact, over, "latest()");
  return edge(inner, { kind: "latest", over: dimension }) as unknown as LatestEdge<Value, D, Seen, Over>;
}

/**
 * The partitions whose keys `keys` answers for a key of `output`: a list of keys gives a list of partitions, one key gives the value.
 * The function is code: it counts through the producer's version, and through the partitions it chooses.
 */
export function mapKeys<Value, D, Seen, OD, const Result extends Key<D> | readonly Key<D>[]>(
  input: Edgeable<Value, D, Seen>,
  output: Declared<unknown, OD, never>,
  keys: (key: Key<OD>) => Result,
): MappedEdge<Value, D, Result extends readonly unknown[] ? readonly Partition<Seen, D>[] : Seen, OD> {
  const inner = edged(input, "mapKeys()");
  const target = declaredArtifact(output);
  if (target === undefined)
    invalid("mapKeys()", "the second argument is the output whose keys it maps", is.declared, output);
  if (typeof keys !== "function")
    invalid("mapKeys()", "the third argument maps a key of the output", "a function", keys);
  const spec = { kind: "map", output: target, keys: keys as (key: Key<Dimensions>) => unknown } as const;
  return edge(inner, spec) as unknown as MappedEdge<Value, D, never, OD>;
}

/**
 * An input without warnings: where a check or threshold of a partition it needs warned, the step fails instead of running, and what was
 * built from it is not used. Never part of a fingerprint. Edges go around it, `optional` outermost: `optional(all(clean(x)))`.
 */
export function clean<Value, D, Seen>(
  input: Edgeable<Value, D, Seen> & { readonly is: Is<"declared"> | Is<"view"> },
): CleanInput<Value, D, Seen> {
  const spec = inputSpec(input);
  if (spec?.edge !== same || spec.optional || spec.clean === true) {
    invalid("clean()", "a demand goes around a declared artifact", is.declared, input);
  }
  return inputHandle(is.clean, { ...spec, clean: true }) as unknown as CleanInput<Value, D, Seen>;
}

/** An input that may be absent: `build` receives `undefined` where there is no partition, or where it was not wired at all. */
export function optional<Value, D, Seen, Covers, Needs>(
  input: Optionable<Value, D, Seen, Covers, Needs>,
): OptionalInput<Value, D, Seen | undefined, Covers, Needs> {
  const spec = inputSpec(input);
  if (spec === undefined || spec.optional) {
    invalid("optional()", "this cannot be made optional", `${is.declared}; or ${is.edge}`, input);
  }
  return inputHandle(is.optional, { ...spec, optional: true }) as unknown as OptionalInput<
    Value,
    D,
    Seen | undefined,
    Covers,
    Needs
  >;
}

const SPEC = Symbol.for("stratigraph.input");

/** How a producer wants an input: what an edge says, or the artifact itself. `undefined` for anything that is no input. */
export function inputSpec(input: unknown): InputSpec | undefined {
  const artifact = declaredArtifact(input);
  if (artifact !== undefined) return { artifact, edge: same, optional: false, view: "value" };
  return typeof input === "object" && input !== null && SPEC in input
    ? (input as { [SPEC]: InputSpec })[SPEC]
    : undefined;
}

const same: EdgeSpec = Object.freeze({ kind: "same" });

function edge({ artifact, view, clean }: InputSpec, spec: EdgeSpec): object {
  const demand = clean === true ? { clean } : {};
  return inputHandle(is.edge, { artifact, edge: Object.freeze(spec), optional: false, view, ...demand });
}

/** What a user holds of an input that is more than an artifact. */
export function inputHandle(text: string, spec: InputSpec): object {
  const kind = text === is.view ? { view: spec.view } : spec.edge.kind === "map" ? { edge: "map" } : {};
  return Object.freeze(Object.defineProperty({ is: text, ...kind }, SPEC, { value: Object.freeze(spec) }));
}

/** An artifact, a view of one, or one with a demand on it: how many partitions there are is said outside, what one looks like inside. */
function edged(input: unknown, where: string): InputSpec {
  const spec = inputSpec(input);
  if (spec !== undefined && spec.edge.kind === "same" && !spec.optional) return spec;
  return invalid(where, "an edge goes around a declared artifact", is.declared, input);
}

function orderedDimension(artifact: DeclaredArtifact, over: string | undefined, where: string): string {
  const { dimensions } = artifact;
  if (over !== undefined) {
    checkDimension(artifact, over, where);
    if (isOrdered(dimensions[over]!)) return over;
  }
  const ordered = Object.keys(dimensions).filter((name) => isOrdered(dimensions[name]!));
  if (over === undefined && ordered.length === 1) return ordered[0]!;
  throw new StratigraphError(
    "GRAPH_INVALID",
    ordered.length > 1 && over === undefined ? twoOrders(where) : noOrder(where),
    {
      where: over === undefined ? where : `${where}, dimension '${over}'`,
      received: listed(dimensions),
    },
  );
}

function checkDimension(artifact: DeclaredArtifact, over: unknown, where: string): void {
  if (typeof over === "string" && Object.hasOwn(artifact.dimensions, over)) return;
  invalid(where, "there is no such dimension", listed(artifact.dimensions), over);
}

function listed(dimensions: Dimensions): string {
  return (
    Object.entries(dimensions)
      .map(([name, { kind }]) => `'${name}' (${kind})`)
      .join(", ") || "no dimensions"
  );
}
