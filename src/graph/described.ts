// What a stored description of a graph says, as the program would have declared it.

import { daily, hourly, integers, monthly, strings, weekly } from "../identity/declare-dimension.ts";
import type { Dimension, Dimensions } from "../identity/dimension.ts";

/** A description's dimensions as dimensions: all that keys as text need. Which values a oneOf has is not remembered. */
export function describedDimensions(described: unknown): Dimensions {
  const kinds: Readonly<Record<string, (options: { readonly zone?: string }) => Dimension>> = {
    hourly,
    daily,
    weekly,
    monthly,
    integers: () => integers(),
    strings: () => strings(),
    oneOf: () => strings(),
  };
  const dimensions: Record<string, Dimension> = {};
  for (const [name, value] of Object.entries(
    Object(described) as Readonly<Record<string, { kind: string; zone?: string }>>,
  )) {
    const { kind, zone } = value;
    dimensions[name] = (kinds[kind] ?? strings)(zone === undefined ? {} : { zone });
  }
  return dimensions;
}
