// The project a command works in: its folder, configuration, backend and graph, each looked for only when asked for.

import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import type { Backend } from "../backend/backend.ts";
import type { Graph } from "../build/graph.ts";
import type { Workspace } from "../build/workspace.ts";
import type { Annotated, LoadedConfig } from "../config/load.ts";
import {
  configConcern,
  environmentConfig,
  findConfigFile,
  isYaml,
  parseConfig,
  placesOf,
  saysMore,
  STATE,
  variables,
  type Config,
  type ProjectConfig,
} from "../config/project.ts";
import { isStratigraphError, StratigraphError } from "../errors.ts";
import type { PluginShelf } from "../plugins/shelf.ts";
import { makeFolder } from "../util/make-folder.ts";
import { suggest } from "../util/suggest.ts";
import type { Call } from "./command.ts";
import { shownPath } from "../code/frames.ts";

/** Names of files that are taken for the graph where nobody names one. */
export const DEFAULT_FILES: readonly string[] = ["graph.ts", "main.ts", "index.ts"];
const MODULE = /\.[cm]?[jt]s$/;
const MEMORY = "last-build.json";

export interface Project {
  /** The configuration's folder, absolute. */
  readonly folder: string;
  /** Absolute; what relative templates start from. */
  readonly root: string;
  /** Absolute: `.strata` in the root, unless the configuration says otherwise. */
  readonly home: string;
  readonly config: ProjectConfig;
  readonly configFile: string | undefined;
  /** Whether the file or the environment says anything that `config` does not have. */
  readonly saysMore: boolean;
  /** The file that declares the graph, absolute; `undefined` where none is to be found. */
  readonly file: string | undefined;
  backend(): Promise<Backend>;
  /** Every setting with its origin, of the project or as a graph or producer changes it. Error: CONFIG_INVALID. */
  settings(of?: { readonly graph?: Annotated; readonly producer?: Annotated }): Promise<LoadedConfig>;
  /** Plugins of the configuration, of the project's packages and of this one. Error: CONFIG_INVALID. */
  plugins(): Promise<PluginShelf>;
  /** Loads the file and picks the graph. Errors: MODULE_NOT_LOADED, USAGE. */
  graph(): Promise<Graph>;
  /** All graphs of the file, by name. */
  graphs(): Promise<readonly Graph[]>;
  /** The name of the graph that is meant, without loading its file where that can be helped. */
  graphName(workspace: Workspace): Promise<string>;
  /** The database; an empty one in memory where nothing was built yet. */
  open(options?: { readonly readOnly?: boolean }): Promise<Workspace>;
  /** So that later commands need not be told the file. Never an error: it is a convenience. */
  remember(graph: string): void;
}

interface Memory {
  /** Relative to the root. */
  readonly file: string;
  readonly graph: string;
}

/** Splits "[file] [selector…]": the first argument is a file if it is one, or is named like one. */
export function splitFile(
  args: readonly string[],
  cwd: string,
): { file: string | undefined; selectors: readonly string[] } {
  const [first, ...rest] = args;
  if (first === undefined) return { file: undefined, selectors: [] };
  if (MODULE.test(first)) return { file: first, selectors: rest };
  // Keys of artifacts have no slashes, so this can only be a path.
  const isPath = /[\\/]/.test(first.replace(/\[.*$/s, "")) || first === "." || first === "..";
  if (!isPath) return { file: undefined, selectors: args };
  return { file: fileIn(resolve(cwd, first)) ?? first, selectors: rest };
}

/** A folder stands for the graph file in it. */
function fileIn(path: string): string | undefined {
  if (!existsSync(path) || !statSync(path).isDirectory()) return undefined;
  return DEFAULT_FILES.map((name) => join(path, name)).find((file) => existsSync(file));
}

/** Finds the project's folder and configuration. Errors: CONFIG_INVALID, MODULE_NOT_LOADED. */
export async function findProject(
  call: Pick<Call, "cwd" | "env" | "options" | "terminal">,
  named?: string,
): Promise<Project> {
  const { cwd, env, options, terminal } = call;
  const configFile = findConfigFile(cwd, env);
  const concern = configFile === undefined ? undefined : configConcern(configFile);
  if (concern !== undefined) terminal.warn(terminal.colors.yellow(`warning: ${concern}`));
  let exported: Promise<Readonly<Record<string, unknown>>> | undefined;
  const loadModule = (path: string): Promise<Readonly<Record<string, unknown>>> =>
    (exported ??= loadConfigModule(path, cwd));
  const inFile = configFile === undefined ? {} : await readConfigFile(configFile, call, loadModule);
  const settings = async (of: Parameters<Project["settings"]>[0] = {}): Promise<LoadedConfig> => {
    const { loadConfig } = await import("../config/load.ts");
    return loadConfig({ cwd, env, loadModule, ...of });
  };
  // A profile may read variables and files of another system, which say where things are as well.
  const config: ProjectConfig = hasProfile(inFile, env)
    ? (await settings()).settings
    : { ...inFile, ...environmentConfig(env) };
  for (const warning of await slipsIn(env)) terminal.warn(terminal.colors.yellow(`warning: ${warning}`));

  const given = named ?? options.file;
  const asked = given === undefined ? config.graph : given;
  const base = config.root === undefined ? undefined : resolve(cwd, config.root);
  const file = asked === undefined ? (rememberedFile(base ?? cwd) ?? fileIn(cwd)) : resolve(cwd, asked);
  const standardRoot = configFile !== undefined || file === undefined ? cwd : rootOf(file, cwd, asked === undefined);
  const { root, home } = placesOf(config, cwd, standardRoot);
  let loaded: Promise<readonly Graph[]> | undefined;
  let chosen: Promise<Backend> | undefined;
  let shelf: Promise<PluginShelf> | undefined;

  const project: Project = {
    folder: cwd,
    root,
    home,
    config,
    configFile,
    saysMore: saysMore(inFile) || Object.keys(env).some(isFurtherVariable),
    file,
    backend: () => (chosen ??= openBackend(project)),
    plugins: () =>
      (shelf ??= import("../plugins/shelf.ts").then(({ openPlugins }) =>
        openPlugins({ folder: cwd, plugins: config.plugins }),
      )),
    settings,
    graphs: () => (loaded ??= loadGraphs(requireFile(file), home, cwd)),
    async graph() {
      const graphs = await project.graphs();
      const { params } = config;
      const graph = pickGraph(graphs, options.graph, requireFile(file), cwd);
      if (params === undefined || Object.keys(params).length === 0) return graph;
      const { bindGraph } = await import("./params.ts");
      return bindGraph(graph, graphs, params, configFile === undefined ? "configuration" : shownPath(configFile, cwd));
    },
    graphName: (workspace) =>
      options.graph === undefined ? knownName(project, workspace) : checkedName(project, workspace, options.graph),
    async open({ readOnly = false } = {}) {
      const { openWorkspace } = await import("../build/workspace.ts");
      const nothing = async (): Promise<Workspace> => {
        const { memory } = await import("../backend/memory/memory-backend.ts");
        return openWorkspace({ backend: memory(), root });
      };
      // Only a build makes the state folder; before the first there is nothing to be found, which is no error.
      if (config.backend === undefined && !existsSync(home)) return nothing();
      return openWorkspace({ backend: await project.backend(), root, readOnly }).catch((error: unknown) => {
        if (isStratigraphError(error) && error.code === "BACKEND_MISSING") return nothing();
        throw error;
      });
    },
    remember(graph) {
      if (file === undefined) return;
      const path = join(home, MEMORY);
      const text = `${JSON.stringify({ file: relative(root, file), graph } satisfies Memory)}\n`;
      try {
        if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text, { mode: 0o600 });
      } catch {
        // A folder that cannot be written: then the next command is told the file again.
      }
    },
  };
  return project;
}

/** The state folder, for its owner only whatever the umask says, and not for git. */
export function makeHome(home: string): void {
  if (existsSync(home)) return;
  try {
    makeFolder(home, 0o700);
    chmodSync(home, 0o700);
    writeFileSync(join(home, ".gitignore"), "*\n", { mode: 0o600 });
  } catch (error) {
    throw new StratigraphError("STORAGE_READ_ONLY", "the state folder cannot be made", { where: home, cause: error });
  }
}

async function loadConfigModule(path: string, cwd: string): Promise<Readonly<Record<string, unknown>>> {
  const { loadUserModule } = await import("../code/user-module.ts");
  return loadUserModule(path, { cache: cacheOf(join(cwd, STATE)), cwd });
}

/** What checks the further settings is loaded only where there are some. */
async function readConfigFile(
  path: string,
  { cwd, env }: Pick<Call, "cwd" | "env">,
  loadModule: (path: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<Config> {
  const where = shownPath(path, cwd);
  if (isYaml(path)) {
    const { readConfigFile: read } = await import("../config/load.ts");
    const { source } = await read(path, { cwd, env });
    return source.values as Config;
  }
  const config = parseConfig(await loadModule(path), where);
  if (saysMore(config)) {
    const { parseLayer } = await import("../config/layer.ts");
    parseLayer({ layer: "file", where, values: config });
  }
  return config;
}

function isFurtherVariable(name: string): boolean {
  return name.startsWith("STRATA_") && !Object.hasOwn(variables, name) && !name.startsWith("STRATA_SECRET_");
}

function hasProfile(config: Config, { STRATA_PROFILE: named }: Call["env"]): boolean {
  return config.profile !== undefined || (named !== undefined && named !== "");
}

/** Variables that begin like ours and mean nothing. */
async function slipsIn(env: Call["env"]): Promise<readonly string[]> {
  if (!Object.keys(env).some(isFurtherVariable)) return [];
  const { variableWarnings } = await import("../config/environment.ts");
  return variableWarnings(env);
}

/** Translated files are kept where there is a state folder; reading commands do not make one. */
function cacheOf(home: string): string | undefined {
  return existsSync(home) ? join(home, "cache", "modules") : undefined;
}

async function openBackend(project: Project): Promise<Backend> {
  const { root, home } = project;
  const { backend } = project.config;
  if (typeof backend === "object") return backend;
  if (backend !== undefined && backend !== "sqlite") {
    const { resolveBackend } = await import("../plugins/backend-url.ts");
    return resolveBackend(backend, { root, home, shelf: await project.plugins() });
  }
  const { sqlite } = await import("../backend/sqlite/index.ts");
  return sqlite(join(home, "strata.db"));
}

/** A remembered file lies in the root, however deep; any other file's folder is the root. */
function rootOf(file: string, cwd: string, remembered: boolean): string {
  return remembered ? cwd : dirname(file);
}

function readMemory(home: string): Memory | undefined {
  try {
    const value = JSON.parse(readFileSync(join(home, MEMORY), "utf8")) as Partial<Memory> | null;
    return typeof value?.file === "string" && typeof value.graph === "string" ? (value as Memory) : undefined;
  } catch {
    return undefined;
  }
}

function rememberedFile(root: string): string | undefined {
  const memory = readMemory(join(root, STATE));
  if (memory === undefined) return undefined;
  const file = resolve(root, memory.file);
  return existsSync(file) ? file : undefined;
}

function requireFile(file: string | undefined): string {
  if (file !== undefined) return file;
  throw new StratigraphError("USAGE", "there is no graph file here", {
    expected: `a file named with -f, \`graph\` in strata.config.ts, or one of ${DEFAULT_FILES.join(", ")}`,
    hint: "Start a project with: strata init",
  });
}

async function loadGraphs(file: string, home: string, cwd: string): Promise<readonly Graph[]> {
  const { loadUserModule } = await import("../code/user-module.ts");
  const { isGraph } = await import("../build/graph.ts");
  const exported = await loadUserModule(file, { cache: cacheOf(home), cwd });
  // The same graph exported twice, by name and as default, is one graph.
  const graphs = [...new Set(Object.values(exported).filter(isGraph))];
  if (graphs.length > 0) return graphs;
  throw new StratigraphError("MODULE_NOT_LOADED", "the file exports no graph", {
    where: shownPath(file, cwd),
    hint: 'Export one: export const spend = graph("spend", () => …).',
  });
}

function pickGraph(graphs: readonly Graph[], name: string | undefined, file: string, cwd: string): Graph {
  const names = graphs.map((graph) => graph.name);
  if (name === undefined) {
    const [only, other] = graphs;
    if (only !== undefined && other === undefined) return only;
    throw new StratigraphError("USAGE", `${shownPath(file, cwd)} declares several graphs`, {
      expected: `--graph with one of ${names.map((known) => `'${known}'`).join(", ")}`,
    });
  }
  const found = graphs.find((graph) => graph.name === name);
  if (found !== undefined) return found;
  const guess = suggest(name, names);
  throw new StratigraphError("USAGE", `${shownPath(file, cwd)} declares no graph '${name}'`, {
    expected: names.map((known) => `'${known}'`).join(", "),
    hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
  });
}

/** A graph by its name: built at some time, or declared by the file. Errors: USAGE; MODULE_NOT_LOADED. */
async function checkedName(project: Project, { connection }: Workspace, name: string): Promise<string> {
  if ((await connection.readLatestSnapshot(name)) !== undefined) return name;
  const { items: built } = await connection.listGraphs({ limit: 100 });
  if (built.includes(name)) return name;
  if (project.file !== undefined) return (await project.graph()).name;
  const guess = suggest(name, built);
  throw new StratigraphError("USAGE", `there is no graph '${name}' here`, {
    expected: built.length === 0 ? undefined : built.map((known) => `'${known}'`).join(", "),
    hint: guess === undefined ? undefined : `Did you mean '${guess}'?`,
  });
}

/** The graph of the last build, the database's only one, or the file's only one. */
async function knownName(project: Project, workspace: Workspace): Promise<string> {
  const { items } = await workspace.connection.listGraphs({ limit: 100 });
  const memory = readMemory(project.home);
  const sameFile =
    memory !== undefined && (project.file === undefined || resolve(project.root, memory.file) === project.file);
  if (sameFile && items.includes(memory.graph)) return memory.graph;
  if (items.length === 1) return items[0]!;
  if (project.file !== undefined && extname(project.file) !== "") return (await project.graph()).name;
  throw new StratigraphError(
    "USAGE",
    items.length === 0 ? "nothing was built here yet" : "there are several graphs here",
    {
      expected: items.length === 0 ? undefined : `--graph with one of ${items.map((name) => `'${name}'`).join(", ")}`,
      hint: items.length === 0 ? "Build one: strata build <file>" : undefined,
    },
  );
}
