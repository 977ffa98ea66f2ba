// What a command runs: its words with their placeholders, what of it counts, and how files go in and out.

import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import { hashBytes } from "../util/digest.ts";
import { canonicalText } from "../util/canonical.ts";
import { fingerprintText } from "../identity/fingerprint.ts";
import { encodeKey } from "../identity/partition-key.ts";
import { describeVersion, text, type DeclaredVersion, type Version } from "../identity/version.ts";
import { runProgram } from "../util/run-program.ts";
import { declaredArtifact, type DeclaredArtifact } from "./artifact.ts";
import { inputSpec, type InputSpec } from "./edge.ts";
import { didYouMean, invalid, isPlainRecord } from "./option.ts";
import { SINGLE } from "./output.ts";
import type { BuildContext } from "./producer.ts";

const PLACEHOLDER = /\{(inputs|outputs|params|key|scripts|secrets)\.([^{}]+)\}|\{(output|temp)\}/g;

/** Never meant for the program. */
const NEARLY = /\{(input|param|keys|script|secret|output(?=\.))(\.[^{}]+)\}/g;

/** A word with the values of its placeholders, each put through `finish`. */
type Fill = (word: string, finish: (value: string) => string) => string;

const plain = (value: string): string => value;
/** One word to a shell, whatever is in it. */
const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

export class CommandPlan {
  readonly #where: string;
  readonly #words: readonly string[];
  readonly #shell: boolean;
  readonly #env: Readonly<Record<string, string>>;
  readonly #scripts: ReadonlyMap<string, { readonly path: string; readonly hash: string }>;
  readonly #inputs: ReadonlyMap<string, InputSpec>;
  readonly #outputs: ReadonlyMap<string, DeclaredArtifact>;
  readonly #single: boolean;
  /** No word says where the only output goes: then it is what the program prints. */
  readonly #printed: boolean;
  readonly version: DeclaredVersion;

  /** Errors: GRAPH_INVALID, VERSION_INVALID. What `producer` checks is left to it. */
  constructor(options: Readonly<Record<string, unknown>>) {
    const { name, run, shell = false, env = {}, scripts = {}, inputs, output, outputs, params, version } = options;
    this.#where = typeof name === "string" ? `command '${name}'` : "command";
    if (typeof shell !== "boolean") invalid(this.#where, "shell is true or false", "true or false", shell);
    this.#shell = shell;
    this.#words = checkedWords(run, shell, this.#where);
    this.#env = checkedTexts(env, this.#where, "env");
    this.#scripts = readScripts(scripts, this.#where);
    this.#inputs = new Map(
      Object.entries(isPlainRecord(inputs) ? inputs : {}).flatMap(([one, thing]) => {
        const spec = inputSpec(thing);
        return spec === undefined ? [] : [[one, spec] as const];
      }),
    );
    this.#single = output !== undefined;
    const slots = this.#single ? { [SINGLE]: output } : isPlainRecord(outputs) ? outputs : {};
    this.#outputs = new Map(
      Object.entries(slots).flatMap(([slot, thing]) => {
        const artifact = declaredArtifact(thing);
        return artifact === undefined ? [] : [[slot, artifact] as const];
      }),
    );
    const paramNames = Object.keys(isPlainRecord(params) ? params : {});
    const dimensions = Object.keys([...this.#outputs.values()][0]?.dimensions ?? {});
    for (const word of this.#words) this.#check(word, paramNames, dimensions, false);
    for (const word of Object.values(this.#env)) this.#check(word, paramNames, dimensions, true);
    const said = [...this.#words, ...Object.values(this.#env)].join(" ");
    this.#printed = this.#single && !/\{output\}|\{outputs\.output\}/.test(said);
    for (const slot of this.#single ? [] : this.#outputs.keys()) {
      if (!said.includes(`{outputs.${slot}}`)) {
        invalid(
          this.#where,
          `nothing is told where output '${slot}' goes`,
          `{outputs.${slot}} in run or env`,
          this.#words,
        );
      }
    }
    this.version = this.#versionWith(version);
  }

  #versionWith(version: unknown): DeclaredVersion {
    const scripts = [...this.#scripts].map(([name, { hash }]) => [name, hash]);
    const counts = { words: this.#words, shell: this.#shell, env: this.#env, scripts };
    const followed = `command ${fingerprintText(canonicalText(counts))}`;
    return text(version === undefined ? followed : `${describeVersion(version as Version).counts} ${followed}`);
  }

  #check(word: string, params: readonly string[], dimensions: readonly string[], env: boolean): void {
    for (const [placeholder, group = "", rest = ""] of word.matchAll(NEARLY)) {
      this.#unknown(placeholder, [`{${group === "keys" ? "key" : `${group}s`}${rest}}`]);
    }
    for (const [placeholder, group, name = ""] of word.matchAll(PLACEHOLDER)) {
      if (group === undefined) {
        if (placeholder === "{output}" && !this.#single) this.#unknown(placeholder, outputNames(this.#outputs));
        continue;
      }
      const known: Readonly<Record<string, readonly string[]>> = {
        inputs: [...this.#inputs.keys()],
        outputs: [...this.#outputs.keys()],
        scripts: [...this.#scripts.keys()],
        params,
        key: dimensions,
      };
      if (group === "secrets") {
        if (env) continue;
        invalid(
          this.#where,
          "a secret is given as a variable",
          `env: { NAME: "${placeholder}" }`,
          word,
          "Everybody on the machine sees the words of a program.",
        );
      }
      if (!known[group]!.includes(name))
        this.#unknown(
          placeholder,
          known[group]!.map((one) => `{${group}.${one}}`),
        );
    }
  }

  #unknown(placeholder: string, known: readonly string[]): never {
    const expected = known.length === 0 ? "another one" : known.join(", ");
    invalid(this.#where, "this placeholder stands for nothing", expected, placeholder, didYouMean(placeholder, known));
  }

  /** Runs it in the temporary folder of the attempt. What goes wrong is an error with the program's own last words. */
  async run(inputs: Readonly<Record<string, unknown>>, context: BuildContext): Promise<unknown> {
    const folder = await context.temp();
    const files = await this.#writeInputs(inputs, join(folder, "inputs"));
    await mkdir(join(folder, "outputs"));
    await mkdir(join(folder, "work"));
    const places = new Map(
      [...this.#outputs].map(([slot, { format }]) => [slot, join(folder, "outputs", `${slot}${format.extension}`)]),
    );
    const valueOf = (group: string | undefined, name: string, alone: string): string => {
      if (alone === "temp") return join(folder, "work");
      if (alone === "output") return places.get(SINGLE)!;
      if (group === "inputs") return files.get(name) ?? "";
      if (group === "outputs") return places.get(name)!;
      if (group === "scripts") return this.#scripts.get(name)!.path;
      return shown(((group === "params" ? context.params : context.key) as Readonly<Record<string, unknown>>)[name]);
    };
    const secrets = await this.#secrets(context);
    const fill: Fill = (word, finish) =>
      word.replace(PLACEHOLDER, (_, group: string | undefined, name: string, alone: string) =>
        finish(group === "secrets" ? secrets.get(name)! : valueOf(group, name, alone)),
      );
    this.#checkScripts();
    const words = this.#words.map((word) => fill(word, this.#shell ? quoted : plain));
    const end = await runProgram(words, {
      cwd: join(folder, "work"),
      env: this.#filledEnv(fill),
      shell: this.#shell,
      signal: context.signal,
      line: context.log,
      keepOutput: this.#printed,
    }).catch((error: NodeJS.ErrnoException) => {
      throw notStarted(words[0]!, error);
    });
    if (end.code !== 0) {
      const how = end.code === null ? `was ended by ${end.signal}` : `ended with exit code ${end.code}`;
      const last = end.last.length === 0 ? "" : `; its last words: ${end.last.join(" | ")}`;
      throw commandFailed(`'${this.#words[0]}' ${how}${last}`);
    }
    this.#checkScripts();
    if (this.#printed) return this.#decode(SINGLE, end.output);
    const results: [string, unknown][] = [];
    for (const [slot, path] of places) results.push([slot, await this.#readOutput(slot, path)]);
    return this.#single ? results[0]![1] : Object.fromEntries(results);
  }

  async #secrets({ secret }: BuildContext): Promise<ReadonlyMap<string, string>> {
    const secrets = new Map<string, string>();
    for (const word of Object.values(this.#env)) {
      for (const [, group, name = ""] of word.matchAll(PLACEHOLDER)) {
        if (group === "secrets") secrets.set(name, (await secret(name)).reveal());
      }
    }
    return secrets;
  }

  /** That of this process, but for secrets, which go only where they are named. */
  #filledEnv(fill: Fill): Record<string, string | undefined> {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("STRATA_SECRET_"));
    const given = Object.entries(this.#env).map(([name, word]) => [name, fill(word, plain)] as const);
    return Object.fromEntries([...own, ...given]);
  }

  async #readOutput(slot: string, path: string): Promise<unknown> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const output = this.#single ? "output" : `output '${slot}'`;
      const how =
        code === "ENOENT"
          ? `wrote no ${output}`
          : code === "EISDIR"
            ? `made a folder of its ${output}, which is to be a file`
            : `its ${output} cannot be read: ${message}`;
      throw commandFailed(`'${this.#words[0]}' ended well but ${how}`);
    }
    return this.#decode(slot, bytes);
  }

  async #decode(slot: string, bytes: Uint8Array): Promise<unknown> {
    const { format } = this.#outputs.get(slot)!;
    try {
      return await format.decode(bytes);
    } catch (error) {
      if (!isStratigraphError(error)) throw error;
      const { where, what, expected, received } = error;
      const place = where === undefined ? "" : `${where}: `;
      const wrote = `what '${this.#words[0]}' wrote cannot be read as ${format.kind}: ${place}${what}`;
      throw new StratigraphError("COMMAND_FAILED", wrote, { expected, received });
    }
  }

  /** Each in its format, as any reader gets it: one file, or a folder with one for each partition. */
  async #writeInputs(inputs: Readonly<Record<string, unknown>>, folder: string): Promise<ReadonlyMap<string, string>> {
    await mkdir(folder);
    const files = new Map<string, string>();
    for (const [name, { artifact, edge }] of this.#inputs) {
      const value = inputs[name];
      if (value === undefined) continue;
      const { format, dimensions } = artifact;
      const many = edge.kind === "all" || edge.kind === "window" || (edge.kind === "map" && Array.isArray(value));
      const path = join(folder, many ? name : `${name}${format.extension}`);
      files.set(name, path);
      if (!many) await writeFile(path, format.encode(value));
      else {
        await mkdir(path);
        for (const { key, value: one } of value as readonly { key: never; value: unknown }[]) {
          const file = encodeKey(dimensions, key) || "value";
          await writeFile(join(path, `${file}${format.extension}`), format.encode(one));
        }
      }
    }
    return files;
  }

  /** A script that is another one than when the graph was declared would make a result under the fingerprint of what it was. */
  #checkScripts(): void {
    for (const [name, { path, hash }] of this.#scripts) {
      if (scriptHash(path) === hash) continue;
      throw commandFailed(`script '${name}' changed since the graph was loaded; build again`);
    }
  }
}

/** Where it happened is said by who runs the step. */
function commandFailed(what: string): StratigraphError {
  return new StratigraphError("COMMAND_FAILED", what);
}

function notStarted(program: string, error: NodeJS.ErrnoException): StratigraphError {
  switch (error.code) {
    case "ENOENT":
      return commandFailed(`there is no program '${program}'`);
    case "EACCES":
      return commandFailed(`'${program}' may not be run: it is no program, or its permissions do not allow it`);
    case "E2BIG":
      return new StratigraphError("COMMAND_FAILED", `the words of '${program}' are longer than this system takes`, {
        hint: "Give what is long as an input: inputs are files.",
      });
    case "ERR_INVALID_ARG_VALUE":
      return commandFailed(`a word or variable of '${program}' holds a null character, which no program can be given`);
    default:
      return commandFailed(`'${program}' cannot be started: ${error.message}`);
  }
}

function outputNames(outputs: ReadonlyMap<string, unknown>): string[] {
  return [...outputs.keys()].map((slot) => `{outputs.${slot}}`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function checkedWords(run: unknown, shell: boolean, where: string): readonly string[] {
  if (shell) {
    if (typeof run === "string" && run.trim() !== "") return [run];
    invalid(where, "with a shell, run is one line", 'run: "sort {inputs.lines} > {output}"', run);
  }
  const words: readonly unknown[] = Array.isArray(run) ? run : [];
  if (words.length > 0 && words.every((word) => typeof word === "string") && words[0] !== "") return words;
  invalid(
    where,
    "run is a program with its arguments",
    'run: ["sort", "{inputs.lines}"]',
    run,
    typeof run === "string" ? "Or add shell: true." : undefined,
  );
}

function checkedTexts(given: unknown, where: string, what: string): Readonly<Record<string, string>> {
  if (!isPlainRecord(given)) invalid(where, `${what} is texts by name`, '{ LC_ALL: "C" }', given);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== "string") invalid(`${where}, ${what} '${name}'`, "a variable is a text", "a text", value);
  }
  return given as Readonly<Record<string, string>>;
}

function readScripts(given: unknown, where: string): ReadonlyMap<string, { path: string; hash: string }> {
  if (!isPlainRecord(given)) invalid(where, "scripts are paths by name", '{ clean: "clean.py" }', given);
  return new Map(
    Object.entries(given).map(([name, place]) => {
      const at = `${where}, script '${name}'`;
      if (typeof place !== "string" && !(place instanceof URL))
        invalid(at, "a script is a file", "a path or a file URL", place);
      const path = resolve(place instanceof URL ? fileURLToPath(place) : place);
      const hash = scriptHash(path);
      if (hash === undefined) invalid(at, "the script cannot be read", "a file", path);
      return [name, { path, hash }];
    }),
  );
}

function scriptHash(path: string): string | undefined {
  try {
    return hashBytes(readFileSync(path));
  } catch {
    return undefined;
  }
}
