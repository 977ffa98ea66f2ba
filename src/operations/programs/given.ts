// What plain JavaScript may give to an operation where TypeScript would have refused it: none of it is passed over in silence.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isGraph } from "../../build/graph.ts";
import type { WorkspaceOptions } from "../../build/workspace.ts";
import { StratigraphError } from "../../errors.ts";
import { called, didYouMean, isRecord } from "../../graph/option.ts";
import { showValue } from "../../util/show.ts";

/** Every option of a call by name, so that the compiler finds one that was forgotten here. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

export const workspaceNames: OptionNames<WorkspaceOptions> = {
  backend: true,
  root: true,
  integrity: true,
  clock: true,
};

/** Error: VALIDATION_FAILED for what is no graph, and for an option that there is not. */
export function checkCall(call: string, graph: unknown, options: unknown, names: Readonly<Record<string, true>>): void {
  if (!isGraph(graph)) throw refused(call, "its first argument is a graph", "what graph(…) returned", graph);
  checkOptions(call, options, names);
}

/** Error: VALIDATION_FAILED. */
export function checkOptions(call: string, options: unknown, names: Readonly<Record<string, true>>): void {
  const known = Object.keys(names);
  if (!isRecord(options)) {
    throw refused(call, "options are given as one object", `{ ${known.slice(0, 3).join(", ")}, … }`, options);
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    const list = known.map((one) => `'${one}'`).join(", ");
    throw refused(call, "there is no such option", list, name, didYouMean(name, known));
  }
}

/** Error: VALIDATION_FAILED for anything but a number of at least that. */
export function checkNumber(
  call: string,
  name: string,
  value: unknown,
  { least, whole, unit }: { readonly least: number; readonly whole: boolean; readonly unit: string },
): void {
  if (value === undefined) return;
  if (typeof value === "number" && value >= least && (whole ? Number.isSafeInteger(value) : Number.isFinite(value))) {
    return;
  }
  throw refused(`${call}, ${name}`, "that is no such number", `${unit}, at least ${least}`, value);
}

/** Absolute. Error: VALIDATION_FAILED. */
export function folderPath(call: string, name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return resolve(value);
  if (value instanceof URL && value.protocol === "file:") return fileURLToPath(value);
  throw refused(`${call}, ${name}`, "a folder is named by its path", "a path, or a URL that begins with file:", value);
}

export function refused(
  where: string,
  what: string,
  expected: string,
  received: unknown,
  hint?: string,
): StratigraphError {
  const text = received instanceof URL ? showValue(received.href) : called(received);
  return new StratigraphError("VALIDATION_FAILED", what, { where, expected, received: text, hint });
}
