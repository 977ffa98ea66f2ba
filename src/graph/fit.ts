// Whether an input fits an output, and a wired artifact an input: at run time, in the compiler's words.

import { StratigraphError } from "../errors.ts";
import type { Dimension, Dimensions } from "../identity/dimension.ts";
import type { DeclaredArtifact } from "./artifact.ts";
import type { InputSpec } from "./edge.ts";
import { missingDimension, otherKind, otherValues, says } from "./sentence.ts";
import { valueConflict } from "./value-conflict.ts";

/** The rule of `CheckedInputs`. Throws GRAPH_INVALID. */
export function checkInputFits(spec: InputSpec, here: Dimensions, where: string): void {
  const problem = inputProblem(spec, here);
  if (problem !== undefined) throw new StratigraphError("GRAPH_INVALID", problem, { where });
}

function inputProblem({ artifact, edge }: InputSpec, here: Dimensions): string | undefined {
  if (edge.kind === "map") {
    // Structural, as everywhere: any output with these dimensions has such keys.
    const fits = Object.entries(edge.output.dimensions).every(
      ([name, wanted]) => Object.hasOwn(here, name) && dimensionProblem(name, wanted, here[name]!) === undefined,
    );
    return fits ? undefined : says.otherOutput;
  }
  const over = "over" in edge ? edge.over : undefined;
  for (const [name, there] of Object.entries(artifact.dimensions)) {
    const collected = name === over || (edge.kind === "all" && over === undefined);
    if (!Object.hasOwn(here, name)) {
      if (!collected) return missingDimension(name);
      continue;
    }
    // Every value of a dimension that all() names is taken, so it need not be the output's.
    const problem = edge.kind === "all" && name === over ? undefined : dimensionProblem(name, there, here[name]!);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function dimensionProblem(name: string, there: Dimension, here: Dimension): string | undefined {
  if (inWords(there) !== inWords(here)) return otherKind(name, inWords(there), inWords(here));
  if (!("values" in there && "values" in here)) return undefined;
  const values = new Set(there.values as readonly string[]);
  return (here.values as readonly string[]).every((value) => values.has(value)) ? undefined : otherValues(name);
}

/** The kind; with its zone where that is not UTC, which no type can tell: a day in Tokyo is no day in Lima. */
function inWords({ kind, ...rest }: Dimension & { readonly zone?: unknown }): string {
  return typeof rest.zone === "string" && rest.zone !== "UTC" ? `${kind} in ${rest.zone}` : kind;
}

/**
 * What is wired must have the declared dimensions, in name and kind, and no value that the schema declared could never have.
 * Throws GRAPH_INVALID.
 */
export function checkWireFits(wired: DeclaredArtifact, declared: DeclaredArtifact, where: string): void {
  if (wired === declared) return;
  if (!sameDimensions(wired.dimensions, declared.dimensions)) {
    const [there, here] = [kinds(wired.dimensions), kinds(declared.dimensions)];
    throw new StratigraphError("GRAPH_INVALID", "the wired artifact has other dimensions", {
      where,
      expected: here,
      received: there,
    });
  }
  const conflict = valueConflict(wired.schema, declared.schema);
  if (conflict === undefined) return;
  throw new StratigraphError("GRAPH_INVALID", "the wired artifact has other values", {
    where: conflict.path === "" ? where : `${where}, value${conflict.path}`,
    expected: conflict.expected,
    received: conflict.received,
  });
}

/** The same names, and behind each the same kind, zone and listed values. */
export function sameDimensions(a: Dimensions, b: Dimensions): boolean {
  return a === b || kinds(a) === kinds(b);
}

function kinds(dimensions: Dimensions): string {
  const entries = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([name, one]) => `${name}: ${inWords(one)}${values(one)}`).join(", ")} }`;
}

function values(dimension: Dimension): string {
  return "values" in dimension ? ` ${[...(dimension.values as readonly string[])].sort().join("|")}` : "";
}
