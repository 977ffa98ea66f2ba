// What cuts data into partitions: seven kinds of dimensions, each with its values.

/** One way of cutting data into partitions. Frozen plain data; `~value` is for the compiler only and absent at run time. */
export interface Dimension<out Kind extends string = string, out V extends string | number = string | number> {
  readonly kind: Kind;
  readonly "~value": V;
}

/** What the four kinds of time share. Labels are local times of the zone; `from` and `to` (both included) say which of them exist. */
export interface Span {
  readonly zone: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface Hourly extends Dimension<"hourly", string>, Span {}
export interface Daily extends Dimension<"daily", string>, Span {}
export interface Weekly extends Dimension<"weekly", string>, Span {}
export interface Monthly extends Dimension<"monthly", string>, Span {}
export interface Integers extends Dimension<"integers", number> {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}
export interface Strings extends Dimension<"strings", string> {}
export interface OneOf<out V extends string> extends Dimension<"oneOf", V> {
  readonly values: readonly V[];
}

/** Every dimension there is: what `hourly()` and the others return. */
export type KnownDimension = Hourly | Daily | Weekly | Monthly | Integers | Strings | OneOf<string>;

export type Dimensions = { readonly [name: string]: Dimension };
export type KindOf<X> = X extends Dimension ? X["kind"] : never;
export type DimensionValue<X> = X extends Dimension ? X["~value"] : never;
/** A key with exactly these dimensions; `& {}` makes hovers show the record. */
export type Key<D = Dimensions> = { readonly [K in keyof D]: DimensionValue<D[K]> } & {};

export const orderedKinds = ["hourly", "daily", "weekly", "monthly", "integers"] as const;
export type OrderedKind = (typeof orderedKinds)[number];
/** The names of the dimensions that have a before and an after. */
export type OrderedName<D> = { [K in keyof D]: KindOf<D[K]> extends OrderedKind ? K : never }[keyof D];

/** Whether the values have a before and an after, so that `window` and `latest` make sense. */
export function isOrdered(dimension: Dimension): boolean {
  return (orderedKinds as readonly string[]).includes(dimension.kind);
}

/** As one of the seven kinds: there are no others. */
export function known(dimension: Dimension): KnownDimension {
  return dimension as KnownDimension;
}
