// What a command is: its arguments, options, examples, and the function that answers.

import { parseDuration } from "../util/duration.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** What a command comes to. `lines` are for people, `json` is printed whole with --json; they say the same. */
export interface Answer {
  readonly json: unknown;
  /** Escaped, maybe coloured; printed on standard output. */
  readonly lines: readonly string[];
  /** 0 unless told. */
  readonly exitCode?: number | undefined;
  /** Everything was printed already. */
  readonly said?: true | undefined;
  /** Printed as they are instead of `lines`. */
  readonly bytes?: Uint8Array | undefined;
}

/** The exit codes every command shares; `docs/cli.md` prints this table. `verify` has its own on top. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** `plan` and `build --plan`: a build would change something. */
  changes: 3,
  /** `build --strict-metadata`: records could not be written to the database. */
  metadata: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export interface Argument {
  /** As help shows it: "[file]", "<artifact>", "[selector…]". */
  readonly shape: string;
  readonly says: string;
}

/** One option; made by `flag`, `text`, `texts` or `whole`. */
export interface Option<Value = unknown> {
  /** As commander takes them: "-f, --file <file>". */
  readonly flags: string;
  readonly says: string;
  readonly parse?: ((text: string, previous?: unknown) => Value) | undefined;
  /** May be given several times: `parse` gets what it made of those before. */
  readonly repeats?: true | undefined;
  /** For the compiler only. */
  readonly "~value"?: Value | undefined;
}

export interface Example {
  readonly command: string;
  readonly says: string;
}

type Values<Options> = { readonly [Name in keyof Options]: Options[Name] extends Option<infer Value> ? Value : never };

/** What every command may be told. */
export interface CommonOptions {
  readonly json: boolean;
  /** The file that declares the graph. */
  readonly file: string | undefined;
  /** The graph's name, where there are several. */
  readonly graph: string | undefined;
}

/** One call of a command. */
export interface Call<Options = unknown> {
  /** In order, without options. */
  readonly args: readonly string[];
  readonly options: Options & CommonOptions;
  readonly terminal: Terminal;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** From now on an error that is thrown outside of every step ends what `stop` ends, not the command. */
  readonly outlive: (stop: () => void) => void;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Command {
  /** "build", or "tag history" where it is part of another. */
  readonly name: string;
  readonly summary: string;
  /** Further paragraphs of its help. */
  readonly details: readonly string[];
  readonly arguments: readonly Argument[];
  /** By the name they have in `Call.options`. */
  readonly options: Readonly<Record<string, Option>>;
  /** Whether -f and --graph apply. */
  readonly project: boolean;
  readonly examples: readonly Example[];
  /** Exit codes beyond 0, 1 and 2. */
  readonly codes: readonly { readonly code: number; readonly says: string }[];
  readonly subcommands: readonly Command[];
  run(call: Call): Promise<Answer>;
}

/** Declares a command; `run` gets its options typed. */
export function defineCommand<const Options extends Readonly<Record<string, Option>>>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly details?: readonly string[];
  readonly arguments?: readonly Argument[];
  readonly options?: Options;
  readonly project?: boolean;
  readonly examples: readonly Example[];
  readonly codes?: Command["codes"];
  readonly subcommands?: readonly Command[];
  readonly run: (call: Call<Values<Options>>) => Promise<Answer>;
}): Command {
  const { run } = definition;
  return {
    details: [],
    arguments: [],
    options: {},
    project: true,
    codes: [],
    subcommands: [],
    ...definition,
    // The values were parsed by these very options, see program.ts.
    run: (call) => run(call as Call<Values<Options>>),
  };
}

/** On or off; "--no-x" is on unless given. */
export function flag(flags: string, says: string): Option<boolean> {
  return { flags, says };
}

export function text(flags: string, says: string): Option<string | undefined> {
  return { flags, says, parse: (given) => given };
}

/** `true` where the option stands alone. */
export function texts(flags: string, says: string): Option<true | readonly string[] | undefined> {
  return { flags, says };
}

/** May be given several times: "name=value" each, and each name once. */
export function pairs(flags: string, says: string): Option<ReadonlyMap<string, string> | undefined> {
  return {
    flags,
    says,
    repeats: true,
    parse: (given, previous) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(given) ?? [];
      if (name === undefined || value === undefined) throw new RangeError("name=value");
      const before = (previous as ReadonlyMap<string, string> | undefined) ?? new Map<string, string>();
      if (before.has(name)) throw new RangeError(`each name once: '${name}' is '${before.get(name)}' already`);
      return new Map([...before, [name, value]]);
    },
  };
}

/** A whole number of at least `least`. */
export function whole(flags: string, says: string, least: number): Option<number | undefined> {
  return {
    flags,
    says,
    parse: (given) => {
      const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
      if (!(value >= least)) throw new RangeError(`a whole number of at least ${least}`);
      return value;
    },
  };
}

/** A time with a unit, in milliseconds. */
export function time(flags: string, says: string): Option<number | undefined> {
  return {
    flags,
    says,
    parse: (given) => {
      const value = parseDuration(given);
      if (value === undefined) throw new RangeError("a time such as 90s, 10m or 2h");
      return value;
    },
  };
}
