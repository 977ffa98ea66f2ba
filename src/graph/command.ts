// Command: a producer that is another program, which gets its inputs and leaves its outputs as files.

import type { ParamSchemas } from "./params.ts";
import { CommandPlan } from "./command-plan.ts";
import { invalid, isPlainRecord } from "./option.ts";
import {
  producer,
  PROGRAM,
  type ManyOutputs,
  type OneOutput,
  type OutputDimensions,
  type Producer,
  type ProducerOptions,
  type Wired,
  type Wiring,
} from "./producer.ts";

/**
 * As of a producer, with `run` in place of `build`. In the words of `run` and the values of `env` these stand for something:
 * `{inputs.<name>}` the file of an input (a folder with a file for each partition, where there are many), `{output}` or
 * `{outputs.<name>}` where to write, `{params.<name>}`, `{key.<dimension>}`, `{scripts.<name>}`, `{temp}`; in `env` also `{secrets.<name>}`.
 * A command that names no `{output}` writes it to standard output.
 */
export interface CommandOptions<Inputs, Outputs, OD, Params = {}> extends Omit<
  ProducerOptions<Inputs, Outputs, OD, Params>,
  "build" | "executor"
> {
  /** The program and its arguments, started without a shell; with `shell: true`, one line for it. */
  readonly run: readonly [string, ...string[]] | string;
  readonly shell?: boolean | undefined;
  /** Variables besides those of this process; they count as `run` does. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Files whose content counts as well, by name: programs of one's own. A relative path counts from the current folder. */
  readonly scripts?: Readonly<Record<string, string | URL>> | undefined;
}

const OWN = ["run", "shell", "env", "scripts"];

/**
 * Declares a command. Its version follows what is run: words, variables and scripts, with `version` on top where one is given.
 * Errors: those of `producer`; GRAPH_INVALID for a placeholder that stands for nothing.
 *
 * @example
 * const sort = command({
 *   name: "sort",
 *   inputs: { lines: Lines },
 *   output: Sorted,
 *   run: ["sort", "-n", "{inputs.lines}", "-o", "{output}"],
 *   env: { LC_ALL: "C" },
 * });
 */
export function command<
  Inputs extends { readonly [name: string]: unknown },
  Outputs extends object,
  Params extends ParamSchemas = {},
>(
  options: CommandOptions<Inputs, Outputs, OutputDimensions<Outputs>, Params> &
    (OneOutput<Outputs> | ManyOutputs<Outputs>),
): Producer<Wiring<Inputs>, Wired<Outputs>> {
  const given: unknown = options;
  if (!isPlainRecord(given))
    invalid("command", "options are given as one object", "{ name, inputs, output, run }", given);
  if (given["executor"] !== undefined) {
    const where = typeof given["name"] === "string" ? `command '${given["name"]}'` : "command";
    invalid(where, "a command is a process of its own", "no executor", given["executor"]);
  }
  const plan = new CommandPlan(given);
  const rest = Object.fromEntries(Object.entries(given).filter(([name]) => !OWN.includes(name)));
  return producer({
    ...rest,
    version: plan.version,
    build: (inputs: never, context: never) => plan.run(inputs, context),
    [PROGRAM]: true,
  } as never) as unknown as Producer<Wiring<Inputs>, Wired<Outputs>>;
}
