// Whether an object is what a group of plugins asks for: by its methods, not by its class.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import { groups, type PluginGroup, type PluginTypes } from "./groups.ts";

/**
 * Passes for any object that has the group's methods, whatever made it. Error: PLUGIN_INVALID, naming every method that is missing, or
 * that asks for more arguments than it will get.
 */
export function assertConforms<Group extends PluginGroup>(
  group: Group,
  value: unknown,
  name?: string,
): asserts value is PluginTypes[Group] {
  const demand = groups[group];
  const where = name === undefined ? group : `${group}, '${name}'`;
  if (demand.kind === "function") {
    if (typeof value !== "function")
      throw invalid(where, "the plugin is not a function", "a function", showValue(value));
    checkArity(where, "the plugin", value, demand.arguments);
    return;
  }
  if (typeof value !== "object" || value === null) {
    throw invalid(where, "the plugin is not an object", list(Object.keys(demand.methods)), showValue(value));
  }
  const members = value as Readonly<Record<string, unknown>>;
  const missing = Object.keys(demand.methods).filter((method) => typeof members[method] !== "function");
  if (missing.length > 0) {
    throw invalid(where, `the plugin lacks ${list(missing)}`, list(Object.keys(demand.methods)), undefined, {
      missing,
    });
  }
  for (const [method, most] of Object.entries(demand.methods)) {
    checkArity(where, `'${method}'`, members[method] as (...args: never[]) => unknown, most);
  }
}

function checkArity(where: string, what: string, called: { readonly length: number }, most: number): void {
  if (called.length <= most) return;
  throw invalid(where, `${what} asks for more than it gets`, `at most ${most} arguments`, String(called.length));
}

function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}

function invalid(
  where: string,
  what: string,
  expected: string,
  received?: string,
  data?: Readonly<Record<string, unknown>>,
): StratigraphError {
  return new StratigraphError("PLUGIN_INVALID", what, { where, expected, received, data });
}
